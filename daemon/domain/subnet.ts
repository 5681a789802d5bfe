// SPDX-License-Identifier: Apache-2.0
import { type Cidr, contains, type Ipv4 } from '#protocols/lib/ipv4'

/** A run of addresses to lease, both ends included, as unsigned 32-bit numbers. */
export interface AddressRange {
  readonly first: number
  readonly last: number
}

/** A voice VLAN as DHCP and provisioning see it. */
export interface Subnet {
  readonly name: string
  readonly cidr: Cidr
  readonly pools: readonly AddressRange[]
  /** Our address as phones of this subnet reach it: server identifier, and `%ITCS_ServerIP%` in their files. */
  readonly serverAddress: Ipv4
  readonly routers: readonly Ipv4[]
  readonly dnsServers: readonly Ipv4[]
  readonly ntpServers: readonly Ipv4[]
  readonly domainName: string
  readonly leaseSeconds: number
  /** Option 160 for phones, e.g. `http://10.1.0.2/firmwarefiles;ipp/dhcpoption160.cfg`. */
  readonly provisioningUrl: string
  /** Option 66 for phones: host or URL of the TFTP server. */
  readonly tftpServer: string
}

/** The subnet that an address lies in. Subnets never overlap. */
export function subnetOf(subnets: readonly Subnet[], address: Ipv4): Subnet | undefined {
  return subnets.find(({ cidr }) => contains(cidr, address))
}
