// SPDX-License-Identifier: Apache-2.0
import { ScopeTree } from '#daemon/domain/scope'
import type { Announce } from '#daemon/messages'
import { type Change, Conflict, put, remove, type Store, type Stored, type Table } from '#daemon/store/store'
import { contacts, directoryAccounts, phoneLdap, scopes } from '#daemon/store/tables'
import { movedSettings } from './phone-settings.ts'

export interface RegionNamesOptions {
  readonly store: Store
  readonly announce: Announce
  /** Seals a setting's password for its new place; undefined when it cannot be opened. */
  readonly reseal: (sealed: string, from: string, to: string) => string | undefined
}

const BATCH = 250

/**
 * The phonebook calls regions by their paths, as people and files do. When a region is renamed or moved, those of its
 * contacts, accounts and phone settings go along. One that is removed leaves its name: nobody sees more than before.
 */
export class RegionNames {
  readonly #options: RegionNamesOptions
  #tree = new ScopeTree([])
  #stopWatching = () => {}
  #turn: Promise<void> = Promise.resolve()

  constructor(options: RegionNamesOptions) {
    this.#options = options
  }

  start(): void {
    const { store, announce } = this.#options
    let first = true
    this.#stopWatching = store.watch(scopes, 0, ({ value }) => {
      const [before, after] = [this.#tree, new ScopeTree(value?.scopes ?? [])]
      this.#tree = after
      const moved = first ? new Map<string, string>() : renamed(before, after)
      first = false
      if (moved.size === 0) return
      this.#turn = this.#turn
        .then(() => this.#follow(moved))
        .catch((error: unknown) => {
          announce('daemon.fault', { error: `renamed regions could not be followed: ${String(error)}` })
        })
    })
    if (first) first = store.count(scopes) > 0 // nothing was replayed: the next notice is a change
  }

  async stop(): Promise<void> {
    this.#stopWatching()
    await this.#turn
  }

  async #follow(moved: ReadonlyMap<string, string>): Promise<void> {
    const { store } = this.#options
    const step = <T extends { readonly region: string }>(table: Table<T>, { key, value, revision }: Stored<T>) => {
      const region = moved.get(value.region)
      return region === undefined ? [] : [put(table, key, { ...value, region }, revision)]
    }
    const changes: Change[][] = [
      ...Array.from(store.entries(contacts), (stored) => step(contacts, stored)),
      ...Array.from(store.entries(directoryAccounts), (stored) => step(directoryAccounts, stored)),
      ...Array.from(store.entries(phoneLdap), ({ key, value, revision }) => {
        const region = moved.get(value.region)
        if (region === undefined) return []
        const settings = movedSettings(value, region, this.#options.reseal)
        return [put(phoneLdap, settings.key, settings.record), remove(phoneLdap, key, revision)]
      }),
    ]
    const all = changes.flat()
    for (let i = 0; i < all.length; i += BATCH) await this.#commit(all.slice(i, i + BATCH))
  }

  /** What somebody changes at the same moment is saved with the new name by them. */
  async #commit(changes: readonly Change[]): Promise<void> {
    try {
      await this.#options.store.commit(changes, { durable: true })
    } catch (error) {
      if (!(error instanceof Conflict)) throw error
      await this.#commit(changes.filter((change) => change !== error.change && change.key !== error.change.key))
    }
  }
}

/** Old path to new path, of every region that has another one now. */
function renamed(before: ScopeTree, after: ScopeTree): Map<string, string> {
  const moved = new Map<string, string>()
  for (const { id } of before.below()) {
    const [old, now] = [before.pathText(id), after.get(id) ? after.pathText(id) : undefined]
    if (now !== undefined && now !== old) moved.set(old, now)
  }
  return moved
}
