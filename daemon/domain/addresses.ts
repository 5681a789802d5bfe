// SPDX-License-Identifier: Apache-2.0
import { contains, type Ipv4, ipv4FromNumber, ipv4ToNumber } from '#protocols/lib/ipv4'
import type { AddressRange, PoolPlan, Subnet } from './dhcp/model.ts'

/** The subnet that `link` lies in; the smallest one if several overlap. */
export function subnetOf(subnets: readonly Subnet[], link: Ipv4): Subnet | undefined {
  let found: Subnet | undefined
  for (const subnet of subnets) {
    if (contains(subnet.cidr, link) && (!found || subnet.cidr.prefix > found.cidr.prefix)) found = subnet
  }
  return found
}

/** The pool that an address may be leased from: one that has it and does not exclude it, if it is a host's and not ours. */
export function leasablePool(subnet: Subnet, address: number): PoolPlan | undefined {
  const pool = subnet.pools.find((one) => isIn(one, address))
  if (!pool || pool.exclude?.some((one) => isIn(one, address))) return undefined
  return isAssignable(subnet, address) ? pool : undefined
}

export function isLeasableAddress(subnet: Subnet, address: Ipv4): boolean {
  return leasablePool(subnet, ipv4ToNumber(address)) !== undefined
}

/** Every leasable address of the pools once, in their order. */
export function* leasableAddresses(subnet: Subnet, pools = subnet.pools): Generator<Ipv4, undefined> {
  for (const { first, last } of pools) {
    for (let address = first; address <= last; address++) {
      if (leasablePool(subnet, address)) yield ipv4FromNumber(address)
    }
  }
  return undefined
}

/** Whether a client of the subnet can have the address at all, by reservation say: a host's, neither ours nor a router's. */
export function isAssignable(subnet: Subnet, address: number): boolean {
  return isHost(subnet, address) && !isTakenByUs(subnet, ipv4FromNumber(address))
}

function isIn({ first, last }: AddressRange, address: number): boolean {
  return address >= first && address <= last
}

/** Not the subnet's own two addresses; /31 and /32 have none [RFC 3021]. */
function isHost({ cidr }: Subnet, address: number): boolean {
  if (address < cidr.network || address > cidr.broadcast) return false
  return cidr.prefix >= 31 || (address !== cidr.network && address !== cidr.broadcast)
}

function isTakenByUs({ serverAddress, routers }: Subnet, address: Ipv4): boolean {
  return address === serverAddress || routers.includes(address)
}
