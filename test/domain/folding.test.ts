// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Census, type Fold, type FoldSettings, planFolds, type Silent } from '#daemon/domain/folding'

const SETTINGS: FoldSettings = { least: 3, share: 0.5, many: 20, windowMs: 10_000 }

function silent(id: string, path: readonly string[], raisedAt = 0): Silent {
  return { id, path, raisedAt, quiet: 'window' }
}

function census(counts: Readonly<Record<string, number>>, overdue: Readonly<Record<string, number>> = {}) {
  return new Map(Object.entries(counts).map(([place, phones]) => [place, { phones, overdue: overdue[place] ?? 0 }]))
}

const three = ['a', 'b', 'c'].map((id) => silent(id, ['net', 'site']))

test('half of a place at once is one cause, and the narrowest place explains it', () => {
  const plan = planFolds(three, [], census({ net: 6, site: 6 }), SETTINGS, 1_000)
  expect(plan.begin).toEqual([{ scope: 'net', ids: ['a', 'b', 'c'], blast: 3 }])
  expect(plan.release).toEqual([])
})

test('fewer wait for their window and are told one by one', () => {
  const few = planFolds(three, [], census({ net: 60, site: 60 }), SETTINGS, 1_000)
  expect(few).toMatchObject({ begin: [], release: [] })
  expect(planFolds(three, [], census({ net: 60, site: 60 }), SETTINGS, 10_000).release).toEqual(['a', 'b', 'c'])
})

test('phones that missed a report count for the cause, as the first of them falls silent', () => {
  const first = [silent('a', ['net', 'site'])]
  const plan = planFolds(first, [], census({ net: 60, site: 600 }, { net: 40, site: 40 }), SETTINGS, 0)
  expect(plan.begin).toEqual([{ scope: 'net', ids: ['a'], blast: 41 }])
})

test('two places at once are the wider one', () => {
  const both = [...three, ...['d', 'e', 'f'].map((id) => silent(id, ['net2', 'site']))]
  const plan = planFolds(both, [], census({ net: 4, net2: 4, site: 8 }), SETTINGS, 0)
  expect(plan.begin).toEqual([{ scope: 'site', ids: ['a', 'b', 'c', 'd', 'e', 'f'], blast: 6 }])
})

test('a wide one splits when one of its places is back: the other is a cause of its own', () => {
  const left = three.map((alarm) => ({ ...alarm, quiet: 'folded' as const, parent: 'F' }))
  const fold: Fold = { id: 'F', scope: 'site', blast: 16 }
  const plan = planFolds(left, [fold], census({ net: 4, net2: 12, site: 16 }), SETTINGS, 99_000)
  expect(plan.end).toEqual(['F'])
  expect(plan.begin).toEqual([{ scope: 'net', ids: ['a', 'b', 'c'], blast: 3 }])
})

test('it opens when too few are left, who are told one by one; and it ends when all are back', () => {
  const fold: Fold = { id: 'F', scope: 'net', blast: 6 }
  const left = [{ ...silent('a', ['net']), quiet: 'folded' as const, parent: 'F' }]
  expect(planFolds(left, [fold], census({ net: 6 }), SETTINGS, 99_000)).toMatchObject({ end: ['F'], release: ['a'] })
  expect(planFolds([], [fold], census({ net: 6 }), SETTINGS, 99_000)).toMatchObject({ end: ['F'], release: [] })
})

test('latecomers join, old ones do not', () => {
  const fold: Fold = { id: 'F', scope: 'net', blast: 3 }
  const parts = three.map((alarm) => ({ ...alarm, path: ['net'], quiet: 'folded' as const, parent: 'F' }))
  const late = silent('late', ['net'], 99_000)
  const old = { id: 'old', path: ['net'], raisedAt: 0 }
  const plan = planFolds([...parts, late, old], [fold], census({ net: 6 }), SETTINGS, 99_000)
  expect(plan.join).toEqual([{ fold: 'F', ids: ['late'] }])
  expect(plan.resize).toEqual([{ fold: 'F', blast: 4 }])
  expect(plan.begin).toEqual([])
})

/** A model of alarms outside: which are told, which are parts of which fold. */
class Office {
  readonly alarms = new Map<string, Silent & { told: number }>()
  readonly folds = new Map<string, Fold>()
  now = 0
  #serial = 0

  step(fallen: readonly number[], back: readonly number[]): void {
    this.now += 4_000
    for (const n of back) this.alarms.delete(`p${n}`)
    for (const n of fallen) {
      if (!this.alarms.has(`p${n}`)) this.alarms.set(`p${n}`, { ...silent(`p${n}`, placesOf(n), this.now), told: 0 })
    }
    const plan = planFolds([...this.alarms.values()], [...this.folds.values()], CENSUS, SETTINGS, this.now)
    for (const id of plan.end) {
      this.folds.delete(id)
      for (const alarm of this.alarms.values()) if (alarm.parent === id) this.#change(alarm.id, { parent: undefined })
    }
    for (const { scope, ids, blast } of plan.begin) {
      const id = `F${this.#serial++}`
      this.folds.set(id, { id, scope, blast })
      for (const part of ids) this.#adopt(part, id)
    }
    for (const { fold, ids } of plan.join) for (const part of ids) this.#adopt(part, fold)
    for (const { fold, blast } of plan.resize) this.folds.set(fold, { ...(this.folds.get(fold) as Fold), blast })
    for (const id of plan.release) this.#change(id, { quiet: undefined, told: (this.alarms.get(id)?.told ?? 0) + 1 })
  }

  #adopt(id: string, parent: string): void {
    const quiet = this.alarms.get(id)?.quiet
    this.#change(id, { parent, quiet: quiet === undefined ? undefined : 'folded' })
  }

  #change(id: string, change: Partial<Silent & { told: number }>): void {
    const alarm = this.alarms.get(id)
    if (!alarm) throw new Error(`the plan names ${id}, which is not active`)
    this.alarms.set(id, { ...alarm, ...change })
  }
}

const PHONES = 60
const placesOf = (n: number) => [`net${n % 6}`, `site${n % 3}`, 'system']
const CENSUS: ReadonlyMap<string, Census> = (() => {
  const counts = new Map<string, Census>()
  for (let n = 0; n < PHONES; n++)
    for (const place of placesOf(n)) counts.set(place, { phones: (counts.get(place)?.phones ?? 0) + 1, overdue: 0 })
  return counts
})()

test('no alarm is lost and none is told twice, whatever falls silent and comes back', () => {
  const some = fc.oneof(
    fc.uniqueArray(fc.nat(PHONES - 1), { maxLength: 20 }),
    fc
      .constantFrom(0, 1, 2, 3)
      .map((k) => Array.from({ length: PHONES }, (_, n) => n).filter((n) => n % 3 === k || k === 3)),
  )
  fc.assert(
    fc.property(fc.array(fc.tuple(some, some), { maxLength: 25 }), (steps) => {
      const office = new Office()
      for (const [fallen, back] of steps) {
        office.step(fallen, back)
        for (const alarm of office.alarms.values()) {
          // Told at most once for each time it was raised, however often it was folded and freed.
          expect(alarm.told).toBeLessThanOrEqual(1)
          if (alarm.parent !== undefined) expect(office.folds.has(alarm.parent)).toBe(true)
          // Whoever is not told has a fold that was, or waits no longer than its window.
          const waits = office.now - alarm.raisedAt < SETTINGS.windowMs
          expect(alarm.told === 1 || alarm.parent !== undefined || waits).toBe(true)
        }
        for (const { id } of office.folds.values())
          expect([...office.alarms.values()].some(({ parent }) => parent === id)).toBe(true)
      }
      office.step(
        [],
        Array.from({ length: PHONES }, (_, n) => n),
      )
      expect(office.folds.size).toBe(0)
    }),
    { numRuns: 400 },
  )
})

test('ten thousand phones of a hundred networks are one plan in well under a second', () => {
  const places = (n: number) => [`net${n % 100}`, `site${n % 10}`, 'system']
  const all = Array.from({ length: 10_000 }, (_, n) => silent(`p${n}`, places(n)))
  const counts = new Map<string, Census>()
  for (const { path } of all)
    for (const place of path) counts.set(place, { phones: (counts.get(place)?.phones ?? 0) + 1, overdue: 0 })
  const began = performance.now()
  const plan = planFolds(all, [], counts, SETTINGS, 0)
  expect(performance.now() - began).toBeLessThan(1_000)
  expect(plan.begin.map(({ scope, blast }) => [scope, blast])).toEqual([['system', 10_000]])
})
