// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import { type Attributes, compile, evaluate, type Filter } from '#protocols/ldap/filter'

const ANN: Attributes = {
  objectClass: ['top', 'person', 'organizationalPerson', 'inetOrgPerson'],
  cn: ['Ann Lee', 'A. Lee'],
  sn: 'Lee',
  givenName: 'Ann',
  telephoneNumber: '+49 (30) 123-45',
  ipPhone: 'sip:100@example.com',
  ou: 'Küche',
}

type Assertion = 'equal' | 'greaterOrEqual' | 'lessOrEqual' | 'approx'
const is = (attribute: string, value: string, kind: Assertion = 'equal'): Filter => ({ kind, attribute, value })
const has = (attribute: string): Filter => ({ kind: 'present', attribute })
const not = (filter: Filter): Filter => ({ kind: 'not', filter })
const and = (...filters: Filter[]): Filter => ({ kind: 'and', filters })
const or = (...filters: Filter[]): Filter => ({ kind: 'or', filters })
/** `a*b*c`: the first and last part may be empty. */
function like(attribute: string, pattern: string): Filter {
  const parts = pattern.split('*')
  const [initial, final] = [parts.shift() || undefined, parts.pop() || undefined]
  return { kind: 'substrings', attribute, initial, any: parts, final }
}
const asked = (filter: Filter) => evaluate(compile(filter), ANN)

const [TRUE, FALSE, UNDEFINED] = [has('sn'), has('mail'), is('shoeSize', '42')]

describe('three-valued logic [RFC4511 §4.5.1.7]', () => {
  test.each([
    ['(&)', and(), true],
    ['(|)', or(), false],
    ['(!true)', not(TRUE), false],
    ['(!false)', not(FALSE), true],
    ['(!undefined)', not(UNDEFINED), undefined],
    ['(&(true)(undefined))', and(TRUE, UNDEFINED), undefined],
    ['(&(undefined)(false))', and(UNDEFINED, FALSE), false],
    ['(|(undefined)(true))', or(UNDEFINED, TRUE), true],
    ['(|(false)(undefined))', or(FALSE, UNDEFINED), undefined],
    ['(!(&(true)(undefined)))', not(and(TRUE, UNDEFINED)), undefined],
    ['(!(&(false)(undefined)))', not(and(FALSE, UNDEFINED)), true],
  ])('%s is %s', (_, filter, expected) => {
    expect(asked(filter)).toBe(expected)
  })
})

describe('what is Undefined and what is False', () => {
  test.each([
    ['an attribute that the entry lacks', is('mail', 'x'), false],
    ['an attribute that nobody knows', is('shoeSize', '42'), undefined],
    ['its presence, as OpenLDAP has it', has('shoeSize'), undefined],
    ['the presence of an attribute that the entry lacks', has('mail'), false],
    [
      'an extensible match',
      { kind: 'extensible', rule: '2.5.13.2', attribute: 'sn', value: 'Lee', dnAttributes: false },
      undefined,
    ],
    ['an order of telephone numbers', is('telephoneNumber', '1', 'greaterOrEqual'), undefined],
    ['an order of object classes', is('objectClass', 'a', 'lessOrEqual'), undefined],
    ['a part of an object class', like('objectClass', 'per*'), undefined],
    ['an object class nobody knows', is('objectClass', 'robot'), undefined],
    ['an empty value', is('sn', ''), undefined],
    ['broken UTF-8', is('sn', 'Lee\ufffd'), undefined],
    ['a known attribute in another language', is('sn;lang-de', 'Lee'), false],
  ] satisfies [string, Filter, boolean | undefined][])('%s: %s → %s', (_, filter, expected) => {
    expect(asked(filter)).toBe(expected)
  })
})

describe('matches', () => {
  test.each([
    ['names of attributes in any case', is('SURNAME', 'lee')],
    ['object identifiers of attributes', is('2.5.4.4', 'lee')],
    ['other names of attributes', is('commonName', 'ann lee')],
    ['any of several values', is('cn', 'a. lee')],
    ['subtypes when the supertype is asked for [RFC4512 §2.5.1]', is('name', 'ann')],
    ['object classes by name', is('objectclass', 'PERSON')],
    ['object classes by identifier', is('objectClass', '2.5.6.6')],
    ['approximately: as equal as we can', is('ou', 'KUCHE', 'approx')],
    ['at least', is('sn', 'lea', 'greaterOrEqual')],
    ['at most', is('sn', 'LEE', 'lessOrEqual')],
    ['accents left out', is('ou', 'kuche')],
    ['accents added', is('sn', 'Léé')],
    ['initial', like('cn', 'ann*')],
    ['any', like('cn', '*n l*')],
    ['final', like('cn', '*LEE')],
    ['all of them', like('cn', 'a*n*l*e')],
    ['a number without its punctuation', is('telephoneNumber', '493012345')],
    ['a number with other punctuation', is('telephoneNumber', '+49 30 12345')],
    ['the beginning of a number', like('telephoneNumber', '4930*')],
    ['the end of a number', like('telephoneNumber', '*123-45')],
    ['a plus as it stands', like('telephoneNumber', '+*')],
    ['an address in ipPhone', like('ipPhone', 'SIP:100*')],
    ['the digits of an address', is('ipPhone', '100')],
  ])('%s', (_, filter) => {
    expect(asked(filter)).toBe(true)
  })
})

describe('does not match', () => {
  test.each([
    ['parts that overlap', like('sn', 'le*ee')],
    ['parts in another order', like('cn', '*lee*ann*')],
    ['a part used twice', like('sn', '*l*l*')],
    ['another number', is('telephoneNumber', '49301234')],
    ['letters in a number', like('telephoneNumber', 'ann*')],
    ['at least what comes after', is('sn', 'lef', 'greaterOrEqual')],
    ['at most what comes before', is('sn', 'led', 'lessOrEqual')],
  ])('%s', (_, filter) => {
    expect(asked(filter)).toBe(false)
  })
})
