// SPDX-License-Identifier: Apache-2.0
import { type BootStep, type BootTimeline, withStep } from '#daemon/domain/boot'
import { put, type Store } from '#daemon/store/store'
import { timelines } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'

/** Milliseconds between two writes, and how many timelines one write takes. */
const PAUSE = 200
const AT_ONCE = 50

/**
 * The phones' boot timelines. They are evidence, not state: steps are noted in memory and written a little later, at
 * most 250 timelines a second, so that a whole company that boots at once costs the leases no disk time. What waits is
 * bounded by the number of known phones; a crash loses the steps of a moment, and a clean stop none.
 */
export class Timelines {
  readonly #store: Store
  readonly #onFault: (error: unknown) => void
  /** Not written yet, longest waiting first. */
  readonly #unsaved = new Map<Mac, BootTimeline>()
  #timer: NodeJS.Timeout | undefined

  constructor(store: Store, onFault: (error: unknown) => void) {
    this.#store = store
    this.#onFault = onFault
  }

  of(mac: Mac): BootTimeline | undefined {
    return this.#unsaved.get(mac) ?? this.#store.get(timelines, mac)?.value
  }

  add(mac: Mac, step: BootStep): void {
    this.#unsaved.set(mac, withStep(this.of(mac), step))
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
    const changes = batch.map(([mac, timeline]) => put(timelines, mac, timeline))
    await this.#store.commit(changes, { durable: false }).catch(this.#onFault)
  }
}
