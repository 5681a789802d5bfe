// SPDX-License-Identifier: Apache-2.0
import { userAttributes } from '#daemon/domain/directory'
import { contacts, directoryAccounts, scopes, users } from '#daemon/store/tables'
import {
  type BindAnswer,
  type Credentials,
  type Dn,
  escapeDnValue,
  isWithin,
  type LdapPort,
  parseDn,
} from '#protocols/ldap/port'
import type { Endpoint } from '#protocols/lib/exchange'
import { Binds, type BindsOptions } from './binds.ts'
import { Entries } from './entries.ts'
import type { Regions } from './regions.ts'
import { Tree } from './tree.ts'
import { type Sight, View } from './view.ts'

export interface DirectorySettings {
  /** Where the directory hangs, e.g. `dc=example,dc=com`. */
  readonly baseDn: string
  /** Whether phones may search without a name and a password. */
  readonly anonymous: boolean
  /** Whether what anonymous phones see is limited to the region of their address. */
  readonly anonymousByRegion?: boolean
}

export interface DirectoryOptions extends BindsOptions {
  readonly settings: DirectorySettings
  /** The region that an anonymous asker is limited to; undefined for none. */
  readonly regionOf?: (peer: Endpoint) => string | undefined
  readonly regions?: Regions
}

/** Result codes of RFC 4511 §A.1. */
const INAPPROPRIATE_AUTHENTICATION = 48
const INVALID_CREDENTIALS = 49
const BUSY = 51

/** The phonebook: users of the fleet and contacts, kept ready for a search on every keystroke. */
export class Directory implements LdapPort {
  readonly #options: DirectoryOptions
  readonly #tree: Tree
  readonly #entries = new Entries()
  readonly #binds: Binds
  /** Accounts stand below the base as `cn=<name>,ou=accounts`; nobody can search them. */
  readonly #accounts: Dn
  #unwatch: (() => void)[] = []

  constructor(options: DirectoryOptions) {
    this.#options = options
    this.#tree = new Tree(options.settings.baseDn)
    this.#accounts = ['ou=accounts', ...this.#tree.base]
    this.#binds = new Binds(options)
  }

  /** Entries that can be found. */
  get count(): number {
    return this.#entries.count
  }

  /** Takes in what the opened store holds, and follows it until `stop`. */
  start(): void {
    const { store } = this.#options
    this.#binds.start()
    this.#unwatch = [
      store.watch(users, 0, ({ key, value }) => {
        if (!value) return this.#entries.remove('people', key)
        const entry = this.#tree.entry('people', key, userAttributes(value))
        this.#entries.put(key, { branch: 'people', entry, region: value.region, owner: '' })
      }),
      store.watch(contacts, 0, ({ key, value }) => {
        if (!value) return this.#entries.remove('contacts', key)
        const entry = this.#tree.entry('contacts', key, value.attributes)
        this.#entries.put(key, { branch: 'contacts', entry, region: value.region, owner: value.owner })
      }),
      // What was sorted for a region is sorted again when regions have changed.
      store.watch(scopes, 'now', () => this.#entries.touch()),
    ]
  }

  stop(): void {
    this.#binds.stop()
    for (const unwatch of this.#unwatch) unwatch()
    this.#unwatch = []
  }

  async bind(credentials: Credentials): Promise<BindAnswer> {
    const { settings, regionOf } = this.#options
    if (credentials.kind === 'anonymous') {
      if (!settings.anonymous) return refuse(INAPPROPRIATE_AUTHENTICATION, 'anonymous access is switched off')
      const region = settings.anonymousByRegion === false ? undefined : regionOf?.(credentials.peer)
      return this.#view({ identity: '', ...(region !== undefined && { region }) })
    }
    const name = this.#accountName(credentials.name)
    if (name === undefined) return refuse(INVALID_CREDENTIALS, '')
    const verdict = await this.#binds.check(name, credentials.password, credentials.peer.address)
    if (verdict.kind === 'wait') return refuse(BUSY, `too many wrong passwords: try again in ${verdict.seconds} s`)
    if (verdict.kind === 'wrong') return refuse(INVALID_CREDENTIALS, '')
    const { name: account, region, owner } = verdict.account
    return this.#view({
      identity: this.accountDn(account),
      ...(region !== '' && { region }),
      ...(owner !== undefined && { owner }),
    })
  }

  /** What phones of a region see, for trying a query; of all regions when undefined. */
  viewOf(region?: string, owner = ''): View {
    const sight = { identity: '', ...(region !== undefined && { region }), ...(owner !== '' && { owner }) }
    return new View(this.#tree, this.#entries, sight, this.#options.regions)
  }

  /** What a phone sees that binds with this name (none when empty), or why it sees nothing. */
  viewFor(bindName: string, region: string): View | string {
    const { settings, store } = this.#options
    if (bindName === '') {
      if (!settings.anonymous) return 'Anonymous search is off (ldap.anonymous), and these phones have no user name.'
      return this.viewOf(settings.anonymousByRegion === false ? undefined : region)
    }
    const dn = parseDn(bindName)
    const name = dn && this.#accountName(dn)
    const account = name === undefined ? undefined : store.get(directoryAccounts, name)?.value
    if (!account) return `There is no account ${bindName}.`
    return this.viewOf(account.region || undefined, account.owner)
  }

  /** The name with which a phone binds to use an account. */
  accountDn(name: string): string {
    return `cn=${escapeDnValue(name)},ou=accounts,${this.#tree.baseDn}`
  }

  #accountName(name: Dn): string | undefined {
    const below = name.length === this.#accounts.length + 1 && isWithin(name, this.#accounts)
    return below ? /^cn=(.*)$/s.exec(name[0] ?? '')?.[1] : undefined
  }

  #view(sight: Sight): BindAnswer {
    return { kind: 'view', view: new View(this.#tree, this.#entries, sight, this.#options.regions) }
  }
}

function refuse(code: number, reason: string): BindAnswer {
  return { kind: 'refuse', code, reason }
}
