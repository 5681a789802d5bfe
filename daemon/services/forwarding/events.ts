// SPDX-License-Identifier: Apache-2.0
import type { AlarmEvent } from '#daemon/domain/alarm'
import type { Store } from '#daemon/store/store'
import { alarmEvents } from '#daemon/store/tables'

/** The alarm events as every destination reads them: written ones only, none copied. */
export class Events {
  readonly #store: Store
  /** What is before it was dropped by the history's bound. */
  #oldest = 1
  #newest = 0
  #stop: (() => void) | undefined

  constructor(store: Store) {
    this.#store = store
  }

  /** Calls back after each commit of one. */
  start(listener: () => void): void {
    let oldest = Number.POSITIVE_INFINITY
    for (const { key } of this.#store.entries(alarmEvents)) {
      oldest = Math.min(oldest, Number(key))
      this.#newest = Math.max(this.#newest, Number(key))
    }
    this.#oldest = Math.min(oldest, this.#newest + 1)
    this.#stop = this.#store.watch(alarmEvents, 'now', ({ key, value }) => {
      const sequence = Number(key)
      if (value === undefined) {
        this.#oldest = Math.max(this.#oldest, sequence + 1)
      } else {
        this.#newest = Math.max(this.#newest, sequence)
        listener()
      }
    })
  }

  stop(): void {
    this.#stop?.()
  }

  get oldest(): number {
    return this.#oldest
  }

  /** 0 when there was never one. */
  get newest(): number {
    return this.#newest
  }

  /** Undefined where its write failed, and where the history dropped it. */
  get(sequence: number): AlarmEvent | undefined {
    return this.#store.get(alarmEvents, String(sequence).padStart(12, '0'))?.value
  }
}
