// SPDX-License-Identifier: Apache-2.0
import type { Alarm } from '#daemon/domain/alarm'
import type { Announce } from '#daemon/messages'
import { put, remove, type Store } from '#daemon/store/store'
import { alarms as table } from '#daemon/store/tables'

type Facts = 'eventType' | 'probableCause' | 'additionalInfo' | 'mac' | 'scope' | 'remoteHost'
export type NewAlarm = Pick<Alarm, 'name' | 'source' | 'severity' | 'description' | 'remedy'> &
  Partial<Pick<Alarm, Facts>>

const UNKNOWN = { eventType: 'other', probableCause: 0, additionalInfo: [], scope: '', remoteHost: '' } as const

/** The list of active alarms: one for each cause and place. */
export class Alarms {
  readonly #store: Store
  readonly #now: () => number
  readonly #announce: Announce

  constructor(store: Store, now: () => number, announce: Announce) {
    this.#store = store
    this.#now = now
    this.#announce = announce
  }

  /** Raises an alarm, or counts it once more when it is active already. */
  raise(alarm: NewAlarm): void {
    const id = idOf(alarm.name, alarm.source)
    const now = this.#now()
    const active = this.#store.get(table, id)?.value
    const value: Alarm = active
      ? { ...active, ...alarm, lastAt: now, count: active.count + 1 }
      : { ...UNKNOWN, comments: [], ...alarm, id, raisedAt: now, lastAt: now, count: 1 }
    if (!active) this.#announce('alarm.raised', { alarm: alarm.name, ...alarm })
    this.#write(put(table, id, value))
  }

  /** Clears an alarm; clearing one that is not active does nothing. */
  clear(name: string, source: string): void {
    const id = idOf(name, source)
    if (!this.#store.get(table, id)) return
    this.#announce('alarm.cleared', { alarm: name, source })
    this.#write(remove(table, id))
  }

  /** The active alarms, the gravest and newest first. */
  active(): readonly Alarm[] {
    const order = ['critical', 'major', 'minor', 'warning', 'indeterminate']
    return [...this.#store.entries(table)]
      .map(({ value }) => value)
      .sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity) || b.raisedAt - a.raisedAt)
  }

  #write(change: ReturnType<typeof remove>): void {
    this.#store.commit([change], { durable: false }).catch((error: unknown) => {
      this.#announce('daemon.fault', { error: `an alarm could not be written: ${String(error)}` })
    })
  }
}

function idOf(name: string, source: string): string {
  return `${name}@${source}`
}
