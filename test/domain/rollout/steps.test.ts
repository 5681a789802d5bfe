// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest'
import { gate } from '#daemon/domain/rollout/gate'
import { countVerdicts, type Verdict, type Verdicts } from '#daemon/domain/rollout/judge'
import { imageFor, type Rollout } from '#daemon/domain/rollout/rollout'
import { looked, turned, turnsOf } from '#daemon/domain/rollout/steps'
import { MINUTE, memberOf, NEW, rolloutOf, START } from './support.ts'

function verdicts(count: Partial<Record<Verdict, number>>): Verdicts {
  return { ...countVerdicts([]), ...count }
}
const SOAKED = START + 30 * MINUTE

it('a stage passes when it was watched long enough and everybody is back', () => {
  const all = verdicts({ updated: 2 })
  expect(gate(rolloutOf(), all, SOAKED - 1)).toEqual({ kind: 'wait', reasons: ['watched for 1 more minutes'] })
  const next = looked(rolloutOf(), all, SOAKED)
  expect(next).toMatchObject({ state: 'running', stage: 1, stageAt: SOAKED, begun: false })
  expect(next.decisions).toEqual([
    { at: SOAKED, by: 'offhook', text: 'Stage Canary passed: 2 of 2 phones updated. Stage 10 % begins.' },
  ])
})

it('phones under way are waited for, those that are away are not', () => {
  const some = verdicts({ updated: 1, 'under way': 1 })
  expect(gate(rolloutOf(), some, SOAKED)).toEqual({ kind: 'wait', reasons: ['1 phone under way'] })
  expect(gate(rolloutOf(), verdicts({ updated: 1, absent: 9 }), SOAKED).kind).toBe('pass')
})

it('a canary of which nobody is there passes nothing', () => {
  expect(gate(rolloutOf(), verdicts({ absent: 2 }), SOAKED)).toEqual({
    kind: 'wait',
    reasons: ['no phone of this stage is there'],
  })
})

it.each<Verdict>(['wrong version', 'unregistered', 'silent', 'alarmed', 'unsteady'])(
  'one canary that is %s halts at once',
  (trouble) => {
    const halted = looked(rolloutOf(), verdicts({ updated: 1, [trouble]: 1 }), START + MINUTE)
    expect(halted).toMatchObject({ state: 'halted', stage: 0 })
    expect(halted.reason).toMatch(/^1 of 2 phones /)
    expect(halted.decisions.at(-1)?.text).toBe(`Halted in stage Canary: ${halted.reason}.`)
  },
)

it('the fleet’s own trouble before the start is no reason to halt', () => {
  const last = rolloutOf({ stage: 2 })
  // 5 % were not registered before, 2 % more are tolerated.
  expect(gate(last, verdicts({ updated: 93, unregistered: 7 }), SOAKED).kind).toBe('pass')
  expect(gate(last, verdicts({ updated: 92, unregistered: 8 }), SOAKED)).toEqual({
    kind: 'halt',
    reasons: ['8 of 100 phones no longer registered; with 5 % before the start and 2 % tolerated, at most 7'],
  })
  // New firmware had no wrong version before.
  expect(gate(last, verdicts({ updated: 97, 'wrong version': 3 }), SOAKED).kind).toBe('halt')
})

it('after the last stage it is done', () => {
  const done = looked(rolloutOf({ stage: 2 }), verdicts({ updated: 100 }), SOAKED)
  expect(done).toMatchObject({ state: 'done', endedAt: SOAKED })
})

it('nothing is looked at before the stage was begun, nor when it does not run', () => {
  for (const more of [{ begun: false }, { state: 'halted' }, { state: 'done' }] satisfies Partial<Rollout>[]) {
    const rollout = rolloutOf(more)
    expect(looked(rollout, verdicts({ silent: 2 }), SOAKED)).toBe(rollout)
  }
})

it('only phones that were reached get the new image; when it halts, only those that have it keep it', () => {
  const reached = memberOf({ stage: 1 })
  const outside = memberOf({ stage: 2 })
  const image = (state: Rollout['state'], member = reached, firmware = '') =>
    imageFor(rolloutOf({ state, stage: 1 }), member, firmware)?.slice(0, 1)
  expect(image('running')).toBe('b')
  expect(image('running', outside)).toBe('a')
  expect(image('running', outside, NEW.version)).toBe('a')
  expect(image('halted')).toBe('a')
  expect(image('halted', reached, NEW.version)).toBe('b')
  expect(image('returning', reached, NEW.version)).toBe('a')
  for (const state of ['done', 'cancelled', 'returned'] as const) expect(image(state)).toBeUndefined()
  expect(imageFor(rolloutOf(), memberOf({ model: '420HD' }), '')).toBeUndefined()
})

it('without an image before, phones outside get what they always got, and there is no way back', () => {
  const rollout = rolloutOf({ models: [{ model: '440HD', from: undefined, to: NEW }], state: 'halted' })
  expect(imageFor(rollout, memberOf(), '')).toBeUndefined()
  expect(turnsOf(rollout)).toEqual(['continue', 'cancel'])
  expect(turned(rollout, 'go back', 'bert', START)).toBeUndefined()
})

it('people halt, continue, go back and cancel, each where it makes sense and by name', () => {
  const halted = turned(rolloutOf(), 'halt', 'bert', SOAKED)
  expect(halted).toMatchObject({ state: 'halted', reason: 'bert halted it', decisions: [{ by: 'bert' }] })
  if (!halted) return
  expect(turned(halted, 'halt', 'bert', SOAKED)).toBeUndefined()
  expect(turned(halted, 'continue', 'bert', SOAKED)).toMatchObject({ state: 'running', stageAt: SOAKED, reason: '' })
  expect(turned(halted, 'go back', 'bert', SOAKED)).toMatchObject({ state: 'returning', begun: false })
  expect(turned(halted, 'cancel', 'bert', SOAKED)).toMatchObject({ state: 'cancelled', endedAt: SOAKED })
})

it('decisions are bounded', () => {
  let rollout = rolloutOf()
  for (let i = 0; i < 300; i++) {
    const next = turned(rollout, rollout.state === 'running' ? 'halt' : 'continue', 'bert', i)
    if (next) rollout = next
  }
  expect(rollout.decisions).toHaveLength(100)
  expect(rollout.decisions.at(-1)?.at).toBe(299)
})
