// SPDX-License-Identifier: Apache-2.0
import { type Contact, completePerson } from '#daemon/domain/directory'
import { valuesOf } from '#daemon/domain/directory-file'
import type {
  BindAccount,
  ContactDraft,
  ContactQuery,
  DirectoryPort,
  ImportEnd,
  ImportFile,
  ImportPreview,
  PhoneLdapSetting,
  PhoneLdapSettings,
  PhoneQuestion,
  PhoneScreen,
  Progress,
  SyncRun,
  Upstream,
} from '#web/ports/directory'
import { PHONE_LDAP_SETTINGS } from '#web/ports/directory'
import type { FieldError, Saved } from '#web/ports/saved'

/** The same Monday morning as everywhere. */
const NOW = Date.UTC(2026, 2, 2, 9)

const NOTHING: ImportPreview = {
  hash: 'a-hash',
  added: 0,
  changed: 0,
  unchanged: 0,
  removed: 0,
  rejected: [],
  examples: { added: [], changed: [], removed: [] },
}

/** A phonebook by hand: what a test puts is what pages get, and what they ask is written down. */
export class MemoryDirectory implements DirectoryPort {
  enabled = true
  readonly baseDn = 'dc=example'
  regionNames = ['Nord', 'Süd']
  screen: PhoneScreen = { kind: 'problem', problem: 'LDAP is switched off in the settings of these phones.' }
  asked: PhoneQuestion | undefined

  readonly #contacts = new Map<string, { readonly contact: Contact; readonly revision: number }>()
  /** What the next changes are refused with. */
  refusal: readonly FieldError[] = []
  query: ContactQuery | undefined

  put(name: string, fields: Partial<Contact> = {}, attributes: Contact['attributes'] | object = {}): Contact {
    const complete = completePerson({ displayName: name, ...attributes })
    if (!complete) throw new Error(`${name} is no name`)
    const id = fields.id ?? `c${this.#contacts.size}`
    const plain = { id, region: '', owner: '', source: 'manual', changedAt: NOW - 60_000 }
    return this.#keep({ ...plain, attributes: complete, ...fields })
  }

  /** Without the rules: as hostile as it may be. */
  putRaw(contact: Contact): void {
    this.#keep(contact)
  }

  readonly contacts = {
    count: () => this.#contacts.size,
    find: (query: ContactQuery) => {
      this.query = query
      const { text, region, source, page, pageSize } = query
      const all = [...this.#contacts.values()].map(({ contact }) => contact)
      const found = all.filter((contact) => {
        const words = valuesOf(contact.attributes, 'displayName').join(' ').toLowerCase()
        const there = (region ?? contact.region) === contact.region && (source ?? contact.source) === contact.source
        return there && words.includes(text.toLowerCase())
      })
      return { rows: found.slice((page - 1) * pageSize, page * pageSize), total: found.length }
    },
    get: (id: string) => this.#contacts.get(id),
    save: async (draft: ContactDraft): Promise<Saved<Contact>> => {
      if (this.refusal.length > 0) return { kind: 'refused', errors: this.refusal }
      const { known, region, owner } = draft
      const before = known && this.#contacts.get(known.id)
      if (known && before?.revision !== known.revision) return { kind: 'conflict' }
      const attributes = completePerson(draft.attributes)
      if (!attributes) return { kind: 'refused', errors: [{ field: 'displayName', message: 'Enter a name.' }] }
      const id = known?.id ?? `c${this.#contacts.size}`
      const source = before?.contact.source ?? 'manual'
      return { kind: 'saved', value: this.#keep({ id, region, owner, attributes, source, changedAt: NOW }) }
    },
    remove: async (id: string) => this.#contacts.delete(id),
    sources: () => [...new Set([...this.#contacts.values()].map(({ contact }) => contact.source))],
    export: (format: string) => [`${format}:`, ...[...this.#contacts.keys()].map((id) => `${id}\n`)],
  }

  preview: ImportPreview = NOTHING
  file: ImportFile | undefined
  appliedHash: string | undefined
  /** Called while an import is at work; it ends when the promise does. */
  work: (progress: Progress) => Promise<void> = async () => {}

  plans(preview: Partial<ImportPreview>): void {
    this.preview = { ...NOTHING, ...preview }
  }

  readonly imports = {
    plan: async (file: ImportFile, progress: Progress = () => {}): Promise<ImportPreview> => {
      this.file = file
      await this.work(progress)
      return this.preview
    },
    apply: async (_: ImportFile, hash: string, progress: Progress = () => {}): Promise<ImportEnd> => {
      this.appliedHash = hash
      await this.work(progress)
      return { kind: hash === this.preview.hash ? 'done' : 'changed', preview: this.preview }
    },
  }

  accountRows: BindAccount[] = []
  /** By account. */
  readonly passwords = new Map<string, string>()

  readonly accounts = {
    list: () => this.accountRows,
    save: async ({ name, password, region, owner = '', fresh }: Parameters<DirectoryPort['accounts']['save']>[0]) => {
      if (this.refusal.length > 0) return { kind: 'refused' as const, errors: this.refusal }
      if (!fresh && !this.accountRows.some((row) => row.name === name)) return { kind: 'conflict' as const }
      const value: BindAccount = { name, region, owner, dn: `cn=${name},ou=accounts,dc=example` }
      this.accountRows = [...this.accountRows.filter((row) => row.name !== name), value]
      if (password !== '') this.passwords.set(name, password)
      return { kind: 'saved' as const, value }
    },
    remove: async (name: string) => {
      this.accountRows = this.accountRows.filter((row) => row.name !== name)
      return true
    },
  }

  /** By region: what a level says itself. */
  readonly own = new Map<string, Readonly<Partial<Record<PhoneLdapSetting, string>>>>()
  keptPassword: boolean | undefined

  readonly phones = {
    get: (region: string): PhoneLdapSettings => {
      const values = Object.fromEntries(
        PHONE_LDAP_SETTINGS.map((name) => {
          const [here, system] = [this.own.get(region)?.[name], this.own.get('')?.[name]]
          const level = region === '' ? ('system' as const) : ('region' as const)
          const from = here !== undefined ? level : system !== undefined ? ('system' as const) : ('built-in' as const)
          const value = here ?? system ?? ''
          return [name, name === 'password' ? { value: '', set: value !== '', from } : { value, from }]
        }),
      ) as PhoneLdapSettings['values']
      return { values, lines: [`system/ldap/base=${values.base.value}`], revision: 0 }
    },
    // What changes phones' files is asked of the real desk: see `phones-review.test.ts`.
    draft: () => ({ kind: 'unknown' as const }),
    save: async (region: string, values: Partial<Record<PhoneLdapSetting, string>>, keepPassword: boolean) => {
      if (this.refusal.length > 0) return { kind: 'refused' as const, errors: this.refusal }
      this.keptPassword = keepPassword
      this.own.set(region, values)
      return { kind: 'saved' as const, value: this.phones.get(region) }
    },
  }

  upstreamRows: Upstream[] = []
  run: SyncRun | undefined

  readonly upstreams = {
    list: () => this.upstreamRows,
    sync: async () => this.run,
  }

  regions(): readonly string[] {
    return this.regionNames
  }

  try(question: PhoneQuestion): PhoneScreen {
    this.asked = question
    return this.screen
  }

  #keep(contact: Contact): Contact {
    const revision = (this.#contacts.get(contact.id)?.revision ?? 0) + 1
    this.#contacts.set(contact.id, { contact, revision })
    return contact
  }
}
