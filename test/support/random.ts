// SPDX-License-Identifier: Apache-2.0

/** Numbers in [0, 1) that are the same in every run: Marsaglia's xorshift32. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0 || 1
  return () => {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 2 ** 32
  }
}
