// SPDX-License-Identifier: Apache-2.0
import type { Ipv4 } from '#protocols/lib/ipv4'

interface Offer {
  readonly address: Ipv4
  readonly clientKey: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

export interface OfferLimits {
  /** How long an address waits for the client's REQUEST, in milliseconds. */
  readonly holdMs: number
  /** How many may wait at once. */
  readonly max: number
}

/** The addresses of one subnet that were offered and not yet asked for: one a client, in memory only, bounded. */
export class OfferTable {
  readonly #limits: OfferLimits
  /** Oldest first, as all are held equally long. */
  readonly #byAddress = new Map<Ipv4, Offer>()
  readonly #byClient = new Map<string, Offer>()

  constructor(limits: OfferLimits) {
    this.#limits = limits
  }

  /** Forgets the offers whose time is over and returns their addresses. */
  lapse(now: number): Ipv4[] {
    const lapsed: Ipv4[] = []
    for (const offer of this.#byAddress.values()) {
      if (offer.expiresAt > now) break
      this.#forget(offer)
      lapsed.push(offer.address)
    }
    return lapsed
  }

  addressFor(clientKey: string): Ipv4 | undefined {
    return this.#byClient.get(clientKey)?.address
  }

  /** Whether the address waits for another client. */
  isHeldFromClient(address: Ipv4, clientKey: string): boolean {
    const offer = this.#byAddress.get(address)
    return offer !== undefined && offer.clientKey !== clientKey
  }

  /** Whether the address waits for anybody. */
  isHeld(address: Ipv4): boolean {
    return this.#byAddress.has(address)
  }

  /**
   * The address that has waited longest, if that is `holdMs / 10` or more: what a flood of clients that never answer
   * asked for is given to the next one.
   */
  stalest(now: number): Ipv4 | undefined {
    const [oldest] = this.#byAddress.values()
    return oldest && oldest.expiresAt - now <= this.#limits.holdMs * 0.9 ? oldest.address : undefined
  }

  /** Ends the offer of an address. */
  drop(address: Ipv4): void {
    const offer = this.#byAddress.get(address)
    if (offer) this.#forget(offer)
  }

  addresses(): Iterable<Ipv4> {
    return this.#byAddress.keys()
  }

  get isFull(): boolean {
    return this.#byAddress.size >= this.#limits.max
  }

  get size(): number {
    return this.#byAddress.size
  }

  /** Holds a free address for a client that has no offer; false when too many wait already. */
  hold(address: Ipv4, clientKey: string, now: number): boolean {
    if (this.#byAddress.size >= this.#limits.max) return false
    const offer: Offer = { address, clientKey, expiresAt: now + this.#limits.holdMs }
    this.#byAddress.set(address, offer)
    this.#byClient.set(clientKey, offer)
    return true
  }

  /** The client took it, or chose another server. Returns the address that is not held any more. */
  withdraw(clientKey: string): Ipv4 | undefined {
    const offer = this.#byClient.get(clientKey)
    if (offer) this.#forget(offer)
    return offer?.address
  }

  #forget(offer: Offer): void {
    this.#byAddress.delete(offer.address)
    this.#byClient.delete(offer.clientKey)
  }
}
