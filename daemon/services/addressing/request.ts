// SPDX-License-Identifier: Apache-2.0
import type { LeaseAnswer, LeaseQuery } from '#protocols/dhcp/port'
import { contains } from '#protocols/lib/ipv4'
import { nak, silent, wrongNetwork } from './answers.ts'
import type { Desk } from './desk.ts'
import type { Place } from './networks.ts'

/*
 * The four states that a REQUEST can come from [RFC 2131 §4.3.2].
 */

/** SELECTING: the client took an offer, ours or another server's. */
export async function selecting(desk: Desk, place: Place, query: LeaseQuery): Promise<LeaseAnswer> {
  if (!place.networks.isForUs(query)) {
    desk.settle(place, query.clientKey)
    if (query.server) desk.watch?.foreignServer(query.server, query.mac)
    return silent(`the client chose server ${query.server}`)
  }
  return desk.leaseOrNak(place, query)
}

/** INIT-REBOOT: silent to clients of whom there is no record, unless they are in the wrong network. */
export async function initReboot(desk: Desk, place: Place, query: LeaseQuery): Promise<LeaseAnswer> {
  const { subnet } = place.pool
  if (!query.address || !contains(subnet.cidr, query.address)) return wrongNetwork(subnet, query)
  const lease = place.pool.leaseOf(query.clientKey)
  if (!lease) return silent('no record of this client; another server may have one')
  if (lease.address !== query.address) return nak(subnet, `the client's address is ${lease.address}`)
  return nakForReserved(desk, place, query) ?? desk.leaseOrNak(place, query)
}

/** RENEWING and REBINDING: only the server that was asked itself may take on an unknown client. */
export async function extend(desk: Desk, place: Place, query: LeaseQuery): Promise<LeaseAnswer> {
  const { pool } = place
  const refused = nakForReserved(desk, place, query)
  if (refused) return refused
  if (!query.address || !contains(pool.subnet.cidr, query.address)) return wrongNetwork(pool.subnet, query)
  const lease = pool.leaseOf(query.clientKey)
  const holder = desk.leaseAt(query.address)
  const isHeld = holder !== undefined && holder.expiresAt > desk.now()
  if (lease?.address === query.address || isHeld) return desk.leaseOrNak(place, query)
  if (lease) return nak(pool.subnet, `the client's address is ${lease.address}`)
  if (query.kind === 'rebinding') return silent('no record of this client; another server may have one')
  const isFree = pool.isFreeFor(query.clientKey, query.address, desk.now(), place)
  return isFree ? desk.leaseOrNak(place, query) : silent(`${query.address} is not ours to lease`)
}

/** A client that was given a reservation since it got its lease moves to the reserved address. */
function nakForReserved(
  desk: Desk,
  { pool, reserved, ...who }: Place,
  { clientKey, address }: LeaseQuery,
): LeaseAnswer | undefined {
  if (!reserved || reserved === address) return undefined
  const isFree = pool.isFreeFor(clientKey, reserved, desk.now(), { ...who, reserved })
  return isFree ? nak(pool.subnet, `${reserved} is reserved for this client`) : undefined
}
