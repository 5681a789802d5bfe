// SPDX-License-Identifier: Apache-2.0
import { parse } from 'csv-parse'
import { PERSON_ATTRIBUTES, type PersonAttribute } from './directory.ts'
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
export async function readCsv(text: string, pause: Pause = NO_PAUSE): Promise<FileContents> {
  const people: FilePerson[] = []
  const rejected: Rejected[] = []
  let columns: readonly Column[] | undefined
  const take = (row: Row) => {
    if (!columns) columns = row.cells.map(columnOf)
    else if (row.cells.every((cell) => cell.trim() === '')) return
    else if (row.cells.length > columns.length) {
      rejected.push({ line: row.line, reason: `${row.cells.length} cells, but ${columns.length} columns` })
    } else people.push(personOf(row, columns))
  }
  const open = await eachRow(text, take, () => pause(people.length))
  if (!columns?.some((column) => column !== undefined && column !== 'key' && column !== 'region')) {
    return { people: [], rejected: [{ line: 1, reason: 'the first row names no column that a phonebook has' }] }
  }
  if (open !== undefined) rejected.push({ line: open, reason: 'a quote is opened here and never closed' })
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

/** Bytes between two pauses. */
const SLICE = 65_536

/**
 * The separator is the one that the first row has most of. A quote within a cell that did not begin with one is itself.
 * Gives the line of a row whose quote is never closed: it and what follows cannot be told apart.
 */
async function eachRow(text: string, take: (row: Row) => void, pause: () => Promise<void> | undefined) {
  const even = text.replaceAll(/\r\n?/g, '\n')
  const [first = ''] = even.split('\n', 1)
  const [delimiter = ','] = [',', ';', '\t'].toSorted((a, b) => first.split(b).length - first.split(a).length)
  let line = 1
  const parser = parse({
    ...{ delimiter, record_delimiter: '\n', bom: true },
    ...{ relax_quotes: true, relax_column_count: true },
    on_record(cells: string[], { lines }) {
      take({ line, cells: cells.map(unguarded) })
      line = lines + 1
      return null
    },
  })
  const fault = new Promise<Error | undefined>((resolve) =>
    parser.on('error', resolve).on('end', () => resolve(undefined)),
  )
  parser.resume()
  const bytes = Buffer.from(even)
  for (let at = 0; at < bytes.length; at += SLICE) {
    parser.write(bytes.subarray(at, at + SLICE))
    const wait = pause()
    if (wait) await wait
  }
  parser.end()
  const error = await fault
  if (error && (error as { code?: unknown }).code !== 'CSV_QUOTE_NOT_CLOSED') throw error
  return error && line
}

/** In pieces. */
export function* writeCsv(people: Iterable<WrittenPerson>): Generator<string> {
  yield `${['id', 'region', ...PERSON_ATTRIBUTES].join(',')}\r\n`
  for (const { id, region, attributes } of people) {
    const values = PERSON_ATTRIBUTES.map((name) => valuesOf(attributes, name).join('\n'))
    yield `${[id, region, ...values].map(cell).join(',')}\r\n`
  }
}

function cell(value: string): string {
  const text = guarded(value)
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** What a spreadsheet would work out as a formula gets an apostrophe before it; `+49 (30) 1` is no formula. */
function guarded(value: string): string {
  return /^'*[=+@-]/.test(value) && !/^\+[\d\s()./-]*$/.test(value) ? `'${value}` : value
}

function unguarded(cell: string): string {
  return /^'+[=+@-]/.test(cell) ? cell.slice(1) : cell
}
