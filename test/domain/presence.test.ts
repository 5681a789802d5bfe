// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { newPhone, type ReportedStatus } from '#daemon/domain/phone'
import { presenceOf, reportedStatus, silenceLimit } from '#daemon/domain/presence'
import type { Mac } from '#protocols/lib/mac'

const MINUTE = 60_000
const phone = { ...newPhone('00908f123456' as Mac, 0), reportedAt: 1_000 }

test('a phone may miss two reports, and never less than ten minutes, before it counts as disconnected', () => {
  expect(silenceLimit(60)).toBe(180 * MINUTE)
  expect(silenceLimit(1)).toBe(11 * MINUTE)
})

test.each<[ReportedStatus, string]>([
  ['silent', 'seen'],
  ['started', 'starting'],
  ['registered', 'registered'],
  ['unregistered', 'not registered'],
  ['offline', 'not registered'],
])('a phone that says %s counts as %s', (status, presence) => {
  expect(presenceOf({ ...phone, status }, 1_000 + MINUTE, MINUTE)).toBe(presence)
})

test('silence beyond the limit is disconnected, whatever the phone said last', () => {
  expect(presenceOf({ ...phone, status: 'registered' }, 1_001 + MINUTE, MINUTE)).toBe('disconnected')
})

test('a status word is read in any case; an unknown one is at least not registered', () => {
  expect(reportedStatus(' Registered ')).toBe('registered')
  expect(reportedStatus('<script>')).toBe('unregistered')
})
