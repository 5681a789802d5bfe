// SPDX-License-Identifier: Apache-2.0
import type { Alarm } from '#daemon/domain/alarm'
import type { ToldAlarm } from '#daemon/domain/destination'
import { type Change, put, remove, type Store } from '#daemon/store/store'
import { toldAlarms } from '#daemon/store/tables'

/**
 * Which alarms a destination believes to be active. So an alarm that was told is always taken back, even if its severity
 * has fallen below the filter or its last event was dropped; and one that was not told is never taken back.
 */
export class Told {
  readonly #store: Store
  readonly #prefix: string
  /** What is not handed to the store yet. */
  #pending = new Map<string, ToldAlarm | undefined>()

  constructor(store: Store, destination: string) {
    this.#store = store
    this.#prefix = `${destination}/`
  }

  has(id: string): boolean {
    return this.#get(id) !== undefined
  }

  add(alarm: Alarm): void {
    if (this.#get(alarm.id)?.severity === alarm.severity) return
    const { id, name, source, severity, description, remedy, eventType, probableCause, raisedAt } = alarm
    this.#pending.set(id, { id, name, source, severity, description, remedy, eventType, probableCause, raisedAt })
  }

  remove(id: string): void {
    if (this.has(id)) this.#pending.set(id, undefined)
  }

  /** All of them; looks through those of every destination. */
  *all(): Iterable<ToldAlarm> {
    for (const { key, value } of this.#store.entries(toldAlarms)) {
      if (key.startsWith(this.#prefix) && !this.#pending.has(value.id)) yield value
    }
    for (const told of this.#pending.values()) if (told) yield told
  }

  /** What is to be written now; the commit that takes it makes it seen. */
  drain(): Change[] {
    const changes = Array.from(this.#pending, ([id, told]) => {
      const key = this.#prefix + id
      return told ? put(toldAlarms, key, told) : remove(toldAlarms, key)
    })
    this.#pending = new Map()
    return changes
  }

  /** The commit that took them failed. */
  restore(changes: readonly Change[]): void {
    for (const { key, value } of changes) {
      const id = key.slice(this.#prefix.length)
      if (!this.#pending.has(id)) this.#pending.set(id, value as ToldAlarm | undefined)
    }
  }

  #get(id: string): ToldAlarm | undefined {
    if (this.#pending.has(id)) return this.#pending.get(id)
    return this.#store.get(toldAlarms, this.#prefix + id)?.value
  }
}
