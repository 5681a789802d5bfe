// SPDX-License-Identifier: Apache-2.0
import { contains, type Ipv4 } from '#protocols/lib/ipv4'
import type { Subnet } from './dhcp/model.ts'

export type { AddressRange, Subnet } from './dhcp/model.ts'

/** The subnet that an address lies in. Subnets never overlap. */
export function subnetOf(subnets: readonly Subnet[], address: Ipv4): Subnet | undefined {
  return subnets.find(({ cidr }) => contains(cidr, address))
}
