// SPDX-License-Identifier: Apache-2.0
import type { LeaseAnswer, LeaseQuery } from '#protocols/dhcp/port'
import { silent } from './answers.ts'
import type { Desk } from './desk.ts'
import type { Place } from './networks.ts'

/** INIT: an offer of the client's address, or of a free one, held for it for a while [RFC 2131 §4.3.1]. */
export async function discover(desk: Desk, place: Place, query: LeaseQuery): Promise<LeaseAnswer> {
  const { name } = place.pool.subnet
  const address = place.pool.offer(query.clientKey, query.address, desk.now(), place)
  if (!address) {
    desk.watch?.exhausted(name)
    return silent(`no free address in subnet ${name}`)
  }
  desk.watch?.available(name)
  if (!query.rapidCommit) return desk.answer(place, query, address)
  // [RFC 4039 §3.1] The lease is made at once; a client that lost the race simply gets no answer, and asks again.
  const answer = await desk.leaseOrNak(place, { ...query, address })
  return answer.kind === 'lease' ? { ...answer, committed: true } : silent(`${address} was just taken`)
}
