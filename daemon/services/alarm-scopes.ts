// SPDX-License-Identifier: Apache-2.0
import { type Subnet, subnetOf } from '#daemon/domain/subnet'
import { contains, ipv4FromNumber, parseCidr, parseIpv4, peerAddress } from '#protocols/lib/ipv4'
import type { AlarmScope } from '#web/ports/alarms'

/** What is known of where a phone is. */
export interface Whereabouts {
  readonly address: string
  readonly externalAddress: string
  /** The netmask it reports. */
  readonly subnet: string
}

/** Where alarms lie. A phone's scopes go from narrow to wide. */
export interface AlarmScopes {
  list(): readonly AlarmScope[]
  /** The scope and all that it lies in, from narrow to wide. */
  path(scope: string): readonly string[]
  of(phone: Whereabouts): string
  label(scope: string): string
}

/** A branch's network behind a NAT tells nothing; a private network of this size at most is taken for one place. */
const WIDEST = 16

/**
 * DHCP subnets as places, and for phones elsewhere the network that they report themselves. Behind a NAT, that network
 * is told apart by the NAT's address, since many branches use the same one.
 */
export class SubnetScopes implements AlarmScopes {
  readonly #subnets: readonly Subnet[]

  constructor(subnets: readonly Subnet[]) {
    this.#subnets = subnets
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

  of({ address, externalAddress, subnet }: Whereabouts): string {
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
