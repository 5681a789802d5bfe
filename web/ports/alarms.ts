// SPDX-License-Identifier: Apache-2.0
import type { Alarm, AlarmEvent } from '#daemon/domain/alarm'
import type { Mac } from '#protocols/lib/mac'
import type { Saved } from './directory.ts'

export type ActiveSeverity = Alarm['severity']

/** All conditions must hold; one that is absent holds always. */
export interface AlarmFilter {
  /**
   * Every word (apart by white space) must occur, without regard to case, in name, description, source, MAC (in any
   * common spelling), remote host or the user of the phone. At most 100 characters; empty for all.
   */
  readonly text: string
  /** Any of these; empty for all. */
  readonly severities: readonly ActiveSeverity[]
  /** A scope's id of `AlarmScope`: alarms in it and below it. */
  readonly scope?: string
  readonly acknowledged?: boolean
  /** Alarms of this phone. */
  readonly mac?: Mac
  /** Only the parts of this folded alarm. */
  readonly parent?: string
  /** True: only alarms from MACs that are no known phone; those are never among the others. */
  readonly unknown?: boolean
}

/**
 * Parts of a folded alarm are among the rows only where `text`, `mac` or `parent` asks for them: the plain list has one
 * row for each cause.
 */
export interface AlarmQuery extends AlarmFilter {
  /** From 1. */
  readonly page: number
  readonly pageSize: number
}

export interface AlarmPage {
  /** The gravest first, among equals the one that was last raised or changed. */
  readonly rows: readonly Alarm[]
  readonly page: number
  readonly pageCount: number
  readonly total: number
}

/** Rows of the plain list: one for each cause. */
export interface AlarmCounts extends Readonly<Record<ActiveSeverity, number>> {
  readonly total: number
  readonly unacknowledged: number
  /** Parts that lie under folded alarms, not in `total`. */
  readonly folded: number
  /** Of senders that are no known phone, not in `total`. */
  readonly unknown: number
}

export interface HistoryQuery {
  /** As in `AlarmFilter`. */
  readonly text: string
  /** Any of these; empty for all. */
  readonly kinds: readonly AlarmEvent['kind'][]
  readonly severities: readonly ActiveSeverity[]
  /** Events of this alarm only. */
  readonly id?: string
  readonly mac?: Mac
  /** Milliseconds since the epoch: not before `from`, before `to`. */
  readonly from?: number
  readonly to?: number
  /** Only events with a smaller sequence: the `next` of the page before. */
  readonly before?: number
  /** 1 to 1,000. */
  readonly limit: number
}

export interface HistoryPage {
  /** Newest first. */
  readonly events: readonly AlarmEvent[]
  /** What to give as `before` for older ones; undefined when there are none. */
  readonly next: number | undefined
}

export type AlarmOutcome =
  | { readonly kind: 'done'; readonly alarm: Alarm }
  /** It is no longer active: cleared meanwhile, or never was. */
  | { readonly kind: 'gone' }
  /** A sentence for the one who asked: the store cannot write, the text is too long, … */
  | { readonly kind: 'refused'; readonly reason: string }

/** A node of the scope tree that alarms can lie in: a region, site or DHCP subnet. */
export interface AlarmScope {
  /** As in `Alarm.scope`. */
  readonly id: string
  readonly label: string
}

/** A time in which alarms of a scope are kept and shown, but not forwarded. */
export interface MaintenanceWindow {
  readonly id: string
  /** What is being done; 1 to 100 characters. */
  readonly title: string
  /** An `AlarmScope` id; empty for everything. */
  readonly scope: string
  /** Milliseconds since the epoch: from `from` on, until before `to`. At most 31 days apart. */
  readonly from: number
  readonly to: number
  readonly by: string
  readonly createdAt: number
  /** It comes again every week at the same time (of UTC), until it is removed. */
  readonly weekly?: boolean
}

/** What a person enters. Without `id`: a new one. */
export type MaintenanceDraft = Pick<MaintenanceWindow, 'title' | 'scope' | 'from' | 'to' | 'weekly'> & {
  readonly id?: string
}

/** Alarms as pages and programs see and handle them. `who` is an account's name. */
export interface AlarmsPort {
  list(query: AlarmQuery): AlarmPage
  /** An active alarm. */
  get(id: string): Alarm | undefined
  counts(): AlarmCounts
  history(query: HistoryQuery): HistoryPage
  scopes(): readonly AlarmScope[]
  /** Calls back after each event, in order, with the alarm as it is now; returns the way to stop. */
  follow(listener: (event: AlarmEvent) => void): () => void

  /** `note` may be empty; at most 1,000 characters. Acknowledging again replaces who and note. */
  acknowledge(id: string, who: string, note: string): Promise<AlarmOutcome>
  unacknowledge(id: string, who: string): Promise<AlarmOutcome>
  /** `text` has 1 to 1,000 characters. */
  comment(id: string, who: string, text: string): Promise<AlarmOutcome>
  /** By hand; of a folded alarm with all its parts. `alarm` is as it was last. */
  clear(id: string, who: string): Promise<AlarmOutcome>

  /** Current and coming ones first, then those of the last 30 days. */
  maintenance(): readonly MaintenanceWindow[]
  saveMaintenance(draft: MaintenanceDraft, who: string): Promise<Saved<MaintenanceWindow>>
  /** False if there is none. A window that has begun ends now and stays in the list. */
  removeMaintenance(id: string, who: string): Promise<boolean>
}
