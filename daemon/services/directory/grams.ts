// SPDX-License-Identifier: Apache-2.0
import type { Comparison } from '#protocols/ldap/port'

/** Stands before the first character, so that a beginning is told from a middle. */
const START = '\u0001'
const GRAM = 3

/**
 * The keys under which a value is found: its first one, two and three characters, and, unless only beginnings are
 * kept, every three in a row.
 */
export function* gramsOf(value: string, beginningsOnly: boolean): Generator<string> {
  const most = Math.min(GRAM, value.length)
  for (let length = 1; length <= most; length++) yield START + value.slice(0, length)
  if (!beginningsOnly) yield* middles(value)
}

/**
 * Keys that every value has for which the comparison is true; empty when none is known, as for parts of less than
 * three characters within a value.
 */
export function gramsFor(comparison: Comparison, beginningsOnly: boolean): string[] {
  switch (comparison.kind) {
    case 'equal':
      return beginningOf(comparison.value, beginningsOnly)
    case 'substrings': {
      const { initial, any, final } = comparison
      const inner = beginningsOnly ? [] : [...any, final].flatMap((part) => [...middles(part)])
      return [...beginningOf(initial, beginningsOnly), ...inner]
    }
    default:
      return []
  }
}

function beginningOf(text: string, beginningsOnly: boolean): string[] {
  if (text === '') return []
  const start = START + text.slice(0, GRAM)
  return beginningsOnly ? [start] : [start, ...middles(text)]
}

/** The first three are among them, as they may also stand in the middle of another value. */
function* middles(text: string): Generator<string> {
  for (let i = 0; i + GRAM <= text.length; i++) yield text.slice(i, i + GRAM)
}
