// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LevelStore } from '#daemon/store/level-store'
import type { Change, Expectation } from '#daemon/store/store'

type Expecting = 'nothing' | 'absent' | 'current' | 'wrong'

interface Step {
  readonly changes: readonly { readonly key: string; readonly value: unknown; readonly expecting: Expecting }[]
  readonly durable: boolean
  /** Do not wait for it before the next step. */
  readonly pile: boolean
  readonly reopen: boolean
}

const table = { name: 'things' }
const keys = fc.constantFrom('', 'a', 'a/b', 'é', '__proto__', 'z')
const value = fc.option(fc.jsonValue({ maxDepth: 2 }), { nil: undefined, freq: 4 })
const step: fc.Arbitrary<Step> = fc.record({
  changes: fc.array(
    fc.record({
      key: keys,
      value,
      expecting: fc.constantFrom<Expecting>('nothing', 'nothing', 'absent', 'current', 'wrong'),
    }),
    { maxLength: 4 },
  ),
  durable: fc.boolean(),
  pile: fc.boolean(),
  reopen: fc.nat(9).map((n) => n === 0),
})

type Model = Map<string, { value: unknown; revision: number }>

/** What a commit must do to the model: its next state, or undefined for a Conflict. */
function applied(model: Model, changes: readonly Change[], revision: number): Model | undefined {
  const next = new Map(model)
  for (const { key, value, expect: expected } of changes) {
    if (expected !== undefined && expected !== (next.get(key)?.revision ?? 'absent')) return undefined
    if (value === undefined) next.delete(key)
    else next.set(key, { value: JSON.parse(JSON.stringify(value)), revision })
  }
  return next
}

describe('any sequence of commits', () => {
  test('does to the store, its watchers and its files what it does to a Map', async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), run), { numRuns: 25 })
  })
})

async function run(steps: readonly Step[]): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), 'offhook-model-'))
  const folder = join(parent, 'store')
  let store = new LevelStore({ folder })
  let model: Model = new Map()
  let watched: Model = new Map()
  const watch = () => {
    watched = new Map()
    store.watch(table, 0, ({ key, value, revision }) => {
      if (value === undefined) watched.delete(key)
      else watched.set(key, { value, revision })
    })
  }
  const contents = (): Model => new Map([...store.entries(table)].map(({ key, ...rest }) => [key, rest]))
  try {
    await store.open()
    watch()
    let last = 0
    let pending: Promise<unknown>[] = []
    for (const { changes, durable, pile, reopen } of steps) {
      const concrete = changes.map(({ key, value, expecting }): Change => {
        const revision = model.get(key)?.revision
        const expectations: Record<Expecting, Expectation | undefined> = {
          nothing: undefined,
          absent: 'absent',
          current: revision ?? 'absent',
          wrong: revision === undefined ? 1 : revision - 1,
        }
        const expected = expectations[expecting]
        return { table: table.name, key, value, ...(expected === undefined ? {} : { expect: expected }) }
      })
      const commit = store.commit(concrete, { durable })
      const revision = last + 1
      const next = applied(model, concrete, revision)
      if (next) {
        model = next
        last = revision
        pending.push(commit.then((given) => expect(given).toBe(revision)))
      } else pending.push(expect(commit).rejects.toMatchObject({ code: 'STORE_CONFLICT' }))
      expect(contents()).toEqual(model)
      if (pile && !reopen) continue
      await Promise.all(pending)
      pending = []
      expect(watched).toEqual(model)
      if (!reopen) continue
      await store.close()
      store = new LevelStore({ folder })
      await store.open()
      watch()
      expect(contents()).toEqual(model)
      expect(watched).toEqual(model)
    }
    await Promise.all(pending)
  } finally {
    await store.close()
    rmSync(parent, { recursive: true, force: true })
  }
}
