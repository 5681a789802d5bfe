// SPDX-License-Identifier: Apache-2.0
import type { LeaseAnswer, LeaseQuery } from '#protocols/dhcp/port'
import { silent } from './answers.ts'
import type { Desk } from './desk.ts'
import type { Place } from './networks.ts'

/** Another host uses the address: nobody gets it for a day, then it has its next chance. */
const QUARANTINE_MS = 24 * 3600 * 1000

/** DECLINE: only from the client that was given the address, lest anybody could empty the pool [RFC 2131 §4.3.3]. */
export async function decline(desk: Desk, { networks, pool }: Place, query: LeaseQuery): Promise<LeaseAnswer> {
  const lease = query.address && desk.leaseAt(query.address)
  if (!networks.isForUs(query) || lease?.clientKey !== query.clientKey || lease.state !== 'leased') {
    return silent('nothing of ours to decline')
  }
  const now = desk.now()
  await desk.write({ ...lease, state: 'declined', expiresAt: now + QUARANTINE_MS, updatedAt: now }, false)
  desk.watch?.quarantined(lease.address, lease.mac)
  return silent(`quarantined in subnet ${pool.subnet.name}: another host uses it`)
}
