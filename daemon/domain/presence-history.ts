// SPDX-License-Identifier: Apache-2.0
import type { Approval, Phone, ReportedStatus } from './phone.ts'

/** What a phone counted as from a moment on. */
export interface PresenceChange {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly status: ReportedStatus | 'disconnected'
  readonly approval: Approval
  /** Who was signed in, as the phone said. */
  readonly userName: string
  /** How often it went there and back since, when it did little else. */
  readonly repeated: number
}

/** The last changes of one phone, oldest first. */
export interface PresenceHistory {
  readonly changes: readonly PresenceChange[]
}

/** Some weeks of an ordinary phone. */
const KEPT = 30

/** The history with what the phone is now; the same object when that is nothing new. */
export function withPresence(
  history: PresenceHistory | undefined,
  { status, approval, userName }: Pick<Phone, 'approval' | 'userName'> & Pick<PresenceChange, 'status'>,
  at: number,
): PresenceHistory | undefined {
  const changes = history?.changes ?? []
  const last = changes.at(-1)
  if (last?.status === status && last.approval === approval && last.userName === userName) return history
  const now: PresenceChange = { at, status, approval, userName, repeated: 0 }
  const before = changes.at(-2)
  // A phone that flaps would push everything else out: there and back again is one line with a count.
  const flapped = before && last && alike(before, now) && changes.length > 2 && alike(changes.at(-3) ?? now, last)
  if (!flapped) return { changes: [...changes, now].slice(-KEPT) }
  return { changes: [...changes.slice(0, -2), { ...now, repeated: before.repeated + 1 }] }
}

function alike(a: PresenceChange, b: PresenceChange): boolean {
  return a.status === b.status && a.approval === b.approval && a.userName === b.userName
}
