// SPDX-License-Identifier: Apache-2.0
import type { MemoryDirectory } from './memory-directory.ts'

const COMPANIES = ['Alpine Logistics', 'Nordlicht Optik', 'Bakery Moulin', 'Kestrel Insurance', 'Wagner & Söhne']
const PEOPLE = [
  'Amira Haddad',
  'Benedikt Vogel',
  'Carla Esposito',
  'Dmitri Sokolov',
  'Elif Yılmaz',
  'Farid Rahmani',
  'Grace Okafor',
]
const NOW = Date.UTC(2026, 2, 2, 9)
const HOUR = 3_600_000

/** A phonebook as an office has it: people, accounts, another directory, and the phones' settings. */
export function furnishDirectory(directory: MemoryDirectory, size: number): void {
  for (let n = 0; n < size; n++) {
    const name = PEOPLE[n % PEOPLE.length] ?? ''
    const company = COMPANIES[n % COMPANIES.length] ?? ''
    const number = `+49 30 1234-${100 + n}`
    directory.put(
      name,
      {
        region: ['', 'Nord', 'Süd'][n % 3] ?? '',
        source: ['manual', 'Suppliers', 'Head office'][n % 3] ?? '',
        changedAt: NOW - n * HOUR,
      },
      {
        telephoneNumber: n % 4 === 0 ? [number, `${number}0`] : number,
        ...(n % 2 === 0 && { mobile: `+49 170 55${1000 + n}`, company, department: 'Sales' }),
      },
    )
  }
  directory.accountRows = [
    { name: 'reception', region: 'Nord', owner: 'anna', dn: 'cn=reception,ou=accounts,dc=example' },
    { name: 'phones', region: '', owner: '', dn: 'cn=phones,ou=accounts,dc=example' },
  ]
  const last = { at: NOW - 6 * HOUR, took: 2100, added: 12, changed: 3, unchanged: 4008, removed: 1, rejected: 0 }
  const upstream = {
    url: 'ldaps://dc1.example.com',
    base: 'ou=people,dc=example,dc=com',
    region: '',
    schedule: '0 3 * * *',
  }
  directory.upstreamRows = [
    { ...upstream, name: 'Head office', running: false, last, next: NOW + 18 * HOUR },
    {
      ...{ ...upstream, name: 'Branch', region: 'Süd', running: false, next: NOW + HOUR },
      last: { ...last, added: 0, changed: 0, removed: 0, unchanged: 0, problem: 'ldap://10.9.0.2 does not answer.' },
    },
  ]
  directory.run = last
  directory.own.set('', {
    active: '1',
    base: 'dc=example',
    maxHits: '50',
    nameFilter: '(|(sn=%)(givenName=%))',
    password: 'x',
  })
  directory.own.set('Nord', { countryCode: '49', areaCode: '30' })
  directory.screen = {
    ...{
      kind: 'shown',
      base: 'dc=example',
      filter: '(|(sn=a*)(givenName=a*)(displayName=a*))',
      maxHits: 10,
      more: true,
    },
    ...{ touched: 41, micros: 180 },
    hits: Array.from({ length: 10 }, (_, n) => ({
      shown: `${PEOPLE[n % PEOPLE.length]}`,
      numbers: [`+49 30 1234-${100 + n}`],
      dn: `uid=c${n},ou=contacts,dc=example`,
    })),
  }
  const [first, second, third] = directory.contacts.find({
    ...{ text: '', order: 'name', descending: false, page: 1, pageSize: 3 },
  }).rows
  if (!first || !second || !third) return
  const after = { ...second, attributes: { ...second.attributes, telephoneNumber: '+49 30 99' } }
  directory.plans({
    ...{ added: 9940, changed: 2, unchanged: 58, removed: 1 },
    rejected: Array.from({ length: 3 }, (_, n) => ({ line: 17 + n * 40, reason: 'no name' })),
    examples: { added: [first, third], changed: [{ before: second, after }], removed: [third] },
  })
}
