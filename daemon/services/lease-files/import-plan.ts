// SPDX-License-Identifier: Apache-2.0
import { isLeasableAddress, subnetOf } from '#daemon/domain/addresses'
import type { Lease } from '#daemon/domain/lease'
import type { Subnet } from '#daemon/domain/subnet'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { FoundLease } from './lease-file.ts'

/** What becomes of one lease of a file. */
export type Verdict =
  | { readonly kind: 'take'; readonly line: number; readonly lease: Lease }
  /** What we have is newer, or the same. */
  | { readonly kind: 'keep'; readonly line: number; readonly reason: string }
  | { readonly kind: 'reject'; readonly line: number; readonly reason: string }

/**
 * Decides on each lease of a file. An address is taken only where the client could renew it: in a pool of ours, or
 * reserved. Of two
 * leases of an address the one that was written later counts; and a client that has leased another address of the
 * subnet from us since then stays there.
 */
export function planImport(
  found: readonly FoundLease[],
  ours: readonly Lease[],
  subnets: readonly Subnet[],
): Verdict[] {
  const byAddress = new Map(ours.map((lease) => [lease.address, lease]))
  const newest = newestByClient(ours, subnets)
  return found.map(({ line, lease }) => {
    const { address } = lease
    const subnet = subnetOf(subnets, address)
    if (!subnet) return { kind: 'reject', line, reason: `${address} is in no subnet of the configuration` }
    if (!isLeasableAddress(subnet, address) && !isReserved(subnet, address)) {
      return { kind: 'reject', line, reason: `${address} is neither in a pool of subnet ${subnet.name} nor reserved` }
    }
    const before = byAddress.get(address)
    if (before && before.updatedAt >= lease.updatedAt) return { kind: 'keep', line, reason: older(address, before) }
    const moved = newest.get(clientIn(subnet, lease))
    if (lease.state !== 'declined' && moved && moved.updatedAt >= lease.updatedAt && moved.address !== address) {
      return { kind: 'keep', line, reason: `the client of ${address} has had ${moved.address} since` }
    }
    return { kind: 'take', line, lease }
  })
}

function isReserved({ reservations = [] }: Subnet, address: Ipv4): boolean {
  return reservations.some((reservation) => reservation.address === address)
}

function newestByClient(ours: readonly Lease[], subnets: readonly Subnet[]): ReadonlyMap<string, Lease> {
  const newest = new Map<string, Lease>()
  for (const lease of ours) {
    const subnet = subnetOf(subnets, lease.address)
    if (!subnet || lease.state !== 'leased') continue
    const key = clientIn(subnet, lease)
    if ((newest.get(key)?.updatedAt ?? -1) < lease.updatedAt) newest.set(key, lease)
  }
  return newest
}

function clientIn(subnet: Subnet, { clientKey }: Lease): string {
  return `${subnet.cidr.network}/${clientKey}`
}

function older(address: Ipv4, { updatedAt }: Lease): string {
  return `our record of ${address} is as new or newer (${new Date(updatedAt).toISOString()})`
}
