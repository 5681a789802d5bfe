// SPDX-License-Identifier: Apache-2.0
import type { Contact, PersonAttributes, SyncRun } from '#daemon/domain/directory'
import type { DirectoryFormat, Rejected } from '#daemon/domain/directory-file'
import type { Saved } from './saved.ts'
import type { Drafted } from './templates.ts'

export type { FieldError, Saved } from './saved.ts'
export type { SyncRun }

export type ContactOrder = 'name' | 'company' | 'number' | 'region' | 'source' | 'changed'

export interface ContactQuery {
  /** Words that each begin some word of the names, company or department, or digits of a number; any case, accents aside. */
  readonly text: string
  /** Only contacts of this region; undefined for all, empty for those that everybody sees. */
  readonly region?: string
  readonly source?: string
  readonly order: ContactOrder
  readonly descending: boolean
  /** From 1. */
  readonly page: number
  readonly pageSize: number
}

export interface ContactPage {
  readonly rows: readonly Contact[]
  /** That were found, on all pages. */
  readonly total: number
}

/** A contact and the revision that a change of it must name. */
export interface KeptContact {
  readonly contact: Contact
  readonly revision: number
}

export interface ContactDraft {
  /** Absent for a new contact. */
  readonly known?: { readonly id: string; readonly revision: number }
  readonly region: string
  /** The user whose personal contact it is; empty for a shared one. */
  readonly owner: string
  /** Errors name these by their attribute. */
  readonly attributes: PersonAttributes
}

/** Shared and personal contacts. */
export interface ContactsPort {
  /** Contacts there are, whatever is asked for. */
  count(): number
  find(query: ContactQuery): ContactPage
  get(id: string): KeptContact | undefined
  save(draft: ContactDraft): Promise<Saved<Contact>>
  /** False when there was none. */
  remove(id: string): Promise<boolean>
  /** Names of sources that contacts have: `manual`, imports, upstream directories. */
  sources(): readonly string[]
  /** All shared contacts as a file, in pieces. */
  export(format: DirectoryFormat): Iterable<string>
}

export interface ImportFile {
  readonly text: string
  readonly format: DirectoryFormat
  /** Names the phonebook: importing it again changes its entries and no others. */
  readonly source: string
  /** For entries that name no region themselves; empty for all regions. */
  readonly region: string
  /** Remove entries of this source that the file no longer has. */
  readonly replace: boolean
}

/** What an import would do to the contacts as they are now. */
export interface ImportPreview {
  /** Of the file and of all that it would change: another state gives another hash. */
  readonly hash: string
  readonly added: number
  readonly changed: number
  readonly unchanged: number
  readonly removed: number
  /** Entries that cannot be taken, by line. */
  readonly rejected: readonly Rejected[]
  /** The first few of each. */
  readonly examples: {
    readonly added: readonly Contact[]
    readonly changed: readonly { readonly before: Contact; readonly after: Contact }[]
    readonly removed: readonly Contact[]
  }
}

export type ImportEnd =
  | { readonly kind: 'done'; readonly preview: ImportPreview }
  /** The contacts are no longer as the hash says; here is what the import would do now. Nothing was changed. */
  | { readonly kind: 'changed'; readonly preview: ImportPreview }

/** Called now and then; `whole` may still grow, and is 0 while it is unknown. */
export type Progress = (done: number, whole: number) => void

/** Phonebooks from files. Long files are worked on in slices, so that others are served meanwhile. */
export interface ImportPort {
  /** Changes nothing. */
  plan(file: ImportFile, progress?: Progress): Promise<ImportPreview>
  /** Does what a plan with this hash promised, or nothing. Rejects when the store cannot write. */
  apply(file: ImportFile, hash: string, progress?: Progress): Promise<ImportEnd>
}

/** A name and password with which phones may search. */
export interface BindAccount {
  readonly name: string
  /** What it sees; empty for the entries of all regions. */
  readonly region: string
  /** The user whose personal contacts it sees, too; empty for none. */
  readonly owner: string
  /** The name to bind with: `cn=<name>,ou=accounts,<base>`. */
  readonly dn: string
}

export interface BindAccountDraft {
  /** In any case; kept in lower case. */
  readonly name: string
  /** Empty keeps the one that a known account has. */
  readonly password: string
  readonly region: string
  /** The user whose personal contacts it sees, too; must exist. */
  readonly owner?: string
  /** True if the account must not exist yet, false if it must. */
  readonly fresh: boolean
}

export interface BindAccountsPort {
  list(): readonly BindAccount[]
  save(draft: BindAccountDraft): Promise<Saved<BindAccount>>
  remove(name: string): Promise<boolean>
}

/** The phones' own LDAP settings, by the names that forms and errors use. */
export const PHONE_LDAP_SETTINGS = [
  'active',
  'server',
  'port',
  'userName',
  'password',
  'base',
  'nameFilter',
  'nameAttributes',
  'numberFilter',
  'numberAttributes',
  'displayName',
  'maxHits',
  'countryCode',
  'areaCode',
  'sortResults',
  'searchTimeout',
  'callLookup',
  'searchWhileTyping',
] as const
export type PhoneLdapSetting = (typeof PHONE_LDAP_SETTINGS)[number]

export interface PhoneLdapValue {
  /** As a form shows it: numbers in decimal, switches `1` or `0`; always empty for the password. */
  readonly value: string
  /** True of a password that is kept. */
  readonly set?: boolean
  readonly from: 'built-in' | 'system' | 'region'
}

export interface PhoneLdapSettings {
  readonly values: Readonly<Record<PhoneLdapSetting, PhoneLdapValue>>
  /** The lines of the configuration file that phones get from it, secrets masked. */
  readonly lines: readonly string[]
  /** Of the record of this level, for edits; 0 while there is none. */
  readonly revision: number
}

/** `region` is empty for the system's default, which regions inherit. */
export interface PhoneLdapPort {
  get(region: string): PhoneLdapSettings
  /**
   * What `save` would change. A password may be one that came back sealed as `sealed-password`; `revision` is that of
   * the settings which the form was made upon.
   */
  draft(
    region: string,
    values: Readonly<Partial<Record<PhoneLdapSetting, string>>>,
    keepPassword: boolean,
    revision?: number,
  ): Drafted
  /** Settings that are missing, and an empty password, inherit; errors name the setting. */
  save(
    region: string,
    values: Readonly<Partial<Record<PhoneLdapSetting, string>>>,
    /** True keeps the password that this level has when none is given. */
    keepPassword: boolean,
    /** Who does it, for the history of changes. */
    by?: string,
  ): Promise<Saved<PhoneLdapSettings>>
}

export interface PhoneQuestion {
  /** Empty for a phone of no region. */
  readonly region: string
  readonly field: 'name' | 'number'
  /** As typed on the phone, country and area code not yet added. */
  readonly typed: string
}

export type PhoneScreen =
  | {
      readonly kind: 'shown'
      /** What the phone asks, exactly. */
      readonly base: string
      readonly filter: string
      readonly maxHits: number
      /** Lines in the order of the phone's display. */
      readonly hits: readonly { readonly shown: string; readonly numbers: readonly string[]; readonly dn: string }[]
      /** There are more than it shows. */
      readonly more: boolean
      /** Entries looked at. */
      readonly touched: number
      readonly micros: number
    }
  /** Why a phone with these settings would show nothing but an error, in a sentence. */
  | { readonly kind: 'problem'; readonly problem: string }

/** Another LDAP server or Active Directory whose people are copied here. */
export interface Upstream {
  readonly name: string
  readonly url: string
  readonly base: string
  readonly region: string
  /** As configured: a cron pattern, or words. */
  readonly schedule: string
  readonly running: boolean
  readonly last: SyncRun | undefined
  /** Milliseconds since the epoch; undefined when none is planned. */
  readonly next: number | undefined
}

export interface UpstreamsPort {
  list(): readonly Upstream[]
  /** Runs to the end, or joins the run under way; undefined for an unknown name. Failure is in the run. */
  sync(name: string): Promise<SyncRun | undefined>
}

/** The phonebook as pages see it. */
export interface DirectoryPort {
  readonly contacts: ContactsPort
  readonly imports: ImportPort
  readonly accounts: BindAccountsPort
  readonly phones: PhoneLdapPort
  readonly upstreams: UpstreamsPort
  /** Whether phones can search it at all: the LDAP server is enabled. */
  readonly enabled: boolean
  /** Where the directory hangs, e.g. `dc=example,dc=com`. */
  readonly baseDn: string
  /** Names of the regions, in order of name. */
  regions(): readonly string[]
  /** Runs a phone's query with the settings that phones of the region have. */
  try(question: PhoneQuestion): PhoneScreen
}
