// SPDX-License-Identifier: Apache-2.0

const LONGEST = 120

/**
 * The one of `names` that needs the fewest changed, added or left-out letters, if these are few for its length. A
 * name of more than 120 letters is like none.
 */
export function nearestName(wanted: string, names: Iterable<string>): string | undefined {
  if (wanted.length > LONGEST) return undefined
  let best: string | undefined
  const rows: [Uint16Array, Uint16Array] = [new Uint16Array(2 * LONGEST), new Uint16Array(2 * LONGEST)]
  let most = Math.max(1, Math.floor(wanted.length / 5))
  for (const name of names) {
    if (Math.abs(name.length - wanted.length) > most) continue
    const changes = distance(wanted, name, most, rows)
    if (changes > most) continue
    best = name
    if (changes === 0) return best
    most = changes - 1
  }
  return best
}

/**
 * Levenshtein's distance, of which only `most` is of interest: what is more comes back as `most + 1`. Of the table, two
 * rows are kept, and of these only the cells so near the diagonal that a short way could pass.
 */
function distance(a: string, b: string, most: number, rows: readonly [Uint16Array, Uint16Array]): number {
  let [above, row] = rows
  for (let j = 0; j <= Math.min(most, b.length); j++) above[j] = j
  for (let i = 1; i <= a.length; i++) {
    const [from, to] = [Math.max(1, i - most), Math.min(b.length, i + most)]
    row[from - 1] = from === 1 ? i : most + 1
    above[to] = to === i + most ? most + 1 : (above[to] ?? 0)
    let least = most + 1
    const letter = a.charCodeAt(i - 1)
    for (let j = from; j <= to; j++) {
      const swap = (above[j - 1] ?? 0) + (letter === b.charCodeAt(j - 1) ? 0 : 1)
      const cell = Math.min(swap, (above[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1)
      row[j] = cell
      if (cell < least) least = cell
    }
    if (least > most) return most + 1
    const spare = above
    above = row
    row = spare
  }
  return above[b.length] ?? most + 1
}
