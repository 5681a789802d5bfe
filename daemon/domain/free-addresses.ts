// SPDX-License-Identifier: Apache-2.0
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Lease } from './lease.ts'

/** The addresses of one pool that nobody has, found in constant time: those never leased first, then the longest over. */
export class FreeAddresses {
  /** Addresses without a record: those not looked at yet, and those that were offered in vain. */
  readonly #untouched: Generator<Ipv4, undefined>
  readonly #spare = new Set<Ipv4>()
  /** Addresses whose lease was over when we last looked, the longest over last. */
  #over: Ipv4[] = []

  constructor(addresses: Generator<Ipv4, undefined>) {
    this.#untouched = addresses
  }

  /** An address never leased, or undefined. `isUntouched` tells whether it still is. */
  takeUntouched(isUntouched: (address: Ipv4) => boolean): Ipv4 | undefined {
    for (const address of this.#spare) {
      this.#spare.delete(address)
      if (isUntouched(address)) return address
    }
    for (let next = this.#untouched.next(); !next.done; next = this.#untouched.next()) {
      if (isUntouched(next.value)) return next.value
    }
    return undefined
  }

  /** The address whose lease has been over for longest, or undefined. */
  takeOver(isOver: (address: Ipv4) => boolean): Ipv4 | undefined {
    for (let address = this.#over.pop(); address; address = this.#over.pop()) {
      if (isOver(address)) return address
    }
    return undefined
  }

  /** It was held and not leased. */
  giveBack(address: Ipv4): void {
    this.#spare.add(address)
  }

  /** Replaces the leases that are over. */
  renewOver(leases: Lease[]): void {
    leases.sort((a, b) => b.expiresAt - a.expiresAt)
    this.#over = leases.map(({ address }) => address)
  }
}
