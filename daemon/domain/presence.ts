// SPDX-License-Identifier: Apache-2.0
import type { Phone, Presence, ReportedStatus } from './phone.ts'

/**
 * How long a phone may be silent before it counts as disconnected, in milliseconds: three keep-alive periods, or
 * one and ten minutes if that is longer (a phone reports once an hour by default, so one lost report is no outage).
 */
export function silenceLimit(keepAliveMinutes: number): number {
  return Math.max(3 * keepAliveMinutes, keepAliveMinutes + 10) * 60_000
}

/** The status word of a keep-alive; a word we do not know says at least that the phone is not registered. */
export function reportedStatus(word: string): ReportedStatus {
  const known = word.trim().toLowerCase()
  if (known === 'started' || known === 'registered' || known === 'offline') return known
  return 'unregistered'
}

/** What the phone counts as at `now`, given how long it may be silent (milliseconds; Infinity switches it off). */
export function presenceOf(phone: Phone, now: number, limit: number): Presence {
  if (phone.status === 'silent') return 'seen'
  if (now - phone.reportedAt > limit) return 'disconnected'
  if (phone.status === 'registered') return 'registered'
  return phone.status === 'started' ? 'starting' : 'not registered'
}
