// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeOid, encodeOid, parseOid } from '#protocols/snmp/oid'

const arc = fc.oneof(fc.nat(300), fc.constantFrom(127, 128, 16_383, 16_384, 2 ** 28, 2 ** 31, 2 ** 32 - 1), fc.nat())

test('[X.690 §8.19] what is encoded is decoded', () => {
  const oid = fc
    .tuple(fc.nat(2), fc.nat(39), fc.array(arc, { maxLength: 126 }))
    .map(([a, b, rest]) => [a, b, ...rest].join('.'))
  fc.assert(
    fc.property(oid, (text) => {
      expect(decodeOid(encodeOid(text))).toBe(text)
    }),
  )
  expect(Buffer.from(encodeOid('1.3.6.1.4.1.8072')).toString('hex')).toBe('2b06010401bf08')
  expect(Buffer.from(encodeOid('2.999.3')).toString('hex')).toBe('883703')
  expect(decodeOid(encodeOid('2.4294967215'))).toBe('2.4294967215')
})

test('texts that are none are refused, and no others', () => {
  const digits = fc.constantFrom(
    '0',
    '1',
    '2',
    '3',
    '39',
    '40',
    '4294967215',
    '4294967216',
    '4294967295',
    '4294967296',
    '.',
    '..',
    '-',
    ' ',
    'x',
  )
  fc.assert(
    fc.property(fc.array(digits, { maxLength: 9 }), (parts) => {
      const text = parts.join('')
      const isOid = parseOid(text) !== undefined
      if (isOid) expect(decodeOid(encodeOid(text))).toBe((parseOid(text) ?? []).join('.'))
      else expect(() => encodeOid(text)).toThrow(/is no object identifier/)
    }),
    { numRuns: 2_000 },
  )
  expect(() => encodeOid(`1.3${'.1'.repeat(127)}`)).toThrow(/is no object identifier/)
  expect(() => encodeOid('1.'.repeat(1e6))).toThrow(/is no object identifier/)
})
