// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OverlayStore } from '#daemon/store/overlay-store'
import { Conflict, put, remove, type Store, type Table } from '#daemon/store/store'
import { freshStore } from '#test/support/store'

const animals: Table<number> = { name: 'animals' }

function contents(store: Store): Record<string, number> {
  const all = Array.from(store.entries(animals), ({ key, value }) => [key, value] as const)
  expect(store.count(animals)).toBe(all.length)
  return Object.fromEntries(all.sort())
}

test('it shows what the store below would hold after the same writes, and never writes to it', async () => {
  const below = await freshStore()
  const key = fc.constantFrom('a', 'b', 'c', 'd')
  const change = fc.oneof(
    fc.tuple(key, fc.nat()).map(([key, value]) => put(animals, key, value)),
    key.map((key) => remove(animals, key)),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(change), fc.array(fc.array(change)), async (first, then) => {
      await below.commit(
        [...'abcd'].map((key) => remove(animals, key)),
        { durable: false },
      )
      await below.commit(first, { durable: false })
      const before = contents(below)
      const overlay = new OverlayStore(below)
      for (const changes of then) await overlay.commit(changes, { durable: true })
      const thought = contents(overlay)
      expect(contents(below)).toEqual(before)
      for (const changes of then) await below.commit(changes, { durable: false })
      expect(contents(below)).toEqual(thought)
    }),
    { numRuns: 50 },
  )
})

test('expectations hold against what would be, and nothing of a refused commit remains', async () => {
  const below = await freshStore()
  const revision = await below.commit([put(animals, 'a', 1)], { durable: false })
  const overlay = new OverlayStore(below)
  await overlay.commit([put(animals, 'a', 2, revision)], { durable: false })
  const again = overlay.commit([put(animals, 'b', 1, 'absent'), put(animals, 'a', 3, revision)], { durable: false })
  await expect(again).rejects.toBeInstanceOf(Conflict)
  expect(contents(overlay)).toEqual({ a: 2 })
})

test('who watches is told of what is written here', async () => {
  const below = await freshStore()
  await below.commit([put(animals, 'a', 1)], { durable: false })
  const overlay = new OverlayStore(below)
  const seen: unknown[] = []
  const stop = overlay.watch(animals, 0, ({ key, value }) => seen.push([key, value]))
  await overlay.commit([put(animals, 'b', 2), remove(animals, 'a')], { durable: false })
  stop()
  await overlay.commit([put(animals, 'c', 3)], { durable: false })
  expect(seen).toEqual([
    ['a', 1],
    ['b', 2],
    ['a', undefined],
  ])
})
