// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type PresenceChange, type PresenceHistory, withPresence } from '#daemon/domain/presence-history'

const phone = { approval: 'approved', userName: 'anna' } as const

function after(...statuses: readonly PresenceChange['status'][]): PresenceHistory['changes'] {
  let history: PresenceHistory | undefined
  for (const [at, status] of statuses.entries()) history = withPresence(history, { ...phone, status }, at)
  return history?.changes ?? []
}

test('each change is kept with its time, and what stays as it was is none', () => {
  const first = withPresence(undefined, { ...phone, status: 'started' }, 1)
  expect(withPresence(first, { ...phone, status: 'started' }, 2)).toBe(first)
  const second = withPresence(first, { ...phone, status: 'started', approval: 'pending' }, 3)
  expect(second?.changes.map(({ at, approval }) => [at, approval])).toEqual([
    [1, 'approved'],
    [3, 'pending'],
  ])
})

test('a phone that flaps is one line with a count, and pushes nothing else out', () => {
  const changes = after('started', 'registered', ...Array(50).fill(['unregistered', 'registered']).flat())
  expect(changes.map(({ status, repeated }) => [status, repeated])).toEqual([
    ['started', 0],
    ['registered', 0],
    ['unregistered', 49],
    ['registered', 0],
  ])
})

test('the last one is always what the phone is now, and there are never many', () => {
  const status = fc.constantFrom('silent', 'started', 'registered', 'unregistered', 'offline', 'disconnected')
  fc.assert(
    fc.property(fc.array(status, { minLength: 1, maxLength: 200 }), (statuses) => {
      const changes = after(...(statuses as PresenceChange['status'][]))
      expect(changes.at(-1)?.status).toBe(statuses.at(-1))
      expect(changes.length).toBeLessThanOrEqual(30)
    }),
  )
})
