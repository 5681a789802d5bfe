// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { type Contact, completePerson, type DirectoryAccount, type PersonAttributes } from '#daemon/domain/directory'
import { writeCsv } from '#daemon/domain/directory-csv'
import type { DirectoryFormat, WrittenPerson } from '#daemon/domain/directory-file'
import { writeLdif } from '#daemon/domain/directory-ldif'
import { writeVcard } from '#daemon/domain/directory-vcard'
import { hashPassword } from '#daemon/services/scrypt'
import { type Change, put, remove, type Store } from '#daemon/store/store'
import { contacts, directoryAccounts } from '#daemon/store/tables'
import { escapeDnValue } from '#protocols/ldap/port'
import { type ImportPlan, type ImportRequest, planImport } from './import.ts'

export interface PhonebookOptions {
  readonly store: Store
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly baseDn: string
}

/** A contact as a person writes it; a new one has no id yet. */
export interface ContactDraft {
  readonly id?: string
  readonly region: string
  readonly owner: string
  readonly attributes: PersonAttributes
}

/** Contacts written in one go. */
const BATCH = 500
const SHORTEST_PASSWORD = 8
const LONGEST_PASSWORD = 128

/** Changes the phonebook: contacts one by one or by the file, and the accounts that may search it. */
export class Phonebook {
  readonly #options: PhonebookOptions

  constructor(options: PhonebookOptions) {
    this.#options = options
  }

  get(id: string): Contact | undefined {
    return this.#options.store.get(contacts, id)?.value
  }

  /** The contact as it was kept; undefined when it has no name, or no longer exists. */
  async save({ id, region, owner, attributes }: ContactDraft): Promise<Contact | undefined> {
    const { store, now } = this.#options
    const complete = completePerson(attributes)
    const known = id === undefined ? undefined : store.get(contacts, id)
    if (!complete || (id !== undefined && !known)) return undefined
    const source = known?.value.source ?? 'manual'
    const contact = {
      id: id ?? randomBytes(10).toString('hex'),
      region,
      owner,
      attributes: complete,
      source,
      changedAt: now(),
    }
    await store.commit([put(contacts, contact.id, contact, known?.revision ?? 'absent')], { durable: true })
    return contact
  }

  async remove(id: string): Promise<void> {
    await this.#options.store.commit([remove(contacts, id)], { durable: true })
  }

  /** What importing a file would do. */
  plan(request: ImportRequest): ImportPlan {
    return planImport(request, this.#all(), this.#options.now())
  }

  /** Imports a file, in batches: should the disk fill up half way, importing it again does the rest. */
  async import(request: ImportRequest): Promise<ImportPlan> {
    const plan = this.plan(request)
    const changes: Change[] = [
      ...[...plan.added, ...plan.changed].map((contact) => put(contacts, contact.id, contact)),
      ...plan.removed.map((id) => remove(contacts, id)),
    ]
    for (let i = 0; i < changes.length; i += BATCH) {
      const last = i + BATCH >= changes.length
      await this.#options.store.commit(changes.slice(i, i + BATCH), { durable: last })
    }
    return plan
  }

  /** All shared contacts; personal ones belong to their owners. */
  export(format: DirectoryFormat): string {
    const people = this.#shared()
    switch (format) {
      case 'csv':
        return writeCsv(people)
      case 'ldif':
        return writeLdif(people)
      case 'vcard':
        return writeVcard(people)
    }
  }

  accounts(): readonly Omit<DirectoryAccount, 'passwordHash'>[] {
    const all = [...this.#options.store.entries(directoryAccounts)]
    return all
      .map(({ value }) => ({ name: value.name, region: value.region }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Makes an account or changes it; what is wrong with it otherwise, in a sentence. */
  async saveAccount(name: string, password: string, region: string): Promise<string | undefined> {
    const key = name.trim().toLowerCase()
    if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(key)) return 'A name has letters, digits, dots, hyphens and underscores.'
    if (password.length < SHORTEST_PASSWORD) return `The password needs at least ${SHORTEST_PASSWORD} characters.`
    if (password.length > LONGEST_PASSWORD) return `The password may have at most ${LONGEST_PASSWORD} characters.`
    const passwordHash = await hashPassword(password)
    await this.#options.store.commit([put(directoryAccounts, key, { name: key, passwordHash, region })], {
      durable: true,
    })
    return undefined
  }

  async removeAccount(name: string): Promise<void> {
    await this.#options.store.commit([remove(directoryAccounts, name)], { durable: true })
  }

  *#all(): Generator<Contact> {
    for (const { value } of this.#options.store.entries(contacts)) yield value
  }

  *#shared(): Generator<WrittenPerson> {
    for (const { id, region, owner, attributes } of this.#all()) {
      const dn = `uid=${escapeDnValue(id)},ou=contacts,${this.#options.baseDn}`
      if (owner === '') yield { id, region, dn, attributes }
    }
  }
}
