// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { escapeFilterValue, parseFilter } from '#protocols/ldap/filter-text'
import { filterText, randomFilter } from './filters.ts'
import { person, sequence } from './people.ts'

const substrings = (attribute: string, initial?: string, any: string[] = [], final?: string) => {
  return { kind: 'substrings', attribute, initial, any, final }
}

test.each([
  ['(sn=Lee)', { kind: 'equal', attribute: 'sn', value: 'Lee' }],
  [' (sn~=Lee) ', { kind: 'approx', attribute: 'sn', value: 'Lee' }],
  ['(sn>=Lee)', { kind: 'greaterOrEqual', attribute: 'sn', value: 'Lee' }],
  ['(sn<=Lee)', { kind: 'lessOrEqual', attribute: 'sn', value: 'Lee' }],
  ['(sn=*)', { kind: 'present', attribute: 'sn' }],
  ['(sn=)', { kind: 'equal', attribute: 'sn', value: '' }],
  ['(sn=le*)', substrings('sn', 'le')],
  ['(sn=*e*e*)', substrings('sn', undefined, ['e', 'e'])],
  ['(sn=l**e)', substrings('sn', 'l', [], 'e')],
  ['(2.5.4.4;lang-de=x)', { kind: 'equal', attribute: '2.5.4.4;lang-de', value: 'x' }],
  ['(cn=a\\2ab\\28\\29\\5c)', { kind: 'equal', attribute: 'cn', value: 'a*b()\\' }],
  ['(cn=J\\c3\\b6rg*)', substrings('cn', 'Jörg')],
  ['(cn=a=b<c)', { kind: 'equal', attribute: 'cn', value: 'a=b<c' }],
  [
    '(cn:caseExactMatch:=x)',
    { kind: 'extensible', rule: 'caseExactMatch', attribute: 'cn', value: 'x', dnAttributes: false },
  ],
  ['(cn:dn:=x)', { kind: 'extensible', rule: undefined, attribute: 'cn', value: 'x', dnAttributes: true }],
  ['(:dn:2.5.13.5:=x)', { kind: 'extensible', rule: '2.5.13.5', attribute: undefined, value: 'x', dnAttributes: true }],
  ['(&)', { kind: 'and', filters: [] }],
  ['(!(sn=*))', { kind: 'not', filter: { kind: 'present', attribute: 'sn' } }],
  [
    '(|(sn=a)(&(cn=*)))',
    {
      kind: 'or',
      filters: [
        { kind: 'equal', attribute: 'sn', value: 'a' },
        { kind: 'and', filters: [{ kind: 'present', attribute: 'cn' }] },
      ],
    },
  ],
])('%s [RFC4515 §3]', (text, filter) => {
  expect(parseFilter(text)).toEqual(filter)
})

test.each([
  ...[
    '',
    'sn=a',
    '(sn=a',
    'sn=a)',
    '(sn)',
    '()',
    '((sn=a))',
    '(sn=a)(sn=b)',
    '(!)',
    '(!(a=b)(c=d))',
    '(sn=a\\)',
    '(sn=\\zz)',
    '(sn=(a))',
  ],
  ...['(|(sn=a)x)', '(:=x)', '(sn =a)', `${'(!'.repeat(100)}(a=b)${')'.repeat(100)}`],
])('%j is no filter', (text) => {
  expect(parseFilter(text)).toBeUndefined()
})

test('what generated filters look like is read as what they are', () => {
  const random = sequence(3)
  const entries = Array.from({ length: 50 }, (_, i) => ({ dn: '', attributes: person(i) }))
  for (let i = 0; i < 500; i++) {
    const filter = randomFilter(random, entries)
    expect(parseFilter(filterText(filter))).toEqual(filter)
  }
})

test('what people type does not change the filter around it', () => {
  for (const typed of ['*', ')(objectClass=*', 'a\\2a', '\0', '(', 'ü*']) {
    expect(parseFilter(`(sn=${escapeFilterValue(typed)})`)).toEqual({ kind: 'equal', attribute: 'sn', value: typed })
  }
})
