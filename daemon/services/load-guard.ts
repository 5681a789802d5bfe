// SPDX-License-Identifier: Apache-2.0
import { PROBABLE_CAUSE } from '#daemon/domain/alarm'
import type { Alarms } from '#daemon/services/alarms/alarms'

export interface LoadGuardOptions {
  readonly alarms: Pick<Alarms, 'raise' | 'clear' | 'isThere'>
  /** Milliseconds of a clock that is never set. */
  readonly now: () => number
}

const TICK_MS = 100
/** So late we are behind with our work; so little late, for so long, we have caught up. */
const BEHIND_MS = 2_000
const CAUGHT_UP_MS = 500
const QUIET_MS = 1_000
/** An alarm that comes and goes by the second helps nobody. */
const ALARM_REST_MS = 60_000
const MEMORY = 10

const ALARM = 'OVERLOAD'
const SOURCE = 'load'

/**
 * Measures how late the event loop is, and says when phones must be sent away. While it is late, whatever waits in our
 * sockets grows older: answering the next hundred with "come again" takes a moment, serving them would take the time
 * in which the hundred after them give up.
 */
export class LoadGuard {
  readonly #options: LoadGuardOptions
  readonly #late: number[] = []
  #timer: NodeJS.Timeout | undefined
  #due = 0
  #shedding = false
  #calmSince = 0
  #strainedAt = Number.NEGATIVE_INFINITY
  #sentAway = 0

  constructor(options: LoadGuardOptions) {
    this.#options = options
  }

  start(): void {
    this.#due = this.#options.now() + TICK_MS
    if (this.#options.alarms.isThere(`${ALARM}@${SOURCE}`)) void this.#options.alarms.clear(ALARM, SOURCE)
    this.#timer = setInterval(() => this.tick(), TICK_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  get isShedding(): boolean {
    return this.#shedding
  }

  /** Milliseconds: the worst of the last second. */
  lateness(): number {
    return Math.max(0, this.#options.now() - this.#due, ...this.#late)
  }

  /** Asked for each request; `sentAway`: how many were, for whatever reason. */
  isOverloaded(sentAway: number): boolean {
    if (sentAway > this.#sentAway) {
      this.#sentAway = sentAway
      this.#strain()
    }
    return this.#shedding
  }

  tick(): void {
    const now = this.#options.now()
    const late = Math.max(0, now - this.#due)
    this.#due = now + TICK_MS
    this.#late.push(late)
    if (this.#late.length > MEMORY) this.#late.shift()
    if (late >= CAUGHT_UP_MS) this.#calmSince = now
    if (late >= BEHIND_MS) {
      this.#shedding = true
      this.#strain()
    } else if (this.#shedding && now - this.#calmSince >= QUIET_MS) this.#shedding = false
    if (!this.#shedding && now - this.#strainedAt >= ALARM_REST_MS) this.#rest()
  }

  #strain(): void {
    const { alarms, now } = this.#options
    this.#strainedAt = now()
    if (alarms.isThere(`${ALARM}@${SOURCE}`)) return
    void alarms.raise({
      ...{ name: ALARM, source: SOURCE, severity: 'major', eventType: 'qualityOfService' },
      probableCause: PROBABLE_CAUSE.resourceAtOrNearingCapacity,
      description: `More is asked of us than we can do: phones are told to come again (${Math.round(this.lateness())} ms late).`,
      remedy: 'It ends by itself when the rush is over. If it comes often, give the machine more or faster processors.',
    })
  }

  #rest(): void {
    if (this.#options.alarms.isThere(`${ALARM}@${SOURCE}`)) void this.#options.alarms.clear(ALARM, SOURCE)
  }
}
