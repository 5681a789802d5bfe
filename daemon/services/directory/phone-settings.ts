// SPDX-License-Identifier: Apache-2.0
import { regionProblem } from '#daemon/domain/directory'
import {
  FIRMWARE_LDAP,
  PHONE_LDAP,
  PHONE_LDAP_NAMES,
  PHONE_LDAP_PLACEHOLDERS,
  type PhoneLdapName,
  type PhoneLdapValues,
  phoneLdapProblem,
  type StoredPhoneLdap,
} from '#daemon/domain/phone-ldap'
import type { Layer } from '#daemon/domain/provisioning/placeholder'
import type { ScopeTree } from '#daemon/domain/scope'
import type { ChangeLog } from '#daemon/services/provisioning/changes/history'
import { sealOnce, type Vault, VaultError } from '#daemon/services/vault'
import type { Store } from '#daemon/store/store'
import { phoneLdap } from '#daemon/store/tables'
import { parseDn, parseFilter } from '#protocols/ldap/port'
import type { FieldError, PhoneLdapPort, PhoneLdapSettings, PhoneLdapValue, Saved } from '#web/ports/directory'
import type { Drafted } from '#web/ports/templates'
import { Regions } from './regions.ts'

export interface PhoneSettingsOptions {
  readonly store: Store
  /** Where settings are read; the store unless told: tables as they would be after a change. */
  readonly reader?: Pick<Store, 'get'>
  readonly vault: Vault
  /** What our own directory is: phones ask it unless they are told otherwise. */
  readonly own: { readonly active: boolean; readonly port: number; readonly baseDn: string }
  /** Our address, for showing the lines; empty when it depends on the subnet. */
  readonly serverAddress: string
  readonly regions: Regions
  /** Where edits are written down. */
  readonly history?: Pick<ChangeLog, 'record'>
}

/** A setting's value, secrets in clear, and the level it comes from. */
export interface Settled {
  readonly value: string
  readonly from: PhoneLdapValue['from']
}

const MASK = '********'
const MOST_REGIONS = 5_000

/** How the phones of each region ask a directory: the system's settings, and what a region has instead. */
export class PhoneSettings implements PhoneLdapPort {
  readonly #options: PhoneSettingsOptions

  constructor(options: PhoneSettingsOptions) {
    this.#options = options
  }

  get(region: string): PhoneLdapSettings {
    const settled = this.settled(region)
    const values = Object.fromEntries(
      PHONE_LDAP_NAMES.map((name): [PhoneLdapName, PhoneLdapValue] => {
        const { value, from } = settled[name]
        return [name, name === 'password' ? { value: '', set: value !== '', from } : { value, from }]
      }),
    ) as Record<PhoneLdapName, PhoneLdapValue>
    const revision = this.#options.store.get(phoneLdap, keyOf(this.#options.regions.canonical(region)))?.revision ?? 0
    return { values, lines: this.#lines(settled), revision }
  }

  draft(region: string, values: PhoneLdapValues, keepPassword: boolean, revision?: number): Drafted {
    const { store, vault, regions } = this.#options
    const named = regions.canonical(region)
    const key = keyOf(named)
    const before = store.get(phoneLdap, key)
    const { password = '', ...rest } = values
    const had = before?.value.sealedPassword
    const sealed = password === '' ? undefined : sealOnce(vault, password, placeOf(key))
    const plain = sealed === undefined ? '' : vault.open(sealed, placeOf(key))
    const errors = [...this.#wrong(region, { ...rest, password: plain }, before === undefined)]
    if (errors.length > 0) return { kind: 'refused', errors }
    // The password that is kept already keeps its seal: saving it again is no change.
    const same = had !== undefined && this.#opened(had, placeOf(key)) === plain
    const kept = keepPassword ? had : undefined
    const sealedPassword = sealed === undefined ? kept : same ? had : sealed
    const record: StoredPhoneLdap = {
      region: named,
      values: rest,
      ...(sealedPassword !== undefined && { sealedPassword }),
    }
    const name = named || 'all phones'
    const expect = revision === undefined ? {} : { expect: revision === 0 ? ('absent' as const) : revision }
    return {
      kind: 'draft',
      draft: {
        summary: `Set how phones ask the directory: ${name}`,
        subject: { kind: 'directory', key, name },
        changes: [{ table: phoneLdap.name, key, value: record, ...expect }],
      },
      ...(sealed !== undefined && { instead: { 'sealed-password': sealed } }),
    }
  }

  async save(
    region: string,
    values: PhoneLdapValues,
    keepPassword: boolean,
    by = '',
  ): Promise<Saved<PhoneLdapSettings>> {
    const { store, regions, history } = this.#options
    const drafted = this.draft(region, values, keepPassword)
    if (drafted.kind !== 'draft') return { kind: 'refused', errors: drafted.kind === 'refused' ? drafted.errors : [] }
    const { summary, subject, changes } = drafted.draft
    const noted = history?.record({ by, summary, subject }, changes) ?? []
    await store.commit([...changes, ...noted], { durable: true })
    return { kind: 'saved', value: this.get(regions.canonical(region)) }
  }

  /** Regions with settings of their own. */
  regions(): readonly string[] {
    return Array.from(this.#options.store.entries(phoneLdap), ({ value }) => value.region).filter(Boolean)
  }

  /** Every setting along the path built-in < system < region, regions from the widest to the nearest. */
  settled(region: string): Readonly<Record<PhoneLdapName, Settled>> {
    const levels = [
      { from: 'built-in' as const, values: this.#builtIn() },
      { from: 'system' as const, values: this.#stored('') },
      ...(region === '' ? [] : this.#options.regions.path(region)).map((name) => ({
        ...{ from: 'region' as const, values: this.#stored(name) },
      })),
    ]
    return Object.fromEntries(
      PHONE_LDAP_NAMES.map((name): [PhoneLdapName, Settled] => {
        const level = levels.findLast(({ values }) => values[name] !== undefined)
        return [name, { value: level?.values[name] ?? '', from: level?.from ?? 'built-in' }]
      }),
    ) as Record<PhoneLdapName, Settled>
  }

  /**
   * What a phone's file gets; nothing while nobody has switched LDAP on. `server` is our address as the phone reaches it.
   * The password only where `secrets` says so.
   */
  layer(region: string, server: string, secrets: boolean): Layer | undefined {
    const settled = this.settled(region)
    const { active } = settled
    if (active.value !== '1') {
      return active.from === 'built-in' ? undefined : { name: 'directory', values: { LDAPActive: '0' } }
    }
    const values = Object.fromEntries(
      PHONE_LDAP_NAMES.filter((name) => name !== 'password').map((name) => [
        PHONE_LDAP_PLACEHOLDERS[name],
        name === 'server' ? settled.server.value || server : settled[name].value,
      ]),
    )
    const password = secrets && settled.password.value !== '' ? { LDAPPassword: settled.password.value } : {}
    // Skype for Business phones search their own contacts until they are told otherwise.
    const search = { LDAPContactSearchMethod: 'LDAP' }
    return {
      name: region === '' ? 'directory' : `directory of ${region}`,
      values: { ...values, ...search, ...password },
    }
  }

  /** The layers as they would be with other tables. */
  over(reader: Pick<Store, 'get'>, tree: () => ScopeTree): Pick<PhoneSettings, 'layer'> {
    return new PhoneSettings({ ...this.#options, reader, regions: new Regions(tree) })
  }

  #lines(settled: Readonly<Record<PhoneLdapName, Settled>>): string[] {
    if (settled.active.value !== '1') {
      return settled.active.from === 'built-in' ? [] : [`${PHONE_LDAP.active}=0`]
    }
    return PHONE_LDAP_NAMES.flatMap((name) => {
      const { value } = settled[name]
      if (name === 'password') return value === '' ? [] : [`${PHONE_LDAP.password}=${MASK}`]
      const shown = name === 'server' ? value || this.#options.serverAddress || '%ITCS_ServerIP%' : value
      return [`${PHONE_LDAP[name]}=${shown}`]
    })
  }

  #builtIn(): PhoneLdapValues {
    const { active, port, baseDn } = this.#options.own
    return { ...FIRMWARE_LDAP, active: active ? '1' : '0', server: '', port: String(port), base: baseDn, password: '' }
  }

  #stored(region: string): PhoneLdapValues {
    const key = keyOf(region)
    const { reader = this.#options.store } = this.#options
    const record = reader.get(phoneLdap, key)?.value
    if (!record) return {}
    if (record.sealedPassword === undefined) return record.values
    return { ...record.values, password: this.#opened(record.sealedPassword, placeOf(key)) }
  }

  /** One that was sealed with another key shows as not set: nobody can use it, and somebody has to enter it again. */
  #opened(sealed: string, place: string): string {
    try {
      return this.#options.vault.open(sealed, place)
    } catch (error) {
      if (error instanceof VaultError) return ''
      throw error
    }
  }

  *#wrong(region: string, values: PhoneLdapValues, fresh: boolean): Generator<FieldError> {
    const wrongRegion = regionProblem(region)
    if (wrongRegion) yield { field: 'region', message: wrongRegion }
    if (fresh && this.#options.store.count(phoneLdap) > MOST_REGIONS) {
      yield { field: 'region', message: `${MOST_REGIONS} regions have settings of their own already.` }
    }
    for (const [name, value] of Object.entries(values)) {
      if (!Object.hasOwn(PHONE_LDAP, name)) {
        yield { field: name, message: 'There is no such setting.' }
        continue
      }
      const setting = name as PhoneLdapName
      if (setting === 'password' && value === '') continue
      const problem = phoneLdapProblem(setting, value) ?? ldapProblem(setting, value)
      if (problem) yield { field: name, message: problem }
    }
  }
}

/** What only those who know LDAP can tell. */
function ldapProblem(name: PhoneLdapName, value: string): string | undefined {
  if (name === 'base') return parseDn(value) ? undefined : 'This is no distinguished name such as dc=example,dc=com.'
  if (name !== 'nameFilter' && name !== 'numberFilter') return undefined
  const good = parseFilter(value.replaceAll('%', 'x*'))
  return good ? undefined : 'This is no LDAP filter: each bracket needs its other half, as in (|(sn=%)(cn=%)).'
}

/** The settings of a region that is called otherwise now. */
export function movedSettings(
  record: StoredPhoneLdap,
  region: string,
  reseal: (sealed: string, from: string, to: string) => string | undefined,
): { readonly key: string; readonly record: StoredPhoneLdap } {
  const { sealedPassword: sealed, ...rest } = record
  const key = keyOf(region)
  const resealed = sealed === undefined ? undefined : reseal(sealed, placeOf(keyOf(record.region)), placeOf(key))
  return { key, record: { ...rest, region, ...(resealed !== undefined && { sealedPassword: resealed }) } }
}

function keyOf(region: string): string {
  return region === '' ? 'system' : `region/${region}`
}

function placeOf(key: string): string {
  return `phone-ldap/${key}`
}
