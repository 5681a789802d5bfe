// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util'
import { AddressPool, type Entitlement } from '#daemon/domain/address-pool'
import { subnetOf } from '#daemon/domain/addresses'
import { Evaluator, mayUse, type Standing } from '#daemon/domain/dhcp/evaluate'
import type { DhcpPlan } from '#daemon/domain/dhcp/model'
import type { LeaseQuery } from '#protocols/dhcp/port'
import type { Evidence } from '#protocols/lib/exchange'
import type { Ipv4 } from '#protocols/lib/ipv4'

/** Tells our phones from other clients; an empty model means a phone of unknown model. */
export type Identify = (evidence: Evidence) => { readonly model: string } | undefined

/** An offer waits this long: clients collect offers for some seconds before they choose [RFC 2131 §4.4.1]. */
const OFFERS = { holdMs: 30_000, max: 16_384 }

/** Where a client is, and who it is there, by the plan of the moment it asked. */
export interface Place extends Entitlement {
  readonly networks: Networks
  readonly pool: AddressPool
  readonly standing: Standing
}

/** Everything that follows from one plan: the subnets' addresses and the rules. A reload makes a new one. */
export class Networks {
  readonly evaluator: Evaluator
  readonly pools: readonly AddressPool[]
  readonly #plan: DhcpPlan
  readonly #identify: Identify
  readonly #own: AddressPool | undefined
  /** Pools that know nothing of the leases yet: all, or those of subnets that are not as they were before. */
  readonly blank: ReadonlySet<AddressPool>
  /** `ownSubnet` names the subnet of our own link; by default the first. */
  constructor(plan: DhcpPlan, identify: Identify, ownSubnet?: string, before?: Networks) {
    this.#identify = identify
    const kept = plan.subnets.map((subnet) => {
      return before?.pools.find((pool) => isDeepStrictEqual(pool.subnet, subnet))
    })
    // The same subnet object in both plans: the rules are looked up by it.
    this.#plan = { ...plan, subnets: plan.subnets.map((subnet, index) => kept[index]?.subnet ?? subnet) }
    this.evaluator = new Evaluator(this.#plan)
    this.pools = this.#plan.subnets.map((subnet, index) => {
      // What was offered before a reload still waits for its client afterwards.
      return kept[index] ?? new AddressPool(subnet, OFFERS, before?.named(subnet.name))
    })
    this.blank = new Set(this.pools.filter((_, index) => kept[index] === undefined))
    this.#own = ownSubnet === undefined ? this.pools[0] : this.named(ownSubnet)
  }

  placeOf(query: LeaseQuery): Place | undefined {
    const pool = query.link ? this.poolAt(query.link) : this.#own
    if (!pool) return undefined
    const { mac, hostname, vendorClass, userClass } = query
    const phone = this.#identify({
      mac,
      ...(hostname !== undefined && { hostname }),
      ...(vendorClass !== undefined && { vendorClass }),
      ...(userClass !== undefined && { userClass }),
    })
    const standing = this.evaluator.standing(pool.subnet, query, phone)
    const reserved = this.evaluator.reservationFor(pool.subnet, query)?.address
    return { networks: this, pool, standing, reserved, mayUse: (one) => mayUse(standing, one) }
  }

  poolAt(address: Ipv4): AddressPool | undefined {
    const subnet = subnetOf(this.#plan.subnets, address)
    return subnet && this.pools.find((pool) => pool.subnet === subnet)
  }

  named(name: string): AddressPool | undefined {
    return this.pools.find(({ subnet }) => subnet.name === name)
  }

  /** Whether the client means us: option 54 names an address of ours, or nobody's. */
  isForUs({ server }: LeaseQuery): boolean {
    return server === undefined || this.pools.some(({ subnet }) => subnet.serverAddress === server)
  }

  get plan(): DhcpPlan {
    return this.#plan
  }
}
