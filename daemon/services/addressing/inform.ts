// SPDX-License-Identifier: Apache-2.0
import type { LeaseAnswer, LeaseQuery } from '#protocols/dhcp/port'
import type { Desk } from './desk.ts'
import type { Place } from './networks.ts'

/** INFORM: the client has its address from elsewhere and gets options only; nothing is held or written [RFC 2131 §4.3.5]. */
export function inform(desk: Desk, place: Place, query: LeaseQuery): LeaseAnswer {
  return desk.answer(place, query, undefined)
}
