// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { FIRMWARE_SETTINGS, phoneQuery } from '#daemon/services/directory/phone-query'
import { Tree } from '#daemon/services/directory/tree'
import { View } from '#daemon/services/directory/view'
import { STAFF, SUFFIX, shelf } from '#test/protocols/ldap/house'

const view = new View(new Tree(SUFFIX), shelf(STAFF), { identity: '' })
const firmware = { ...FIRMWARE_SETTINGS, base: SUFFIX }

test('two letters of a name, with what the firmware has of itself', () => {
  expect(phoneQuery(view, firmware, 'name', 'le')).toEqual({
    kind: 'hits',
    filter: '(|(sn=le*)(givenname=le*)(displayname=le*))',
    hits: [
      { shown: 'Ann Lee', numbers: ['+49 (30) 123-45'], dn: `uid=ann,ou=contacts,${SUFFIX}` },
      { shown: 'Jörg Lehmann', numbers: ['+49 30 123-46', '+49 30 123-47'], dn: `uid=joerg,ou=contacts,${SUFFIX}` },
      { shown: 'Mia Leone', numbers: ['+44 20 7946 0958'], dn: `uid=mia,ou=contacts,${SUFFIX}` },
    ],
    more: false,
    touched: 6,
  })
})

test('a number, another display, and more hits than the phone shows', () => {
  const settings = { ...firmware, display: '%SN, %givenName %nothing', maxHits: 1 }
  expect(phoneQuery(view, settings, 'number', '4930')).toMatchObject({ hits: [{ shown: 'Lee, Ann' }], more: true })
})

test('an empty base means everything', () => {
  expect(phoneQuery(view, { ...firmware, base: '' }, 'name', 'zoë')).toMatchObject({ hits: [{ shown: 'Zoë Abel' }] })
})

test('what is typed cannot break out of the filter', () => {
  expect(phoneQuery(view, firmware, 'name', '*)(objectClass=')).toMatchObject({ kind: 'hits', hits: [] })
})

test.each([
  ['a filter without %', { nameFilter: '(sn=a)' }, 'no %'],
  ['a filter that is none', { nameFilter: '(sn=%' }, 'no LDAP filter'],
  ['a base that is no name', { base: 'phones' }, 'no distinguished name'],
  ['a base that is not there', { base: 'dc=nowhere' }, 'nothing at the base'],
])('%s is told in a sentence', (_, change, told) => {
  expect(phoneQuery(view, { ...firmware, ...change }, 'name', 'a')).toEqual({
    kind: 'problem',
    problem: expect.stringContaining(told),
  })
})
