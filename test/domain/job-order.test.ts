// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import type { Job, Target } from '#daemon/domain/job'
import { contradiction, isWithin, minuteOfDay, problemOfWindow, timeOfDay, turnOf } from '#daemon/domain/job-order'
import type { Mac } from '#protocols/lib/mac'

const JOB: Job = {
  ...{ id: 'j', kind: 'restart', text: '', by: 'anna', at: 0, startAt: 0, expiresAt: 9_999_999, batch: 5, delay: 0 },
  ...{ retries: 0, state: 'running', size: 6, nextAt: 0, endedAt: 0 },
}

function target(n: number, more: Partial<Target> = {}): Target {
  const mac = `00908f00000${n}` as Mac
  return { job: 'j', mac, state: 'waiting', tries: 0, reason: '', at: 0, notBefore: 0, ...more }
}
/** Phones with even numbers are in Berlin, where it is noon; others in Bonn, at midnight. */
const whereOf = (mac: Mac) =>
  Number(mac.at(-1)) % 2 === 0 ? { site: 'Berlin', minute: 720 } : { site: 'Bonn', minute: 0 }
const numbers = (turn: readonly Target[]) => turn.map(({ mac }) => Number(mac.at(-1)))
const ALL = [1, 2, 3, 4, 5, 6].map((n) => target(n))

it('a batch is as many as may be told at once, without those that wait for a later moment', () => {
  expect(numbers(turnOf(JOB, [target(1, { notBefore: 11 }), ...ALL.slice(1)], 10, whereOf))).toEqual([2, 3, 4, 5, 6])
  expect(numbers(turnOf({ ...JOB, batch: 2 }, ALL, 10, whereOf))).toEqual([1, 2])
})

it('no more phones of a place are at work than are allowed there', () => {
  const busy = [target(7, { state: 'sent' }), ...ALL]
  expect(numbers(turnOf({ ...JOB, perSite: 1 }, ALL, 0, whereOf))).toEqual([1, 2])
  expect(numbers(turnOf({ ...JOB, perSite: 1 }, busy, 0, whereOf))).toEqual([2])
  expect(numbers(turnOf({ ...JOB, perSite: 2 }, busy, 0, whereOf))).toEqual([1, 2, 4])
})

it('a quiet window holds at the clock where the phone is', () => {
  const night = { from: 22 * 60, to: 5 * 60 }
  expect(numbers(turnOf({ ...JOB, window: night }, ALL, 0, whereOf))).toEqual([1, 3, 5])
})

describe('windows', () => {
  it('run over midnight, and end before their end', () => {
    const night = { from: 1320, to: 330 }
    expect([1319, 1320, 1439, 0, 329, 330].map((minute) => isWithin(night, minute))).toEqual([
      ...[false, true, true, true, true, false],
    ])
    expect([59, 60, 119, 120].map((minute) => isWithin({ from: 60, to: 120 }, minute))).toEqual([
      ...[false, true, true, false],
    ])
  })

  it('are written as times of day', () => {
    expect(['0:05', '05:30', '23:59', '24:00', '7', '1:60', 'x'].map(minuteOfDay)).toEqual([
      ...[5, 330, 1439, undefined, undefined, undefined, undefined],
    ])
    expect(timeOfDay(330)).toBe('05:30')
    expect(problemOfWindow({ from: 5, to: 5 })).toMatch(/same time/)
    expect(problemOfWindow({ from: -1, to: 5 })).toMatch(/times of day/)
    expect(problemOfWindow({ from: 5, to: Number.NaN })).toMatch(/times of day/)
  })
})

describe('jobs that contradict', () => {
  const intent = (kind: Job['kind'], value = '', expects = '') => ({ kind, value, expects, text: '' })

  it.each([
    [intent('delete'), intent('restart')],
    [intent('set region', 'a'), intent('delete')],
    [intent('approve'), intent('reject')],
    [intent('reject'), intent('restart')],
    [intent('set region', 'a'), intent('set region', 'b')],
    [intent('update firmware', '', '1'), intent('update firmware', '', '2')],
    [intent('factory reset'), intent('update firmware')],
  ])('%j and %j', (a, b) => {
    expect(contradiction(a, b)).toBeTruthy()
    expect(contradiction(b, a)).toBeTruthy()
  })

  it.each([
    [intent('restart'), intent('restart')],
    [intent('restart'), intent('check')],
    [intent('set region', 'a'), intent('set region', 'a')],
    [intent('set region', 'a'), intent('set language', 'b')],
    [
      { ...intent('message'), text: 'a' },
      { ...intent('message'), text: 'b' },
    ],
  ])('%j and %j come one after the other', (a, b) => {
    expect(contradiction(a, b)).toBeUndefined()
    expect(contradiction(b, a)).toBeUndefined()
  })
})
