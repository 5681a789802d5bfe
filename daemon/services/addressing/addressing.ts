// SPDX-License-Identifier: Apache-2.0
import type { PartUse, PoolUse } from '#daemon/domain/address-pool'
import { ClientRate } from '#daemon/domain/dhcp/client-rate'
import type { Evaluation } from '#daemon/domain/dhcp/evaluate'
import type { DhcpPlan, Subnet } from '#daemon/domain/dhcp/model'
import type { DhcpCounts } from '#daemon/services/dhcp-counts'
import type { DhcpWatch } from '#daemon/services/watch/dhcp-watch'
import type { Store } from '#daemon/store/store'
import { leases } from '#daemon/store/tables'
import type { DhcpPort, LeaseAnswer, LeaseQuery } from '#protocols/dhcp/port'
import { type Ipv4, parseIpv4 } from '#protocols/lib/ipv4'
import { noSubnet, silent } from './answers.ts'
import { decline } from './decline.ts'
import { Desk } from './desk.ts'
import { discover } from './discover.ts'
import { inform } from './inform.ts'
import { type Identify, Networks, type Place } from './networks.ts'
import { release } from './release.ts'
import { extend, initReboot, selecting } from './request.ts'

/** Where decisions are kept for `explain`. */
export interface ExchangeLog {
  record(query: LeaseQuery, answer: LeaseAnswer, evaluation: Evaluation | undefined): void
  answered(query: LeaseQuery, sent: ReadonlyMap<number, Uint8Array>): void
}

/** A decision that nobody got. */
export interface Rehearsal {
  readonly evaluation: Evaluation | undefined
  readonly address: Ipv4 | undefined
  /** Why there is no answer. */
  readonly refusal: string | undefined
}

/** `options-only`: beside another server, answers INFORM and nothing else. `off` is silent to everybody. */
export type AddressingMode = 'server' | 'options-only' | 'off'

export interface AddressingOptions {
  readonly store: Store
  readonly plan: DhcpPlan
  /** By default `server`. */
  readonly mode?: AddressingMode
  /** The name of the subnet that our own link is in, for clients that no relay speaks for; by default the first. */
  readonly ownSubnet?: string
  readonly identify: Identify
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Hears of trouble. */
  readonly watch?: DhcpWatch
  /** Counts what was decided. */
  readonly counts?: DhcpCounts
  /** Keeps what was decided and why. */
  readonly explain?: ExchangeLog
}

/** Messages that one client may send in a second; a boot takes four. */
const MOST_A_SECOND = 30
const MOST_RATED = 50_000

const BESIDE = 'another server leases the addresses here (dhcp.mode is options-only)'
const OFF = 'DHCP is switched off (dhcp.mode is off)'

/** Decides who gets which address and which options: the owner of the leases behind the DHCP server. */
export class Addressing implements DhcpPort {
  readonly #options: AddressingOptions
  readonly #desk: Desk
  readonly #rate = new ClientRate(MOST_A_SECOND, MOST_RATED)
  #networks: Networks
  #mode: AddressingMode
  #unwatch: (() => void) | undefined

  constructor(options: AddressingOptions) {
    const { plan, ownSubnet, store, now, watch, identify, mode = 'server' } = options
    this.#options = options
    this.#mode = mode
    this.#networks = new Networks(plan, identify, ownSubnet)
    this.#desk = new Desk({ store, now, watch, networks: () => this.#networks })
  }

  /** Reads the leases of the store, which must be open, and follows them until `stop`. */
  start(): void {
    this.#unwatch ??= this.#options.store.watch(leases, 0, ({ key }) => this.#desk.learn(key))
  }

  stop(): void {
    this.#unwatch?.()
    this.#unwatch = undefined
  }

  /**
   * Goes on with another plan, between two messages. Subnets that are the same in both keep all they know; leases of
   * others stay in the store until they are over: who renews one that no pool leases any more gets a NAK, and moves.
   */
  apply(plan: DhcpPlan, mode: AddressingMode = 'server'): void {
    const { identify, ownSubnet, store } = this.#options
    const networks = new Networks(plan, identify, ownSubnet, this.#networks)
    if (networks.blank.size > 0) {
      for (const { key, value } of store.entries(leases)) {
        const address = parseIpv4(key)
        const pool = address && networks.poolAt(address)
        if (pool && networks.blank.has(pool)) pool.learn(address, value)
      }
    }
    this.#networks = networks
    this.#mode = mode
  }

  get plan(): DhcpPlan {
    return this.#networks.plan
  }

  subnetAt(address: Ipv4): Subnet | undefined {
    return this.#networks.poolAt(address)?.subnet
  }

  get mode(): AddressingMode {
    return this.#mode
  }

  async leaseFor(query: LeaseQuery): Promise<LeaseAnswer> {
    const desk = this.#desk
    if (!this.#rate.allows(query.mac, desk.now())) return silent('too many messages a second from this client')
    const place = this.#networks.placeOf(query)
    if (!place) {
      const answer = this.#outside(query)
      this.#options.explain?.record(query, answer, undefined)
      return answer
    }
    const { standing } = place
    if (standing.phone) desk.watch?.heard(query, standing.phone.model)
    desk.watch?.sweep((address) => desk.isQuarantined(address as Ipv4))
    const answer = await this.#decide(place, query)
    const address = answer.kind === 'lease' ? answer.address : undefined
    const evaluation = place.networks.evaluator.evaluate(standing, query, address)
    this.#options.counts?.count(query.kind, answer, evaluation)
    this.#options.explain?.record(query, answer, evaluation)
    return answer
  }

  answered(query: LeaseQuery, sent: ReadonlyMap<number, Uint8Array>): void {
    this.#options.explain?.answered(query, sent)
  }

  /** What a client would be told, without an address being held for it or a lease being written. */
  rehearse(query: LeaseQuery): Rehearsal {
    const place = this.#networks.placeOf(query)
    if (!place) return { evaluation: undefined, address: undefined, refusal: noSubnet(query) }
    const { pool, standing, networks } = place
    const { evaluator } = networks
    const informed = query.kind === 'inform'
    const closed = this.#closedTo(query)
    if (closed)
      return { evaluation: evaluator.evaluate(standing, query, undefined), address: undefined, refusal: closed }
    const address = pool.wouldOffer(query.clientKey, query.address, this.#desk.now(), place)
    return {
      evaluation: evaluator.evaluate(standing, query, informed ? undefined : address),
      address: informed ? undefined : address,
      refusal: informed || address ? undefined : `no free address in subnet ${pool.subnet.name}`,
    }
  }

  /** The addresses of each subnet by name. */
  use(): ReadonlyMap<string, PoolUse> {
    const now = this.#desk.now()
    return new Map(this.#networks.pools.map((pool) => [pool.subnet.name, pool.use(now)]))
  }

  /** The same, by subnet and pool. */
  useByPool(): ReadonlyMap<string, readonly PartUse[]> {
    const now = this.#desk.now()
    return new Map(this.#networks.pools.map((pool) => [pool.subnet.name, pool.parts(now)]))
  }

  #decide(place: Place, query: LeaseQuery): LeaseAnswer | Promise<LeaseAnswer> {
    const closed = this.#closedTo(query)
    if (closed) return silent(closed)
    switch (query.kind) {
      case 'discover':
        return discover(this.#desk, place, query)
      case 'selecting':
        return selecting(this.#desk, place, query)
      case 'init-reboot':
        return initReboot(this.#desk, place, query)
      case 'renewing':
      case 'rebinding':
        return extend(this.#desk, place, query)
      case 'inform':
        return inform(this.#desk, place, query)
      case 'release':
        return release(this.#desk, place, query)
      case 'decline':
        return decline(this.#desk, place, query)
    }
  }

  #closedTo({ kind }: LeaseQuery): string | undefined {
    if (this.#mode === 'off') return OFF
    return this.#mode === 'options-only' && kind !== 'inform' ? BESIDE : undefined
  }

  /**
   * A client that asks us alone to renew a lease of ours, in a network that was taken from us since, learns at once to
   * ask anew; to others we are silent, as another server may serve them [RFC 2131 §4.3.2].
   */
  #outside(query: LeaseQuery): LeaseAnswer {
    const reason = noSubnet(query)
    const lease = query.address && this.#desk.leaseAt(query.address)
    const [any] = this.#networks.pools
    const isOurs = lease?.state === 'leased' && lease.clientKey === query.clientKey
    if (query.kind !== 'renewing' || !isOurs || !any || this.#closedTo(query)) return silent(reason)
    return { kind: 'nak', server: any.subnet.serverAddress, reason: `${reason} any more` }
  }
}
