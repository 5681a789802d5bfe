// SPDX-License-Identifier: Apache-2.0
import { ScopeTree } from '#daemon/domain/scope'

/** Texts whose scope is remembered. */
const REMEMBERED = 10_000

/**
 * What regions mean to the phonebook. People write a region by its name or path; users carry the id of a scope. A text
 * that names no scope is a region by itself, which only its equals see.
 */
export class Regions {
  readonly #tree: () => ScopeTree
  #known: { readonly tree: ScopeTree; readonly ids: Map<string, string> } = { tree: NONE, ids: new Map() }

  constructor(tree: () => ScopeTree) {
    this.#tree = tree
  }

  /** Another one means that regions may have changed. */
  get tree(): ScopeTree {
    return this.#tree()
  }

  /** Who is in `viewer` sees what belongs to it, to what lies in it, and to what it lies in. */
  sees(viewer: string, entry: string): boolean {
    const [one, other] = [this.#idOf(viewer), this.#idOf(entry)]
    const tree = this.tree
    return one === other || tree.contains(one, other) || tree.contains(other, one)
  }

  /** Regions from the widest to the given one. */
  path(region: string): readonly string[] {
    const tree = this.tree
    const id = this.#idOf(region)
    const scopes = tree.get(id) ? tree.path(id).slice(1) : []
    return scopes.length > 0 ? scopes.map((scope) => tree.pathText(scope.id)) : [region]
  }

  /** As it is shown and kept: the path of its scope, or the text itself. */
  canonical(region: string): string {
    const id = this.#idOf(region.trim())
    return this.tree.get(id) ? this.tree.pathText(id) : region.trim()
  }

  /** Of all scopes. */
  names(): string[] {
    const tree = this.tree
    return tree.below().map(({ id }) => tree.pathText(id))
  }

  /** Of the scope, or the text itself. */
  #idOf(region: string): string {
    if (this.#known.tree !== this.tree || this.#known.ids.size > REMEMBERED) {
      this.#known = { tree: this.tree, ids: new Map() }
    }
    const { tree, ids } = this.#known
    const known = ids.get(region)
    if (known !== undefined) return known
    const found = region === '' || tree.get(region) ? undefined : tree.find(region)
    const id = found?.kind === 'found' ? found.scope.id : region
    ids.set(region, id)
    return id
  }
}

const NONE = new ScopeTree([])

/** Where there are none. */
export const NO_REGIONS = new Regions(() => NONE)
