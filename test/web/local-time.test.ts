// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatLocal, parseLocal } from '#web/local-time'

const BERLIN = 'Europe/Berlin'

describe('a wall-clock time', () => {
  test.each([
    ['2026-03-02T09:00', 'UTC', '2026-03-02T09:00:00.000Z'],
    ['2026-01-10T14:00', BERLIN, '2026-01-10T13:00:00.000Z'],
    ['2026-07-10T14:00', BERLIN, '2026-07-10T12:00:00.000Z'],
    ['2026-07-10 14:00', 'Asia/Kathmandu', '2026-07-10T08:15:00.000Z'],
    // Clocks go from 02:00 to 03:00: an hour is missing.
    ['2026-03-29T02:30', BERLIN, '2026-03-29T01:30:00.000Z'],
    ['2026-03-29T03:00', BERLIN, '2026-03-29T01:00:00.000Z'],
    // Clocks go back from 03:00 to 02:00: an hour comes twice.
    ['2026-10-25T02:30', BERLIN, '2026-10-25T00:30:00.000Z'],
    ['2026-10-25T03:00', BERLIN, '2026-10-25T02:00:00.000Z'],
  ])('%s in %s is %s', (text, zone, iso) => {
    expect(new Date(parseLocal(text, zone) ?? 0).toISOString()).toBe(iso)
  })

  test.each([
    '',
    '2026-02-30T10:00',
    '2026-13-01T10:00',
    '2026-01-01T24:00',
    '2026-01-01',
    'tomorrow',
    '2026-01-01T10:61',
  ])('%j is none', (text) => expect(parseLocal(text, 'UTC')).toBeUndefined())

  test('what a form shows is read back as the same minute, but for the hour that comes twice', () => {
    const zones = fc.constantFrom('UTC', BERLIN, 'America/St_Johns', 'Pacific/Apia', 'Australia/Lord_Howe')
    const minutes = fc.integer({ min: Date.UTC(2000, 0) / 60_000, max: Date.UTC(2040, 0) / 60_000 })
    fc.assert(
      fc.property(minutes, zones, (minute, zone) => {
        const text = formatLocal(minute * 60_000, zone)
        const again = parseLocal(text, zone) ?? 0
        expect(formatLocal(again, zone)).toBe(text)
      }),
      { numRuns: 300 },
    )
    expect(formatLocal(0, 'UTC')).toBe('')
    expect(formatLocal(Number.NaN, 'UTC')).toBe('')
  })
})
