// SPDX-License-Identifier: Apache-2.0
import { put, type Store, type Table } from '#daemon/store/store'
import type { Mac } from '#protocols/lib/mac'

/** Milliseconds between two writes, and how many records one write takes. */
const PAUSE = 200
const AT_ONCE = 50

/**
 * Records of phones that are evidence, not state: they change in memory and are written a little later, at most 250 a
 * second, so that a whole company that boots at once costs the leases no disk time. What waits is bounded by the number
 * of known phones; a crash loses the changes of a moment, and a clean stop none.
 */
export class LaterWrites<T> {
  readonly #store: Store
  readonly #table: Table<T>
  readonly #onFault: (error: unknown) => void
  /** Not written yet, longest waiting first. */
  readonly #unsaved = new Map<Mac, T>()
  #timer: NodeJS.Timeout | undefined

  constructor(store: Store, table: Table<T>, onFault: (error: unknown) => void) {
    this.#store = store
    this.#table = table
    this.#onFault = onFault
  }

  of(mac: Mac): T | undefined {
    return this.#unsaved.get(mac) ?? this.#store.get(this.#table, mac)?.value
  }

  set(mac: Mac, value: T): void {
    this.#unsaved.set(mac, value)
    this.#timer ??= setTimeout(() => this.#tick(), PAUSE).unref()
  }

  /** Writes all that waits; call it before the store closes. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#write(this.#unsaved.size)
  }

  #tick(): void {
    this.#timer = this.#unsaved.size > AT_ONCE ? setTimeout(() => this.#tick(), PAUSE).unref() : undefined
    void this.#write(AT_ONCE)
  }

  /** Never rejects: what the disk refuses is told and lost. */
  async #write(most: number): Promise<void> {
    const batch = [...this.#unsaved].slice(0, most)
    if (batch.length === 0) return
    for (const [mac] of batch) this.#unsaved.delete(mac)
    const changes = batch.map(([mac, value]) => put(this.#table, mac, value))
    await this.#store.commit(changes, { durable: false }).catch(this.#onFault)
  }
}
