// SPDX-License-Identifier: Apache-2.0
import { type Limits, type Member, sameVersion } from './rollout.ts'

/** What the job that tells the phone says of it. */
export interface Told {
  readonly state: 'waiting' | 'sent' | 'confirmed' | 'failed' | 'skipped'
  readonly at: number
  readonly reason: string
}

/** What is known of a phone now. Times are milliseconds since the epoch. */
export interface Seen {
  readonly firmware: string
  readonly registered: boolean
  /** When it last reported; 0 for never. */
  readonly heardAt: number
  /** Not heard of for longer than it may be silent. */
  readonly silent: boolean
  /** Major or critical alarms of its own that were raised since it was told. */
  readonly alarms: number
  /** It starts over and over, so jobs do not tell it anything. */
  readonly heldBack?: boolean
  /** How far the job is that tells it; undefined before that was begun. */
  readonly told: Told | undefined
}

export const TROUBLES = ['wrong version', 'unregistered', 'silent', 'alarmed', 'unsteady'] as const
export type Trouble = (typeof TROUBLES)[number]

/** `absent`: it was not there to be told, so nothing can be learned from it. */
export const VERDICTS = ['updated', 'under way', 'absent', 'excused', ...TROUBLES] as const
export type Verdict = (typeof VERDICTS)[number]

export interface Judgement {
  readonly verdict: Verdict
  /** A sentence for people. */
  readonly reason: string
}

/** More than these since it was told: new firmware is one start, its configuration another. */
const MOST_STARTS = 3
const MOST_LOSSES = 3
const MINUTE = 60_000

/** What a phone that its stage has reached says about the new firmware. */
export function judge(member: Member, seen: Seen, wanted: string, limits: Limits, now: number): Judgement {
  const { told } = seen
  if (member.excused) return { verdict: 'excused', reason: 'an admin went on in spite of it' }
  if (told?.state === 'skipped') return { verdict: 'absent', reason: told.reason }
  const isTold = told !== undefined && told.state !== 'waiting'
  // What confirmed it was its own report; the report whose answer told it says nothing yet.
  const isBack = isTold && (told.state === 'confirmed' || seen.heardAt > told.at)
  if (!isBack) return unheard(member, seen, limits, now)
  if (member.starts > MOST_STARTS) return { verdict: 'unsteady', reason: `it started ${member.starts} times since` }
  if (member.losses > MOST_LOSSES) {
    return { verdict: 'unsteady', reason: `it lost its registration ${member.losses} times since` }
  }
  const hasTime = now < told.at + limits.patienceMinutes * MINUTE
  if (!sameVersion(seen.firmware, wanted)) return otherVersion(member, seen, wanted, hasTime)
  if (seen.silent) return { verdict: 'silent', reason: 'it came back with the new version and fell silent' }
  if (seen.alarms > 0) return { verdict: 'alarmed', reason: `${seen.alarms} new alarms since` }
  if (seen.registered || !member.before.registered) return { verdict: 'updated', reason: '' }
  return hasTime
    ? { verdict: 'under way', reason: 'it runs the new version and has yet to register' }
    : { verdict: 'unregistered', reason: 'it runs the new version and is not registered; before, it was' }
}

/** Not told yet, or not heard of since. */
function unheard(
  member: Member,
  { silent, told, heldBack }: Seen,
  { patienceMinutes }: Limits,
  now: number,
): Judgement {
  if (told?.state === 'failed' && !member.before.present) return { verdict: 'absent', reason: told.reason }
  if (!told || told.state === 'waiting') {
    if (heldBack) return { verdict: 'absent', reason: 'it started over and over before it was told, and is held back' }
    if (silent || !member.before.present) return { verdict: 'absent', reason: 'it is away, and was not told' }
    return { verdict: 'under way', reason: told?.reason || 'it waits to be told' }
  }
  if (!member.before.present) return { verdict: 'absent', reason: 'it was away before the start already' }
  if (now < told.at + patienceMinutes * MINUTE) return { verdict: 'under way', reason: 'it was told' }
  return { verdict: 'silent', reason: 'it was told, and never came back' }
}

function otherVersion({ before }: Member, { firmware, told }: Seen, wanted: string, hasTime: boolean): Judgement {
  const isOld = sameVersion(firmware, before.firmware)
  const runs = isOld ? `it still runs ${firmware}` : `it came back with ${firmware}`
  if (hasTime && isOld && told?.state !== 'failed') return { verdict: 'under way', reason: runs }
  return { verdict: 'wrong version', reason: `${runs}, and not ${wanted}` }
}

export type Verdicts = Readonly<Record<Verdict, number>>

export function countVerdicts(judgements: Iterable<Judgement>): Verdicts {
  const count: Record<string, number> = Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0]))
  for (const { verdict } of judgements) count[verdict] = (count[verdict] ?? 0) + 1
  return count as Verdicts
}
