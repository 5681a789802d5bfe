// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { nearestName } from '#daemon/domain/provisioning/nearest-name'

test('a slip of the finger finds its name', () => {
  const names = ['provisioning/method', 'provisioning/period/type', 'system/type']
  expect(nearestName('provisioning/metod', names)).toBe('provisioning/method')
  expect(nearestName('provisoning/methid', names)).toBe('provisioning/method')
  expect(nearestName('voip/line', names)).toBeUndefined()
  expect(nearestName('x'.repeat(121), ['x'.repeat(121)])).toBeUndefined()
})

/** The textbook's whole table. */
function levenshtein(a: string, b: string): number {
  const table = Array.from({ length: a.length + 1 }, (_, i) => [i, ...Array<number>(b.length).fill(0)])
  for (let j = 1; j <= b.length; j++) (table[0] as number[])[j] = j
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const cell = (x: number, y: number) => table[x]?.[y] ?? 0
      const swap = cell(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      ;(table[i] as number[])[j] = Math.min(swap, cell(i - 1, j) + 1, cell(i, j - 1) + 1)
    }
  }
  return table[a.length]?.[b.length] ?? 0
}

const word = fc.string({ unit: fc.constantFrom('a', 'b', '/'), minLength: 1, maxLength: 24 })

test('it finds the first of the nearest, as the whole table would', () => {
  fc.assert(
    fc.property(word, fc.array(word, { maxLength: 12 }), (wanted, names) => {
      const most = Math.max(1, Math.floor(wanted.length / 5))
      const near = names.map((name) => levenshtein(wanted, name)).filter((changes) => changes <= most)
      const found = nearestName(wanted, names)
      if (near.length === 0) expect(found).toBeUndefined()
      else expect(levenshtein(wanted, found ?? '')).toBe(Math.min(...near))
    }),
    { numRuns: 500 },
  )
})
