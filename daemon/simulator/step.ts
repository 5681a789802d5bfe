// SPDX-License-Identifier: Apache-2.0
import type { Clock } from './clock.ts'
import { asFailure, Stopped } from './failure.ts'
import type { PhoneIdentity } from './identity.ts'

/** The steps of a boot in their order, then what a phone does while it stays and when it leaves. */
export const STEP_NAMES = [
  'discover',
  'request',
  'bootstrap',
  'config',
  'firmware',
  'started',
  'registered',
  'keep-alive',
  'rebind',
  'offline',
] as const

export type StepName = (typeof STEP_NAMES)[number]

/** One step that one phone took. */
export interface StepEvent {
  readonly phone: PhoneIdentity
  readonly step: StepName
  /** `warning`: it did not work out, and no harm done (a missing image, say). */
  readonly outcome: 'ok' | 'warning' | 'failed'
  /** Why not; empty for `ok`. */
  readonly reason: string
  readonly ms: number
  /** Retransmissions and second attempts. */
  readonly retries: number
}

/** What a step notes about itself while it runs. */
export interface Tally {
  retries: number
  /** Set: the step ends as a warning. */
  warning: string
  /** Set: the step ends as failed although it returns, as the phone knows how to go on. */
  failed: string
}

/** Runs the steps of one phone, measures them and tells of them. */
export class StepRunner {
  readonly #phone: PhoneIdentity
  readonly #clock: Clock
  readonly #onStep: (event: StepEvent) => void

  constructor(phone: PhoneIdentity, clock: Clock, onStep: (event: StepEvent) => void) {
    this.#phone = phone
    this.#clock = clock
    this.#onStep = onStep
  }

  /** Resolves as `work` does; whatever `work` throws becomes a StepFailure. A step that was stopped is not told. */
  async run<T>(step: StepName, work: (tally: Tally) => Promise<T>): Promise<T> {
    const tally: Tally = { retries: 0, warning: '', failed: '' }
    const beganAt = this.#clock.now()
    const tell = (outcome: StepEvent['outcome'], reason: string) => {
      const ms = this.#clock.now() - beganAt
      this.#onStep({ phone: this.#phone, step, outcome, reason, ms, retries: tally.retries })
    }
    try {
      const result = await work(tally)
      if (tally.failed) tell('failed', tally.failed)
      else tell(tally.warning ? 'warning' : 'ok', tally.warning)
      return result
    } catch (error) {
      if (error instanceof Stopped) throw error
      const failure = asFailure(error)
      tell('failed', failure.message)
      throw failure
    }
  }
}
