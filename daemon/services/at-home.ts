// SPDX-License-Identifier: Apache-2.0

import { holderOf } from '#daemon/domain/lease'
import type { Phone } from '#daemon/domain/phone'
import type { AddressProof } from '#daemon/domain/trust'
import type { Store } from '#daemon/store/store'
import { leases } from '#daemon/store/tables'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'

/** Whether a phone is where somebody is who says to be it. */
export class AtHome {
  readonly #store: Store
  readonly #now: () => number

  /** `now` gives milliseconds since the epoch. */
  constructor(store: Store, now: () => number) {
    this.#store = store
    this.#now = now
  }

  /** Whose lease the address is at this moment; undefined when we lease it to nobody. */
  holderOf(address: Ipv4): Mac | undefined {
    return holderOf(this.#store.get(leases, address)?.value, this.#now())
  }

  /** A lease of ours outweighs what a phone reports; without one there is only its own word. */
  proofOf({ mac, externalAddress }: Pick<Phone, 'mac' | 'externalAddress'>, address: Ipv4): AddressProof | undefined {
    const holder = this.holderOf(address)
    if (holder !== undefined) return holder === mac ? 'lease' : undefined
    return externalAddress === address ? 'report' : undefined
  }
}
