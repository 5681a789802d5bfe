// SPDX-License-Identifier: Apache-2.0
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'

/**
 * The wire that the virtual phones share. A real phone asks by ARP whether its new address is in use
 * [RFC 2131 §4.4.1]; here the wire itself knows. An address that two phones hold is the server's gravest fault.
 */
export class Segment {
  /** How often a server gave out an address that another phone holds. */
  conflicts = 0
  readonly #holders = new Map<Ipv4, Mac>()

  /** False when another phone holds the address. */
  claim(address: Ipv4, mac: Mac): boolean {
    const holder = this.#holders.get(address)
    if (holder !== undefined && holder !== mac) {
      this.conflicts++
      return false
    }
    this.#holders.set(address, mac)
    return true
  }

  leave(address: Ipv4, mac: Mac): void {
    if (this.#holders.get(address) === mac) this.#holders.delete(address)
  }
}
