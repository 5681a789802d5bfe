// SPDX-License-Identifier: Apache-2.0
import type { Alarm, AlarmEvent } from '#daemon/domain/alarm'
import { type Change, put, remove, type Store } from '#daemon/store/store'
import { alarmEvents } from '#daemon/store/tables'

const DAY_MS = 24 * 3600 * 1000
/** Old events removed at once. */
const AT_ONCE = 1_000

export interface HistoryLimits {
  /** Most events kept. */
  readonly events: number
  readonly days: number
}

/**
 * What happened to alarms, oldest first. The newest event is never removed, so the sequence grows for ever over
 * restarts; a number whose write failed is not given out again.
 */
export class AlarmHistory {
  readonly #store: Store
  readonly #limits: HistoryLimits
  #bounds: { oldest: number; next: number } | undefined

  constructor(store: Store, limits: HistoryLimits) {
    this.#store = store
    this.#limits = limits
  }

  /** What to write for one more event: itself, and the removal of what no longer has room. */
  append(at: number, kind: AlarmEvent['kind'], by: string, alarm: Alarm, forward: boolean): Change[] {
    const bounds = this.#load()
    const sequence = bounds.next++
    const event: AlarmEvent = { sequence, at, kind, by, alarm, forward }
    const changes: Change[] = [put(alarmEvents, keyOf(sequence), event)]
    // By numbers and not by records, so that several events of one commit each make their room.
    while (bounds.next - bounds.oldest > this.#limits.events) changes.push(remove(alarmEvents, keyOf(bounds.oldest++)))
    return changes
  }

  /** The removal of events older than the limit, some at a time. */
  expired(now: number): Change[] {
    const bounds = this.#load()
    const changes: Change[] = []
    for (let sequence = bounds.oldest; sequence < bounds.next - 1 && changes.length < AT_ONCE; sequence++) {
      const key = keyOf(sequence)
      const event = this.#store.get(alarmEvents, key)?.value
      // A number without a record: its write failed, and may still be made up for.
      if (!event) continue
      if (event.at >= now - this.#limits.days * DAY_MS) break
      changes.push(remove(alarmEvents, key))
      bounds.oldest = sequence + 1
    }
    return changes
  }

  /** Newest first, from before a sequence on. */
  *newest(before = Number.POSITIVE_INFINITY): Iterable<AlarmEvent> {
    const { oldest, next } = this.#load()
    for (let sequence = Math.min(next, before) - 1; sequence >= oldest; sequence--) {
      const event = this.#store.get(alarmEvents, keyOf(sequence))?.value
      if (event) yield event
    }
  }

  #load(): { oldest: number; next: number } {
    if (this.#bounds) return this.#bounds
    let oldest = Number.POSITIVE_INFINITY
    let newest = 0
    for (const { key } of this.#store.entries(alarmEvents)) {
      oldest = Math.min(oldest, Number(key))
      newest = Math.max(newest, Number(key))
    }
    this.#bounds = { oldest: Math.min(oldest, newest + 1), next: newest + 1 }
    return this.#bounds
  }
}

/** Twelve digits: the order of keys is the order of events. */
function keyOf(sequence: number): string {
  return String(sequence).padStart(12, '0')
}
