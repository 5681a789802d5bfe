// SPDX-License-Identifier: Apache-2.0
import { PERSON_ATTRIBUTES } from './directory.ts'
import {
  Collector,
  type FileContents,
  type FilePerson,
  NO_PAUSE,
  type Pause,
  personAttribute,
  type Rejected,
  valuesOf,
  type WrittenPerson,
} from './directory-file.ts'

/** Lines of this length or more are folded [RFC 2849 note 2]. */
const FOLD = 76

/** Reads the entries of persons from LDIF [RFC 2849]: contents, or changes that add. Containers are passed over. */
export async function readLdif(text: string, pause: Pause = NO_PAUSE): Promise<FileContents> {
  const people: FilePerson[] = []
  const rejected: Rejected[] = []
  for (const { line, lines } of records(text)) {
    const record = new LdifRecord(lines)
    if (record.fault) rejected.push({ line, reason: record.fault })
    else if (record.isPerson)
      people.push({ line, key: record.key, region: undefined, attributes: record.collector.done() })
    const wait = pause(people.length)
    if (wait) await wait
  }
  return { people, rejected }
}

/** One entry, attribute by attribute. */
class LdifRecord {
  readonly collector = new Collector()
  key = ''
  isPerson = false
  fault = ''

  constructor(lines: readonly string[]) {
    for (const text of lines) {
      const parts = /^([^:]+):([:<]?) ?(.*)$/s.exec(text)
      if (!parts) {
        this.fault = `not an attribute: ${text.slice(0, 40)}`
        return
      }
      const [, name = '', how, value = ''] = parts
      if (how === '<') this.fault = `${name} is in another file, which is not read`
      else this.#take(name.toLowerCase(), how === ':' ? Buffer.from(value, 'base64').toString('utf8') : value)
    }
  }

  #take(description: string, value: string): void {
    const [name = ''] = description.split(';')
    if (name === 'changetype' && value.trim() !== 'add') this.fault = `a change (${value.trim()}) is not an entry`
    else if (name === 'uid' || name === 'objectguid') this.key ||= value.trim()
    else if (name === 'objectclass') this.isPerson ||= /person|contact|user/i.test(value)
    else {
      const attribute = personAttribute(name)
      if (attribute) this.collector.add(attribute, value)
    }
  }
}

/** Records are separated by empty lines; a line that begins with a blank goes on from the one before. */
function records(text: string): { line: number; lines: string[] }[] {
  const found: { line: number; lines: string[] }[] = []
  let current: string[] = []
  let begun = 1
  let comment = false
  for (const [i, raw] of `${text}\n\n`
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (raw.startsWith(' ')) {
      const last = current.pop()
      if (last !== undefined) current.push(comment ? last : last + raw.slice(1))
    } else if (raw === '') {
      if (current.length > 0) found.push({ line: begun, lines: current })
      current = []
    } else {
      comment = raw.startsWith('#')
      if (current.length === 0) begun = i + 1
      if (!comment && !/^version:\s*1\s*$/i.test(raw)) current.push(raw)
    }
  }
  return found
}

/** In pieces. */
export function* writeLdif(people: Iterable<WrittenPerson>): Generator<string> {
  yield 'version: 1\n'
  for (const { id, dn, attributes } of people) {
    const lines = ['', ...line('dn', dn)]
    for (const name of ['top', 'person', 'organizationalPerson', 'inetOrgPerson']) lines.push(`objectClass: ${name}`)
    lines.push(...line('uid', id))
    for (const name of PERSON_ATTRIBUTES)
      for (const value of valuesOf(attributes, name)) lines.push(...line(name, value))
    yield `${lines.join('\n')}\n`
  }
}

/** In base64 unless it is a safe string [RFC 2849], and folded. */
function line(name: string, value: string): string[] {
  const safe = /^[!-9;=-~][ -~]*$/.test(value) && !value.endsWith(' ')
  const whole = safe ? `${name}: ${value}` : `${name}:: ${Buffer.from(value).toString('base64')}`
  const [first = '', ...rest] = whole.match(new RegExp(`^.{1,${FOLD}}|.{1,${FOLD - 1}}`, 'g')) ?? []
  return [first, ...rest.map((part) => ` ${part}`)]
}
