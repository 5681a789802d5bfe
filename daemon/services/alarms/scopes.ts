// SPDX-License-Identifier: Apache-2.0
import type { Phone } from '#daemon/domain/phone'
import type { Placement } from '#daemon/domain/placement'
import { type ScopeTree, SYSTEM } from '#daemon/domain/scope'
import { type Subnet, subnetOf } from '#daemon/domain/subnet'
import { contains, ipv4FromNumber, parseCidr, parseIpv4, peerAddress } from '#protocols/lib/ipv4'
import type { AlarmScope } from '#web/ports/alarms'

/** Where alarms lie. */
export interface AlarmScopes {
  list(): readonly AlarmScope[]
  /** The scope and all that it lies in, from narrow to wide. */
  path(scope: string): readonly string[]
  /** The scope of alarms about this phone. */
  of(phone: Phone): string
  label(scope: string): string
}

/** Everything: the widest place of all. */
export const EVERYWHERE = 'system'

/** A branch's network behind a NAT tells nothing; a private network of this size at most is taken for one place. */
const WIDEST = 16

/**
 * DHCP subnets as places, and for phones elsewhere the network that they report themselves. Behind a NAT, that network
 * is told apart by the NAT's address, since many branches use the same one.
 */
export class NetworkScopes implements AlarmScopes {
  readonly #current: () => readonly Subnet[]

  /** A reload of the configuration may change the subnets. */
  constructor(subnets: readonly Subnet[] | (() => readonly Subnet[])) {
    this.#current = typeof subnets === 'function' ? subnets : () => subnets
  }

  get #subnets(): readonly Subnet[] {
    return this.#current()
  }

  list(): readonly AlarmScope[] {
    return this.#subnets.map(({ name }) => ({ id: `subnet/${name}`, label: name }))
  }

  path(scope: string): readonly string[] {
    return scope === '' ? [] : [scope]
  }

  label(scope: string): string {
    return scope.replace(/^(subnet|network)\//, '')
  }

  of({ address, externalAddress, subnet }: Pick<Phone, 'address' | 'externalAddress' | 'subnet'>): string {
    const peer = peerAddress(externalAddress)
    const own = parseIpv4(address) ?? peer
    if (own === undefined) return ''
    const known = subnetOf(this.#subnets, own)
    if (known) return `subnet/${known.name}`
    const range = parseCidr(`${own}/${prefixOf(subnet)}`)
    if (!range || range.prefix < WIDEST) return ''
    const network = `network/${ipv4FromNumber(range.network)}/${range.prefix}`
    return peer === undefined || contains(range, peer) ? network : `${network} at ${peer}`
  }
}

/** Of a netmask; 24 where there is none. */
function prefixOf(netmask: string): number {
  const mask = parseIpv4(netmask)
  if (!mask) return 24
  const bits = mask
    .split('.')
    .map((octet) => Number(octet).toString(2).padStart(8, '0'))
    .join('')
  return /^1+0*$/.test(bits) ? bits.replaceAll('0', '').length : 24
}

interface Places {
  tree(): ScopeTree
  placementOf(phone: Phone): Placement
}

/** Regions and sites where a phone has one, else the network that it is in. */
export class PlaceScopes implements AlarmScopes {
  readonly #places: Places
  readonly #networks: NetworkScopes

  constructor(places: Places, networks: NetworkScopes) {
    this.#places = places
    this.#networks = networks
  }

  list(): readonly AlarmScope[] {
    const tree = this.#places.tree()
    return [...tree.below().map(({ id }) => ({ id, label: tree.pathText(id) })), ...this.#networks.list()]
  }

  path(scope: string): readonly string[] {
    const found = this.#places.tree().get(scope)
    return found ? this.#pathIn(found.id) : this.#networks.path(scope)
  }

  label(scope: string): string {
    if (scope === EVERYWHERE) return 'the whole fleet'
    return this.#places.tree().pathText(scope) || this.#networks.label(scope)
  }

  of(phone: Phone): string {
    const { scope } = this.#places.placementOf(phone)
    return scope.id === SYSTEM.id ? this.#networks.of(phone) : scope.id
  }

  /** All that a phone lies in: its network, site, regions, and everything. */
  placesOf(phone: Phone): readonly string[] {
    const network = this.#networks.of(phone)
    const { scope } = this.#places.placementOf(phone)
    return [...(network === '' ? [] : [network]), ...this.#pathIn(scope.id), EVERYWHERE]
  }

  #pathIn(scope: string): string[] {
    const path = this.#places.tree().path(scope)
    return path
      .filter(({ id }) => id !== SYSTEM.id)
      .map(({ id }) => id)
      .reverse()
  }
}
