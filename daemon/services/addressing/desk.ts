// SPDX-License-Identifier: Apache-2.0
import { leasablePool } from '#daemon/domain/addresses'
import type { Lease } from '#daemon/domain/lease'
import type { DhcpWatch } from '#daemon/services/watch/dhcp-watch'
import { Conflict, put, type Store } from '#daemon/store/store'
import { leases } from '#daemon/store/tables'
import type { LeaseAnswer, LeaseQuery } from '#protocols/dhcp/port'
import { contains, type Ipv4, ipv4ToNumber, parseIpv4 } from '#protocols/lib/ipv4'
import { nak, silent, wrongNetwork } from './answers.ts'
import { bootFields } from './boot-fields.ts'
import type { Networks, Place } from './networks.ts'

export interface DeskOptions {
  readonly store: Store
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly watch?: DhcpWatch | undefined
  /** What the configuration says at this moment. */
  readonly networks: () => Networks
}

/** What every state of a client works with: the lease records, the clock, and the writing of an answer. */
export class Desk {
  readonly #options: DeskOptions

  constructor(options: DeskOptions) {
    this.#options = options
  }

  now(): number {
    return this.#options.now()
  }

  get watch(): DhcpWatch | undefined {
    return this.#options.watch
  }

  leaseAt(address: Ipv4): Lease | undefined {
    return this.#options.store.get(leases, address)?.value
  }

  isQuarantined(address: Ipv4): boolean {
    const lease = this.leaseAt(address)
    return lease?.state === 'declined' && lease.expiresAt > this.now()
  }

  /** A durable lease of the address that the client asked for, or a NAK that says why not [RFC 2131 §4.3.2]. */
  async leaseOrNak(place: Place, query: LeaseQuery): Promise<LeaseAnswer> {
    const { pool } = place
    const { address, clientKey, mac, hostname = '' } = query
    const now = this.now()
    if (!address || !contains(pool.subnet.cidr, address)) return wrongNetwork(pool.subnet, query)
    if (!pool.isFreeFor(clientKey, address, now, place)) return nak(pool.subnet, whyNot(place, address))
    const expiresAt = now + pool.subnet.leaseSeconds * 1000
    const lease: Lease = { address, state: 'leased', clientKey, mac, hostname, expiresAt, updatedAt: now }
    if (!(await this.write(lease, true))) return silent(`${address} was just taken`)
    this.settle(place, clientKey)
    return this.answer(place, query, address)
  }

  /** Everything that the client's layers give it; without an address in answer to an INFORM. */
  answer({ networks, pool, standing }: Place, query: LeaseQuery, address: Ipv4 | undefined): LeaseAnswer {
    const { subnet } = pool
    const evaluation = networks.evaluator.evaluate(standing, query, address)
    return {
      kind: 'lease',
      address,
      leaseSeconds: address && subnet.leaseSeconds,
      server: subnet.serverAddress,
      options: evaluation.options,
      boot: bootFields(evaluation, subnet),
    }
  }

  /** The client took its offer, or another server's. A reload may have replaced the pool that made it meanwhile. */
  settle({ networks, pool }: Place, clientKey: string): void {
    const current = this.#options.networks()
    const latest = current === networks ? pool : (current.named(pool.subnet.name) ?? pool)
    latest.settle(clientKey)
  }

  /** Writes a lease over the record it was decided on. False when another writer was first. */
  async write(lease: Lease, durable: boolean): Promise<boolean> {
    const { store } = this.#options
    const found = store.get(leases, lease.address)
    const committed = store.commit([put(leases, lease.address, lease, found?.revision ?? 'absent')], { durable })
    this.learn(lease.address)
    try {
      await committed
      return true
    } catch (error) {
      this.learn(lease.address)
      if (error instanceof Conflict) return false
      throw error
    }
  }

  /** The store's memory decides, so that a notice that comes late brings nothing old back. */
  learn(key: string): void {
    const address = parseIpv4(key)
    const pool = address && this.#options.networks().poolAt(address)
    if (pool) pool.learn(address, this.leaseAt(address))
  }
}

/** A client that renews an address which the configuration no longer leases to it moves to another one. */
function whyNot({ pool, reserved, mayUse }: Place, address: Ipv4): string {
  if (reserved === address) return `${address} is not free`
  const range = leasablePool(pool.subnet, ipv4ToNumber(address))
  if (!range) return `${address} is in no pool of subnet ${pool.subnet.name}`
  return mayUse(range) ? `${address} is not free` : `the pool of ${address} is for other clients`
}
