// SPDX-License-Identifier: Apache-2.0
import type { Phone } from '#daemon/domain/phone'
import type { Placement } from '#daemon/domain/placement'
import type { Draft, Preview } from '#daemon/domain/provisioning/revision'
import type { Scope, ScopeTree } from '#daemon/domain/scope'
import type { ScopeDraft, ScopeRefusal } from '#daemon/domain/scope-rules'

export type ScopeAnswer =
  | { readonly kind: 'done'; readonly scope: Scope }
  | { readonly kind: 'refused'; readonly refusal: ScopeRefusal }
  /** Somebody changed it since: what it is now. */
  | { readonly kind: 'conflict'; readonly scope: Scope }
  | { readonly kind: 'unknown' }

/** What an edit would do to phones' files, or why it cannot be made. */
export type ScopeOutcome =
  | { readonly kind: 'preview'; readonly draft: Draft; readonly preview: Preview }
  | Exclude<ScopeAnswer, { readonly kind: 'done' }>

/** Edits that are only thought of. */
export interface ScopePreviewsPort {
  /** Adds one without an id; else changes it. */
  save(id: string | undefined, draft: ScopeDraft, version: number): Promise<ScopeOutcome>
  remove(id: string, version: number): Promise<ScopeOutcome>
}

/** What taking a scope away would take along. */
export interface ScopeUse {
  /** The scopes that lie in it, and go with it. */
  readonly scopes: readonly Scope[]
  /** Users of it or of one that lies in it: they move to the scope above. */
  readonly users: number
  /** Phones that were put there by hand, or are there by their address. */
  readonly phones: number
  /** Names of `dhcp.subnets` of the configuration that name it: they make it anew at the next start. */
  readonly configured: readonly string[]
}

/** How many belong to one scope itself; what lies in it counts for itself. */
export interface Population {
  readonly users: number
  readonly phones: number
}

/** Who did it, for the log. */
export type Actor = string

/** Regions, sites and what else parts of the company are. */
export interface ScopesPort {
  tree(): ScopeTree
  /** `why` is for those who read the history later. */
  add(draft: ScopeDraft, by: Actor, why?: string): Promise<ScopeAnswer>
  /** `version` is that of the scope which the draft was made upon. */
  change(id: string, draft: ScopeDraft, version: number, by: Actor, why?: string): Promise<ScopeAnswer>
  use(id: string): ScopeUse
  /** By id; scopes without anybody are left out. */
  population(): ReadonlyMap<string, Population>
  /** Where a phone is, and why. */
  placementOf(phone: Phone): Placement
  /** With all that lies in it; its users move to the scope above. */
  remove(id: string, version: number, by: Actor): Promise<ScopeAnswer>
}
