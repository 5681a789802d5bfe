// SPDX-License-Identifier: Apache-2.0
import type { LeaseAnswer, LeaseQuery } from '#protocols/dhcp/port'
import { silent } from './answers.ts'
import type { Desk } from './desk.ts'
import type { Place } from './networks.ts'

/** RELEASE: the address is free, and stays the client's first choice [RFC 2131 §4.3.4]. */
export async function release(desk: Desk, { networks, pool }: Place, query: LeaseQuery): Promise<LeaseAnswer> {
  const lease = query.address && desk.leaseAt(query.address)
  if (!networks.isForUs(query) || lease?.clientKey !== query.clientKey || lease.state !== 'leased') {
    return silent('nothing of ours to release')
  }
  const now = desk.now()
  await desk.write({ ...lease, state: 'released', expiresAt: now, updatedAt: now }, false)
  return silent(`released to subnet ${pool.subnet.name}`)
}
