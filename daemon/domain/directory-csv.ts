// SPDX-License-Identifier: Apache-2.0
import { PERSON_ATTRIBUTES, type PersonAttribute } from './directory.ts'
import {
  Collector,
  type FileContents,
  type FilePerson,
  personAttribute,
  type Rejected,
  valuesOf,
  type WrittenPerson,
} from './directory-file.ts'

/** Headings of Outlook, Google and spreadsheets, without blanks and signs, in lower case. */
const HEADINGS: Readonly<Record<string, PersonAttribute>> = {
  name: 'displayName',
  fullname: 'displayName',
  firstname: 'givenName',
  lastname: 'sn',
  surname: 'sn',
  businessphone: 'telephoneNumber',
  workphone: 'telephoneNumber',
  phone: 'telephoneNumber',
  telephone: 'telephoneNumber',
  number: 'telephoneNumber',
  mobilephone: 'mobile',
  cell: 'mobile',
  cellphone: 'mobile',
  extension: 'ipPhone',
  businessfax: 'facsimileTelephoneNumber',
  fax: 'facsimileTelephoneNumber',
  otherphone: 'otherTelephone',
  emailaddress: 'mail',
  email: 'mail',
  jobtitle: 'title',
  organization: 'company',
  city: 'l',
  notes: 'description',
}

const NUMBER = /number|phone|mobile|pager/i

type Column = PersonAttribute | 'key' | 'region' | undefined

/**
 * Reads comma, semicolon or tab separated values [RFC 4180] whose first row names the columns: attributes, or what other
 * programs call them. Several values of one cell are separated by line breaks or, for numbers, semicolons.
 */
export function readCsv(text: string): FileContents {
  const rows = cells(text.replace(/^\uFEFF/, ''))
  const columns = (rows.shift()?.cells ?? []).map(columnOf)
  const people: FilePerson[] = []
  const rejected: Rejected[] = []
  if (!columns.some((column) => column !== undefined && column !== 'key' && column !== 'region')) {
    return { people, rejected: [{ line: 1, reason: 'the first row names no column that a phonebook has' }] }
  }
  for (const row of rows) {
    if (row.cells.every((cell) => cell.trim() === '')) continue
    if (row.cells.length > columns.length) {
      rejected.push({ line: row.line, reason: `${row.cells.length} cells, but ${columns.length} columns` })
    } else people.push(personOf(row, columns))
  }
  return { people, rejected }
}

function personOf({ line, cells }: Row, columns: readonly Column[]): FilePerson {
  const collector = new Collector()
  let key = ''
  let region: string | undefined
  for (const [i, cell] of cells.entries()) {
    const column = columns[i]
    if (column === 'key') key = cell.trim()
    else if (column === 'region') region = cell.trim()
    else if (column) for (const value of cell.split(separatorOf(column))) collector.add(column, value)
  }
  return { line, key, region, attributes: collector.done() }
}

/** Between several values of one cell. */
function separatorOf(attribute: PersonAttribute): RegExp {
  return NUMBER.test(attribute) ? /\r?\n|;/ : /\r?\n/
}

function columnOf(heading: string): Column {
  const name = heading.toLowerCase().replaceAll(/[^a-z]/g, '')
  if (name === 'id' || name === 'uid') return 'key'
  return name === 'region' ? name : (personAttribute(name) ?? HEADINGS[name])
}

interface Row {
  /** Where it begins, counted from 1. */
  readonly line: number
  readonly cells: readonly string[]
}

/** The separator is the one that the first row has most of. A quote within a cell that did not begin with one is itself. */
function cells(text: string): Row[] {
  const [first = ''] = text.split(/\r?\n/, 1)
  const [separator = ','] = [',', ';', '\t'].toSorted((a, b) => first.split(b).length - first.split(a).length)
  const rows: Row[] = []
  let row: string[] = []
  let [line, begun, at] = [1, 1, 0]
  while (at < text.length) {
    const { cell, end } = text[at] === '"' ? quotedCell(text, at, separator) : plainCell(text, at, separator)
    row.push(cell)
    line += text.slice(at, end).split('\n').length - 1
    at = end + 1
    if (text[end] === separator && at < text.length) continue
    if (text[end] === separator) row.push('')
    if (text[end] === '\r' && text[at] === '\n') at++
    rows.push({ line: begun, cells: row })
    row = []
    begun = ++line
  }
  return rows
}

interface Cell {
  readonly cell: string
  /** Where the separator or the end of the row stands. */
  readonly end: number
}

function plainCell(text: string, start: number, separator: string): Cell {
  let end = start
  while (end < text.length && text[end] !== separator && text[end] !== '\n' && text[end] !== '\r') end++
  return { cell: text.slice(start, end), end }
}

/** A quote that is not closed goes to the end of the text; what stands behind a closed one belongs to the cell. */
function quotedCell(text: string, start: number, separator: string): Cell {
  let inner = ''
  for (let from = start + 1; ; ) {
    const quote = text.indexOf('"', from)
    if (quote < 0) return { cell: inner + text.slice(from), end: text.length }
    inner += text.slice(from, quote)
    if (text[quote + 1] !== '"') {
      const rest = plainCell(text, quote + 1, separator)
      return { cell: inner + rest.cell, end: rest.end }
    }
    inner += '"'
    from = quote + 2
  }
}

export function writeCsv(people: Iterable<WrittenPerson>): string {
  const lines = [['id', 'region', ...PERSON_ATTRIBUTES].join(',')]
  for (const { id, region, attributes } of people) {
    const values = PERSON_ATTRIBUTES.map((name) => valuesOf(attributes, name).join('\n'))
    lines.push([id, region, ...values].map(cell).join(','))
  }
  return `${lines.join('\r\n')}\r\n`
}

function cell(value: string): string {
  return /[",;\t\r\n]|^\s|\s$/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
}
