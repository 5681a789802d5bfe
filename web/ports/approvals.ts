// SPDX-License-Identifier: Apache-2.0
import type { Phone, Presence } from '#daemon/domain/phone'
import type { Scope } from '#daemon/domain/scope'
import type { UserDraft } from '#daemon/domain/user'
import type { Mac } from '#protocols/lib/mac'
import type { Saved } from './saved.ts'
import type { Actor } from './scopes.ts'

export interface WaitingQuery {
  readonly approval: 'pending' | 'rejected'
  /** Matched as in the list of devices. */
  readonly text: string
  /** From 1. */
  readonly page: number
  readonly pageSize: number
}

export interface WaitingPhone {
  readonly phone: Phone
  readonly presence: Presence
  /** Where its address would put it. */
  readonly proposed: Scope
  /** People sign in on the phone itself: it can be let in without a user. */
  readonly signsInItself: boolean
}

export interface WaitingPage {
  /** Those seen last come first. */
  readonly rows: readonly WaitingPhone[]
  readonly page: number
  readonly pageCount: number
  readonly total: number
}

/** How many phones were changed, and how many were not there, or changed already. */
export interface Decided {
  readonly changed: number
  readonly unchanged: number
}

/** Who may come in. */
export interface ApprovalsPort {
  list(query: WaitingQuery): WaitingPage
  get(mac: Mac): WaitingPhone | undefined
  /** Lets phones in, into a scope by its id (empty: where they are); those that run are told to restart. */
  approve(macs: readonly Mac[], scope: string, by: Actor): Promise<Decided>
  /** Lets a phone in and gives it to a user, who is made if there is none of the name. */
  approveFor(mac: Mac, draft: UserDraft, by: Actor): Promise<Saved<Phone>>
  /** Keeps phones out: their reports are refused, and they get nothing but the first file. */
  reject(macs: readonly Mac[], by: Actor): Promise<Decided>
  /** Has rejected phones wait again. */
  readmit(macs: readonly Mac[], by: Actor): Promise<Decided>
}
