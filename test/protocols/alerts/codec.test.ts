// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decode } from '#protocols/alerts/codec'
import { dateOf } from '#protocols/alerts/date'
import { alertPrefix } from '#protocols/alerts/path'
import { MalformedPacket } from '#protocols/lib/malformed'

const ORIGIN = { peer: { address: '10.1.2.3', port: 1 }, prefix: [] }
const read = (text: string | Uint8Array) => decode(Buffer.from(text as string), ORIGIN).report

test('what is well-formed is read as it stands', () => {
  const text = fc
    .string({ minLength: 1, maxLength: 40, unit: 'grapheme' })
    .filter((s) => s.trim() === s && !/\p{C}/u.test(s))
  const alert = fc.record({ name: text, description: text, uniqueId: text, additionalInfo1: text })
  fc.assert(
    fc.property(fc.array(alert, { minLength: 1, maxLength: 5 }), (alerts) => {
      const { alerts: found } = read(JSON.stringify({ sessionId: 'x', alerts }))
      expect(found).toMatchObject(
        alerts.map(({ additionalInfo1, ...rest }) => ({ ...rest, additionalInfo: [additionalInfo1] })),
      )
    }),
    { numRuns: 300 },
  )
})

test('throws nothing but MalformedPacket, and what it keeps is bounded and clean', () => {
  const start = '{"alerts":[{"name":"REQUIRES RESET","severity":"3","source":"IPPhone/00908f123456"},{"name":"x"'
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom('"', '{', '}', '[', ']', ',', ':', '\\', '\\u', 'alerts', '\0', 'ÿ'),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.boolean(), (pieces, begun) => {
      try {
        const { alerts } = read((begun ? start : '') + pieces.join(''))
        expect(JSON.stringify(alerts)).not.toMatch(/\p{Cc}|\\u00[01]/u)
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedPacket)
      }
    }),
    { numRuns: 3_000 },
  )
})

test('a megabyte of text is cut, ten thousand alerts are counted, and neither takes long', () => {
  const began = performance.now()
  const big = read(`{"alerts":[{"name":"${'n'.repeat(1e6)}","description":"${'d'.repeat(1e6)}"}]}`)
  expect(JSON.stringify(big).length).toBeLessThan(4_000)
  const many = read(`{"alerts":[${'{"name":"x"},'.repeat(10_000)}]}`)
  expect(many.alerts).toHaveLength(100)
  expect(many.leftOut).toBe(9_900)
  read(`{"alerts":${'['.repeat(200_000)}{"name":"x"}`)
  expect(performance.now() - began).toBeLessThan(3_000)
})

test.each<readonly [string, number | undefined]>([
  ['2026-11-20T12:00:00Z', Date.UTC(2026, 10, 20, 12)],
  ['2026-11-20 12:00:00', Date.UTC(2026, 10, 20, 12)],
  ['2026/11/20 12:00', Date.UTC(2026, 10, 20, 12)],
  ['20.11.2026 12:00:00', Date.UTC(2026, 10, 20, 12)],
  ['Fri, 20 Nov 2026 12:00:00 GMT', Date.UTC(2026, 10, 20, 12)],
  [String(Date.UTC(2026, 10, 20, 12) / 1_000), Date.UTC(2026, 10, 20, 12)],
  [String(Date.UTC(2026, 10, 20, 12)), Date.UTC(2026, 10, 20, 12)],
  ...['', '0', 'now', '2026-02-31 10:00:00', '2026-11-20 25:00:00', '11/20/2026', 'phone 5'].map(
    (t) => [t, undefined] as const,
  ),
])('the date %j is %j', (text, expected) => expect(dateOf(text)).toBe(expected))

test('the path may have any prefix, and not any length', () => {
  expect(alertPrefix('/rest/v1/ipphoneMgrAlert/alert')).toEqual([])
  expect(alertPrefix('/c/Acme/p/7/rest/v1/ipphonemgralert/ALERT')).toEqual(['c', 'Acme', 'p', '7'])
  expect(alertPrefix('/rest/v1/ipphoneMgrAlert/alerts')).toBeUndefined()
  expect(alertPrefix('/rest/v1/ipphoneMgrStatus/keep-alive')).toBeUndefined()
  expect(alertPrefix(`${'/x'.repeat(17)}/rest/v1/ipphoneMgrAlert/alert`)).toBeUndefined()
})
