// SPDX-License-Identifier: Apache-2.0
import type { Ipv4 } from '#protocols/lib/ipv4'
import { isLeasableAddress, leasableAddresses } from './addresses.ts'
import type { Lease } from './lease.ts'
import { type OfferLimits, OfferTable } from './offers.ts'
import type { Subnet } from './subnet.ts'

/**
 * Who may have which address of one subnet: an index, in memory, of the lease records (which decide) and the offers
 * that wait. Every method takes milliseconds since the epoch where time matters.
 */
export class AddressPool {
  readonly subnet: Subnet
  readonly #offers: OfferTable
  readonly #leases = new Map<Ipv4, Lease>()
  readonly #addressOf = new Map<string, Ipv4>()
  /** Addresses without a record: those not looked at yet, and those that were offered in vain. */
  readonly #untouched: Generator<Ipv4, undefined>
  readonly #spare = new Set<Ipv4>()
  /** Addresses whose lease was over when we last looked, the longest over last; and when looking again may find more. */
  #over: Ipv4[] = []
  #nextEnd = Number.POSITIVE_INFINITY

  constructor(subnet: Subnet, offers: OfferLimits) {
    this.subnet = subnet
    this.#offers = new OfferTable(offers)
    this.#untouched = leasableAddresses(subnet)
  }

  /** Takes note of an address's record, or of its removal. */
  learn(address: Ipv4, lease: Lease | undefined): void {
    const before = this.#leases.get(address)
    if (before && this.#addressOf.get(before.clientKey) === address) this.#addressOf.delete(before.clientKey)
    if (!lease) {
      this.#leases.delete(address)
      if (before) this.#spare.add(address)
      return
    }
    this.#leases.set(address, lease)
    const other = this.leaseOf(lease.clientKey)
    const lastsLonger = !other || other.expiresAt <= lease.expiresAt
    if (lease.state !== 'declined' && lastsLonger) this.#addressOf.set(lease.clientKey, address)
    this.#nextEnd = Math.min(this.#nextEnd, lease.expiresAt)
  }

  /** The client's lease in this subnet, running or over. */
  leaseOf(clientKey: string): Lease | undefined {
    const address = this.#addressOf.get(clientKey)
    return address && this.#leases.get(address)
  }

  /** Whether a lease of the address to this client would take it from nobody. */
  isFreeFor(clientKey: string, address: Ipv4, now: number): boolean {
    if (!isLeasableAddress(this.subnet, address)) return false
    this.#lapse(now)
    if (this.#offers.isHeldFromClient(address, clientKey)) return false
    const lease = this.#leases.get(address)
    return !lease || lease.expiresAt <= now || (lease.state === 'leased' && lease.clientKey === clientKey)
  }

  /**
   * Chooses an address to offer and holds it for the client: the one it was offered a moment ago, has or had, asks
   * for, else any free one [RFC 2131 §4.3.1]. Undefined when there is none, or too many offers wait.
   */
  offer(clientKey: string, wished: Ipv4 | undefined, now: number): Ipv4 | undefined {
    this.#lapse(now)
    const known = [this.#offers.addressFor(clientKey), this.leaseOf(clientKey)?.address, wished]
    const address =
      known.find((candidate) => candidate && this.isFreeFor(clientKey, candidate, now)) ?? this.#anyFree(now)
    if (!address) return undefined
    const before = this.#offers.withdraw(clientKey)
    if (before && before !== address) this.#giveBack(before)
    if (this.#offers.hold(address, clientKey, now)) return address
    this.#giveBack(address)
    return undefined
  }

  /** The client took its offer, or went to another server. */
  settle(clientKey: string): void {
    const address = this.#offers.withdraw(clientKey)
    if (address) this.#giveBack(address)
  }

  /** An address never leased if there is one, else the one whose lease has been over for longest. */
  #anyFree(now: number): Ipv4 | undefined {
    for (const address of this.#spare) {
      this.#spare.delete(address)
      if (this.#isUntouched(address)) return address
    }
    for (let next = this.#untouched.next(); !next.done; next = this.#untouched.next()) {
      if (this.#isUntouched(next.value)) return next.value
    }
    return this.#popOver(now) ?? (this.#lookForOver(now) ? this.#popOver(now) : undefined)
  }

  #isUntouched(address: Ipv4): boolean {
    return !this.#leases.has(address) && !this.#offers.isHeld(address) && isLeasableAddress(this.subnet, address)
  }

  #popOver(now: number): Ipv4 | undefined {
    for (let address = this.#over.pop(); address; address = this.#over.pop()) {
      const lease = this.#leases.get(address)
      const isOver = lease !== undefined && lease.expiresAt <= now && !this.#offers.isHeld(address)
      if (isOver && isLeasableAddress(this.subnet, address)) return address
    }
    return undefined
  }

  /**
   * One pass over the records for many reclaims; without anything newly over it is not taken at all. Any client can
   * cause one by returning an offer, so it does as little as it can for each record.
   */
  #lookForOver(now: number): boolean {
    if (now < this.#nextEnd) return false
    const over: Lease[] = []
    this.#nextEnd = Number.POSITIVE_INFINITY
    for (const lease of this.#leases.values()) {
      if (lease.expiresAt > now) this.#nextEnd = Math.min(this.#nextEnd, lease.expiresAt)
      else if (!this.#offers.isHeld(lease.address)) over.push(lease)
    }
    over.sort((a, b) => b.expiresAt - a.expiresAt)
    this.#over = over.map(({ address }) => address)
    return true
  }

  #lapse(now: number): void {
    for (const address of this.#offers.lapse(now)) this.#giveBack(address)
  }

  /** An address that was held and not leased can be offered again, by its record's age if it has one. */
  #giveBack(address: Ipv4): void {
    const lease = this.#leases.get(address)
    if (lease) this.#nextEnd = Math.min(this.#nextEnd, lease.expiresAt)
    else this.#spare.add(address)
  }
}
