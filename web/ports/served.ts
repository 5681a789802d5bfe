// SPDX-License-Identifier: Apache-2.0
import type { Disagreement, FileLine, LeftLine } from '#daemon/domain/provisioning/device-file'
import type { DriftState, ServedFile } from '#daemon/domain/provisioning/served'
import type { Mac } from '#protocols/lib/mac'

/** How what a phone has stands to what it should have. */
export interface Drift {
  readonly mac: Mac
  readonly state: DriftState
  /** In a sentence. */
  readonly reason: string
  /** Of what it would be served now; empty when there is no file. */
  readonly hash: string
  /** What it fetched last. */
  readonly served: ServedFile | undefined
  /** How often it looks for another file. */
  readonly schedule: string
  readonly firmware: {
    readonly reported: string
    /** Empty when none is chosen. */
    readonly chosen: string
    readonly state: 'current' | 'other' | 'unknown'
  }
}

export type DriftCounts = Readonly<Record<DriftState, number>> & { readonly firmware: number }

export interface DriftQuery {
  /** One of `DRIFT_STATES`, `firmware` for those with another firmware than chosen, or empty for all. */
  readonly state: string
  /** From 1. */
  readonly page: number
  readonly pageSize: number
}

export interface DriftPage {
  readonly rows: readonly (Drift & { readonly name: string })[]
  readonly counts: DriftCounts
  readonly total: number
  readonly page: number
  readonly pageCount: number
  /** When it was looked at. Milliseconds since the epoch. */
  readonly at: number
}

/** A placeholder's value as one phone gets it; secrets are masked. */
export interface EffectiveValue {
  readonly name: string
  readonly value: string
  readonly source: string
  /** What farther levels say, the farthest first. */
  readonly overridden: readonly { readonly value: string; readonly source: string }[]
  /** A line of the phone's file asks for it. */
  readonly used: boolean
}

/** What a phone would be served now, and why. */
export interface Effective {
  readonly template: string
  readonly why: string
  /** Names from the system to where it is. */
  readonly place: readonly string[]
  /** Its own file, passwords masked. */
  readonly lines: readonly FileLine[]
  /** The shared file that it includes. */
  readonly shared: readonly string[]
  readonly left: readonly LeftLine[]
  readonly disagreements: readonly Disagreement[]
  readonly values: readonly EffectiveValue[]
}

/** What phones are served, were served, and have. */
export interface ServedPort {
  /** Undefined for an unknown phone; a sentence when there is no file for it. */
  effective(mac: Mac): Effective | { readonly none: string } | undefined
  drift(mac: Mac): Promise<Drift | undefined>
  drifting(query: DriftQuery): Promise<DriftPage>
  /** The one that was fetched last stands first. */
  history(mac: Mac): readonly ServedFile[]
  /** Passwords masked; undefined when it is not kept. */
  text(mac: Mac, hash: string): Promise<string | undefined>
}
