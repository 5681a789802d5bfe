// SPDX-License-Identifier: Apache-2.0
import { setImmediate } from 'node:timers/promises'
import { decodeFile, type PersonRow, type RejectedRow, readPeople, writePeople } from '#daemon/domain/people-csv'
import { newPhone, newUser, type Phone, sipPasswordPlace, type User } from '#daemon/domain/phone'
import { checkDevice, checkUser, type DeviceFacts, type UserDraft } from '#daemon/domain/user'
import type { Announce } from '#daemon/messages'
import { type Vault, VaultError } from '#daemon/services/vault'
import { type Change, Conflict, put, type Store, type Stored } from '#daemon/store/store'
import { phones, users } from '#daemon/store/tables'
import {
  LARGEST_PEOPLE_FILE,
  type PeopleChoice,
  type PeopleFilesPort,
  type PeopleImportOptions,
  type PeopleReport,
} from '#web/ports/people-files'
import type { Actor, ScopesPort } from '#web/ports/scopes'
import type { UsersPort } from '#web/ports/users'
import { FileRegions } from './import-regions.ts'
import { keyOf, MOST_USERS, withFacts } from './users.ts'

export interface PeopleFilesOptions {
  readonly store: Store
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly vault: Vault
  readonly announce: Announce
  readonly scopes: ScopesPort
  readonly users: UsersPort
}

/** Rows whose writes share one fsync. */
const BATCH = 200

type Fate = 'added' | 'changed' | 'unchanged' | 'moved'

interface RowPlan {
  readonly changes: readonly Change[]
  readonly user: Fate
  readonly devices: readonly Fate[]
}

/** Takes users and phones from files and writes them into files. Importing the same file again changes nothing. */
export class PeopleFiles implements PeopleFilesPort {
  readonly #options: PeopleFilesOptions

  constructor(options: PeopleFilesOptions) {
    this.#options = options
  }

  async import(
    file: Uint8Array,
    options: PeopleImportOptions,
    by: Actor,
    progress: (done: number, whole: number) => void = () => {},
    signal?: AbortSignal,
  ): Promise<PeopleReport> {
    const text = file.length > LARGEST_PEOPLE_FILE ? undefined : decodeFile(file)
    if (text === undefined) return this.#unreadable(file, options)
    const { rows, rejected, unknown } = readPeople(text)
    const { scopes, announce } = this.#options
    const regions = new FileRegions(scopes, { create: options.createRegions, dryRun: options.dryRun, by })
    const run = new ImportRun(this.#options, regions, options.dryRun)
    run.rejected.push(...rejected)
    let done = 0
    while (done < rows.length && !signal?.aborted) {
      await run.batch(rows.slice(done, done + BATCH))
      done = Math.min(rows.length, done + BATCH)
      progress(done, rows.length)
      await setImmediate()
    }
    const report: PeopleReport = {
      dryRun: options.dryRun,
      complete: done === rows.length,
      rows: rows.length,
      users: run.users,
      devices: run.devices,
      regions: regions.made,
      rejected: run.rejected.sort((a, b) => a.line - b.line),
      unknownColumns: unknown,
    }
    if (!options.dryRun) {
      const { added, changed } = report.users
      announce('people.imported', { by, added, changed, rejected: report.rejected.length, rows: report.rows })
    }
    return report
  }

  export(query: PeopleChoice): Iterable<string> {
    return this.#write(query, () => '')
  }

  exportWithPasswords(query: PeopleChoice, by: Actor): Iterable<string> {
    this.#options.announce('people.passwords-exported', { by, ...query })
    return this.#write(query, (name) => this.#password(name))
  }

  *#write(query: PeopleChoice, passwordOf: (name: string) => string): Iterable<string> {
    const { users: people, scopes } = this.#options
    const { rows } = people.list({ ...query, page: 1, pageSize: MOST_USERS })
    const most = rows.reduce((number, { devices }) => Math.max(number, devices), 0)
    const all = rows.map(({ user }) => user.name)
    const written = function* () {
      for (const name of all) {
        const found = people.get(name)
        if (!found) continue
        const { user, phones: owned } = found
        yield {
          user,
          region: scopes.tree().pathText(user.region),
          phones: owned.map(({ phone }) => phone),
          password: passwordOf(name),
        }
      }
    }
    yield* writePeople(written(), most)
  }

  /** One that was sealed with a key that is gone is left out, as if there were none. */
  #password(name: string): string {
    const { store, vault } = this.#options
    const sealed = store.get(users, name)?.value.sipPassword ?? ''
    if (sealed === '') return ''
    try {
      return vault.open(sealed, sipPasswordPlace(name))
    } catch (error) {
      if (error instanceof VaultError) return ''
      throw error
    }
  }

  #unreadable(file: Uint8Array, { dryRun }: PeopleImportOptions): PeopleReport {
    const none = { added: 0, changed: 0, unchanged: 0 }
    const reason =
      file.length > LARGEST_PEOPLE_FILE
        ? `the file is larger than ${LARGEST_PEOPLE_FILE / 2 ** 20} MB`
        : 'the file is not in UTF-8: save it as “CSV UTF-8”'
    const rejected = [{ line: 1, reason }]
    return {
      ...{ dryRun, complete: true, rows: 0, users: none, devices: { ...none, moved: 0 } },
      ...{ regions: [], rejected, unknownColumns: [] },
    }
  }
}

/** One import under way. */
class ImportRun {
  readonly users = { added: 0, changed: 0, unchanged: 0 }
  readonly devices = { added: 0, changed: 0, unchanged: 0, moved: 0 }
  readonly rejected: RejectedRow[] = []
  readonly #options: PeopleFilesOptions
  readonly #regions: FileRegions
  readonly #dryRun: boolean
  /** The lines where names and MACs came first: a second time would undo the first. */
  readonly #named = new Map<string, number>()

  constructor(options: PeopleFilesOptions, regions: FileRegions, dryRun: boolean) {
    this.#options = options
    this.#regions = regions
    this.#dryRun = dryRun
  }

  async batch(rows: readonly PersonRow[]): Promise<void> {
    const writes: Promise<void>[] = []
    for (const row of rows) {
      const plan = await this.#plan(row)
      if (typeof plan === 'string') {
        this.rejected.push({ line: row.line, reason: plan })
        continue
      }
      if (plan.changes.length === 0 || this.#dryRun) this.#count(plan)
      else writes.push(this.#write(row, plan))
    }
    await Promise.all(writes)
  }

  /** Writes a row, planned anew when a report of one of its phones came in between. */
  async #write(row: PersonRow, first: RowPlan): Promise<void> {
    let plan = first
    for (;;) {
      try {
        if (plan.changes.length > 0) await this.#options.store.commit(plan.changes, { durable: true })
        this.#count(plan)
        return
      } catch (error) {
        if (!(error instanceof Conflict)) throw error
      }
      const again = await this.#planned(row)
      if (typeof again === 'string') return void this.rejected.push({ line: row.line, reason: again })
      plan = again
    }
  }

  /** What the row makes of what there is; or why it is rejected. */
  async #plan(row: PersonRow): Promise<RowPlan | string> {
    const keys = [`user ${keyOf(row.name)}`, ...row.devices.map(({ mac }) => macKey(mac))]
    for (const [i, key] of keys.entries()) {
      const line = this.#named.get(key) ?? (keys.indexOf(key) < i ? row.line : undefined)
      if (line !== undefined) return `${key} is in line ${line} already`
    }
    const plan = await this.#planned(row)
    if (typeof plan !== 'string') for (const key of keys) this.#named.set(key, row.line)
    return plan
  }

  async #planned(row: PersonRow): Promise<RowPlan | string> {
    const { store, now } = this.#options
    const stored = store.get(users, keyOf(row.name))
    const facts = checkUser(draftOf(row, stored?.value), this.#regions.tree)
    if ('message' in facts) return `${facts.field}: ${facts.message}`
    const devices: DeviceFacts[] = []
    for (const [i, draft] of row.devices.entries()) {
      const device = checkDevice(draft)
      if ('message' in device) return `device ${i + 1}, ${device.field}: ${device.message}`
      devices.push(device)
    }
    const count = store.count(users) + (this.#dryRun ? this.users.added : 0)
    if (!stored && count >= MOST_USERS) return `there are ${MOST_USERS} users already`
    // Last, so that a row which is rejected makes no region.
    const region = row.region === '' ? { id: facts.region } : await this.#regions.of(row.region)
    if ('reason' in region) return region.reason
    const user = { ...(stored?.value ?? newUser(facts.name, now())), ...facts, region: region.id }
    return this.#rowPlan(stored, user, row.password, devices)
  }

  #rowPlan(stored: Stored<User> | undefined, user: User, password: string, devices: readonly DeviceFacts[]): RowPlan {
    const { store } = this.#options
    const before = stored?.value
    const secret = password !== '' && !this.#isPassword(before, password)
    const same = before && !secret && sameRecord(before, user)
    const changes: Change[] = []
    if (!same) {
      const sealed = secret ? this.#options.vault.seal(password, sipPasswordPlace(user.name)) : user.sipPassword
      changes.push(put(users, user.name, { ...user, sipPassword: sealed }, stored?.revision ?? 'absent'))
    }
    const fates = devices.map((facts): Fate => {
      const found = store.get(phones, facts.mac)
      const phone = this.#device(facts, user.name, found?.value)
      if (found && sameRecord(found.value, phone)) return 'unchanged'
      changes.push(put(phones, facts.mac, phone, found?.revision ?? 'absent'))
      if (!found) return 'added'
      return found.value.owner !== '' && found.value.owner !== user.name ? 'moved' : 'changed'
    })
    return { changes, user: same ? 'unchanged' : before ? 'changed' : 'added', devices: fates }
  }

  /** Who imports a phone has approved it. */
  #device(facts: DeviceFacts, owner: string, before: Phone | undefined): Phone {
    const phone = withFacts(before ?? newPhone(facts.mac, this.#options.now()), facts)
    return { ...phone, owner, ownerFrom: 'admin', approval: 'approved' }
  }

  #isPassword(user: User | undefined, password: string): boolean {
    if (!user || user.sipPassword === '') return false
    try {
      return this.#options.vault.open(user.sipPassword, sipPasswordPlace(user.name)) === password
    } catch {
      // Sealed with a key that is gone: this one replaces it.
      return false
    }
  }

  #count({ user, devices }: RowPlan): void {
    if (user !== 'moved') this.users[user]++
    for (const fate of devices) this.devices[fate]++
  }
}

/** Empty cells say nothing: what is known stays. */
function draftOf(row: PersonRow, known: User | undefined): UserDraft {
  return {
    name: row.name,
    displayName: row.displayName || (known?.displayName ?? ''),
    phoneNumber: row.phoneNumber || (known?.phoneNumber ?? ''),
    lineUri: row.lineUri || (known?.lineUri ?? ''),
    authName: row.authName || (known?.authName ?? ''),
    language: row.language || (known?.language ?? ''),
    region: known?.region ?? '',
    ...(row.password !== '' && { password: row.password }),
  }
}

function macKey(text: string): string {
  return `MAC ${text
    .replaceAll(/[^0-9a-f]/gi, '')
    .toLowerCase()
    .slice(0, 12)}`
}

function sameRecord<T extends object>(a: T, b: T): boolean {
  return (Object.keys(b) as (keyof T)[]).every((key) => a[key] === b[key])
}
