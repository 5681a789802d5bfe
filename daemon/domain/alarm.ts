// SPDX-License-Identifier: Apache-2.0
import type { Mac } from '#protocols/lib/mac'

/** X.733 perceived severity; the number is AudioCodes' own (AC-FAULT-TC) and orders them. */
export const SEVERITY = { cleared: 0, indeterminate: 1, warning: 2, minor: 3, major: 4, critical: 5 } as const
export type Severity = keyof typeof SEVERITY

/** X.733 event type, with AudioCodes' number; RFC 3877 (ITU-ALARM-TC) counts from one. */
export const EVENT_TYPE = {
  other: 0,
  communications: 1,
  qualityOfService: 2,
  processingError: 3,
  equipment: 4,
  environmental: 5,
} as const
export type EventType = keyof typeof EVENT_TYPE

/** X.733 probable causes in the standard's own order, as AudioCodes numbers them; those that we use. */
export const PROBABLE_CAUSE = {
  other: 0,
  communicationsProtocolError: 5,
  communicationsSubsystemFailure: 6,
  configurationOrCustomizationError: 7,
  corruptData: 9,
  inputOutputDeviceError: 23,
  lanError: 25,
  resourceAtOrNearingCapacity: 43,
  softwareError: 46,
  softwareProgramAbnormallyTerminated: 47,
  storageCapacityProblem: 49,
  thresholdCrossed: 51,
  underlyingResourceUnavailable: 56,
  versionMismatch: 57,
  authenticationFailure: 58,
} as const

/** An alarm that comes and goes is held: active, told once, until it has come to rest. */
export interface Flapping {
  readonly since: number
  /** When it last came or went. */
  readonly movedAt: number
  /** It is gone at the moment, but held. */
  readonly over: boolean
}

/** An active alarm; raising it again only counts it. Times are milliseconds since the epoch. */
export interface Alarm {
  /** One alarm per cause and place, e.g. `<name>@<source>`. */
  readonly id: string
  readonly name: string
  /** What is affected: `server/tftp`, `IPPhone/00908f123456`. */
  readonly source: string
  readonly severity: Exclude<Severity, 'cleared'>
  readonly description: string
  /** What an admin should do. */
  readonly remedy: string
  readonly eventType: EventType
  /** X.733 probable cause by its ITU-ALARM-TC / AC-FAULT-TC number; 0 is other. */
  readonly probableCause: number
  /** Up to three. */
  readonly additionalInfo: readonly string[]
  /** The phone it is about, if it is about one. */
  readonly mac?: Mac
  /** Scope nodes, DHCP subnet or site that it lies in, for filters; empty for the whole system. */
  readonly scope: string
  /** The address that told us; empty for the appliance itself. */
  readonly remoteHost: string
  readonly raisedAt: number
  /** When it was last raised again, changed, acknowledged or commented. */
  readonly lastAt: number
  readonly count: number
  readonly acknowledged?: { readonly by: string; readonly at: number; readonly note: string }
  readonly comments: readonly { readonly by: string; readonly at: number; readonly text: string }[]
  /** The folded alarm that this one is a part of: it is shown beneath it and not forwarded on its own. */
  readonly parent?: string
  /** How many phones a folded alarm stands for. */
  readonly blast?: number
  /** Why nobody outside was told of it yet; absent once it was forwarded. */
  readonly quiet?: Quiet
  /** It changed while it was not to be forwarded: whoever was told of it has yet to be told of that. */
  readonly untold?: boolean
  /** Its sender is no known phone: kept apart and never forwarded. */
  readonly unknown?: boolean
  /** It comes and goes; it is held active until it has come to rest. */
  readonly flapping?: Flapping
  /** Why its sender may not be whom it says it is, in a sentence. */
  readonly doubt?: string
}

/**
 * `window`: it waits for others to be folded with; `folded`: its parent speaks for it; `maintenance`: its scope is worked on; `unknown`: its sender is no known phone.
 */
export type Quiet = 'window' | 'folded' | 'maintenance' | 'unknown'

/** What happened to an alarm; the history, and what forwarders follow. */
export interface AlarmEvent {
  /** Grows by one; the key, in twelve digits. */
  readonly sequence: number
  readonly at: number
  readonly kind: 'raised' | 'changed' | 'acknowledged' | 'commented' | 'cleared' | 'event'
  /** A person, a phone, or the part of the daemon that did it. */
  readonly by: string
  /** The alarm as it was afterwards; of a cleared one as it was last. */
  readonly alarm: Alarm
  /**
   * False while a maintenance window or folding keeps it from being forwarded. An alarm that was raised quietly and is
   * released later has a second `raised`, with true; what was never forwarded is cleared with false.
   */
  readonly forward: boolean
}

type Facts =
  | 'eventType'
  | 'probableCause'
  | 'additionalInfo'
  | 'mac'
  | 'scope'
  | 'remoteHost'
  | 'blast'
  | 'unknown'
  | 'doubt'

/** What the one who raises an alarm knows of it. */
export type NewAlarm = Pick<Alarm, 'name' | 'source' | 'severity' | 'description' | 'remedy'> &
  Partial<Pick<Alarm, Facts>> & {
    /** Tells alarms of one name and source apart, where they stand side by side. */
    readonly detail?: string
    /** When the sender says it began, in milliseconds since the epoch; by default the time of receipt. */
    readonly raisedAt?: number
  }
