// SPDX-License-Identifier: Apache-2.0
import type { Mac } from '#protocols/lib/mac'
import type { Command, CommandKind } from './command.ts'

export type JobState =
  /** Its time has not come. */
  | 'scheduled'
  | 'running'
  /** By a person, until one continues it. */
  | 'stopped'
  | 'done'
  | 'cancelled'

/** One action on many phones. Times are milliseconds since the epoch. */
export interface Job {
  readonly id: string
  readonly kind: CommandKind
  /** Of a message. */
  readonly text: string
  readonly by: string
  readonly at: number
  /** The first phone is not told before. */
  readonly startAt: number
  /** Phones that were not reached by then are given up. */
  readonly expiresAt: number
  /** Phones told at once, and milliseconds between two batches. */
  readonly batch: number
  readonly delay: number
  /** How often a phone that did not do it is told again. */
  readonly retries: number
  readonly state: JobState
  readonly size: number
  /** Phones are not told before this moment: one batch has its turn. */
  readonly nextAt: number
  readonly endedAt: number
}

/** How far one phone is. */
export const TARGET_STATES = ['waiting', 'sent', 'confirmed', 'failed', 'skipped'] as const
export type TargetState = (typeof TARGET_STATES)[number]

/** What became of one phone of a job. */
export interface Target {
  readonly job: string
  readonly mac: Mac
  readonly state: TargetState
  /** How often it was told. */
  readonly tries: number
  /** A sentence for people: why it waits, failed or was skipped. */
  readonly reason: string
  readonly at: number
  /** It is not told again before this moment. */
  readonly notBefore: number
}

export const BATCH = { least: 1, most: 1_000, usual: 5 } as const
/** Seconds between batches; the usual one is for restarts and updates. */
export const DELAY = { least: 0, most: 86_400, usual: 120 } as const
/** The first pause before a phone is told again, in milliseconds; it doubles. */
const FIRST_PAUSE = 60_000

/** The id of the command that tells a phone: the same whenever it is asked for, so that no phone is told twice. */
export function commandId(job: string, tries: number): string {
  return `${job}-${tries}`
}

export function isEnded({ state }: Job): boolean {
  return state === 'done' || state === 'cancelled'
}

export function isSettled({ state }: Target): boolean {
  return state === 'confirmed' || state === 'failed' || state === 'skipped'
}

/** What the state of its command makes of a phone; undefined while that changes nothing. */
export function afterCommand(job: Job, target: Target, command: Command, now: number): Target | undefined {
  if (target.state !== 'sent') return undefined
  switch (command.state) {
    case 'confirmed':
      return { ...target, state: 'confirmed', reason: '', at: now }
    case 'failed':
    case 'expired':
      return again(job, target, command.reason, now)
    case 'cancelled':
      return { ...target, state: 'skipped', reason: 'the command was cancelled', at: now }
    default:
      return undefined
  }
}

function again({ retries, expiresAt }: Job, target: Target, reason: string, now: number): Target {
  const notBefore = now + FIRST_PAUSE * 2 ** (target.tries - 1)
  if (target.tries > retries || notBefore >= expiresAt) return { ...target, state: 'failed', reason, at: now }
  return { ...target, state: 'waiting', reason: `it will be told again: ${reason}`, at: now, notBefore }
}

/** How many phones of a job are how far. */
export type Progress = Readonly<Record<TargetState, number>>

export function progressOf(targets: Iterable<Target>): Progress {
  const count: Record<TargetState, number> = { waiting: 0, sent: 0, confirmed: 0, failed: 0, skipped: 0 }
  for (const { state } of targets) count[state]++
  return count
}
