// SPDX-License-Identifier: Apache-2.0

/** At most so many in a second, evenly; what was not used for a second may be used at once. Times in milliseconds. */
export class Rate {
  readonly #millisEach: number
  #free = Number.NEGATIVE_INFINITY

  constructor(perSecond: number | undefined) {
    this.#millisEach = perSecond === undefined ? 0 : 1_000 / perSecond
  }

  /** How long to wait before the next. */
  wait(now: number): number {
    return Math.max(0, this.#free - now)
  }

  use(count: number, now: number): void {
    const burst = Math.max(1_000, this.#millisEach)
    this.#free = Math.max(this.#free, now - burst + this.#millisEach) + count * this.#millisEach
  }
}

export interface Pauses {
  readonly firstMillis: number
  readonly mostMillis: number
}

export const PAUSES: Pauses = { firstMillis: 1_000, mostMillis: 30_000 }

/** Twice as long each time, give or take a quarter, so that many who wait do not come at once. `random` is in [0, 1). */
export function pauseAfter(failures: number, { firstMillis, mostMillis }: Pauses, random: () => number): number {
  const pause = Math.min(mostMillis, firstMillis * 2 ** Math.min(failures - 1, 20))
  return pause * (0.75 + random() / 2)
}
