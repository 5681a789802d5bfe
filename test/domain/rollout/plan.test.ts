// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type Candidate, planned, problemOfShares } from '#daemon/domain/rollout/plan'
import type { Mac } from '#protocols/lib/mac'

function phone(n: number, more: Partial<Candidate> = {}): Candidate {
  const mac = `00908f${n.toString(16).padStart(6, '0')}` as Mac
  return { mac, model: '440HD', site: 'Berlin', registered: true, present: true, ...more }
}

const SHARES = [1, 10, 100]

it('the canary is one registered phone of each model at each site', () => {
  const phones = Array.from({ length: 600 }, (_, n) =>
    phone(n, { model: n % 2 === 0 ? '440HD' : '420HD', site: ['Berlin', 'Bonn', 'Ulm'][n % 3] ?? '' }),
  )
  const { stages, stageOf } = planned(phones, SHARES, 'x')
  const canaries = phones.filter(({ mac }) => stageOf.get(mac) === 0)
  expect(new Set(canaries.map(({ model, site }) => `${model} ${site}`)).size).toBe(6)
  expect(stages).toEqual([
    { name: 'Canary', size: 6 },
    { name: '10 %', size: 54 },
    { name: '100 %', size: 540 },
  ])
})

it('a model at a place without a registered phone has no canary, and that is said', () => {
  const away = { registered: false, present: false }
  const plan = planned([phone(1), phone(2, { site: 'Ulm', ...away }), phone(3, { site: 'Ulm', ...away })], SHARES, 'x')
  expect(plan.stages).toEqual([
    { name: 'Canary', size: 1 },
    { name: '100 %', size: 2 },
  ])
  expect(plan.withoutCanary).toEqual([{ model: '440HD', site: 'Ulm' }])
})

it('phones that are away come last, and who is first differs from rollout to rollout', () => {
  const phones = Array.from({ length: 200 }, (_, n) => phone(n, n < 100 ? { registered: false, present: false } : {}))
  const { stageOf } = planned(phones, [10, 50, 100], 'x')
  expect(phones.filter(({ mac, present }) => !present && (stageOf.get(mac) ?? 0) < 3)).toEqual([])
  const firstOf = (seed: string) => [...planned(phones, SHARES, seed).stageOf].find(([, stage]) => stage === 0)?.[0]
  expect(new Set(['a', 'b', 'c', 'd', 'e'].map(firstOf)).size).toBeGreaterThan(1)
})

it('every phone is in exactly one stage, shares are kept, and the same seed plans the same', () => {
  const candidates = fc.uniqueArray(
    fc.record({
      ...{ n: fc.nat(5_000), model: fc.constantFrom('440HD', '420HD'), site: fc.constantFrom('a', 'b', 'c') },
      ...{ registered: fc.boolean(), present: fc.boolean() },
    }),
    { selector: ({ n }) => n, maxLength: 300 },
  )
  const shares = fc
    .uniqueArray(fc.integer({ min: 1, max: 99 }), { maxLength: 5 })
    .map((some) => [...some.sort((a, b) => a - b), 100])
  fc.assert(
    fc.property(candidates, shares, (some, wanted) => {
      const phones = some.map(({ n, ...more }) => phone(n, more))
      const { stages, stageOf } = planned(phones, wanted, 'seed')
      expect(stageOf.size).toBe(phones.length)
      expect(stages.reduce((sum, { size }) => sum + size, 0)).toBe(phones.length)
      stages.forEach(({ name, size }, stage) => {
        expect([...stageOf.values()].filter((one) => one === stage)).toHaveLength(size)
        const reached = stages.slice(0, stage + 1).reduce((sum, one) => sum + one.size, 0)
        if (name !== 'Canary') expect(reached).toBe(Math.ceil((phones.length * Number.parseInt(name, 10)) / 100))
      })
      expect(planned(phones.toReversed(), wanted, 'seed').stageOf).toEqual(stageOf)
    }),
    { numRuns: 60 },
  )
})

it.each([
  [[], /1 to 10/],
  [[50], /last stage is 100/],
  [[10, 10, 100], /larger/],
  [[0, 100], /above 0/],
  [[Number.NaN, 100], /above 0/],
  [[100, 200], /up to 100/],
])('shares %j are refused', (shares, why) => {
  expect(problemOfShares(shares, 10)).toMatch(why)
})

it('1, 10 and 100 percent are fine, and so is everybody at once', () => {
  expect(problemOfShares(SHARES, 10)).toBeUndefined()
  expect(problemOfShares([100], 10)).toBeUndefined()
})
