// SPDX-License-Identifier: Apache-2.0
import { PROBABLE_CAUSE } from '#daemon/domain/alarm'
import type { Announce } from '#daemon/messages'
import type { Alarms } from '#daemon/services/alarms/alarms'

export interface ClockWatchOptions {
  readonly alarms: Pick<Alarms, 'event'>
  readonly announce: Announce
  /** Milliseconds since the epoch: the clock that people and programs set. */
  readonly now: () => number
  /** Milliseconds of a clock that nobody can set. */
  readonly steady: () => number
}

const LOOK_MS = 1_000
/** Smaller steps are how time servers mend a clock. */
const JUMP_MS = 10_000

/**
 * Leases, jobs and alarms go by the clock of the machine. When somebody sets it, leases seem to end early or late, and
 * times in the history stand in the wrong order: that is told, so that nobody looks for another reason.
 */
export class ClockWatch {
  readonly #options: ClockWatchOptions
  #timer: NodeJS.Timeout | undefined
  #offset = 0
  #jumps = 0

  constructor(options: ClockWatchOptions) {
    this.#options = options
  }

  start(): void {
    this.#offset = this.#options.now() - this.#options.steady()
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Since the start. */
  get jumps(): number {
    return this.#jumps
  }

  look(): void {
    const { alarms, announce, now, steady } = this.#options
    const offset = now() - steady()
    const jump = offset - this.#offset
    this.#offset = offset
    if (Math.abs(jump) < JUMP_MS) return
    this.#jumps += 1
    const seconds = Math.round(jump / 1_000)
    announce('clock.jumped', { seconds })
    void alarms.event({
      ...{ name: 'CLOCK JUMPED', source: 'clock', severity: 'warning', eventType: 'processingError' },
      probableCause: PROBABLE_CAUSE.other,
      description: `The clock of this machine was set ${seconds > 0 ? 'forward' : 'back'} by ${Math.abs(seconds)} seconds.`,
      remedy:
        'Let a time server keep the clock. Leases that seem to have ended are given again to whoever renews first.',
    })
  }
}
