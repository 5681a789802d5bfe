// SPDX-License-Identifier: Apache-2.0
import { type DirectoryAccount, regionProblem } from '#daemon/domain/directory'
import { hashPassword } from '#daemon/services/scrypt'
import { put, remove, type Store } from '#daemon/store/store'
import { directoryAccounts, users } from '#daemon/store/tables'
import { escapeDnValue } from '#protocols/ldap/port'
import type { BindAccount, BindAccountDraft, BindAccountsPort, FieldError, Saved } from '#web/ports/directory'
import type { Regions } from './regions.ts'

const SHORTEST_PASSWORD = 8
/** Phones take no longer one (`system/ldap/password`). */
const LONGEST_PASSWORD = 128
const MOST_ACCOUNTS = 10_000

export interface BindAccountsOptions {
  readonly store: Store
  readonly baseDn: string
  readonly regions: Regions
}

/** The names and passwords with which phones search. Passwords are hashed: nobody can read them again. */
export class BindAccounts implements BindAccountsPort {
  readonly #store: Store
  readonly #baseDn: string
  readonly #regions: Regions

  constructor({ store, baseDn, regions }: BindAccountsOptions) {
    this.#store = store
    this.#baseDn = baseDn
    this.#regions = regions
  }

  list(): readonly BindAccount[] {
    return Array.from(this.#store.entries(directoryAccounts), ({ value }) => this.#shown(value)).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )
  }

  async save({ name, password, region, owner = '', fresh }: BindAccountDraft): Promise<Saved<BindAccount>> {
    const key = name.trim().toLowerCase()
    const known = this.#store.get(directoryAccounts, key)
    if (!fresh && !known) return { kind: 'conflict' }
    const ownerName = owner.trim().toLowerCase()
    const errors: FieldError[] = [...this.#wrong(key, password, fresh, known?.value)]
    const wrongRegion = regionProblem(region)
    if (wrongRegion) errors.push({ field: 'region', message: wrongRegion })
    if (ownerName !== '' && !this.#store.get(users, ownerName)) {
      errors.push({ field: 'owner', message: 'There is no user of this name.' })
    }
    if (errors.length > 0) return { kind: 'refused', errors }
    const passwordHash = password === '' && known ? known.value.passwordHash : await hashPassword(password)
    const account: DirectoryAccount = {
      ...{ name: key, passwordHash, region: this.#regions.canonical(region) },
      ...(ownerName !== '' && { owner: ownerName }),
    }
    await this.#store.commit([put(directoryAccounts, key, account)], { durable: true })
    return { kind: 'saved', value: this.#shown(account) }
  }

  async remove(name: string): Promise<boolean> {
    const key = name.trim().toLowerCase()
    if (!this.#store.get(directoryAccounts, key)) return false
    await this.#store.commit([remove(directoryAccounts, key)], { durable: true })
    return true
  }

  *#wrong(key: string, password: string, fresh: boolean, known: DirectoryAccount | undefined): Generator<FieldError> {
    if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(key)) {
      yield {
        field: 'name',
        message: 'A name has letters, digits, dots, hyphens and underscores, and at most 64 of them.',
      }
    } else if (fresh && known) yield { field: 'name', message: 'There is an account of this name already.' }
    else if (fresh && this.#store.count(directoryAccounts) >= MOST_ACCOUNTS) {
      yield { field: 'name', message: `There are ${MOST_ACCOUNTS} accounts already: remove one first.` }
    }
    if (password === '' && known && !fresh) return
    if (password.length < SHORTEST_PASSWORD) {
      yield { field: 'password', message: `The password needs at least ${SHORTEST_PASSWORD} characters.` }
    } else if (password.length > LONGEST_PASSWORD) {
      yield { field: 'password', message: `The password may have at most ${LONGEST_PASSWORD} characters.` }
    } else if (/\p{Cc}/u.test(password)) {
      yield { field: 'password', message: 'The password may not hold control characters: phones could not send them.' }
    }
  }

  #shown({ name, region, owner = '' }: DirectoryAccount): BindAccount {
    return { name, region, owner, dn: `cn=${escapeDnValue(name)},ou=accounts,${this.#baseDn}` }
  }
}
