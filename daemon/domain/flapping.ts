// SPDX-License-Identifier: Apache-2.0
import type { Alarm, Flapping } from './alarm.ts'

export interface FlapSettings {
  /** Raised so many times within the window, it flaps. */
  readonly times: number
  readonly windowMs: number
  /** Held until it neither came nor went for so long. */
  readonly quietMs: number
}

/** Ids remembered; the one not raised for longest makes room. */
const REMEMBERED = 10_000

/** Remembers when alarms were raised, to see which come and go. */
export class FlapMemory {
  readonly #settings: FlapSettings
  readonly #raised = new Map<string, number[]>()

  constructor(settings: FlapSettings) {
    this.#settings = settings
  }

  /** Notes that an alarm is raised that was not active; says whether it flaps. */
  raised(id: string, now: number): boolean {
    const { times, windowMs } = this.#settings
    const recent = [...(this.#raised.get(id) ?? []), now].filter((at) => now - at <= windowMs).slice(-times)
    this.#raised.delete(id)
    this.#raised.set(id, recent)
    if (this.#raised.size > REMEMBERED) {
      for (const oldest of this.#raised.keys()) {
        this.#raised.delete(oldest)
        break
      }
    }
    return recent.length >= times
  }

  /** Whether a flapping alarm has come to rest. */
  rests({ movedAt }: Flapping, now: number): boolean {
    return now - movedAt >= this.#settings.quietMs
  }
}

/** Whether an alarm's cause is there now, as far as its raiser said. */
export function isThere(alarm: Alarm | undefined): boolean {
  return alarm !== undefined && alarm.flapping?.over !== true
}
