// SPDX-License-Identifier: Apache-2.0
import type { Change, Stored } from './store.ts'

type Row = Readonly<Record<string, unknown>>
type Rows = (table: string) => Iterable<Stored<unknown>>

/** One change of what the tables hold. Once released it is never edited: somebody's store has run it. */
export interface Migration {
  /** The schema version that holds after it; versions ascend from 1. */
  readonly to: number
  /** For the journal and for the sentence when it fails. */
  readonly description: string
  /** All its changes are written together with the new version. `rows` reads a table as it is before them. */
  migrate(rows: Rows): readonly Change[]
}

/** The product's migrations, oldest first. */
export const MIGRATIONS: readonly Migration[] = [
  { to: 1, description: 'alarms get the fields of X.733', migrate: alarmsOfX733 },
  { to: 2, description: 'users get a region and SIP credentials, phones owners and places', migrate: peopleWithPlaces },
]

/** Alarms of the first stores had a name, a place, a severity and two texts. */
function alarmsOfX733(rows: Rows): Change[] {
  const facts = { eventType: 'other', probableCause: 0, additionalInfo: [], scope: '', remoteHost: '', comments: [] }
  return Array.from(rows('alarms'), ({ key, value }) => ({
    table: 'alarms',
    key,
    value: { ...facts, ...(value as object) },
  }))
}

function peopleWithPlaces(rows: Rows): Change[] {
  const users = new Set(Array.from(rows('users'), ({ key }) => key))
  return [
    ...Array.from(rows('users'), ({ key, value }) => ({ table: 'users', key, value: placedUser(value as Row) })),
    ...Array.from(rows('phones'), ({ key, value }) => ({
      table: 'phones',
      key,
      value: ownedPhone(value as Row, users),
    })),
  ]
}

function placedUser(user: Row): Row {
  return { lineUri: '', region: '', authName: '', sipPassword: '', language: '', ...user }
}

/** Until then a phone was its signed-in user's. */
function ownedPhone(phone: Row, users: ReadonlySet<string>): Row {
  const name = String(phone.userName ?? '').toLowerCase()
  const owner = phone.approval === 'approved' && users.has(name) ? name : ''
  const ownerFrom = owner === '' ? '' : 'report'
  const unset = { scope: '', label: '', serial: '', language: '', vlanMode: '', vlanId: '', vlanPriority: '' }
  return { owner, ownerFrom, ...unset, ...phone }
}

/** The version that a new store starts with. Throws when the versions do not ascend: that is a mistake in the list. */
export function latestSchema(migrations: readonly Migration[]): number {
  let version = 0
  for (const { to, description } of migrations) {
    if (to <= version) throw new RangeError(`migration to ${to} (${description}) comes after ${version}`)
    version = to
  }
  return version
}
