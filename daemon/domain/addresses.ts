// SPDX-License-Identifier: Apache-2.0
import { contains, type Ipv4, ipv4FromNumber, ipv4ToNumber } from '#protocols/lib/ipv4'
import type { Subnet } from './subnet.ts'

/** The subnet that `link` lies in; the smallest one if several overlap. */
export function subnetOf(subnets: readonly Subnet[], link: Ipv4): Subnet | undefined {
  let found: Subnet | undefined
  for (const subnet of subnets) {
    if (contains(subnet.cidr, link) && (!found || subnet.cidr.prefix > found.cidr.prefix)) found = subnet
  }
  return found
}

/** Whether the address may be leased at all: in a pool, of a host, and neither ours nor a router's. */
export function isLeasable(subnet: Subnet, address: number): boolean {
  if (!subnet.pools.some(({ first, last }) => address >= first && address <= last)) return false
  return isHost(subnet, address) && !isTakenByUs(subnet, ipv4FromNumber(address))
}

export function isLeasableAddress(subnet: Subnet, address: Ipv4): boolean {
  return isLeasable(subnet, ipv4ToNumber(address))
}

/** Every leasable address once, in the order of the pools. */
export function* leasableAddresses(subnet: Subnet): Generator<Ipv4, undefined> {
  for (const { first, last } of subnet.pools) {
    for (let address = first; address <= last; address++) {
      if (isLeasable(subnet, address)) yield ipv4FromNumber(address)
    }
  }
  return undefined
}

/** Not the subnet's own two addresses; /31 and /32 have none [RFC 3021]. */
function isHost({ cidr }: Subnet, address: number): boolean {
  if (address < cidr.network || address > cidr.broadcast) return false
  return cidr.prefix >= 31 || (address !== cidr.network && address !== cidr.broadcast)
}

function isTakenByUs({ serverAddress, routers }: Subnet, address: Ipv4): boolean {
  return address === serverAddress || routers.includes(address)
}
