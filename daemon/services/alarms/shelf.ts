// SPDX-License-Identifier: Apache-2.0
import { type Alarm, SEVERITY } from '#daemon/domain/alarm'
import { type Change, put, remove, type Store } from '#daemon/store/store'
import { alarms as table } from '#daemon/store/tables'

/** Most changes that wait for a disk that refuses; the oldest are lost then, and their causes raise them again. */
const MOST_OWED = 10_000

/**
 * The active alarms in memory, by id and by phone, and their way to the disk. What is put here is seen at once; what
 * the disk refused stays seen, and goes along with the next commit.
 */
export class AlarmShelf {
  readonly #store: Store
  readonly #onRefused: (error: unknown) => void
  readonly #owed = new Map<string, Change>()
  #loaded = false
  readonly #known = new Map<string, Alarm>()
  /** The one that was raised last comes last. */
  readonly #strangers = new Map<string, Alarm>()
  readonly #byMac = new Map<string, Map<string, Alarm>>()
  #sorted: readonly Alarm[] | undefined

  constructor(store: Store, onRefused: (error: unknown) => void) {
    this.#store = store
    this.#onRefused = onRefused
  }

  get(id: string): Alarm | undefined {
    this.#load()
    return this.#known.get(id) ?? this.#strangers.get(id)
  }

  /** Alarms that are no strangers'. */
  get count(): number {
    this.#load()
    return this.#known.size
  }

  get strangerCount(): number {
    this.#load()
    return this.#strangers.size
  }

  oldestStranger(): Alarm | undefined {
    for (const alarm of this.#strangers.values()) return alarm
    return undefined
  }

  /** The gravest first, among equals the one that was last raised or changed. */
  known(): readonly Alarm[] {
    this.#load()
    this.#sorted ??= [...this.#known.values()].sort(byGravity)
    return this.#sorted
  }

  /** In no particular order, and without the cost of one. */
  all(): Iterable<Alarm> {
    this.#load()
    return this.#known.values()
  }

  strangers(): readonly Alarm[] {
    this.#load()
    return [...this.#strangers.values()].reverse()
  }

  of(mac: string): readonly Alarm[] {
    this.#load()
    return [...(this.#byMac.get(mac)?.values() ?? [])]
  }

  /** What to write for it; it is seen from now on. */
  put(alarm: Alarm): Change {
    this.#set(alarm)
    return put(table, alarm.id, alarm)
  }

  remove(alarm: Alarm): Change {
    this.#unset(alarm)
    return remove(table, alarm.id)
  }

  /**
   * True once the changes are on disk. When the disk refuses: `keep` keeps them seen and writes them later, `forget`
   * takes them back.
   */
  async commit(changes: readonly Change[], refused: 'keep' | 'forget'): Promise<boolean> {
    const owed = [...this.#owed.values()]
    if (changes.length === 0 && owed.length === 0) return true
    this.#owed.clear()
    try {
      await this.#store.commit([...owed, ...changes], { durable: true })
      return true
    } catch (error) {
      for (const change of refused === 'keep' ? [...owed, ...changes] : owed) this.#owe(change)
      this.#loaded = false
      this.#onRefused(error)
      return false
    }
  }

  #owe(change: Change): void {
    const key = `${change.table}/${change.key}`
    this.#owed.delete(key)
    this.#owed.set(key, change)
    if (this.#owed.size <= MOST_OWED) return
    for (const oldest of this.#owed.keys()) {
      this.#owed.delete(oldest)
      return
    }
  }

  /** From what the store holds and what it still has to take. */
  #load(): void {
    if (this.#loaded) return
    this.#loaded = true
    for (const map of [this.#known, this.#strangers, this.#byMac]) map.clear()
    const stored = [...this.#store.entries(table)].sort((a, b) => a.revision - b.revision)
    for (const { value } of stored) this.#set(value)
    for (const { table: name, key, value } of this.#owed.values()) {
      if (name !== table.name) continue
      const before = this.#known.get(key) ?? this.#strangers.get(key)
      if (value !== undefined) this.#set(value as Alarm)
      else if (before) this.#unset(before)
    }
  }

  #set(alarm: Alarm): void {
    const before = this.#known.get(alarm.id) ?? this.#strangers.get(alarm.id)
    if (before) this.#unset(before)
    this.#sorted = undefined
    if (alarm.unknown) {
      this.#strangers.set(alarm.id, alarm)
      return
    }
    this.#known.set(alarm.id, alarm)
    if (alarm.mac === undefined) return
    const ofPhone = this.#byMac.get(alarm.mac) ?? new Map<string, Alarm>()
    this.#byMac.set(alarm.mac, ofPhone.set(alarm.id, alarm))
  }

  #unset(alarm: Alarm): void {
    this.#sorted = undefined
    this.#known.delete(alarm.id)
    this.#strangers.delete(alarm.id)
    const ofPhone = this.#byMac.get(alarm.mac ?? '')
    ofPhone?.delete(alarm.id)
    if (ofPhone?.size === 0) this.#byMac.delete(alarm.mac ?? '')
  }
}

export function byGravity(a: Alarm, b: Alarm): number {
  return SEVERITY[b.severity] - SEVERITY[a.severity] || b.lastAt - a.lastAt || a.id.localeCompare(b.id)
}
