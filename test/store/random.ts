// SPDX-License-Identifier: Apache-2.0

/** A seeded source of randomness (the mulberry32 generator): the same seed gives the same test. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed | 0
  }

  /** From 0 up to, not including, `end`. */
  below(end: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * end)
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new RangeError('nothing to pick from')
    return item
  }

  text(length: number): string {
    return Array.from({ length }, () => this.below(36).toString(36)).join('')
  }
}

/** The seed of this run: from the environment to repeat one, else by the clock. */
export function seedOf(name: string): number {
  const seed = Number(process.env.OFFHOOK_SEED ?? Date.now() % 2 ** 31)
  console.log(`${name}: OFFHOOK_SEED=${seed}`)
  return seed
}
