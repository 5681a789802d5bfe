// SPDX-License-Identifier: Apache-2.0
import type { Alarm } from '#daemon/domain/alarm'
import type { DestinationFilter, ToldAlarm } from '#daemon/domain/destination'
import { passes, type ScopePath } from '#daemon/domain/destination-filter'
import type { Outgoing } from './sender.ts'
import type { Told } from './told.ts'

/** Who does what nobody did. */
const OURSELVES = 'offhook'
const LAPSED = 'It ended while this destination could not be told.'

export interface ResendOptions {
  readonly told: Told
  readonly filter: DestinationFilter
  readonly pathOf: ScopePath
  /** Alarms with this source are about the destination itself. */
  readonly source: string
  /** Every active alarm, the gravest first, those that are kept quiet too. */
  readonly activeAlarms: () => readonly Alarm[]
  readonly now: () => number
}

/**
 * Makes a destination's picture whole: all active alarms once more, and an end to those it believes in that are over. It
 * begins when the events up to the time of asking were taken, and goes before those that come later: so it tells an alarm
 * as it was at that time or later, and what happened to it afterwards follows.
 */
export class Resend {
  readonly #options: ResendOptions
  #isAsked = false
  #after = 0
  /** From behind: what is told next is last. */
  #plan: { readonly lapsed: ToldAlarm[]; readonly active: Alarm[] } | undefined
  /** Taken and not done. */
  #out = 0

  constructor(options: ResendOptions) {
    this.#options = options
  }

  get isAsked(): boolean {
    return this.#isAsked
  }

  /** Messages not yet done, once it has begun. */
  get waiting(): number {
    return this.#left + this.#out
  }

  /** Asked again while under way, it begins anew. */
  ask(newest: number): number {
    this.#isAsked = true
    this.#after = newest
    this.#plan = undefined
    return this.#wanted().length
  }

  /** True when all events before `next` were taken and there is something to take here first. */
  isDue(next: number): boolean {
    return this.#isAsked && next > this.#after && (!this.#plan || this.#left > 0)
  }

  /** `none`: the next alarm is on the way already, by an event. */
  take(isHeld: (id: string) => boolean): Outgoing | 'none' | undefined {
    this.#plan ??= this.#makePlan()
    const { lapsed, active } = this.#plan
    const next = lapsed.at(-1) ?? active.at(-1)
    if (!next) return undefined
    if (isHeld(next.id)) return 'none'
    const at = this.#options.now()
    const over = lapsed.pop()
    // Its end may have been told by an event meanwhile.
    if (over && !this.#options.told.has(over.id)) return undefined
    const alarm = over ? ended(over, at) : active.pop()
    if (!alarm) return undefined
    this.#out++
    return { kind: over ? 'cleared' : 'resent', sequence: 0, at, by: OURSELVES, alarm }
  }

  done(): void {
    this.#out--
  }

  /** True once, when everything was told: asking again is then a new matter. */
  finish(): boolean {
    if (!this.#isAsked || !this.#plan || this.waiting > 0) return false
    this.#isAsked = false
    this.#plan = undefined
    return true
  }

  get #left(): number {
    return this.#plan ? this.#plan.active.length + this.#plan.lapsed.length : 0
  }

  #makePlan() {
    const all = new Set(this.#options.activeAlarms().map(({ id }) => id))
    const lapsed = [...this.#options.told.all()].filter(({ id }) => !all.has(id))
    return { lapsed, active: this.#wanted().toReversed() }
  }

  #wanted(): readonly Alarm[] {
    const { activeAlarms, filter, pathOf, source } = this.#options
    return activeAlarms().filter(
      (alarm) => alarm.quiet === undefined && alarm.source !== source && passes(filter, alarm, pathOf),
    )
  }
}

function ended(told: ToldAlarm, at: number): Alarm {
  return { ...told, additionalInfo: [LAPSED], scope: '', remoteHost: '', comments: [], count: 1, lastAt: at }
}
