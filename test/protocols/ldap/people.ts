// SPDX-License-Identifier: Apache-2.0
import { type CompletePerson, type Contact, completePerson } from '#daemon/domain/directory'

/** Syllables of which names are made: enough for thousands of names, few enough for many that begin alike. */
const SYLLABLES = [
  ...['ab', 'an', 'ber', 'bo', 'cla', 'da', 'el', 'fe', 'gra', 'ha', 'in', 'jo', 'ka', 'la', 'mar', 'mi'],
  ...['na', 'ol', 'pe', 'ra', 'ri', 'sa', 'ster', 'ta', 'ul', 'vi', 'wer', 'ya', 'zo', 'mann', 'son', 'ski'],
]
const COMPANIES = ['Example GmbH', 'Acme Inc', 'Initech', 'Globex  Corporation', 'Umbrella AG']
const DEPARTMENTS = ['Sales', 'Support', 'Research and Development', 'Human Resources', 'Abbey Road Studio']
const TITLES = ['Agent', 'Team Lead', 'Engineer', 'Director']

/** The same number gives the same person, so that rivals can be given the same directory. */
export function person(number: number): CompletePerson {
  const random = sequence(number)
  const pick = (list: readonly string[]) => list[random(list.length)] ?? ''
  const word = (syllables: number) => {
    const text = Array.from({ length: syllables }, () => pick(SYLLABLES)).join('')
    return (text[0] ?? '').toUpperCase() + text.slice(1)
  }
  const digits = (count: number) => Array.from({ length: count }, () => random(10)).join('')
  const givenName = word(2)
  const sn = word(2 + random(2))
  const complete = completePerson({
    sn,
    givenName,
    displayName: `${givenName} ${sn}`,
    telephoneNumber: `+49 30 ${digits(4)}-${digits(3)}`,
    ...(random(2) === 0 && { mobile: `+49 171 ${digits(7)}` }),
    ...(random(3) === 0 && { ipPhone: digits(4) }),
    ...(random(10) === 0 && { otherTelephone: [`+44 20 ${digits(8)}`, `+33 1 ${digits(8)}`] }),
    mail: `${givenName}.${sn}.${number}@example.com`.toLowerCase(),
    ...(random(2) === 0 && { title: pick(TITLES) }),
    company: pick(COMPANIES),
    department: pick(DEPARTMENTS),
  })
  if (!complete) throw new Error('a generated person has a name')
  return complete
}

export function contact(number: number, region = '', owner = ''): Contact {
  return { id: `c${number}`, region, owner, attributes: person(number), source: 'test', changedAt: 0 }
}

/** A small generator of pseudo-random integers below a limit (a linear congruence, mixed). */
export function sequence(seed: number): (below: number) => number {
  let state = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x5bd1e995) >>> 0
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const mixed = Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) >>> 0
    return Math.floor((((mixed ^ (mixed >>> 12)) >>> 0) / 2 ** 32) * below)
  }
}
