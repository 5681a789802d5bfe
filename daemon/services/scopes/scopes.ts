// SPDX-License-Identifier: Apache-2.0
import type { Phone, User } from '#daemon/domain/phone'
import { type Placement, placementOf } from '#daemon/domain/placement'
import { type Scope, type ScopeRecord, ScopeTree, SYSTEM } from '#daemon/domain/scope'
import { checkScope, MOST_SCOPES, type ScopeDraft } from '#daemon/domain/scope-rules'
import type { Announce } from '#daemon/messages'
import type { ChangeLog } from '#daemon/services/provisioning/changes/history'
import { type Change, Conflict, put, type Store } from '#daemon/store/store'
import { phones, scopes as table, users } from '#daemon/store/tables'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Actor, Population, ScopeAnswer, ScopesPort, ScopeUse } from '#web/ports/scopes'
import { moveOut } from './move-out.ts'
import { type NamedNetwork, SubnetScopes } from './subnet-scopes.ts'

export interface ScopesOptions {
  readonly store: Store
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly random: (bytes: number) => Uint8Array
  readonly announce: Announce
  /** Where edits are written down. */
  readonly history?: Pick<ChangeLog, 'note'>
  /** `dhcp.subnets` that name a region. */
  readonly networks: readonly NamedNetwork[]
}

const KEY = 'tree'
/** Without letters and digits that are taken for one another. */
const ID_LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789x'
const ID_LENGTH = 7
/** By whom, when nobody did it by hand. */
const CONFIGURATION: Actor = 'configuration'

type Edit = (tree: ScopeTree) => { readonly scopes: readonly Scope[]; readonly answer: ScopeAnswer } | ScopeAnswer

/**
 * The tree of regions and sites. All of it is one record, so that no two edits can make a cycle, a twin or an overlap
 * between them; what an edit was made upon is checked scope by scope.
 */
export class Scopes implements ScopesPort {
  readonly #options: ScopesOptions
  #subnets: SubnetScopes
  #tree = new ScopeTree([])
  #stopWatching = () => {}

  constructor(options: ScopesOptions) {
    this.#options = options
    this.#subnets = new SubnetScopes(options.networks)
  }

  /** Reads the tree, makes the regions that only the configuration names, and follows changes. */
  async start(): Promise<void> {
    const { store } = this.#options
    this.#stopWatching = store.watch(table, 0, ({ value }) => {
      this.#tree = new ScopeTree(value?.scopes ?? [])
    })
    await this.#place()
    await moveOut(store, this.#tree, '')
  }

  /** The configuration was read again: goes on with its subnets, and makes the regions that only they name. */
  async placeNetworks(networks: readonly NamedNetwork[]): Promise<void> {
    this.#subnets = new SubnetScopes(networks)
    await this.#place()
  }

  async #place(): Promise<void> {
    const { announce } = this.#options
    for (const { subnet, draft } of this.#subnets.missing(() => this.#tree)) {
      const answer = await this.add(draft, CONFIGURATION)
      if (answer.kind === 'refused') announce('scope.unresolved', { subnet, reason: answer.refusal.reason })
    }
    for (const { subnet, reason } of this.#subnets.resolve(this.#tree)) announce('scope.unresolved', { subnet, reason })
  }

  stop(): void {
    this.#stopWatching()
  }

  tree(): ScopeTree {
    return this.#tree
  }

  /** Where a phone is, and why. */
  placementOf(phone: Phone): Placement {
    return placementOf(phone, this.#ownerOf(phone), this.#tree, (address) => this.ofAddress(address))
  }

  /** The scope that an address proposes: by the scopes' own subnets and those of the configuration, the smaller first. */
  ofAddress(address: Ipv4): Scope | undefined {
    return this.ofAddressIn(this.#tree, address)
  }

  /** The same in a tree that may only be thought of. */
  ofAddressIn(tree: ScopeTree, address: Ipv4): Scope | undefined {
    return this.#subnets.ofAddress(tree, address)
  }

  add(draft: ScopeDraft, by: Actor, why = ''): Promise<ScopeAnswer> {
    return this.#edit('scope.added', { by, why }, (tree) => {
      if (tree.size >= MOST_SCOPES) return refused('name', `There are ${MOST_SCOPES} scopes already.`)
      const facts = checkScope(tree, draft, undefined)
      if ('field' in facts) return { kind: 'refused', refusal: facts }
      const scope = { ...facts, id: this.#newId(tree), version: 1, createdAt: this.#options.now() }
      return { scopes: [...tree.below(), scope], answer: { kind: 'done', scope } }
    })
  }

  change(id: string, draft: ScopeDraft, version: number, by: Actor, why = ''): Promise<ScopeAnswer> {
    return this.#edit('scope.changed', { by, why }, (tree) => {
      const before = this.#editable(tree, id, version)
      if (before.kind !== 'found') return before.answer
      const facts = checkScope(tree, draft, id)
      if ('field' in facts) return { kind: 'refused', refusal: facts }
      const scope = { ...before.scope, ...facts, version: before.scope.version + 1 }
      const others = tree.below().filter((other) => other.id !== id)
      return { scopes: [...others, scope], answer: { kind: 'done', scope } }
    })
  }

  use(id: string): ScopeUse {
    const { store } = this.#options
    const inside = new Set([id, ...this.#tree.below(id).map((scope) => scope.id)])
    const people = Array.from(store.entries(users), ({ value }) => value)
    const placed = Array.from(store.entries(phones), ({ value }) => this.placementOf(value))
    return {
      scopes: this.#tree.below(id),
      users: people.filter(({ region }) => inside.has(region)).length,
      phones: placed.filter(({ scope }) => inside.has(scope.id)).length,
      configured: this.#subnets.naming(inside),
    }
  }

  population(): ReadonlyMap<string, Population> {
    const { store } = this.#options
    const found = new Map<string, { users: number; phones: number }>()
    const count = (id: string, what: 'users' | 'phones') => {
      const one = found.get(id) ?? { users: 0, phones: 0 }
      one[what]++
      found.set(id, one)
    }
    for (const { value } of store.entries(users)) count(value.region || SYSTEM.id, 'users')
    for (const { value } of store.entries(phones)) count(this.placementOf(value).scope.id, 'phones')
    return found
  }

  async remove(id: string, version: number, by: Actor): Promise<ScopeAnswer> {
    const parent = this.#tree.get(id)?.parent ?? ''
    const answer = await this.#edit('scope.removed', { by, why: '' }, (tree) => {
      const before = this.#editable(tree, id, version)
      if (before.kind !== 'found') return before.answer
      const gone = new Set([id, ...tree.below(id).map((scope) => scope.id)])
      const scopes = tree.below().filter((scope) => !gone.has(scope.id))
      return { scopes, answer: { kind: 'done', scope: before.scope } }
    })
    // Until they have moved, and after a crash in between, they count as the system's, as nothing holds them.
    if (answer.kind === 'done') await moveOut(this.#options.store, this.#tree, parent === SYSTEM.id ? '' : parent)
    return answer
  }

  #ownerOf(phone: Phone): User | undefined {
    return phone.owner === '' ? undefined : this.#options.store.get(users, phone.owner)?.value
  }

  #editable(
    tree: ScopeTree,
    id: string,
    version: number,
  ): { readonly kind: 'found'; readonly scope: Scope } | { readonly kind: 'not'; readonly answer: ScopeAnswer } {
    const scope = id === SYSTEM.id ? undefined : tree.get(id)
    if (!scope) return { kind: 'not', answer: { kind: 'unknown' } }
    if (scope.version !== version) return { kind: 'not', answer: { kind: 'conflict', scope } }
    return { kind: 'found', scope }
  }

  /** Makes an edit upon the newest tree, again if another writer was first. */
  async #edit(
    message: 'scope.added' | 'scope.changed' | 'scope.removed',
    who: { readonly by: Actor; readonly why: string },
    edit: Edit,
  ): Promise<ScopeAnswer> {
    const { store, announce } = this.#options
    for (;;) {
      const stored = store.get(table, KEY)
      const made = edit(new ScopeTree(stored?.value.scopes ?? []))
      if (!('scopes' in made)) return made
      const record: ScopeRecord = { scopes: made.scopes }
      const noted = made.answer.kind === 'done' ? this.#noted(stored?.value, record, made.answer.scope, who) : []
      try {
        await store.commit([put(table, KEY, record, stored?.revision ?? 'absent'), ...noted], { durable: true })
      } catch (error) {
        if (error instanceof Conflict) continue
        throw error
      }
      if (made.answer.kind === 'done') {
        const { id, kind, name } = made.answer.scope
        announce(message, { scope: id, kind, name, by: who.by })
      }
      return made.answer
    }
  }

  /** For the history of changes: what became of each scope. */
  #noted(
    before: ScopeRecord | undefined,
    after: ScopeRecord,
    { id, kind, name }: Scope,
    who: { readonly by: Actor; readonly why: string },
  ): Change[] {
    const { history } = this.#options
    if (!history) return []
    const was = new Map((before?.scopes ?? []).map((scope) => [scope.id, scope]))
    const is = new Map(after.scopes.map((scope) => [scope.id, scope]))
    const parts = [...new Set([...was.keys(), ...is.keys()])]
      .filter((one) => was.get(one) !== is.get(one))
      .map((one) => ({ table: table.name, key: one, before: was.get(one), after: is.get(one) }))
    const deed = was.has(id) ? (is.has(id) ? 'Change' : 'Remove') : 'Add'
    return history.note(
      { ...who, summary: `${deed} the ${kind} “${name}”`, subject: { kind: 'scope', key: id, name } },
      parts,
    )
  }

  #newId(tree: ScopeTree): string {
    for (;;) {
      const id = Array.from(this.#options.random(ID_LENGTH), (byte) => ID_LETTERS[byte % 32]).join('')
      if (!tree.get(id)) return id
    }
  }
}

function refused(field: keyof ScopeDraft, reason: string): ScopeAnswer {
  return { kind: 'refused', refusal: { field, reason } }
}
