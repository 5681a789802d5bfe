// SPDX-License-Identifier: Apache-2.0
import { type ScopeKind, type ScopeTree, SYSTEM } from '#daemon/domain/scope'
import type { Option } from '#web/kit/form'

export const USERS = '/users'
export const SCOPES = '/scopes'
export const USERS_TRAIL = [{ label: 'Users', href: USERS }]
export const SCOPES_TRAIL = [{ label: 'Regions and sites', href: SCOPES }]

export const CONFLICT = 'Somebody else has changed it since you opened it. Saving again replaces what they wrote.'

/** What admins make; the kinds between the system and tenants come with those who sell to many. */
export const KINDS: readonly { readonly value: ScopeKind; readonly label: string }[] = [
  { value: 'region', label: 'Region' },
  { value: 'site', label: 'Site, in which nothing but sites lies' },
  { value: 'tenant', label: 'Tenant, with URLs of its own' },
]

export function userHref(name: string): string {
  return `${USERS}/of/${encodeURIComponent(name)}`
}

export function scopeHref(id: string): string {
  return `${SCOPES}/of/${encodeURIComponent(id)}`
}

/** All scopes by their paths; the value of the system is `system`. */
export function scopeOptions(tree: ScopeTree, system: string, without?: string): Option[] {
  const gone = new Set(without === undefined ? [] : [without, ...tree.below(without).map(({ id }) => id)])
  const scopes = tree.below().filter(({ id }) => !gone.has(id))
  return [{ value: SYSTEM.id, label: system }, ...scopes.map(({ id }) => ({ value: id, label: placeText(tree, id) }))]
}

/** `Germany / Berlin`. */
export function placeText(tree: ScopeTree, id: string): string {
  return tree.pathText(id).replaceAll('/', ' / ')
}

/** `1 user`, `1,204 users`. */
export function many(count: string, one: string, more: string): string {
  return `${count} ${count === '1' ? one : more}`
}
