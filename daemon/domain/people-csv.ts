// SPDX-License-Identifier: Apache-2.0
import { type CsvRow, csvLine, readCsvRows, unguarded, verbatimCell } from './csv.ts'
import type { Phone, User } from './phone.ts'
import type { DeviceDraft } from './user.ts'

/*
 * Users and their phones in the form that the incumbent writes and reads: one row for each user, up to so many groups of
 * columns `Device 1 …`, `Device 2 …`. Its 2015 form calls the place Region and knows no serial numbers; the later one
 * calls it Tenant.
 */

/** What one row says; an empty text says nothing. */
export interface PersonRow {
  readonly line: number
  readonly name: string
  readonly password: string
  readonly displayName: string
  readonly phoneNumber: string
  readonly lineUri: string
  readonly authName: string
  readonly language: string
  /** Name or path of a scope. */
  readonly region: string
  readonly devices: readonly DeviceDraft[]
}

export interface RejectedRow {
  /** Counted from 1. */
  readonly line: number
  readonly reason: string
}

export interface PeopleFile {
  readonly rows: readonly PersonRow[]
  readonly rejected: readonly RejectedRow[]
  /** Headings that mean nothing to us, as written. */
  readonly unknown: readonly string[]
}

type UserColumn = Exclude<keyof PersonRow, 'line' | 'devices'>
type DeviceColumn = keyof DeviceDraft

const USER_COLUMNS: Readonly<Record<string, UserColumn>> = {
  name: 'name',
  username: 'name',
  loginname: 'name',
  password: 'password',
  displayname: 'displayName',
  region: 'region',
  tenant: 'region',
  phonenumber: 'phoneNumber',
  lineuri: 'lineUri',
  authenticationname: 'authName',
  language: 'language',
}

const DEVICE_COLUMNS: Readonly<Record<string, DeviceColumn>> = {
  displayname: 'label',
  macaddress: 'mac',
  mac: 'mac',
  serialnumber: 'serial',
  ipphonemodel: 'model',
  model: 'model',
  language: 'language',
  vlanmode: 'vlanMode',
  vlanid: 'vlanId',
  vlanpriority: 'vlanPriority',
}

/** In the order of an exported file. */
const USER_HEADINGS = [
  ...['Name', 'Password', 'Display Name', 'Region', 'Phone Number', 'Line URI', 'Authentication Name', 'Language'],
]
const DEVICE_HEADINGS: readonly (readonly [string, DeviceColumn])[] = [
  ['Display Name', 'label'],
  ['MAC Address', 'mac'],
  ['Serial Number', 'serial'],
  ['IP Phone Model', 'model'],
  ['Language', 'language'],
  ['VLAN Mode', 'vlanMode'],
  ['VLAN ID', 'vlanId'],
  ['VLAN Priority', 'vlanPriority'],
]

export const MOST_ROWS = 100_000
/** Groups of device columns. */
const MOST_DEVICES = 50
const NO_DEVICE: DeviceDraft = {
  ...{ mac: '', label: '', serial: '', model: '', language: '' },
  ...{ vlanMode: '', vlanId: '', vlanPriority: '' },
}

type Column =
  | { readonly of: 'user'; readonly column: UserColumn }
  | { readonly of: 'device'; readonly number: number; readonly column: DeviceColumn }

/** Reads a file's text. What is wrong with a cell is not looked at here. */
export function readPeople(text: string): PeopleFile {
  const { rows, open } = readCsvRows(text)
  const headings = (rows.shift()?.cells ?? []).map((heading) => heading.trim())
  const columns = headings.map(columnOf)
  const fault =
    faultOf(headings, columns) ?? (rows.length > MOST_ROWS ? `there are more than ${MOST_ROWS} rows` : undefined)
  if (fault !== undefined) return { rows: [], rejected: [{ line: 1, reason: fault }], unknown: [] }
  const people: PersonRow[] = []
  const rejected: RejectedRow[] = []
  for (const row of rows) {
    if (row.cells.every((cell) => cell.trim() === '')) continue
    // Spreadsheets leave empty cells behind the last one.
    const extra = row.cells.slice(columns.length).some((cell) => cell.trim() !== '')
    if (extra) rejected.push({ line: row.line, reason: `${row.cells.length} cells, but ${columns.length} columns` })
    else people.push(personOf(row, columns))
  }
  if (open !== undefined) rejected.push({ line: open, reason: 'a quote is opened here and never closed' })
  const unknown = headings.filter((heading, i) => heading !== '' && columns[i] === undefined)
  return { rows: people, rejected, unknown }
}

function columnOf(heading: string): Column | undefined {
  const name = heading.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
  const [, digits, rest = ''] = /^device(\d{1,2})(.+)$/.exec(name) ?? []
  if (digits === undefined) {
    return Object.hasOwn(USER_COLUMNS, name) ? { of: 'user', column: USER_COLUMNS[name] ?? 'name' } : undefined
  }
  const known = Object.keys(DEVICE_COLUMNS).find((key) => key === rest)
  const number = Number(digits)
  const column = known === undefined ? undefined : DEVICE_COLUMNS[known]
  return column && number >= 1 && number <= MOST_DEVICES ? { of: 'device', number, column } : undefined
}

/** Why no row of a file with these headings can be read. */
function faultOf(headings: readonly string[], columns: readonly (Column | undefined)[]): string | undefined {
  if (!columns.some((column) => column?.of === 'user' && column.column === 'name')) {
    return 'the first row must name the columns, among them Name'
  }
  const seen = new Map<string, string>()
  for (const [i, column] of columns.entries()) {
    if (!column) continue
    const key = JSON.stringify(column)
    const twin = seen.get(key)
    if (twin !== undefined) return `the columns ${twin} and ${headings[i]} mean the same`
    seen.set(key, headings[i] ?? '')
  }
  return undefined
}

function personOf({ line, cells }: CsvRow, columns: readonly (Column | undefined)[]): PersonRow {
  const user: Partial<Record<UserColumn, string>> = {}
  const devices = new Map<number, DeviceDraft>()
  for (const [i, column] of columns.entries()) {
    const cell = cells[i] ?? ''
    if (cell === '' || !column) continue
    // Passwords are never guarded.
    if (column.of === 'user') user[column.column] = column.column === 'password' ? cell : unguarded(cell)
    else devices.set(column.number, { ...(devices.get(column.number) ?? NO_DEVICE), [column.column]: unguarded(cell) })
  }
  const { name = '', password = '', displayName = '', phoneNumber = '', lineUri = '', authName = '' } = user
  const { language = '', region = '' } = user
  const inOrder = [...devices].sort(([a], [b]) => a - b).map(([, device]) => device)
  const named = inOrder.filter((device) => device.mac !== '' || hasMore(device))
  return { line, name, password, displayName, phoneNumber, lineUri, authName, language, region, devices: named }
}

/** Exports of users without a phone still say `0` and `Disabled` of its VLAN. */
function hasMore({ label, serial, model }: DeviceDraft): boolean {
  return label !== '' || serial !== '' || model !== ''
}

export interface WrittenPerson {
  readonly user: Omit<User, 'sipPassword' | 'createdAt'>
  /** Path of the scope; empty for the system. */
  readonly region: string
  readonly phones: readonly Phone[]
  /** In clear; empty to leave it out. */
  readonly password?: string
}

/** The file, row by row, each with its line break. `mostPhones` is the largest number of phones that one user has. */
export function* writePeople(people: Iterable<WrittenPerson>, mostPhones: number): Iterable<string> {
  const groups = Array.from({ length: Math.max(1, mostPhones) }, (_, i) => i + 1)
  const devices = groups.flatMap((n) => DEVICE_HEADINGS.map(([heading]) => `Device ${n} ${heading}`))
  yield `${csvLine([...USER_HEADINGS, ...devices])}\r\n`
  for (const { user, region, phones, password = '' } of people) {
    const { name, displayName, phoneNumber, lineUri, authName, language } = user
    const cells = groups.flatMap((n) => {
      const phone = phones[n - 1]
      return DEVICE_HEADINGS.map(([, column]) => phone?.[column] ?? '')
    })
    const rest = csvLine([displayName, region, phoneNumber, lineUri, authName, language, ...cells])
    yield `${csvLine([name])},${verbatimCell(password)},${rest}\r\n`
  }
}

/** The text of a file as spreadsheets save it: UTF-8, or UTF-16 with a byte order mark; undefined when it is neither. */
export function decodeFile(bytes: Uint8Array): string | undefined {
  const [first, second] = bytes
  const encoding =
    first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: false }).decode(bytes)
  } catch {
    return undefined
  }
}
