// SPDX-License-Identifier: Apache-2.0
import type { Endpoint } from '#protocols/lib/exchange'
import type { Mac } from '#protocols/lib/mac'

/** AudioCodes' numbers (AC-FAULT-TC). */
export type AlertSeverity = 0 | 1 | 2 | 3 | 4 | 5

/** One alarm as a phone tells it, read leniently; empty text means that the phone sent none. */
export interface Alert {
  readonly name: string
  readonly uniqueId: string
  readonly description: string
  readonly severity: AlertSeverity
  readonly source: string
  /** The MAC in `source`. */
  readonly mac: Mac | undefined
  readonly type: string
  readonly probableCause: string
  /** Up to three, without empty ones at the end. */
  readonly additionalInfo: readonly string[]
  /** Milliseconds since the epoch, if the phone's date can be read as one. */
  readonly date: number | undefined
}

export interface AlertReport {
  readonly alerts: readonly Alert[]
  /** Alerts beyond the limit of one body. */
  readonly leftOut: number
  /** Of the body itself, if it names one. */
  readonly mac: Mac | undefined
  readonly peer: Endpoint
  /** The path before `rest/v1/…`, split at `/`. */
  readonly prefix: readonly string[]
}

export type AlertAnswer =
  | { readonly kind: 'taken' }
  /** The phone is to come again later. */
  | { readonly kind: 'refused'; readonly status: 403 | 429 | 503; readonly reason: string }

/** What the handler asks of the keeper of alarms. */
export interface AlertsPort {
  /** Resolves when all of it is on disk. */
  report(report: AlertReport): Promise<AlertAnswer>
}
