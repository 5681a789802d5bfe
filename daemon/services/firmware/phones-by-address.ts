// SPDX-License-Identifier: Apache-2.0
import type { Store } from '#daemon/store/store'
import { phones } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'

/** Which phones said that they have an address, or reported from it. */
export class PhonesByAddress {
  readonly #macs = new Map<string, Set<Mac>>()
  readonly #addresses = new Map<Mac, readonly string[]>()
  #unwatch = () => {}

  start(store: Store): void {
    this.#unwatch = store.watch(phones, 0, ({ key, value }) => {
      const mac = key as Mac
      const now = value ? [...new Set([value.address, value.externalAddress])].filter((address) => address !== '') : []
      const before = this.#addresses.get(mac) ?? []
      if (now.join() === before.join()) return
      for (const address of before) this.#forget(address, mac)
      for (const address of now) this.#macs.set(address, (this.#macs.get(address) ?? new Set()).add(mac))
      if (now.length > 0) this.#addresses.set(mac, now)
      else this.#addresses.delete(mac)
    })
  }

  stop(): void {
    this.#unwatch()
  }

  /** Undefined when there is none, or more than one: behind a NAT all have the same. */
  only(address: string): Mac | undefined {
    const macs = this.#macs.get(address)
    return macs?.size === 1 ? [...macs][0] : undefined
  }

  #forget(address: string, mac: Mac): void {
    const macs = this.#macs.get(address)
    macs?.delete(mac)
    if (macs?.size === 0) this.#macs.delete(address)
  }
}
