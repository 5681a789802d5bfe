// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Alarm } from '#daemon/domain/alarm'
import { isLike, passes } from '#daemon/domain/destination-filter'
import { PLAIN_ALARM } from '#test/support/alarm'

const ALL = {
  leastSeverity: 'indeterminate',
  scopes: [],
  names: [],
  about: 'all',
  events: false,
  notes: false,
} as const
const ALARM = {
  ...{
    ...PLAIN_ALARM,
    id: 'a',
    name: 'REGISTRATION FAILURE',
    source: 's',
    severity: 'major',
    description: '',
    remedy: '',
  },
  ...{ raisedAt: 0, lastAt: 0, count: 1, scope: 'emea/berlin' },
} as const satisfies Alarm
const path = (scope: string) => (scope === 'emea/berlin' ? ['emea/berlin', 'emea'] : [scope])

test.each([
  ['everything', {}, true],
  ['a severity below its own', { leastSeverity: 'minor' }, true],
  ['one above', { leastSeverity: 'critical' }, false],
  ['its scope', { scopes: ['emea/berlin'] }, true],
  ['the one that it lies in', { scopes: ['apac', 'emea'] }, true],
  ['another', { scopes: ['eme', 'emea/ber'] }, false],
  ['its name in any case', { names: ['registration*'] }, true],
  ['another name', { names: ['registration', '*login*'] }, false],
  ['phones', { about: 'phones' }, false],
  ['the appliance', { about: 'appliance' }, true],
] as const)('a filter for %s', (_, filter, expected) => {
  expect(passes({ ...ALL, ...filter }, ALARM, path)).toBe(expected)
})

test('an alarm that stands for many phones is about phones', () => {
  expect(passes({ ...ALL, about: 'phones' }, { ...ALARM, blast: 20 }, path)).toBe(true)
})

test('a pattern does what a regular expression would, without its time', () => {
  const sign = fc.constantFrom('a', 'b', '*', '?', '.', '\\')
  fc.assert(
    fc.property(
      fc.array(sign, { maxLength: 8 }),
      fc.array(fc.constantFrom('a', 'b', '.', '\\'), { maxLength: 8 }),
      (p, t) => {
        const source = p.map((one) => (one === '*' ? '.*' : one === '?' ? '.' : one.replace(/[.\\]/, '\\$&'))).join('')
        expect(isLike(t.join(''), p.join(''))).toBe(new RegExp(`^${source}$`, 's').test(t.join('')))
      },
    ),
    { numRuns: 500 },
  )
  const began = Date.now()
  expect(isLike('a'.repeat(128), `${'*a'.repeat(63)}b`)).toBe(false)
  expect(Date.now() - began).toBeLessThan(200)
})
