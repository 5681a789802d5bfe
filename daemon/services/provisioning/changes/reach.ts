// SPDX-License-Identifier: Apache-2.0
import type { Phone } from '#daemon/domain/phone'
import type { DraftChange } from '#daemon/domain/provisioning/revision'
import type { ScopeTree } from '#daemon/domain/scope'
import type { Basis, NoFile, Renderer } from '#daemon/services/provisioning/renderer'
import { levels, phones, templateMapping, templates, users } from '#daemon/store/tables'

export interface World {
  readonly renderer: Renderer
  /** The parts that the lines of all levels use. */
  readonly usedByLevels: () => Iterable<string>
}

/**
 * Which phones changes can reach, so that nobody else's file need be made. Whoever is in doubt is reached: a table that is
 * not known here reaches everyone.
 */
export class Reach {
  #everyone = false
  /** Templates or their mapping changed: what a phone gets may be chosen otherwise. */
  #choice = false
  readonly #macs = new Set<string>()
  readonly #users = new Set<string>()
  readonly #scopes = new Set<string>()
  /** Ids of templates whose files or settings change. */
  readonly #templates = new Set<string>()
  readonly #tree: ScopeTree

  /** `tree` as it is: another one reaches everyone. */
  constructor(changes: readonly DraftChange[], tree: ScopeTree, worlds: readonly World[]) {
    this.#tree = tree
    for (const { table, key } of changes) this.#take(table, key)
    const changed = changes.filter(({ table }) => table === templates.name).map(({ key }) => key)
    if (changed.length > 0) for (const world of worlds) this.#follow(new Set(changed), world)
  }

  /** Whether the phone's own record, or that of its user, is among the changes. */
  directly({ mac, owner, userName }: Phone): boolean {
    if (this.#everyone || this.#macs.has(mac)) return true
    return this.#users.size > 0 && (this.#users.has(owner) || this.#users.has(userName.toLowerCase()))
  }

  /** No phone is reached but directly. */
  get onlyDirect(): boolean {
    return !this.#everyone && !this.#choice && this.#scopes.size === 0 && this.#templates.size === 0
  }

  indirectly(before: Basis | NoFile, after: Basis | NoFile): boolean {
    if (before.kind === 'none' || after.kind === 'none') return before.kind !== after.kind
    if (this.#choice && before.template.template.id !== after.template.template.id) return true
    return this.#touches(before) || this.#touches(after)
  }

  #touches({ template, path, nearby }: Basis): boolean {
    if (this.#templates.has(template.template.id)) return true
    // The shared file is that of the place where the phone is by its address.
    if (this.#scopes.size === 0) return false
    return [...path, ...this.#tree.path(nearby.id)].some(({ id }) => this.#scopes.has(id))
  }

  #take(table: string, key: string): void {
    const slash = key.indexOf('/')
    const [kind, id] = slash < 0 ? [key, ''] : [key.slice(0, slash), key.slice(slash + 1)]
    if (table === phones.name) this.#macs.add(key)
    else if (table === users.name) this.#users.add(key)
    else if (table === templates.name || table === templateMapping.name) this.#choice = true
    else if (table === levels.name && kind === 'device') this.#macs.add(id)
    else if (table === levels.name && kind === 'user') this.#users.add(id)
    else if (table === levels.name && kind === 'scope') this.#scopes.add(id)
    else if (table === levels.name && kind === 'template') this.#templates.add(id)
    else this.#everyone = true
  }

  /** Adds the templates that use a changed one, however indirectly. */
  #follow(changed: Set<string>, { renderer, usedByLevels }: World): void {
    for (let grown = true; grown; ) {
      grown = false
      for (const { id } of renderer.templates.values()) {
        if (changed.has(id)) continue
        const uses = [
          ...(renderer.partOf(`${id}/global`)?.uses ?? []),
          ...(renderer.partOf(`${id}/private`)?.uses ?? []),
        ]
        if (!uses.some((part) => changed.has(part.slice(0, part.indexOf('/'))))) continue
        changed.add(id)
        grown = true
      }
    }
    for (const id of changed) this.#templates.add(id)
    for (const part of usedByLevels()) if (changed.has(part.slice(0, part.indexOf('/')))) this.#everyone = true
  }
}
