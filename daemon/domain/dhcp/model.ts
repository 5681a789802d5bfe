// SPDX-License-Identifier: Apache-2.0
import type { OptionValue } from '#protocols/lib/dhcp-option'
import type { Cidr, Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'

/*
 * What a DHCP server is told to do: pure data, made from the configuration once and never changed. `evaluate.ts` reads
 * it for each message, the exports write it in other servers' languages.
 */

/** Everything, from the weakest layer (the built-in values) to the strongest (one device). */
export interface DhcpPlan {
  /** Global options, for every client. */
  readonly options: readonly OptionSetting[]
  /** In the order of the configuration; of two that a client is in, the later one's option wins. */
  readonly classes: readonly ClientClass[]
  readonly subnets: readonly Subnet[]
  readonly devices: readonly DeviceSetting[]
}

/** One option of one layer. */
export interface OptionSetting {
  readonly code: number
  /** Option 67 may hold `<MODEL>`, which is filled in for a phone whose model is known. */
  readonly value: OptionValue
  /** Sent even when the client's option 55 does not name it. */
  readonly always?: boolean
}

/** Clients that have something in common, and what they get for it. */
export interface ClientClass {
  readonly name: string
  readonly when: Condition
  readonly options: readonly OptionSetting[]
  /** Comes with Offhook, rather than from the configuration. */
  readonly readyMade?: boolean
  /** Options that only members of this class may get, whatever other layers say. */
  readonly reserves?: readonly number[]
  /** Options that its members get unasked, wherever their value comes from. */
  readonly always?: readonly number[]
}

/** Text matches without regard to case, whole or (`prefix`) at its beginning. Hex is lower case, without separators. */
export type Condition =
  | { readonly kind: 'vendorClass' | 'userClass' | 'model'; readonly text: string; readonly prefix: boolean }
  /** The first three bytes of the hardware address in hex: `00908f`. */
  | { readonly kind: 'oui'; readonly oui: string }
  /** The beginning of the hardware address in hex, 1 to 12 digits. */
  | { readonly kind: 'mac'; readonly prefix: string }
  /** Option 82, sub-option 1 or 2, whole. */
  | { readonly kind: 'circuitId' | 'remoteId'; readonly hex: string }
  | { readonly kind: 'subnet'; readonly name: string }
  /** A phone of ours, of any model. */
  | { readonly kind: 'phone' }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }

/** A run of addresses to lease, both ends included, as unsigned 32-bit numbers. */
export interface AddressRange {
  readonly first: number
  readonly last: number
}

/** Addresses that a subnet leases, and to whom. */
export interface PoolPlan extends AddressRange {
  /** Never leased, though they lie within the range. */
  readonly exclude?: readonly AddressRange[]
  /** Names of classes: only clients in one of them get an address here. Without it, everybody does. */
  readonly classes?: readonly string[]
  readonly options?: readonly OptionSetting[]
}

/** How a reservation knows its client. */
export type ReservationKey =
  | { readonly kind: 'mac'; readonly mac: Mac }
  /** Option 61, whole, in hex. */
  | { readonly kind: 'clientId'; readonly hex: string }
  /** Option 82 sub-option 1, whole, in hex: whoever sits at that socket. */
  | { readonly kind: 'circuitId'; readonly hex: string }

/** What one client of one subnet always gets. */
export interface Reservation {
  readonly by: ReservationKey
  /** In the subnet, in or out of its pools; nobody else gets it. */
  readonly address?: Ipv4
  readonly hostname?: string
  readonly options: readonly OptionSetting[]
}

/** Options of one device, wherever it is: the strongest layer. */
export interface DeviceSetting {
  readonly mac: Mac
  readonly options: readonly OptionSetting[]
}

/** A voice VLAN as DHCP and provisioning see it. */
export interface Subnet {
  readonly name: string
  readonly cidr: Cidr
  readonly pools: readonly PoolPlan[]
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
  /** The IANA name of the region's time zone, e.g. `Europe/Berlin`. */
  readonly timeZone?: string
  /** How phone files name the days of the clock changes; by default `dayOfWeek`, which stays right next year. */
  readonly daylightSaving?: 'dayOfWeek' | 'fixedDate'
  /** The VLAN that phones of this subnet shall use, for classes that are told one. */
  readonly voiceVlan?: number
  /** Options of this subnet besides those that the fields above make. */
  readonly options?: readonly OptionSetting[]
  /** What members of a class get here, instead of what its members get everywhere. */
  readonly classOptions?: readonly ClassOptions[]
  readonly reservations?: readonly Reservation[]
}

export interface ClassOptions {
  readonly name: string
  readonly options: readonly OptionSetting[]
}
