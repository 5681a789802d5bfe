// SPDX-License-Identifier: Apache-2.0
import type { NewAlarm } from '#daemon/domain/alarm'
import type { Alarms } from '#daemon/services/alarms/alarms'

interface Standing {
  readonly name: string
  readonly source: string
  /** When its cause last showed, in milliseconds since the epoch. */
  seenAt: number
  toldAt: number
}

/** How often a cause that shows again and again is counted. */
const AGAIN_MS = 60_000

/**
 * Alarms of things that are only seen while they happen: each ends when its cause has not shown for a while. What a
 * daemon before this one raised ends in the same way.
 */
export class Raiser {
  readonly #alarms: Alarms
  readonly #now: () => number
  readonly #quietMs: Readonly<Record<string, number>>
  readonly #most: number
  readonly #standing = new Map<string, Standing>()

  /** `quietMs`: names, and after how many milliseconds without their cause they end. `most`: of one name at once. */
  constructor(alarms: Alarms, now: () => number, quietMs: Readonly<Record<string, number>>, most = 100) {
    this.#alarms = alarms
    this.#now = now
    this.#quietMs = quietMs
    this.#most = most
  }

  /** False when there are too many of its name. */
  raise(alarm: NewAlarm): boolean {
    const { name, source } = alarm
    const id = `${name}@${source}`
    const now = this.#now()
    const standing = this.#standing.get(id)
    if (!standing && [...this.#standing.values()].filter((other) => other.name === name).length >= this.#most) {
      return false
    }
    this.#standing.set(id, { name, source, seenAt: now, toldAt: standing?.toldAt ?? now })
    if (standing && now - standing.toldAt < AGAIN_MS) return true
    this.#standing.set(id, { name, source, seenAt: now, toldAt: now })
    void this.#alarms.raise(alarm)
    return true
  }

  end(name: string, source: string): void {
    this.#standing.delete(`${name}@${source}`)
    void this.#alarms.clear(name, source)
  }

  tick(): void {
    const now = this.#now()
    for (const { name, source, seenAt } of [...this.#standing.values()]) {
      if (now - seenAt > (this.#quietMs[name] ?? 0)) this.end(name, source)
    }
    for (const { name, source, lastAt } of this.#alarms.active()) {
      const quiet = this.#quietMs[name]
      if (quiet === undefined || this.#standing.has(`${name}@${source}`) || now - lastAt <= quiet) continue
      void this.#alarms.clear(name, source)
    }
  }
}
