// SPDX-License-Identifier: Apache-2.0

/** A line that goes or comes. */
export interface DiffLine {
  readonly sign: '-' | '+'
  readonly text: string
}

/** Pairs of lines that are compared one by one; what is larger is compared without regard to order. */
const MOST_PAIRS = 250_000

/** What makes one text of another, in the order in which it is to be read. Equal texts give an empty list. */
export function diffLines(before: readonly string[], after: readonly string[]): DiffLine[] {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start++
  let [endBefore, endAfter] = [before.length, after.length]
  while (endBefore > start && endAfter > start && before[endBefore - 1] === after[endAfter - 1]) {
    endBefore--
    endAfter--
  }
  const gone = before.slice(start, endBefore)
  const come = after.slice(start, endAfter)
  if (gone.length === 0) return come.map((text) => ({ sign: '+', text }))
  if (come.length === 0) return gone.map((text) => ({ sign: '-', text }))
  return gone.length * come.length > MOST_PAIRS ? unordered(gone, come) : ordered(gone, come)
}

/** By the longest common subsequence. */
function ordered(gone: readonly string[], come: readonly string[]): DiffLine[] {
  const width = come.length + 1
  // lengths[i * width + j]: how much of gone from i and come from j can stay.
  const lengths = new Uint32Array((gone.length + 1) * width)
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0
  for (let i = gone.length - 1; i >= 0; i--) {
    for (let j = come.length - 1; j >= 0; j--) {
      lengths[i * width + j] = gone[i] === come[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  const lines: DiffLine[] = []
  let [i, j] = [0, 0]
  while (i < gone.length || j < come.length) {
    if (i < gone.length && j < come.length && gone[i] === come[j]) {
      i++
      j++
    } else if (j >= come.length || (i < gone.length && at(i + 1, j) >= at(i, j + 1))) {
      lines.push({ sign: '-', text: gone[i++] ?? '' })
    } else {
      lines.push({ sign: '+', text: come[j++] ?? '' })
    }
  }
  return lines
}

function unordered(gone: readonly string[], come: readonly string[]): DiffLine[] {
  return [...without(gone, come, '-'), ...without(come, gone, '+')]
}

/** The lines of `of` that `other` does not have as often. */
function without(of: readonly string[], other: readonly string[], sign: '-' | '+'): DiffLine[] {
  const left = new Map<string, number>()
  for (const text of other) left.set(text, (left.get(text) ?? 0) + 1)
  return of.flatMap((text) => {
    const more = left.get(text) ?? 0
    left.set(text, more - 1)
    return more > 0 ? [] : [{ sign, text }]
  })
}
