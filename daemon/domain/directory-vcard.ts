// SPDX-License-Identifier: Apache-2.0
import type { PersonAttribute } from './directory.ts'
import {
  Collector,
  type FileContents,
  type FilePerson,
  NO_PAUSE,
  type Pause,
  type Rejected,
  valuesOf,
  type WrittenPerson,
} from './directory-file.ts'

/** Reads contact cards, version 2.1, 3.0 [RFC 2426] and 4.0 [RFC 6350]. */
export async function readVcard(text: string, pause: Pause = NO_PAUSE): Promise<FileContents> {
  const people: FilePerson[] = []
  const rejected: Rejected[] = []
  let card: Card | undefined
  for (const { line, text: content } of contentLines(text)) {
    const property = propertyOf(content)
    if (property?.name === 'BEGIN') {
      if (card) rejected.push({ line: card.line, reason: 'the card has no end' })
      card = new Card(line)
    } else if (property?.name === 'END') {
      if (card) people.push(card.done())
      card = undefined
      const wait = pause(people.length)
      if (wait) await wait
    } else if (property) card?.take(property)
    else if (card) {
      rejected.push({ line, reason: `not a property: ${content.slice(0, 40)}` })
      card = undefined
    }
  }
  if (card) rejected.push({ line: card.line, reason: 'the card has no end' })
  return { people, rejected }
}

interface Property {
  readonly name: string
  /** Types and encodings, in upper case: `WORK`, `CELL`, `QUOTED-PRINTABLE`. */
  readonly marks: readonly string[]
  readonly value: string
}

class Card {
  readonly line: number
  readonly #collector = new Collector()
  #key = ''

  constructor(line: number) {
    this.line = line
  }

  take(property: Property): void {
    if (property.name === 'UID') this.#key = property.value.trim()
    for (const [attribute, value] of meaningOf(property)) this.#collector.add(attribute, value)
  }

  done(): FilePerson {
    return { line: this.line, key: this.#key, region: undefined, attributes: this.#collector.done() }
  }
}

function meaningOf({ name, marks, value }: Property): [PersonAttribute, string][] {
  const parts = split(value)
  const [first = '', second = ''] = parts
  const whole = parts.join('; ')
  switch (name) {
    case 'FN':
      return [['displayName', whole]]
    case 'N':
      return [
        ['sn', first],
        ['givenName', second],
      ]
    case 'ORG':
      return [
        ['company', first],
        ['department', second],
      ]
    case 'TEL':
      return [[phoneAttribute(marks), value.replace(/^tel:/i, '')]]
    case 'EMAIL':
      return [['mail', whole]]
    case 'TITLE':
      return [['title', whole]]
    case 'NOTE':
      return [['description', whole]]
    default:
      return []
  }
}

function phoneAttribute(marks: readonly string[]): PersonAttribute {
  if (marks.includes('FAX')) return 'facsimileTelephoneNumber'
  if (marks.includes('CELL')) return 'mobile'
  if (marks.includes('PAGER')) return 'pager'
  return marks.includes('HOME') ? 'homePhone' : 'telephoneNumber'
}

/** `item1.TEL;TYPE=work,voice:+49 30 1` → TEL, [WORK, VOICE], +49 30 1. */
function propertyOf(text: string): Property | undefined {
  const parts = /^(?:[\w-]+\.)?([\w-]+)((?:;(?:"[^"]*"|[^";:])*)*):(.*)$/s.exec(text)
  if (!parts) return undefined
  const [, name = '', parameters = '', raw = ''] = parts
  const marks = parameters
    .replaceAll('"', '')
    .toUpperCase()
    .split(/[;,]/)
    .map((mark) => mark.replace(/^(?:TYPE|ENCODING)=/, ''))
  const value = marks.includes('QUOTED-PRINTABLE') ? unquoted(raw) : raw
  return { name: name.toUpperCase(), marks, value }
}

function unquoted(text: string): string {
  const bytes = text
    .replaceAll(/=\r?\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

/** At semicolons that are not escaped; escapes undone. */
function split(value: string): string[] {
  const parts = ['']
  for (const [piece] of value.matchAll(/\\.|[^\\]/gs)) {
    if (piece === ';') parts.push('')
    else parts[parts.length - 1] += piece.length === 1 ? piece : /\\n/i.test(piece) ? ' ' : piece.slice(1)
  }
  return parts.map((part) => part.trim())
}

/** Logical lines with where they begin: a folded one, and a quoted-printable one that goes on, is one line. */
function contentLines(text: string): { line: number; text: string }[] {
  const lines: { line: number; text: string }[] = []
  for (const [i, raw] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const last = lines.at(-1)
    if (last && /^[ \t]/.test(raw)) last.text += raw.slice(1)
    else if (last && /;[^:]*QUOTED-PRINTABLE[^:]*:/i.test(last.text) && last.text.endsWith('=')) last.text += `\n${raw}`
    else if (raw.trim() !== '') lines.push({ line: i + 1, text: raw })
  }
  return lines
}

const TELEPHONES = [
  ['telephoneNumber', 'work,voice'],
  ['ipPhone', 'work,voice'],
  ['otherTelephone', 'voice'],
  ['mobile', 'cell'],
  ['homePhone', 'home'],
  ['facsimileTelephoneNumber', 'fax'],
  ['pager', 'pager'],
] as const

/** Version 4.0 [RFC 6350], folded at 75 bytes; in pieces. */
export function* writeVcard(people: Iterable<WrittenPerson>): Generator<string> {
  for (const { id, attributes } of people) {
    const lines: string[] = []
    const all = (name: PersonAttribute) => valuesOf(attributes, name).map(escaped)
    const [sn = '', givenName = '', company = '', department = ''] = (
      ['sn', 'givenName', 'company', 'department'] as const
    ).map((name) => all(name)[0])
    lines.push('BEGIN:VCARD', 'VERSION:4.0', `UID:${escaped(id)}`, `N:${sn};${givenName};;;`)
    lines.push(...all('displayName').map((value) => `FN:${value}`))
    if (company || department) lines.push(`ORG:${company};${department}`)
    for (const [name, type] of TELEPHONES) lines.push(...all(name).map((value) => `TEL;TYPE="${type}":${value}`))
    for (const value of all('mail')) lines.push(`EMAIL:${value}`)
    for (const value of all('title')) lines.push(`TITLE:${value}`)
    for (const value of all('description')) lines.push(`NOTE:${value}`)
    lines.push('END:VCARD')
    yield lines.map((line) => `${folded(line)}\r\n`).join('')
  }
}

function escaped(value: string): string {
  return value.replaceAll(/[\\,;]/g, '\\$&').replaceAll(/\r?\n/g, '\\n')
}

function folded(line: string): string {
  const pieces: string[] = ['']
  let bytes = 0
  for (const char of line) {
    const size = Buffer.byteLength(char)
    if (bytes + size > 74) {
      pieces.push('')
      bytes = 0
    }
    pieces[pieces.length - 1] += char
    bytes += size
  }
  return pieces.join('\r\n ')
}
