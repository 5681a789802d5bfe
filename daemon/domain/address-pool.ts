// SPDX-License-Identifier: Apache-2.0
import { type Ipv4, ipv4ToNumber } from '#protocols/lib/ipv4'
import { isAssignable, leasableAddresses, leasablePool } from './addresses.ts'
import type { PoolPlan } from './dhcp/model.ts'
import { FreeAddresses } from './free-addresses.ts'
import type { Lease } from './lease.ts'
import { type OfferLimits, OfferTable } from './offers.ts'
import type { Subnet } from './subnet.ts'

/** What one client may have besides a free address of a pool for everybody. */
export interface Entitlement {
  /** The address reserved for it. */
  readonly reserved: Ipv4 | undefined
  /** Whether its classes let it into the pool. */
  mayUse(pool: PoolPlan): boolean
}

const ANYBODY: Entitlement = { reserved: undefined, mayUse: ({ classes }) => classes === undefined }

/** How many addresses there are, and how many a client has now, is offered, or nobody gets since another host uses it. */
export interface PoolUse {
  readonly size: number
  readonly leased: number
  readonly offered: number
  readonly quarantined: number
}

/** The same for one pool; the last one is for addresses outside all pools: reserved ones, and those of pools that are gone. */
export interface PartUse extends PoolUse {
  /** Undefined for what lies outside all pools. */
  readonly pool: PoolPlan | undefined
}

/**
 * Who may have which address of one subnet: an index, in memory, of the lease records (which decide) and the offers
 * that wait. Every method takes milliseconds since the epoch where time matters.
 */
export class AddressPool {
  readonly subnet: Subnet
  readonly #offers: OfferTable
  readonly #leases = new Map<Ipv4, Lease>()
  readonly #addressOf = new Map<string, Ipv4>()
  readonly #free: ReadonlyMap<PoolPlan, FreeAddresses>
  readonly #reserved: ReadonlySet<Ipv4>
  /** When looking for leases that are over may find more. */
  #nextEnd = Number.POSITIVE_INFINITY

  /** `before` is the pool that this one replaces: what it has offered goes on waiting. */
  constructor(subnet: Subnet, offers: OfferLimits, before?: AddressPool) {
    this.subnet = subnet
    this.#offers = before ? before.#offers : new OfferTable(offers)
    this.#free = new Map(subnet.pools.map((pool) => [pool, new FreeAddresses(leasableAddresses(subnet, [pool]))]))
    this.#reserved = new Set(subnet.reservations?.flatMap(({ address }) => address ?? []))
  }

  /** Takes note of an address's record, or of its removal. */
  learn(address: Ipv4, lease: Lease | undefined): void {
    const before = this.#leases.get(address)
    if (before && this.#addressOf.get(before.clientKey) === address) this.#addressOf.delete(before.clientKey)
    if (!lease) {
      this.#leases.delete(address)
      if (before) this.#freeAt(address)?.giveBack(address)
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
  isFreeFor(clientKey: string, address: Ipv4, now: number, who = ANYBODY): boolean {
    if (!this.#isOpenTo(who, address)) return false
    this.#lapse(now)
    if (this.#offers.isHeldFromClient(address, clientKey)) return false
    const lease = this.#leases.get(address)
    return !lease || lease.expiresAt <= now || (lease.state === 'leased' && lease.clientKey === clientKey)
  }

  /**
   * Chooses an address to offer and holds it for the client: the one reserved for it, that it was offered a moment ago,
   * has or had, asks for, else any free one [RFC 2131 §4.3.1]. Undefined when there is none, or too many offers wait.
   */
  offer(clientKey: string, wished: Ipv4 | undefined, now: number, who = ANYBODY): Ipv4 | undefined {
    this.#lapse(now)
    const known = this.#preferred(clientKey, wished, who)
    const address =
      known.find((candidate) => candidate && this.isFreeFor(clientKey, candidate, now, who)) ??
      this.#anyFree(now, who) ??
      this.#takeStalest(now, who)
    if (!address) return undefined
    const before = this.#offers.withdraw(clientKey)
    if (before && before !== address) this.#giveBack(before)
    if (this.#offers.isFull) this.#forgetStalest(now)
    if (this.#offers.hold(address, clientKey, now)) return address
    this.#giveBack(address)
    return undefined
  }

  /** The address that `offer` would choose now, or one as good; holds nothing. */
  wouldOffer(clientKey: string, wished: Ipv4 | undefined, now: number, who = ANYBODY): Ipv4 | undefined {
    const known = this.#preferred(clientKey, wished, who).find(
      (candidate) => candidate && this.isFreeFor(clientKey, candidate, now, who),
    )
    if (known) return known
    for (const pool of this.subnet.pools) {
      if (!who.mayUse(pool)) continue
      for (const address of leasableAddresses(this.subnet, [pool])) {
        if (this.isFreeFor(clientKey, address, now, who)) return address
      }
    }
    return undefined
  }

  /** The client took its offer, or went to another server. */
  settle(clientKey: string): void {
    const address = this.#offers.withdraw(clientKey)
    if (address) this.#giveBack(address)
  }

  /** Counts the subnet's addresses, reserved ones outside its pools left out; one pass over its leases. */
  use(now: number): PoolUse {
    let size = 0
    for (const pool of this.subnet.pools) size += sizeOf(pool)
    let leased = 0
    let quarantined = 0
    for (const { state, expiresAt } of this.#leases.values()) {
      if (expiresAt <= now) continue
      if (state === 'leased') leased++
      else if (state === 'declined') quarantined++
    }
    return { size, leased, quarantined, offered: this.#offers.size }
  }

  /** `use`, by pool; one pass over the leases and the offers. */
  parts(now: number): PartUse[] {
    const parts = new Map<PoolPlan | undefined, { leased: number; offered: number; quarantined: number }>()
    for (const pool of [...this.subnet.pools, undefined]) parts.set(pool, { leased: 0, offered: 0, quarantined: 0 })
    const partAt = (address: Ipv4) => parts.get(leasablePool(this.subnet, ipv4ToNumber(address)))
    for (const { address, state, expiresAt } of this.#leases.values()) {
      if (expiresAt <= now || state === 'released') continue
      const part = partAt(address)
      if (part) part[state === 'leased' ? 'leased' : 'quarantined']++
    }
    for (const address of this.#offers.addresses()) {
      const part = partAt(address)
      if (part) part.offered++
    }
    return [...parts].map(([pool, part]) => ({ pool, size: pool ? sizeOf(pool) : 0, ...part }))
  }

  #preferred(clientKey: string, wished: Ipv4 | undefined, who: Entitlement): (Ipv4 | undefined)[] {
    return [who.reserved, this.#offers.addressFor(clientKey), this.leaseOf(clientKey)?.address, wished]
  }

  /** Reserved addresses are their owner's alone, in a pool or not; the others are their pool's. */
  #isOpenTo(who: Entitlement, address: Ipv4): boolean {
    if (this.#reserved.has(address)) {
      return who.reserved === address && isAssignable(this.subnet, ipv4ToNumber(address))
    }
    const pool = leasablePool(this.subnet, ipv4ToNumber(address))
    return pool !== undefined && who.mayUse(pool)
  }

  /** An address never leased if there is one, else the one whose lease has been over for longest. */
  #anyFree(now: number, who: Entitlement): Ipv4 | undefined {
    const open = [...this.#free].filter(([pool]) => who.mayUse(pool)).map(([, free]) => free)
    for (const free of open) {
      const address = free.takeUntouched((one) => this.#isUntouched(one))
      if (address) return address
    }
    return this.#popOver(open, now) ?? (this.#lookForOver(now) ? this.#popOver(open, now) : undefined)
  }

  #isUntouched(address: Ipv4): boolean {
    if (this.#leases.has(address) || this.#offers.isHeld(address) || this.#reserved.has(address)) return false
    return leasablePool(this.subnet, ipv4ToNumber(address)) !== undefined
  }

  #popOver(open: readonly FreeAddresses[], now: number): Ipv4 | undefined {
    for (const free of open) {
      const address = free.takeOver((one) => {
        const lease = this.#leases.get(one)
        return lease !== undefined && lease.expiresAt <= now && !this.#offers.isHeld(one)
      })
      if (address) return address
    }
    return undefined
  }

  /**
   * One pass over the records for many reclaims; without anything newly over it is not taken at all. Any client can
   * cause one by returning an offer, so it does as little as it can for each record.
   */
  #lookForOver(now: number): boolean {
    if (now < this.#nextEnd) return false
    const over = new Map<FreeAddresses, Lease[]>([...this.#free.values()].map((free) => [free, []]))
    this.#nextEnd = Number.POSITIVE_INFINITY
    for (const lease of this.#leases.values()) {
      if (lease.expiresAt > now) this.#nextEnd = Math.min(this.#nextEnd, lease.expiresAt)
      else if (!this.#offers.isHeld(lease.address)) {
        const free = this.#freeAt(lease.address)
        if (free) over.get(free)?.push(lease)
      }
    }
    for (const [free, leases] of over) free.renewOver(leases)
    return true
  }

  /** With nothing free left, an offer that its client has not taken for a while goes to this one. */
  #takeStalest(now: number, who: Entitlement): Ipv4 | undefined {
    const address = this.#offers.stalest(now)
    if (!address || !this.#isOpenTo(who, address)) return undefined
    this.#offers.drop(address)
    return address
  }

  /** With too many offers waiting, the oldest makes room. */
  #forgetStalest(now: number): void {
    const address = this.#offers.stalest(now)
    if (!address) return
    this.#offers.drop(address)
    this.#giveBack(address)
  }

  #lapse(now: number): void {
    for (const address of this.#offers.lapse(now)) this.#giveBack(address)
  }

  /** An address that was held and not leased can be offered again, by its record's age if it has one. */
  #giveBack(address: Ipv4): void {
    const lease = this.#leases.get(address)
    if (lease) this.#nextEnd = Math.min(this.#nextEnd, lease.expiresAt)
    else this.#freeAt(address)?.giveBack(address)
  }

  /** Where the address goes when nobody has it; reserved ones never are free. */
  #freeAt(address: Ipv4): FreeAddresses | undefined {
    if (this.#reserved.has(address)) return undefined
    const pool = leasablePool(this.subnet, ipv4ToNumber(address))
    return pool && this.#free.get(pool)
  }
}

function sizeOf({ first, last, exclude = [] }: PoolPlan): number {
  return exclude.reduce((size, out) => size - (out.last - out.first + 1), last - first + 1)
}
