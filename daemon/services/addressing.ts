// SPDX-License-Identifier: Apache-2.0
import { AddressPool } from '#daemon/domain/address-pool'
import { subnetOf } from '#daemon/domain/addresses'
import type { Lease } from '#daemon/domain/lease'
import type { Subnet } from '#daemon/domain/subnet'
import { Conflict, put, type Store } from '#daemon/store/store'
import { leases } from '#daemon/store/tables'
import type { DhcpPort, GivenOption, LeaseAnswer, LeaseQuery } from '#protocols/dhcp/port'
import type { Evidence } from '#protocols/lib/exchange'
import { contains, type Ipv4, parseIpv4 } from '#protocols/lib/ipv4'
import { phoneBootFields, phoneOptions, subnetOptions } from './addressing-options.ts'

export interface AddressingOptions {
  readonly store: Store
  readonly subnets: readonly Subnet[]
  /** The name of the subnet that our own link is in, for clients that no relay speaks for; by default the first. */
  readonly ownSubnet?: string
  /** Tells our phones from other clients; an empty model means a phone of unknown model. */
  readonly identify: (evidence: Evidence) => { readonly model: string } | undefined
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** An offer waits this long: clients collect offers for some seconds before they choose [RFC 2131 §4.4.1]. */
const OFFER_HOLD_MS = 30_000
const MOST_OFFERS = 16_384
/** Another host uses the address: nobody gets it for a day, then it has its next chance. */
const QUARANTINE_MS = 24 * 3600 * 1000

interface Place {
  readonly pool: AddressPool
  readonly options: readonly GivenOption[]
}

/** Decides who gets which address and which options: the owner of the leases behind the DHCP server. */
export class Addressing implements DhcpPort {
  readonly #store: Store
  readonly #subnets: readonly Subnet[]
  readonly #places: readonly Place[]
  readonly #own: Place | undefined
  readonly #identify: AddressingOptions['identify']
  readonly #now: () => number
  #unwatch: (() => void) | undefined

  constructor({ store, subnets, ownSubnet, identify, now }: AddressingOptions) {
    this.#store = store
    this.#identify = identify
    this.#now = now
    this.#subnets = subnets
    this.#places = subnets.map((subnet) => ({
      pool: new AddressPool(subnet, { holdMs: OFFER_HOLD_MS, max: MOST_OFFERS }),
      options: subnetOptions(subnet),
    }))
    this.#own =
      ownSubnet === undefined ? this.#places[0] : this.#places.find(({ pool }) => pool.subnet.name === ownSubnet)
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
    const place = this.#placeOf(query)
    if (!place) return silent(`no subnet of ours holds ${query.link ?? query.address ?? 'the own link'}`)
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
  #discover(place: Place, query: LeaseQuery): LeaseAnswer {
    const address = place.pool.offer(query.clientKey, query.address, this.#now())
    if (!address) return silent(`no free address in subnet ${place.pool.subnet.name}`)
    return this.#answer(place, query, address)
  }

  /** [RFC 2131 §4.3.2] SELECTING: the client took an offer, ours or another server's. */
  async #selecting(place: Place, query: LeaseQuery): Promise<LeaseAnswer> {
    if (!this.#isForUs(query)) {
      place.pool.settle(query.clientKey)
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
    return this.#leaseOrNak(place, query)
  }

  /** [RFC 2131 §4.3.2] RENEWING and REBINDING: only the server that was asked itself may take on an unknown client. */
  async #extend(place: Place, query: LeaseQuery): Promise<LeaseAnswer> {
    const { pool } = place
    if (!query.address || !contains(pool.subnet.cidr, query.address)) return wrongNetwork(pool.subnet, query)
    const lease = pool.leaseOf(query.clientKey)
    const holder = this.#leaseAt(query.address)
    const isHeld = holder !== undefined && holder.expiresAt > this.#now()
    if (lease?.address === query.address || isHeld) return this.#leaseOrNak(place, query)
    if (lease) return nak(pool.subnet, `the client's address is ${lease.address}`)
    if (query.kind === 'rebinding') return silent('no record of this client; another server may have one')
    const isFree = pool.isFreeFor(query.clientKey, query.address, this.#now())
    return isFree ? this.#leaseOrNak(place, query) : silent(`${query.address} is not ours to lease`)
  }

  async #leaseOrNak(place: Place, query: LeaseQuery): Promise<LeaseAnswer> {
    const { pool } = place
    const { address, clientKey, mac, hostname = '' } = query
    const now = this.#now()
    if (!address || !contains(pool.subnet.cidr, address)) return wrongNetwork(pool.subnet, query)
    if (!pool.isFreeFor(clientKey, address, now)) return nak(pool.subnet, `${address} is not free`)
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
    return silent(`quarantined in subnet ${place.pool.subnet.name}: another host uses it`)
  }

  #answer({ pool, options }: Place, query: LeaseQuery, address: Ipv4 | undefined): LeaseAnswer {
    const { subnet } = pool
    const { mac, hostname, vendorClass, userClass } = query
    const phone = this.#identify({
      mac,
      ...(hostname !== undefined && { hostname }),
      ...(vendorClass !== undefined && { vendorClass }),
      ...(userClass !== undefined && { userClass }),
    })
    return {
      kind: 'lease',
      address,
      leaseSeconds: address && subnet.leaseSeconds,
      server: subnet.serverAddress,
      options: phone ? phoneOptions(subnet, phone.model) : options,
      boot: phone ? phoneBootFields(subnet, phone.model) : {},
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
    const pool = address && this.#placeAt(address)?.pool
    if (pool) pool.learn(address, this.#store.get(leases, address)?.value)
  }

  #leaseAt(address: Ipv4): Lease | undefined {
    return this.#store.get(leases, address)?.value
  }

  #placeOf({ link }: LeaseQuery): Place | undefined {
    return link ? this.#placeAt(link) : this.#own
  }

  #placeAt(address: Ipv4): Place | undefined {
    const subnet = subnetOf(this.#subnets, address)
    return subnet && this.#places.find(({ pool }) => pool.subnet === subnet)
  }

  #isForUs({ server }: LeaseQuery): boolean {
    return server === undefined || this.#places.some(({ pool }) => pool.subnet.serverAddress === server)
  }
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
