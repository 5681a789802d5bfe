// SPDX-License-Identifier: Apache-2.0
import type { Store } from '#daemon/store/store'
import { directoryAccounts } from '#daemon/store/tables'
import type { DirectoryPort, PhoneQuestion, PhoneScreen, UpstreamsPort } from '#web/ports/directory'
import type { BindAccounts } from './bind-accounts.ts'
import type { Contacts } from './contacts.ts'
import type { Directory } from './directory.ts'
import type { Imports } from './imports.ts'
import { phoneQuery } from './phone-query.ts'
import type { PhoneSettings } from './phone-settings.ts'
import type { Regions } from './regions.ts'

export interface DeskOptions {
  readonly store: Store
  readonly directory: Directory
  readonly contacts: Contacts
  readonly imports: Imports
  readonly accounts: BindAccounts
  readonly phones: PhoneSettings
  readonly upstreams: UpstreamsPort
  readonly enabled: boolean
  readonly baseDn: string
  /** Our names and addresses as phones are told them. */
  readonly addresses: readonly string[]
  readonly regions: Regions
}

/** A page of a phone's display takes no more. */
const LONGEST_TYPED = 100

/** All that people do with the phonebook. */
export class DirectoryDesk implements DirectoryPort {
  readonly contacts: Contacts
  readonly imports: Imports
  readonly accounts: BindAccounts
  readonly phones: PhoneSettings
  readonly upstreams: UpstreamsPort
  readonly enabled: boolean
  readonly baseDn: string
  readonly #options: DeskOptions

  constructor(options: DeskOptions) {
    this.#options = options
    this.contacts = options.contacts
    this.imports = options.imports
    this.accounts = options.accounts
    this.phones = options.phones
    this.upstreams = options.upstreams
    this.enabled = options.enabled
    this.baseDn = options.baseDn
  }

  regions(): readonly string[] {
    const { store, regions } = this.#options
    const named = new Set([...regions.names(), ...this.contacts.regions(), ...this.phones.regions()])
    for (const { value } of store.entries(directoryAccounts)) named.add(value.region)
    for (const { region } of this.upstreams.list()) named.add(region)
    named.delete('')
    return [...named].sort()
  }

  try({ region, field, typed }: PhoneQuestion): PhoneScreen {
    const started = performance.now()
    const { directory, addresses } = this.#options
    const settings = this.phones.settled(region)
    const of = (name: keyof typeof settings) => settings[name].value
    if (of('active') !== '1') return problem('LDAP is switched off in the settings of these phones.')
    if (of('server') !== '' && !addresses.includes(of('server'))) {
      return problem(`These phones ask ${of('server')}, which is not this server: nothing can be tried here.`)
    }
    if (!this.enabled) return problem('The LDAP server is switched off: set ldap.enabled.')
    const view = directory.viewFor(of('userName'), region)
    if (typeof view === 'string') return problem(view)
    if (typed === '' || typed.length > LONGEST_TYPED) return problem(`Type 1 to ${LONGEST_TYPED} characters.`)
    const query = {
      ...{ base: of('base'), nameFilter: of('nameFilter'), numberFilter: of('numberFilter') },
      ...{ display: of('displayName'), numberAttributes: of('numberAttributes').trim().split(/ +/) },
      ...{ maxHits: Number(of('maxHits')), sort: of('sortResults') === '1' },
    }
    const asked = field === 'number' ? withCodes(typed, of('countryCode'), of('areaCode')) : typed
    const result = phoneQuery(view, query, field, asked)
    if (result.kind === 'problem') return result
    const micros = Math.round((performance.now() - started) * 1_000)
    return { ...result, kind: 'shown', base: query.base, maxHits: query.maxHits, micros }
  }
}

/** Phones put the codes before a number that has none of its own. */
function withCodes(typed: string, country: string, area: string): string {
  return /^(?:\+|00)/.test(typed) ? typed : `${country}${area}${typed}`
}

function problem(sentence: string): PhoneScreen {
  return { kind: 'problem', problem: sentence }
}
