// SPDX-License-Identifier: Apache-2.0

import { isJobActor } from '#daemon/domain/job'
import type { PublicUser } from '#daemon/domain/phone'
import {
  newPhone,
  newUser,
  type Phone,
  type Presence,
  publicUser,
  sipPasswordPlace,
  type User,
} from '#daemon/domain/phone'
import { checkDevice, checkUser, type DeviceDraft, type DeviceFacts, type UserDraft } from '#daemon/domain/user'
import type { Announce } from '#daemon/messages'
import type { ChangeLog, Deed } from '#daemon/services/provisioning/changes/history'
import type { Vault } from '#daemon/services/vault'
import { type Change, Conflict, put, remove, type Store, type Stored } from '#daemon/store/store'
import { phones, users } from '#daemon/store/tables'
import { formatMac, type Mac } from '#protocols/lib/mac'
import type { Saved } from '#web/ports/saved'
import type { Actor, ScopesPort } from '#web/ports/scopes'
import type { UserDetail, UserPage, UserQuery, UserRow, UsersPort } from '#web/ports/users'
import { Owners } from './owners.ts'

export interface UsersOptions {
  readonly store: Store
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly vault: Vault
  readonly announce: Announce
  readonly scopes: Pick<ScopesPort, 'tree'>
  readonly presenceOf: (phone: Phone) => Presence
  /** Where it is kept who changed what. */
  readonly history?: Pick<ChangeLog, 'record'>
}

export const MOST_USERS = 100_000
export const MOST_DEVICES_OF_USER = 50

const CONFLICT = { kind: 'conflict' } as const

/** The people of the fleet. Whose phone is whose stands in the phone's record, so no phone can have two owners. */
export class Users implements UsersPort {
  readonly #options: UsersOptions
  readonly #owners = new Owners()

  constructor(options: UsersOptions) {
    this.#options = options
  }

  /** Follows the phones; those of a user whose removal a crash cut short become nobody's. */
  async start(): Promise<void> {
    const { store } = this.#options
    this.#owners.start(store)
    for (const { value } of store.entries(phones)) {
      if (value.owner !== '' && !store.get(users, value.owner)) await this.#disown(value.mac, value.owner)
    }
  }

  stop(): void {
    this.#owners.stop()
  }

  count(): number {
    return this.#options.store.count(users)
  }

  list({ text, region, page, pageSize }: UserQuery): UserPage {
    const needle = text.trim().toLowerCase()
    const tree = this.#options.scopes.tree()
    const inside = region === '' ? undefined : new Set([region, ...tree.below(region).map(({ id }) => id)])
    const found: Stored<User>[] = []
    for (const stored of this.#options.store.entries(users)) {
      if (inside && !inside.has(stored.value.region || 'system')) continue
      if (needle === '' || this.#matches(stored.value, needle)) found.push(stored)
    }
    found.sort((a, b) => (a.key < b.key ? -1 : 1))
    const pageCount = Math.max(1, Math.ceil(found.length / pageSize))
    const shown = Math.min(Math.max(1, page), pageCount)
    const rows = found.slice((shown - 1) * pageSize, shown * pageSize).map((stored) => this.#row(stored))
    return { rows, page: shown, pageCount, total: found.length }
  }

  get(name: string): UserDetail | undefined {
    const stored = this.#options.store.get(users, keyOf(name))
    if (!stored) return undefined
    const { presenceOf } = this.#options
    const owned = this.#phonesOf(stored.key).map((phone) => ({ phone, presence: presenceOf(phone) }))
    return { ...this.#row(stored), phones: owned }
  }

  async add(draft: UserDraft, by: Actor): Promise<Saved<UserRow>> {
    const { store, now, scopes, announce } = this.#options
    const facts = checkUser(draft, scopes.tree())
    if ('message' in facts) return { kind: 'refused', errors: [facts] }
    if (store.get(users, facts.name)) return refused('name', 'There is a user of this name already.')
    if (this.count() >= MOST_USERS) return refused('name', `There are ${MOST_USERS} users already.`)
    const user = { ...newUser(facts.name, now()), ...facts, sipPassword: this.#sealed(facts.name, draft.password, '') }
    const saved = await this.#write(put(users, user.name, user, 'absent'), ofUser('Added', user, by))
    if (!saved) return refused('name', 'There is a user of this name already.')
    announce('user.added', { user: user.name, by })
    return { kind: 'saved', value: this.#row({ key: user.name, value: user, revision: saved }) }
  }

  async change(draft: UserDraft, revision: number, by: Actor): Promise<Saved<UserRow>> {
    const { store, scopes, announce } = this.#options
    const facts = checkUser(draft, scopes.tree())
    if ('message' in facts) return { kind: 'refused', errors: [facts] }
    const before = store.get(users, facts.name)
    if (before?.revision !== revision) return CONFLICT
    const { sipPassword, ...rest } = before.value
    const user = { ...rest, ...facts, sipPassword: this.#sealed(facts.name, draft.password, sipPassword) }
    const saved = await this.#write(put(users, user.name, user, revision), ofUser('Changed', user, by))
    if (!saved) return CONFLICT
    announce('user.changed', { user: user.name, by })
    return { kind: 'saved', value: this.#row({ key: user.name, value: user, revision: saved }) }
  }

  /** Only the SIP password; `conflict`: there is no such user. */
  async setPassword(name: string, password: string, by: Actor): Promise<Saved<PublicUser>> {
    const { store, announce } = this.#options
    for (;;) {
      const before = store.get(users, keyOf(name))
      if (!before) return CONFLICT
      const user = { ...before.value, sipPassword: this.#sealed(before.key, password, '') }
      if (!(await this.#write(put(users, user.name, user, before.revision)))) continue
      announce('user.changed', { user: user.name, by })
      return { kind: 'saved', value: publicUser(user) }
    }
  }

  async remove(name: string, revision: number, by: Actor): Promise<Saved<PublicUser>> {
    const { store, announce } = this.#options
    const before = store.get(users, keyOf(name))
    if (before?.revision !== revision) return CONFLICT
    const saved = await this.#write(remove(users, before.key, revision), ofUser('Removed', before.value, by))
    if (!saved) return CONFLICT
    announce('user.removed', { user: before.key, by })
    for (const mac of this.#owners.phonesOf(before.key)) await this.#disown(mac, before.key)
    return { kind: 'saved', value: publicUser(before.value) }
  }

  async addDevice(name: string, draft: DeviceDraft, by: Actor): Promise<Saved<Phone>> {
    const owner = keyOf(name)
    const facts = checkDevice(draft)
    if ('message' in facts) return { kind: 'refused', errors: [facts] }
    if (!this.#options.store.get(users, owner)) return CONFLICT
    const owned = this.#owners.phonesOf(owner)
    if (owned.length >= MOST_DEVICES_OF_USER && !owned.includes(facts.mac)) {
      return refused('mac', `A user has at most ${MOST_DEVICES_OF_USER} phones.`)
    }
    const { now } = this.#options
    return this.#give(facts.mac, owner, by, (phone) => withFacts(phone ?? newPhone(facts.mac, now()), facts))
  }

  assign(mac: Mac, name: string, by: Actor): Promise<Saved<Phone>> {
    const owner = keyOf(name)
    if (owner !== '' && !this.#options.store.get(users, owner)) {
      return Promise.resolve(refused('owner', 'There is no user of this name.'))
    }
    return this.#give(mac, owner, by, (phone) => phone)
  }

  async place(mac: Mac, scope: string, by: Actor): Promise<Saved<Phone>> {
    const { scopes, announce } = this.#options
    if (scope !== '' && !scopes.tree().get(scope)) return refused('scope', 'This region is not there any more.')
    const after = await this.#edit(mac, (phone) => phone && { ...phone, scope }, ofPhone('Placed', mac, by))
    if (!after) return CONFLICT
    announce('fleet.phone.placed', { mac, scope, by })
    return { kind: 'saved', value: after }
  }

  /** An admin's word makes a phone somebody's, and lets it in. */
  async #give(
    mac: Mac,
    owner: string,
    by: Actor,
    edit: (phone: Phone | undefined) => Phone | undefined,
  ): Promise<Saved<Phone>> {
    let from = ''
    const after = await this.#edit(
      mac,
      (phone) => {
        const edited = edit(phone)
        from = phone?.owner ?? ''
        if (!edited || owner === '') return edited && { ...edited, owner: '', ownerFrom: '' }
        return { ...edited, owner, ownerFrom: 'admin', approval: 'approved' }
      },
      ofPhone(owner === '' ? 'Took away' : `Gave to ${owner}:`, mac, by),
    )
    if (!after) return CONFLICT
    if (from !== owner) this.#options.announce('fleet.phone.moved', { mac, from, to: owner, by })
    return { kind: 'saved', value: after }
  }

  async #disown(mac: Mac, owner: string): Promise<void> {
    await this.#edit(mac, (phone) => {
      if (phone?.owner !== owner) return undefined
      return wasSeen(phone) ? { ...phone, owner: '', ownerFrom: '' } : 'remove'
    })
  }

  /** Changes a phone as it is now, again if a report came in between; undefined when there was nothing to change. */
  async #edit(
    mac: Mac,
    edit: (phone: Phone | undefined) => Phone | 'remove' | undefined,
    deed?: Deed,
  ): Promise<Phone | undefined> {
    for (;;) {
      const stored = this.#options.store.get(phones, mac)
      const after = edit(stored?.value)
      if (after === undefined) return undefined
      const expect = stored?.revision ?? 'absent'
      const change = after === 'remove' ? remove(phones, mac, expect) : put(phones, mac, after, expect)
      if (await this.#write(change, deed)) return after === 'remove' ? stored?.value : after
    }
  }

  /** The revision written; undefined when another writer was first. */
  async #write(change: Change, deed?: Deed): Promise<number | undefined> {
    const { store, history } = this.#options
    // A job keeps by itself what became of each phone, and thousands of them would push everything else out.
    const recorded = deed && !isJobActor(deed.by) ? (history?.record(deed, [change]) ?? []) : []
    try {
      return await store.commit([change, ...recorded], { durable: true })
    } catch (error) {
      if (error instanceof Conflict) return undefined
      throw error
    }
  }

  #sealed(name: string, password: string | undefined, before: string): string {
    if (password === undefined) return before
    return password === '' ? '' : this.#options.vault.seal(password, sipPasswordPlace(name))
  }

  #row({ key, value, revision }: Stored<User>): UserRow {
    const owned = this.#phonesOf(key)
    const registered = owned.filter((phone) => this.#options.presenceOf(phone) === 'registered').length
    return { user: publicUser(value), revision, devices: owned.length, registered }
  }

  #phonesOf(name: string): Phone[] {
    return this.#owners.phonesOf(name).flatMap((mac) => this.#options.store.get(phones, mac)?.value ?? [])
  }

  #matches({ name, displayName, phoneNumber, lineUri }: User, needle: string): boolean {
    if ([name, displayName, phoneNumber, lineUri].some((text) => text.toLowerCase().includes(needle))) return true
    const digits = needle.replaceAll(/[:.-]/g, '')
    return /^[0-9a-f]{2,12}$/.test(digits) && this.#owners.phonesOf(name).some((mac) => mac.includes(digits))
  }
}

function ofUser(deed: string, { name, displayName }: Pick<User, 'name' | 'displayName'>, by: Actor): Deed {
  return {
    by,
    summary: `${deed} ${displayName || name}`,
    subject: { kind: 'user', key: name, name: displayName || name },
  }
}

function ofPhone(deed: string, mac: Mac, by: Actor): Deed {
  return { by, summary: `${deed} ${formatMac(mac)}`, subject: { kind: 'phone', key: mac, name: formatMac(mac) } }
}

/** Fields that say nothing leave what is known. */
export function withFacts(phone: Phone, { mac: _, model, ...facts }: DeviceFacts): Phone {
  const said = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== ''))
  // What the phone itself says of its model is nearer to the truth than a list.
  return { ...phone, ...said, model: phone.model || model }
}

/** Whether any protocol ever heard of it, as opposed to a MAC that was typed. */
export function wasSeen({ status, userAgent, address, vendor, reportedAt }: Phone): boolean {
  return status !== 'silent' || reportedAt > 0 || userAgent !== '' || address !== '' || vendor !== ''
}

export function keyOf(name: string): string {
  return name.trim().normalize('NFC').toLowerCase()
}

function refused(
  field: string,
  message: string,
): { readonly kind: 'refused'; readonly errors: { field: string; message: string }[] } {
  return { kind: 'refused', errors: [{ field, message }] }
}
