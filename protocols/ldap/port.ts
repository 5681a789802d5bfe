// SPDX-License-Identifier: Apache-2.0
import type { Endpoint } from '#protocols/lib/exchange'
import type { Dn } from './dn.ts'
import type { Attributes, Condition } from './filter.ts'

// The rules of names, values and filters, for an owner of entries that keeps an index and asks it itself.
export { type Dn, escapeDnValue, isWithin, parseDn } from './dn.ts'
export { type Attributes, type Comparison, type Condition, compile, evaluate } from './filter.ts'
export { escapeFilterValue, parseFilter } from './filter-text.ts'
export { normalize, type Rule } from './matching.ts'

/** One entry; values stand under the names of `schema.ts`, `objectClass` among them. */
export interface LdapEntry {
  /** In the string form of RFC 4514. */
  readonly dn: string
  readonly attributes: Attributes
}

/** Who asks. A password is never logged and never kept. */
export type Credentials =
  | { readonly kind: 'anonymous'; readonly peer: Endpoint }
  | { readonly kind: 'simple'; readonly name: Dn; readonly password: Uint8Array; readonly peer: Endpoint }

export type BindAnswer =
  | { readonly kind: 'view'; readonly view: DirectoryView }
  /** `code` is a result code of RFC 4511 §A.1; `reason` is told to the client. */
  | { readonly kind: 'refuse'; readonly code: number; readonly reason: string }

export interface Query {
  readonly base: Dn
  readonly scope: 'base' | 'one' | 'sub' | 'children'
  readonly condition: Condition
}

/**
 * The part of the directory that one asker may see: nothing else can be reached through it, so no operation needs to
 * ask for permission again.
 */
export interface DirectoryView {
  /** The name that was bound, for `whoAmI`; empty for anonymous. */
  readonly identity: string
  /** Equal for views that see the same, and only for those: what was sorted for one is shown to the other. */
  readonly sight: string
  /** In the string form, as the root DSE shows them. */
  readonly namingContexts: readonly string[]
  /** Changes when any entry does. */
  readonly revision: number
  entry(name: Dn): LdapEntry | undefined
  /**
   * Every entry in scope for which the condition can be true, in a steady order, and perhaps others: the server asks
   * the condition again. `undefined` among them is a breath: nothing found in a while. Undefined instead of all when
   * there is no such base. The caller may stop at any time, and entries may change between two steps.
   */
  search(query: Query): Iterable<LdapEntry | undefined> | undefined
}

/** What the LDAP server asks of the owner of the directory. */
export interface LdapPort {
  bind(credentials: Credentials): Promise<BindAnswer>
}
