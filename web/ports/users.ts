// SPDX-License-Identifier: Apache-2.0

import type { Phone, Presence, PublicUser } from '#daemon/domain/phone'
import type { DeviceDraft, UserDraft } from '#daemon/domain/user'
import type { Mac } from '#protocols/lib/mac'
import type { Saved } from './saved.ts'
import type { Actor } from './scopes.ts'

export interface UserQuery {
  /** Matched against name, display name, number, line URI and the MACs of devices, without regard to case. */
  readonly text: string
  /** Id of a scope: users of it and of what lies in it; empty for all. */
  readonly region: string
  /** From 1. */
  readonly page: number
  readonly pageSize: number
}

export interface UserRow {
  readonly user: PublicUser
  /** Changes with each edit: an edit names the one that it was made upon. */
  readonly revision: number
  readonly devices: number
  readonly registered: number
}

export interface UserPage {
  /** By name. */
  readonly rows: readonly UserRow[]
  readonly page: number
  readonly pageCount: number
  readonly total: number
}

export interface UserDetail extends UserRow {
  readonly phones: readonly { readonly phone: Phone; readonly presence: Presence }[]
}

/** The people of the fleet and whose phone is whose. */
export interface UsersPort {
  list(query: UserQuery): UserPage
  /** Names in any case. */
  get(name: string): UserDetail | undefined
  /** How many there are. */
  count(): number
  add(draft: UserDraft, by: Actor): Promise<Saved<UserRow>>
  /** `revision` is that of the user whom the draft was made upon; the name cannot be changed. */
  change(draft: UserDraft, revision: number, by: Actor): Promise<Saved<UserRow>>
  /** Its phones belong to nobody then; those that were entered by hand and never seen go with it. */
  remove(name: string, revision: number, by: Actor): Promise<Saved<PublicUser>>
  /** Adds a phone to a user, or moves it from another; it is approved by that. */
  addDevice(name: string, draft: DeviceDraft, by: Actor): Promise<Saved<Phone>>
  /** Gives a phone that is known to a user, or to nobody (empty). */
  assign(mac: Mac, name: string, by: Actor): Promise<Saved<Phone>>
  /** Puts a phone into a scope by its id, or (empty) leaves it to its user or its address. */
  place(mac: Mac, scope: string, by: Actor): Promise<Saved<Phone>>
}
