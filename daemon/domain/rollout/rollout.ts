// SPDX-License-Identifier: Apache-2.0
import type { Mac } from '#protocols/lib/mac'

/** An image as the shelf knows it. */
export interface ImageChoice {
  /** SHA-256 of the file in hex. */
  readonly id: string
  /** What a phone that runs it reports. */
  readonly version: string
}

export interface RolloutModel {
  readonly model: string
  /** What phones stay on until their stage; undefined when there was no image for them. */
  readonly from: ImageChoice | undefined
  readonly to: ImageChoice
}

export const ROLLOUT_STATES = ['running', 'halted', 'returning', 'done', 'cancelled', 'returned'] as const
export type RolloutState = (typeof ROLLOUT_STATES)[number]

/** When a stage is good, and when it is not. */
export interface Limits {
  /** A stage is watched at least so long, in minutes. */
  readonly soakMinutes: number
  /** A phone that was told has so long to be back, with the new version and registered, in minutes. */
  readonly patienceMinutes: number
  /** So many of a hundred phones more than before the start may be in trouble. */
  readonly tolerancePercent: number
}

export const LIMITS = {
  soakMinutes: { least: 0, most: 10_080, usual: 60 },
  patienceMinutes: { least: 1, most: 10_080, usual: 90 },
  tolerancePercent: { least: 0, most: 50, usual: 2 },
} as const satisfies Readonly<Record<keyof Limits, { least: number; most: number; usual: number }>>

/** Percent of all phones that have been reached after each stage; the canary comes before. */
export const SHARES: readonly number[] = [1, 10, 100]
export const MOST_STAGES = 10

/** How the fleet was before the start: shares from 0 to 1. */
export interface Baseline {
  /** Phones that were looked at. */
  readonly phones: number
  /** Of those that were heard of lately, those not registered. */
  readonly unregistered: number
  /** Of those that ever reported, those not heard of lately. */
  readonly silent: number
  /** With a major or critical alarm of their own. */
  readonly alarmed: number
}

export interface Stage {
  readonly name: string
  /** Phones that it adds. */
  readonly size: number
}

/** What was decided, and why, in a sentence. */
export interface Decision {
  readonly at: number
  /** A person, or `offhook`. */
  readonly by: string
  readonly text: string
}

/** New firmware on its way into the fleet. Times are milliseconds since the epoch. */
export interface Rollout {
  readonly id: string
  readonly by: string
  readonly at: number
  readonly state: RolloutState
  readonly models: readonly RolloutModel[]
  /** The place whose choice it changes in the end: `system` or the id of a scope; and its name then. */
  readonly where: string
  readonly place: string
  readonly stages: readonly Stage[]
  /** The stage that is reached, from 0. */
  readonly stage: number
  readonly stageAt: number
  /** The job that tells this stage was begun: it is never begun again. */
  readonly begun: boolean
  readonly limits: Limits
  /** Phones told at once, and milliseconds between two batches. */
  readonly batch: number
  readonly delay: number
  /** Phones restart for it, and fetch their configuration on the way. */
  readonly restart: boolean
  /** Phones are told only then: minutes since midnight where they are. */
  readonly window?: { readonly from: number; readonly to: number }
  readonly baseline: Baseline
  /** Why it halted; empty otherwise. */
  readonly reason: string
  /** The newest last; bounded. */
  readonly decisions: readonly Decision[]
  readonly endedAt: number
}

/** A phone's part in a rollout. */
export interface Member {
  readonly rollout: string
  readonly mac: Mac
  readonly model: string
  /** Where it is, as people call it. */
  readonly site: string
  readonly stage: number
  /** How it was when the rollout was planned. */
  readonly before: { readonly firmware: string; readonly registered: boolean; readonly present: boolean }
  /** Starts, and registrations lost, since its stage was reached. */
  readonly starts: number
  readonly losses: number
  /** An admin went on although it was in trouble: it counts no more. */
  readonly excused: boolean
}

const MOST_DECISIONS = 100
/** Who decides where nobody did. */
export const OURSELVES = 'offhook'

export function isEndedRollout({ state }: Pick<Rollout, 'state'>): boolean {
  return state === 'done' || state === 'cancelled' || state === 'returned'
}

export function isReached(rollout: Rollout, member: Pick<Member, 'stage'>): boolean {
  return member.stage <= rollout.stage
}

export function modelOf(rollout: Rollout, model: string): RolloutModel | undefined {
  return rollout.models.find((one) => one.model === model)
}

/** Phones and images do not agree on upper and lower case. */
export function sameVersion(a: string, b: string): boolean {
  return a.toUpperCase() === b.toUpperCase()
}

export function withDecision(rollout: Rollout, at: number, text: string, by = OURSELVES): Rollout {
  return { ...rollout, decisions: [...rollout.decisions, { at, by, text }].slice(-MOST_DECISIONS) }
}

/**
 * The image that a phone shall have while its rollout is open; undefined: the rollout has no say. What is chosen for
 * the place stays the old one until the end, so that nobody comes by the new image before its turn.
 */
export function imageFor(rollout: Rollout, member: Member, firmware: string): string | undefined {
  const images = modelOf(rollout, member.model)
  if (!images || isEndedRollout(rollout)) return undefined
  const reached = isReached(rollout, member)
  const isFlashed = sameVersion(firmware, images.to.version)
  const gets = rollout.state === 'running' ? reached : rollout.state === 'halted' && reached && isFlashed
  return gets ? images.to.id : images.from?.id
}
