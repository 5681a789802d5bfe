// SPDX-License-Identifier: Apache-2.0
import type { Comparison } from '#protocols/ldap/port'

/** How a value is cut into the pieces under which it is found. */
export interface Cut {
  /** Characters of a piece: digits tell less than letters, so pieces of numbers are longer. */
  readonly length: number
  /** Saves memory where a search for a middle is rare. */
  readonly beginningsOnly: boolean
}

/** Stands before the first character, so that a beginning is told from a middle. */
const START = '\u0001'

/** Tells the pieces of a value: its beginnings of every length up to a piece, and its middles. One may come twice. */
export function eachGram(value: string, { length, beginningsOnly }: Cut, tell: (gram: string) => void): void {
  const longest = Math.min(length, value.length)
  for (let i = 1; i <= longest; i++) tell(START + value.slice(0, i))
  if (!beginningsOnly) eachMiddle(value, length, tell)
}

/**
 * Pieces that every value has for which the comparison is true; none when none is known, as for a middle shorter than
 * a piece.
 */
export function gramsFor(comparison: Comparison, { length, beginningsOnly }: Cut): ReadonlySet<string> {
  const grams = new Set<string>()
  const tell = (gram: string) => grams.add(gram)
  const middle = (text: string) => {
    if (!beginningsOnly) eachMiddle(text, length, tell)
  }
  const beginning = (text: string) => {
    if (text !== '') tell(START + text.slice(0, length))
    middle(text)
  }
  if (comparison.kind === 'equal') beginning(comparison.value)
  if (comparison.kind === 'substrings') {
    beginning(comparison.initial)
    comparison.any.forEach(middle)
    middle(comparison.final)
  }
  return grams
}

function eachMiddle(text: string, length: number, tell: (gram: string) => void): void {
  for (let i = 0; i + length <= text.length; i++) tell(text.slice(i, i + length))
}
