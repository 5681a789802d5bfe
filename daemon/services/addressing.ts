// SPDX-License-Identifier: Apache-2.0
import { AddressPool, type Entitlement, type PoolUse } from '#daemon/domain/address-pool'
import { subnetOf } from '#daemon/domain/addresses'
import { ClientRate } from '#daemon/domain/dhcp/client-rate'
import { type Evaluation, Evaluator, mayUse, type Standing } from '#daemon/domain/dhcp/evaluate'
import type { DhcpPlan } from '#daemon/domain/dhcp/model'
import type { Lease } from '#daemon/domain/lease'
import type { Subnet } from '#daemon/domain/subnet'
import { Conflict, put, type Store } from '#daemon/store/store'
import { leases } from '#daemon/store/tables'
import type { DhcpPort, LeaseAnswer, LeaseQuery } from '#protocols/dhcp/port'
import type { Evidence } from '#protocols/lib/exchange'
import { contains, type Ipv4, parseIpv4 } from '#protocols/lib/ipv4'
import { bootFields } from './addressing-options.ts'
import type { DhcpWatch } from './dhcp-watch.ts'

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

export interface AddressingOptions {
  readonly store: Store
  readonly plan: DhcpPlan
  /** `options-only`: beside another server, answers INFORM and nothing else. By default `server`. */
  readonly mode?: 'server' | 'options-only'
  /** The name of the subnet that our own link is in, for clients that no relay speaks for; by default the first. */
  readonly ownSubnet?: string
  /** Tells our phones from other clients; an empty model means a phone of unknown model. */
  readonly identify: (evidence: Evidence) => { readonly model: string } | undefined
  /** Milliseconds since the epoch. */
  readonly now: () => number
  /** Hears of trouble. */
  readonly watch?: DhcpWatch
  /** Keeps what was decided and why. */
  readonly explain?: ExchangeLog
}

/** An offer waits this long: clients collect offers for some seconds before they choose [RFC 2131 §4.4.1]. */
const OFFER_HOLD_MS = 30_000
const MOST_OFFERS = 16_384
/** Another host uses the address: nobody gets it for a day, then it has its next chance. */
const QUARANTINE_MS = 24 * 3600 * 1000
/** Messages that one client may send in a second; a boot takes four. */
const MOST_A_SECOND = 30
const MOST_RATED = 50_000

const BESIDE = 'another server leases the addresses here (dhcp.mode is options-only)'

/** Where a client is, and who it is there. */
interface Place extends Entitlement {
  readonly pool: AddressPool
  readonly standing: Standing
}

/** Decides who gets which address and which options: the owner of the leases behind the DHCP server. */
export class Addressing implements DhcpPort {
  readonly #options: AddressingOptions
  readonly #store: Store
  readonly #now: () => number
  readonly #evaluator: Evaluator
  readonly #pools: readonly AddressPool[]
  readonly #own: AddressPool | undefined
  readonly #rate = new ClientRate(MOST_A_SECOND, MOST_RATED)
  #unwatch: (() => void) | undefined

  constructor(options: AddressingOptions) {
    const { plan, ownSubnet, store, now } = options
    this.#options = options
    this.#store = store
    this.#now = now
    this.#evaluator = new Evaluator(plan)
    this.#pools = plan.subnets.map((subnet) => new AddressPool(subnet, { holdMs: OFFER_HOLD_MS, max: MOST_OFFERS }))
    this.#own = ownSubnet === undefined ? this.#pools[0] : this.#pools.find(({ subnet }) => subnet.name === ownSubnet)
  }

  /** Reads the leases of the store, which must be open, and follows them until `stop`. */
  start(): void {
    this.#unwatch ??= this.#store.watch(leases, 0, ({ key }) => this.#learn(key))
  }

  stop(): void {
    this.#unwatch?.()
    this.#unwatch = undefined
  }

  async leaseFor(query: LeaseQuery): Promise<LeaseAnswer> {
    if (!this.#rate.allows(query.mac, this.#now())) return silent('too many messages a second from this client')
    const place = this.#placeOf(query)
    if (!place) {
      const answer = silent(noSubnet(query))
      this.#options.explain?.record(query, answer, undefined)
      return answer
    }
    const { phone } = place.standing
    if (phone) this.#options.watch?.heard(query, phone.model)
    this.#options.watch?.sweep((address) => this.#isQuarantined(address))
    const answer = await this.#decide(place, query)
    const address = answer.kind === 'lease' ? answer.address : undefined
    this.#options.explain?.record(query, answer, this.#evaluator.evaluate(place.standing, query, address))
    return answer
  }

  answered(query: LeaseQuery, sent: ReadonlyMap<number, Uint8Array>): void {
    this.#options.explain?.answered(query, sent)
  }

  /** What a client would be told, without an address being held for it or a lease being written. */
  rehearse(query: LeaseQuery): Rehearsal {
    const place = this.#placeOf(query)
    if (!place) return { evaluation: undefined, address: undefined, refusal: noSubnet(query) }
    const { pool, standing } = place
    const informed = query.kind === 'inform'
    if (this.#options.mode === 'options-only' && !informed) {
      return { evaluation: this.#evaluator.evaluate(standing, query, undefined), address: undefined, refusal: BESIDE }
    }
    const address = pool.wouldOffer(query.clientKey, query.address, this.#now(), place)
    return {
      evaluation: this.#evaluator.evaluate(standing, query, informed ? undefined : address),
      address: informed ? undefined : address,
      refusal: informed || address ? undefined : `no free address in subnet ${pool.subnet.name}`,
    }
  }

  /** The addresses of each subnet by name. */
  use(): ReadonlyMap<string, PoolUse> {
    const now = this.#now()
    return new Map(this.#pools.map((pool) => [pool.subnet.name, pool.use(now)]))
  }

  #decide(place: Place, query: LeaseQuery): LeaseAnswer | Promise<LeaseAnswer> {
    if (this.#options.mode === 'options-only' && query.kind !== 'inform') {
      return silent(BESIDE)
    }
    switch (query.kind) {
      case 'discover':
        return this.#discover(place, query)
      case 'selecting':
        return this.#selecting(place, query)
      case 'init-reboot':
        return this.#initReboot(place, query)
      case 'renewing':
      case 'rebinding':
        return this.#extend(place, query)
      case 'inform':
        return this.#answer(place, query, undefined)
      case 'release':
        return this.#release(place, query)
      case 'decline':
        return this.#decline(place, query)
    }
  }

  /** [RFC 2131 §4.3.1] */
  async #discover(place: Place, query: LeaseQuery): Promise<LeaseAnswer> {
    const { name } = place.pool.subnet
    const address = place.pool.offer(query.clientKey, query.address, this.#now(), place)
    if (!address) {
      this.#options.watch?.exhausted(name)
      return silent(`no free address in subnet ${name}`)
    }
    this.#options.watch?.available(name)
    if (!query.rapidCommit) return this.#answer(place, query, address)
    // [RFC 4039 §3.1] The lease is made at once; a client that lost the race simply gets no answer, and asks again.
    const answer = await this.#leaseOrNak(place, { ...query, address })
    return answer.kind === 'lease' ? { ...answer, committed: true } : silent(`${address} was just taken`)
  }

  /** [RFC 2131 §4.3.2] SELECTING: the client took an offer, ours or another server's. */
  async #selecting(place: Place, query: LeaseQuery): Promise<LeaseAnswer> {
    if (!this.#isForUs(query)) {
      place.pool.settle(query.clientKey)
      if (query.server) this.#options.watch?.foreignServer(query.server, query.mac)
      return silent(`the client chose server ${query.server}`)
    }
    return this.#leaseOrNak(place, query)
  }

  /** [RFC 2131 §4.3.2] INIT-REBOOT: silent to clients of whom there is no record, unless they are in the wrong network. */
  async #initReboot(place: Place, query: LeaseQuery): Promise<LeaseAnswer> {
    const { subnet } = place.pool
    if (!query.address || !contains(subnet.cidr, query.address)) return wrongNetwork(subnet, query)
    const lease = place.pool.leaseOf(query.clientKey)
    if (!lease) return silent('no record of this client; another server may have one')
    if (lease.address !== query.address) return nak(subnet, `the client's address is ${lease.address}`)
    return this.#nakForReserved(place, query) ?? this.#leaseOrNak(place, query)
  }

  /** [RFC 2131 §4.3.2] RENEWING and REBINDING: only the server that was asked itself may take on an unknown client. */
  async #extend(place: Place, query: LeaseQuery): Promise<LeaseAnswer> {
    const { pool } = place
    const refused = this.#nakForReserved(place, query)
    if (refused) return refused
    if (!query.address || !contains(pool.subnet.cidr, query.address)) return wrongNetwork(pool.subnet, query)
    const lease = pool.leaseOf(query.clientKey)
    const holder = this.#leaseAt(query.address)
    const isHeld = holder !== undefined && holder.expiresAt > this.#now()
    if (lease?.address === query.address || isHeld) return this.#leaseOrNak(place, query)
    if (lease) return nak(pool.subnet, `the client's address is ${lease.address}`)
    if (query.kind === 'rebinding') return silent('no record of this client; another server may have one')
    const isFree = pool.isFreeFor(query.clientKey, query.address, this.#now(), place)
    return isFree ? this.#leaseOrNak(place, query) : silent(`${query.address} is not ours to lease`)
  }

  /** A client that was given a reservation since it got its lease moves to the reserved address. */
  #nakForReserved({ pool, reserved, ...who }: Place, { clientKey, address }: LeaseQuery): LeaseAnswer | undefined {
    if (!reserved || reserved === address) return undefined
    const isFree = pool.isFreeFor(clientKey, reserved, this.#now(), { ...who, reserved })
    return isFree ? nak(pool.subnet, `${reserved} is reserved for this client`) : undefined
  }

  async #leaseOrNak(place: Place, query: LeaseQuery): Promise<LeaseAnswer> {
    const { pool } = place
    const { address, clientKey, mac, hostname = '' } = query
    const now = this.#now()
    if (!address || !contains(pool.subnet.cidr, address)) return wrongNetwork(pool.subnet, query)
    if (!pool.isFreeFor(clientKey, address, now, place)) return nak(pool.subnet, `${address} is not free`)
    const expiresAt = now + pool.subnet.leaseSeconds * 1000
    const lease: Lease = { address, state: 'leased', clientKey, mac, hostname, expiresAt, updatedAt: now }
    if (!(await this.#write(lease, true))) return silent(`${address} was just taken`)
    pool.settle(clientKey)
    return this.#answer(place, query, address)
  }

  /** [RFC 2131 §4.3.4]: the address stays the client's first choice. */
  async #release(place: Place, query: LeaseQuery): Promise<LeaseAnswer> {
    const lease = query.address && this.#leaseAt(query.address)
    if (!this.#isForUs(query) || lease?.clientKey !== query.clientKey || lease.state !== 'leased') {
      return silent('nothing of ours to release')
    }
    const now = this.#now()
    await this.#write({ ...lease, state: 'released', expiresAt: now, updatedAt: now }, false)
    return silent(`released to subnet ${place.pool.subnet.name}`)
  }

  /** [RFC 2131 §4.3.3]: only from the client that was given the address, lest anybody could empty the pool. */
  async #decline(place: Place, query: LeaseQuery): Promise<LeaseAnswer> {
    const lease = query.address && this.#leaseAt(query.address)
    if (!this.#isForUs(query) || lease?.clientKey !== query.clientKey || lease.state !== 'leased') {
      return silent('nothing of ours to decline')
    }
    const now = this.#now()
    await this.#write({ ...lease, state: 'declined', expiresAt: now + QUARANTINE_MS, updatedAt: now }, false)
    this.#options.watch?.quarantined(lease.address, lease.mac)
    return silent(`quarantined in subnet ${place.pool.subnet.name}: another host uses it`)
  }

  #answer({ pool, standing }: Place, query: LeaseQuery, address: Ipv4 | undefined): LeaseAnswer {
    const { subnet } = pool
    const evaluation = this.#evaluator.evaluate(standing, query, address)
    return {
      kind: 'lease',
      address,
      leaseSeconds: address && subnet.leaseSeconds,
      server: subnet.serverAddress,
      options: evaluation.options,
      boot: bootFields(evaluation, subnet),
    }
  }

  /** Writes a lease over the record it was decided on. False when another writer was first. */
  async #write(lease: Lease, durable: boolean): Promise<boolean> {
    const found = this.#store.get(leases, lease.address)
    const committed = this.#store.commit([put(leases, lease.address, lease, found?.revision ?? 'absent')], { durable })
    this.#learn(lease.address)
    try {
      await committed
      return true
    } catch (error) {
      this.#learn(lease.address)
      if (error instanceof Conflict) return false
      throw error
    }
  }

  /** The store's memory decides, so that a notice that comes late brings nothing old back. */
  #learn(key: string): void {
    const address = parseIpv4(key)
    const pool = address && this.#poolAt(address)
    if (pool) pool.learn(address, this.#store.get(leases, address)?.value)
  }

  #leaseAt(address: Ipv4): Lease | undefined {
    return this.#store.get(leases, address)?.value
  }

  #isQuarantined(address: string): boolean {
    const lease = this.#store.get(leases, address)?.value
    return lease?.state === 'declined' && lease.expiresAt > this.#now()
  }

  #placeOf(query: LeaseQuery): Place | undefined {
    const pool = query.link ? this.#poolAt(query.link) : this.#own
    if (!pool) return undefined
    const { mac, hostname, vendorClass, userClass } = query
    const phone = this.#options.identify({
      mac,
      ...(hostname !== undefined && { hostname }),
      ...(vendorClass !== undefined && { vendorClass }),
      ...(userClass !== undefined && { userClass }),
    })
    const standing = this.#evaluator.standing(pool.subnet, query, phone)
    const reserved = this.#evaluator.reservationFor(pool.subnet, query)?.address
    return { pool, standing, reserved, mayUse: (one) => mayUse(standing, one) }
  }

  #poolAt(address: Ipv4): AddressPool | undefined {
    const subnet = subnetOf(this.#options.plan.subnets, address)
    return subnet && this.#pools.find((pool) => pool.subnet === subnet)
  }

  #isForUs({ server }: LeaseQuery): boolean {
    return server === undefined || this.#pools.some(({ subnet }) => subnet.serverAddress === server)
  }
}

function noSubnet({ link, address }: LeaseQuery): string {
  return `no subnet of ours holds ${link ?? address ?? 'the own link'}`
}

function silent(reason: string): LeaseAnswer {
  return { kind: 'silent', reason }
}

function nak(subnet: Subnet, reason: string): LeaseAnswer {
  return { kind: 'nak', server: subnet.serverAddress, reason }
}

function wrongNetwork(subnet: Subnet, { address }: LeaseQuery): LeaseAnswer {
  return nak(subnet, `${address ?? 'no address'} is not in subnet ${subnet.name}`)
}
