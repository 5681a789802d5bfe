// SPDX-License-Identifier: Apache-2.0
import type { Mac } from '#protocols/lib/mac'
import { COMMAND_KINDS, type Command, type CommandKind, isCommandKind } from './command.ts'

/** What is done here, in what we know of the phone or its user; it ends when that is on disk. */
export const CHANGE_KINDS = [
  ...(['approve', 'reject', 'set region', 'assign user', 'set model', 'set language', 'set VLAN mode'] as const),
  ...(['set template', 'reset passwords', 'delete'] as const),
] as const
export type ChangeKind = (typeof CHANGE_KINDS)[number]

export const JOB_KINDS = [...COMMAND_KINDS, ...CHANGE_KINDS] as const
export type JobKind = CommandKind | ChangeKind

export function isChangeKind(text: string): text is ChangeKind {
  return CHANGE_KINDS.some((kind) => kind === text)
}

export function isJobKind(text: string): text is JobKind {
  return isCommandKind(text) || isChangeKind(text)
}

export type JobState =
  /** Its time has not come. */
  | 'scheduled'
  | 'running'
  /** By a person, until one continues it. */
  | 'stopped'
  | 'done'
  | 'cancelled'

/** A part of each day, in minutes since midnight where the phone is; `from` after `to` runs over midnight. */
export interface DailyWindow {
  readonly from: number
  readonly to: number
}

/** What a phone is told after a change, so that it fetches what changed. */
export const AFTERWARDS = ['', 'check', 'restart'] as const
export type Afterwards = (typeof AFTERWARDS)[number]

/** One action on many phones. Times are milliseconds since the epoch. */
export interface Job {
  readonly id: string
  readonly kind: JobKind
  /** Of a message. */
  readonly text: string
  /** What a change sets: id of a scope, name of a user, a model, a language, a VLAN mode, id of a template, `random` or `given`. */
  readonly value?: string
  /** The password that was given, sealed; taken away when the job ends. Never leaves the daemon. */
  readonly secret?: string
  readonly afterwards?: Afterwards
  /** Of a firmware update: the version that is the proof; without it, that of the image chosen for each phone. */
  readonly expects?: string
  /** Of a firmware update: phones restart for it, and fetch their configuration on the way. */
  readonly restart?: boolean
  readonly by: string
  readonly at: number
  /** The first phone is not told before. */
  readonly startAt: number
  /** Phones that were not reached by then are given up. */
  readonly expiresAt: number
  /** Phones told at once, and milliseconds between two batches. */
  readonly batch: number
  readonly delay: number
  /** Phones of one place that may be at work at once; 0 or absent for any number. */
  readonly perSite?: number
  /** Phones are told only then; absent for always. */
  readonly window?: DailyWindow
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
  /** When its command was put into its queue last; absent before. */
  readonly toldAt?: number
}

export const BATCH = { least: 1, most: 1_000, usual: 5 } as const
/** Seconds between batches; the usual one is for restarts, `quick` for updates and changes. */
export const DELAY = { least: 0, most: 86_400, usual: 120, quick: 2 } as const
/** The first pause before a phone is told again, in milliseconds; it doubles. */
const FIRST_PAUSE = 60_000

/** Seconds between batches, where nobody says. */
export function usualDelay(kind: JobKind): number {
  return kind === 'restart' || kind === 'factory reset' || kind === 'update firmware' ? DELAY.usual : DELAY.quick
}

/** The id of the command that tells a phone: the same whenever it is asked for, so that no phone is told twice. */
export function commandId(job: string, tries: number): string {
  return `${job}-${tries}`
}

export function isEnded({ state }: Pick<Job, 'state'>): boolean {
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

const JOB_OF = 'job of '

/** Who did it, when a job did it for somebody. */
export function jobActor(by: string): string {
  return `${JOB_OF}${by}`
}

export function isJobActor(by: string): boolean {
  return by.startsWith(JOB_OF)
}
