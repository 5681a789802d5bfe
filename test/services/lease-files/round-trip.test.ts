// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LEASE_FORMATS, readLeases, writeLeases } from '#daemon/services/lease-files/formats'
import { anyLeases, asTold } from './leases.ts'

describe.each(LEASE_FORMATS)('lease files: %s', (format) => {
  it('gives back what was written', () => {
    fc.assert(
      fc.property(anyLeases, (leases) => {
        const { found, rejections } = readLeases(format, [...writeLeases(format, leases, [])].join(''))
        expect(rejections).toEqual([])
        expect(found.map(({ lease }) => lease)).toEqual(leases.map((lease) => asTold(format, lease)))
      }),
      { numRuns: 300 },
    )
  })

  it('survives any text, and says something of each that holds more than blanks', () => {
    const pieces = fc.constantFrom(
      ...['address,hwaddr,client_id,valid_lifetime,expire', '10.0.0.1,00:90:8f:00:00:01,,60,1700000000', ','],
      ...['lease 10.0.0.1 {', 'lease', '}', '{', ';', '"', '\\', '\n', 'starts 4 2026/01/01 10:00:00;', 'ends never;'],
      ...[
        'hardware ethernet 0:90:8f:1:2:3;',
        'uid "\\001";',
        'binding state active;',
        '#',
        '{"format":"offhook-leases"',
      ],
      ...[',"version":1}\n', '{"address":"10.0.0.1"}', 'null', '\u0000', '\ud800', '__proto__'],
    )
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces).map((parts) => parts.join('')),
    )
    fc.assert(
      fc.property(texts, (text) => {
        const { found, rejections, rejected } = readLeases(format, text)
        expect(rejected).toBeGreaterThanOrEqual(rejections.length)
        for (const { line, reason } of rejections) {
          expect(line).toBeGreaterThan(0)
          expect(reason).toMatch(/^[^\p{Cc}]+$/u)
        }
        for (const { lease } of found) {
          expect(Number.isFinite(lease.expiresAt) && Number.isFinite(lease.updatedAt)).toBe(true)
          expect(lease.hostname).not.toMatch(/\p{Cc}/u)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  it('cut anywhere, loses at most the lease that was cut, and says so', () => {
    fc.assert(
      fc.property(anyLeases, fc.double({ min: 0, max: 1, noNaN: true }), (leases, where) => {
        const whole = [...writeLeases(format, leases, [])].join('')
        const { found } = readLeases(format, whole.slice(0, Math.floor(whole.length * where)))
        for (const [index, { lease }] of found.slice(0, -1).entries()) {
          expect(lease).toEqual(asTold(format, leases[index] ?? lease))
        }
      }),
      { numRuns: 100 },
    )
  })

  it('tells of an empty file', () => {
    expect(readLeases(format, ' \n')).toMatchObject({
      found: [],
      rejections: [{ line: 1, reason: 'the file is empty' }],
    })
  })
})
