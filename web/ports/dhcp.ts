// SPDX-License-Identifier: Apache-2.0
import type { PartUse, PoolUse } from '#daemon/domain/address-pool'
import type { Explanation } from '#daemon/domain/dhcp/explanation'
import type { ClientClass, DeviceSetting, OptionSetting, Subnet } from '#daemon/domain/dhcp/model'
import type { Lease } from '#daemon/domain/lease'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Saved } from './saved.ts'

export type DhcpMode = 'server' | 'options-only' | 'off'

export interface SubnetRow {
  readonly subnet: Subnet
  readonly use: PoolUse
  readonly pools: readonly PartUse[]
}

export interface ClassRow {
  /** With what its members get in each subnet taken in. */
  readonly class: ClientClass
  /** Messages of members since the start. */
  readonly messages: number
  /** Names of subnets where it gives something else than everywhere. */
  readonly subnets: readonly string[]
}

/** An option that a client of a subnet may get, before anything about the client is known. */
export interface LayeredOption extends OptionSetting {
  /** `global`, `subnet voice`, `pool …`, `class …`, `reservation …`. */
  readonly source: string
}

export const LEASE_STATES = ['leased', 'expired', 'released', 'quarantined'] as const
export type LeaseState = (typeof LEASE_STATES)[number]

export interface LeaseQueryView {
  /** Part of a MAC (in any common spelling), an address or a host name. */
  readonly text: string
  readonly state?: LeaseState
  /** A subnet's name. */
  readonly subnet?: string
  readonly order: 'address' | 'ends'
  readonly descending: boolean
  /** From 1. */
  readonly page: number
  readonly pageSize: number
}

export interface LeaseRow {
  readonly lease: Lease
  readonly state: LeaseState
  /** Undefined when no subnet holds the address any more. */
  readonly subnet: string | undefined
  /** True when a client of today's configuration could have it. */
  readonly inUse: boolean
}

export interface LeasePage {
  readonly rows: readonly LeaseRow[]
  readonly page: number
  readonly pageCount: number
  readonly total: number
}

/** What became of an imported file; with `dryRun`, what would. */
export interface LeaseImport {
  readonly dryRun: boolean
  readonly imported: number
  readonly kept: number
  readonly rejected: number
  readonly keeps: readonly { readonly line: number; readonly reason: string }[]
  readonly rejections: readonly { readonly line: number; readonly reason: string }[]
}

export const LEASE_FILES = ['csv', 'json', 'kea', 'isc'] as const
/** `csv` is for people and spreadsheets and cannot be imported. */
export type LeaseFileKind = (typeof LEASE_FILES)[number]
export const IMPORT_FILES = ['json', 'kea', 'isc'] as const
export type ImportKind = (typeof IMPORT_FILES)[number]

export const EXPORT_SERVERS = ['kea', 'isc', 'dnsmasq', 'windows', 'cisco', 'mikrotik'] as const
export type ExportServer = (typeof EXPORT_SERVERS)[number]

/** A message that nobody sent, as typed; empty for none. */
export interface MadeUp {
  readonly mac: string
  /** Option 60. */
  readonly vendorClass: string
  /** Option 77. */
  readonly userClass: string
  /** Relay address; picks the subnet. */
  readonly giaddr: string
  /** Option 82 sub-options 1 and 2, in hex or, if it is none, as text. */
  readonly circuitId: string
  readonly remoteId: string
  /** Option 55: names or codes with commas between. */
  readonly ask: string
  readonly kind: 'discover' | 'inform'
}

/** DHCP as the pages see it. */
export interface DhcpDesk {
  mode(): DhcpMode
  subnets(): readonly SubnetRow[]
  subnet(name: string): SubnetRow | undefined
  /** Options for everybody. */
  globalOptions(): readonly OptionSetting[]
  devices(): readonly DeviceSetting[]
  classes(): readonly ClassRow[]
  leases(query: LeaseQueryView): LeasePage
  lease(address: Ipv4): LeaseRow | undefined
  /** The client may have it again; anybody may, if there is no other free one. `by` is the account. */
  release(address: Ipv4, by: string): Promise<Saved<Lease>>
  /** Removes the record: ends a quarantine, or forgets a client. */
  forget(address: Ipv4, by: string): Promise<Saved<Lease>>
  /** The pieces of a file, in order of addresses. */
  leaseFile(kind: LeaseFileKind): Iterable<string>
  /** What cannot be read of the text is told with its line; nothing is thrown for it. */
  importLeases(kind: ImportKind, text: string, dryRun: boolean, by: string): Promise<LeaseImport>
  /** What to paste into another server; undefined while there are no subnets. */
  exportFor(server: ExportServer): string | undefined
  /** What today's configuration would make of the message; nothing is held or written. */
  rehearse(message: MadeUp): Saved<Explanation>
}
