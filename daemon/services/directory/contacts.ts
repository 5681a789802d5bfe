// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { type Contact, completePerson, personProblems, regionProblem } from '#daemon/domain/directory'
import { writeCsv } from '#daemon/domain/directory-csv'
import type { DirectoryFormat, WrittenPerson } from '#daemon/domain/directory-file'
import { writeLdif } from '#daemon/domain/directory-ldif'
import { writeVcard } from '#daemon/domain/directory-vcard'
import { Conflict, put, remove, type Store } from '#daemon/store/store'
import { contacts, users } from '#daemon/store/tables'
import { escapeDnValue } from '#protocols/ldap/port'
import type {
  ContactDraft,
  ContactPage,
  ContactQuery,
  ContactsPort,
  FieldError,
  KeptContact,
  Saved,
} from '#web/ports/directory'
import { ContactList } from './contact-list.ts'
import type { Regions } from './regions.ts'

export interface ContactsOptions {
  readonly store: Store
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly baseDn: string
  readonly regions: Regions
}

const WRITERS: Readonly<Record<DirectoryFormat, (people: Iterable<WrittenPerson>) => Iterable<string>>> = {
  csv: writeCsv,
  ldif: writeLdif,
  vcard: writeVcard,
}

/** The phonebook's own entries, as people look through them and change them one by one. */
export class Contacts implements ContactsPort {
  readonly #options: ContactsOptions
  readonly #list: ContactList

  constructor(options: ContactsOptions) {
    this.#options = options
    this.#list = new ContactList(options.store)
  }

  start(): void {
    this.#list.start()
  }

  stop(): void {
    this.#list.stop()
  }

  count(): number {
    return this.#options.store.count(contacts)
  }

  find(query: ContactQuery): ContactPage {
    return this.#list.find(query)
  }

  get(id: string): KeptContact | undefined {
    const stored = this.#options.store.get(contacts, id)
    return stored && { contact: stored.value, revision: stored.revision }
  }

  async save({ known, region, owner, attributes }: ContactDraft): Promise<Saved<Contact>> {
    const { store, now } = this.#options
    const before = known && store.get(contacts, known.id)
    if (known && before?.revision !== known.revision) return { kind: 'conflict' }
    const errors: FieldError[] = personProblems(attributes).map(({ name, problem }) => ({
      field: name,
      message: problem,
    }))
    const complete = completePerson(attributes)
    if (!complete && errors.length === 0) {
      errors.push({
        field: 'displayName',
        message: 'Enter a name: a display name, a first or last name, or a company.',
      })
    }
    const wrongRegion = regionProblem(region)
    if (wrongRegion) errors.push({ field: 'region', message: wrongRegion })
    const ownerName = owner.trim().toLowerCase()
    if (ownerName !== '' && !store.get(users, ownerName)) {
      errors.push({ field: 'owner', message: 'There is no user of this name: leave it empty for a shared contact.' })
    }
    if (!complete || errors.length > 0) return { kind: 'refused', errors }
    const contact: Contact = {
      ...{
        id: before?.key ?? randomBytes(10).toString('hex'),
        region: this.#options.regions.canonical(region),
        owner: ownerName,
      },
      ...{ attributes: complete, source: before?.value.source ?? 'manual', changedAt: now() },
    }
    try {
      await store.commit([put(contacts, contact.id, contact, before?.revision ?? 'absent')], { durable: true })
    } catch (error) {
      if (error instanceof Conflict) return { kind: 'conflict' }
      throw error
    }
    return { kind: 'saved', value: contact }
  }

  async remove(id: string): Promise<boolean> {
    const { store } = this.#options
    if (!store.get(contacts, id)) return false
    await store.commit([remove(contacts, id)], { durable: true })
    return true
  }

  sources(): readonly string[] {
    return this.#list.sources()
  }

  /** Regions that contacts name. */
  regions(): readonly string[] {
    return this.#list.regions()
  }

  /** Personal contacts belong to their owners: they are in no file. */
  export(format: DirectoryFormat): Iterable<string> {
    return WRITERS[format](this.#shared())
  }

  *#shared(): Generator<WrittenPerson> {
    for (const { value } of this.#options.store.entries(contacts)) {
      const { id, region, owner, attributes } = value
      const dn = `uid=${escapeDnValue(id)},ou=contacts,${this.#options.baseDn}`
      if (owner === '') yield { id, region, dn, attributes }
    }
  }
}
