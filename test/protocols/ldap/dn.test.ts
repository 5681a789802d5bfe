// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { escapeDnValue, isWithin, parseDn } from '#protocols/ldap/dn'
import { isProhibited } from '#protocols/ldap/matching'

describe('equal names [RFC4514 §3, RFC4517 §4.2.15]', () => {
  test.each([
    ['dc=example,dc=com', 'DC=Example , DC=COM'],
    ['dc=example,dc=com', '0.9.2342.19200300.100.1.25=example,OID.0.9.2342.19200300.100.1.25=com'],
    ['cn=ann lee', 'commonName=Ann   Lee'],
    ['cn=ann lee', '  cn = Ann Lee  '],
    ['cn=ann lee,o=x', 'cn=ann lee;o=x'],
    ['cn=ann lee', 'cn="Ann Lee"'],
    ['cn=lee\\, ann', 'cn="Lee, Ann"'],
    ['cn=lee\\, ann', 'cn=Lee\\2c Ann'],
    ['cn=lee\\, ann', 'cn=Lee\\2C\\20Ann'],
    ['cn=j\u00fcrgen', 'cn=J\\C3\\BCrgen'],
    ['cn=j\u00fcrgen', 'CN=JU\u0308RGEN'],
    ['cn=\\#1', 'cn=\\231'],
    ['cn=a\\=b', 'cn=a=b'],
    ['cn=hi', 'cn=#04026869'],
    ['cn=ann+uid=7', 'UID=7 + cn=Ann'],
    ['cn=a\\00b', 'cn=ab'],
    ['cn=\\ ann\\ ', 'cn=ann'],
    ['cn=', 'cn=""'],
    ['', '   '],
  ])('%s = %s', (one, other) => {
    expect(parseDn(one)).toBeDefined()
    expect(parseDn(other)).toEqual(parseDn(one))
  })
})

test.each([
  ['cn=jürgen', 'cn=jurgen'],
  ['cn=a,cn=b', 'cn=a+cn=b'],
  ['cn=a\\,b', 'cn=a,cn=b'],
  ['cn=a\\+cn=b', 'cn=a+cn=b'],
  ['cn=a', 'sn=a'],
  ['x-unknown=a', 'cn=a'],
])('%s ≠ %s', (one, other) => {
  expect(parseDn(one)).toBeDefined()
  expect(parseDn(other)).toBeDefined()
  expect(parseDn(one)).not.toEqual(parseDn(other))
})

test.each([
  ...['ann', '=x', 'cn', 'cn=a,', ',cn=a', 'cn=a,,o=b', 'cn=a+', 'cn=a\\', 'cn=\\zz', 'cn="a', 'cn="a"b', 'cn=a"b'],
  ...[
    'cn=<a>',
    'cn=#04',
    'cn=#zz',
    'cn=#0402686',
    'cn=\\C3',
    '1.2.=x',
    '-cn=a',
    'cn=\ud800',
    `cn=${'a'.repeat(5_000)}`,
  ],
  ...['user@example.com', 'EXAMPLE\\user', 'cn=a\nb,'],
])('%j is no name', (text) => {
  expect(parseDn(text)).toBeUndefined()
})

test.each([
  [' ', '\\ '],
  ['  ', '\\ \\ '],
  ['#a ', '\\#a\\ '],
  ['a#b', 'a#b'],
  ['a,b+"c\\<d>;=', 'a\\,b\\+\\"c\\\\\\<d\\>\\;\\='],
  ['\0', '\\00'],
])('%j is escaped as %s [RFC4514 §2.4]', (value, escaped) => {
  expect(escapeDnValue(value)).toBe(escaped)
})

test('any value, escaped, is read back as itself', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 }), (value) => {
      fc.pre(!isProhibited(value))
      const dn = parseDn(`uid=${escapeDnValue(value)},dc=example`)
      expect(dn).toHaveLength(2)
      expect(dn?.[0]).toBe(parseDn(`uid=${hexEscaped(value)}`)?.[0])
      expect(parseDn(`UID="${value.replaceAll(/["\\]/g, '\\$&')}",dc=EXAMPLE`)).toEqual(dn)
    }),
    { numRuns: 1_000 },
  )
})

test('any text is a name or none, in linear time', () => {
  const piece = fc.constantFrom('cn=', '\\', ',', '+', ' ', '"', '#', 'a', '\\2c', '\u0308', ';', '=')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      parseDn(pieces.join(''))
    }),
    { numRuns: 2_000 },
  )
  const since = performance.now()
  for (const piece of ['\\', ' ', 'a=', '" ', '\\2c', ' ,']) parseDn(`cn=${piece.repeat(4_000 / piece.length)}`)
  expect(performance.now() - since).toBeLessThan(500)
})

test('a name is within itself and its ancestors only', () => {
  const name = parseDn('uid=a,ou=contacts,dc=example,dc=com') ?? []
  const inside = ['uid=a,ou=contacts,dc=example,dc=com', 'ou=Contacts,dc=example,dc=com', 'dc=com', '']
  const outside = [
    'ou=contacts',
    'dc=example',
    'uid=b,ou=contacts,dc=example,dc=com',
    'x=1,uid=a,ou=contacts,dc=example,dc=com',
  ]
  for (const text of inside) expect(isWithin(name, parseDn(text) ?? ['?'])).toBe(true)
  for (const text of outside) expect(isWithin(name, parseDn(text) ?? [])).toBe(false)
})

/** Every byte as a pair of hex digits: nothing of it can be taken for syntax. */
function hexEscaped(value: string): string {
  return [...Buffer.from(value)].map((byte) => `\\${byte.toString(16).padStart(2, '0')}`).join('')
}
