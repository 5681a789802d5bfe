// SPDX-License-Identifier: Apache-2.0
import type { Filter } from '#protocols/ldap/filter'
import type { LdapEntry } from '#protocols/ldap/port'

const TEXTS = ['cn', 'sn', 'givenName', 'displayName', 'mail', 'title', 'company', 'department', 'uid', 'name']
/** slapd's built-in types have no order; ours add one to the rest. */
const ORDERED = ['sn', 'givenName', 'displayName', 'mail', 'title', 'company', 'department']
const NUMBERS = ['telephoneNumber', 'mobile', 'ipPhone', 'otherTelephone']
const CLASSES = ['top', 'person', 'inetOrgPerson', 'PHONEBOOKPERSON', 'organizationalUnit', '2.5.6.6', 'robot']

/** A number below the one given. */
export type Random = (below: number) => number

/**
 * A filter of any kind and shape whose values are cut from the entries. It keeps to what every server must answer
 * alike: beginnings of numbers hold their `+`, and names are not compared approximately (slapd does so by sound).
 */
export function randomFilter(random: Random, entries: readonly LdapEntry[], depth = 0): Filter {
  const kind = random(depth < 3 ? 14 : 10)
  if (kind >= 12) return { kind: 'not', filter: randomFilter(random, entries, depth + 1) }
  if (kind >= 10) {
    const filters = Array.from({ length: random(4) }, () => randomFilter(random, entries, depth + 1))
    return { kind: kind === 10 ? 'and' : 'or', filters }
  }
  const pick = (list: readonly string[]) => spelled(list[random(list.length)] ?? '', random)
  switch (kind) {
    case 0:
      return { kind: 'present', attribute: pick([...TEXTS, ...NUMBERS, 'objectClass', 'pager', 'shoeSize']) }
    case 1:
      return { kind: 'equal', attribute: pick(['objectClass']), value: pick(CLASSES) }
    case 2:
      return { kind: 'equal', attribute: pick(['shoeSize', 'objectCategory']), value: '42' }
    case 3: {
      const attribute = pick(ORDERED)
      const order = random(2) === 0 ? 'greaterOrEqual' : 'lessOrEqual'
      return { kind: order, attribute, value: spelled(sample(random, entries, attribute), random) }
    }
    case 4:
    case 5: {
      const attribute = pick(NUMBERS)
      const value = punctuated(sample(random, entries, attribute), random)
      const assertion = (['equal', 'approx'] as const)[random(2)] ?? 'equal'
      return random(2) === 0 ? { kind: assertion, attribute, value } : numberParts(random, attribute, value)
    }
    case 6: {
      const attribute = pick(TEXTS)
      return { kind: 'equal', attribute, value: spelled(sample(random, entries, attribute), random) }
    }
    default: {
      const attribute = pick(TEXTS)
      return textParts(random, attribute, spelled(sample(random, entries, attribute), random))
    }
  }
}

/** A value that some entry has for the attribute; `x` when few have one. */
function sample(random: Random, entries: readonly LdapEntry[], attribute: string): string {
  for (let tries = 0; tries < 8; tries++) {
    const attributes = entries[random(entries.length)]?.attributes ?? {}
    const name = Object.keys(attributes).find((key) => key.toLowerCase() === attribute.toLowerCase())
    const values = attributes[name ?? (attribute.toLowerCase() === 'name' ? 'cn' : '')]
    const list = typeof values === 'string' ? [values] : (values ?? [])
    const value = list[random(list.length)]
    if (value) return value
  }
  return 'x'
}

function spelled(text: string, random: Random): string {
  switch (random(4)) {
    case 0:
      return text.toUpperCase()
    case 1:
      return text.toLowerCase()
    case 2:
      return text.replaceAll(' ', '  ')
    default:
      return text
  }
}

/** Blanks and hyphens never count in a number [RFC4517 §4.2.29]. */
function punctuated(text: string, random: Random): string {
  return [text, text.replaceAll(/[ -]/g, ''), text.replaceAll('-', ' ')][random(3)] ?? text
}

function textParts(random: Random, attribute: string, value: string): Filter {
  const [first, last] = [random(value.length), random(value.length)].sort((a, b) => a - b)
  const cut = (from = 0, to = value.length) => value.slice(from, to).trim() || undefined
  const middle = cut(first, last)
  const any = middle && random(2) === 0 ? [middle] : []
  const initial = random(2) === 0 ? cut(0, Math.min(first ?? 0, 1 + random(4))) : undefined
  const final = random(4) === 0 ? cut(last) : undefined
  const none = !initial && !final && any.length === 0
  return { kind: 'substrings', attribute, initial: none ? value.slice(0, 1 + random(3)) : initial, any, final }
}

function numberParts(random: Random, attribute: string, value: string): Filter {
  const end = value.slice(-1 - random(5))
  const digits = /\d/.test(end) ? end : '1'
  switch (random(3)) {
    case 0:
      return { kind: 'substrings', attribute, initial: value.slice(0, 3 + random(8)), any: [], final: undefined }
    case 1:
      return { kind: 'substrings', attribute, initial: undefined, any: [digits], final: undefined }
    default:
      return { kind: 'substrings', attribute, initial: value.slice(0, 3), any: [], final: digits }
  }
}

/** The string form [RFC4515], for messages of failed tests. */
export function filterText(filter: Filter): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return `(${filter.kind === 'and' ? '&' : '|'}${filter.filters.map(filterText).join('')})`
    case 'not':
      return `(!${filterText(filter.filter)})`
    case 'present':
      return `(${filter.attribute}=*)`
    case 'substrings':
      return `(${filter.attribute}=${[filter.initial ?? '', ...filter.any, filter.final ?? ''].join('*')})`
    case 'extensible':
      return `(${filter.attribute ?? ''}:${filter.rule ?? ''}:=${filter.value})`
    default: {
      const sign = { equal: '=', approx: '~=', greaterOrEqual: '>=', lessOrEqual: '<=' }[filter.kind]
      return `(${filter.attribute}${sign}${filter.value})`
    }
  }
}
