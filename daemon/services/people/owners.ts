// SPDX-License-Identifier: Apache-2.0
import type { Store } from '#daemon/store/store'
import { phones } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'

/** Which phones are whose: kept from the phones' own records, the only ones that say so. */
export class Owners {
  readonly #ofUser = new Map<string, Set<Mac>>()
  readonly #ofPhone = new Map<Mac, string>()
  #stopWatching = () => {}

  start(store: Store): void {
    this.#stopWatching = store.watch(phones, 0, ({ key, value }) => this.#set(key as Mac, value?.owner ?? ''))
  }

  stop(): void {
    this.#stopWatching()
  }

  phonesOf(name: string): readonly Mac[] {
    return [...(this.#ofUser.get(name) ?? [])].sort()
  }

  #set(mac: Mac, owner: string): void {
    const before = this.#ofPhone.get(mac) ?? ''
    if (before === owner) return
    const left = this.#ofUser.get(before)
    left?.delete(mac)
    if (left?.size === 0) this.#ofUser.delete(before)
    if (owner === '') {
      this.#ofPhone.delete(mac)
      return
    }
    this.#ofPhone.set(mac, owner)
    const owned = this.#ofUser.get(owner)
    if (owned) owned.add(mac)
    else this.#ofUser.set(owner, new Set([mac]))
  }
}
