// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest'
import { judge, type Seen } from '#daemon/domain/rollout/judge'
import type { Member } from '#daemon/domain/rollout/rollout'
import { LIMITS, MINUTE, memberOf, NEW, START, seenOf } from './support.ts'

const told = (state: 'waiting' | 'sent' | 'confirmed' | 'failed' | 'skipped', reason = '') => ({
  told: { state, at: START, reason },
})
const back = { firmware: NEW.version, heardAt: START + MINUTE, ...told('confirmed') }
const lost = { registered: false }
const away = { before: { firmware: '', registered: false, present: false } }

type Case = readonly [what: string, minutes: number, member: Partial<Member>, seen: Partial<Seen>, verdict: string]

it.each<Case>([
  ['waits for its turn', 999, {}, told('waiting'), 'under way'],
  ['went away before its turn', 5, {}, { ...told('waiting'), silent: true }, 'absent'],
  ['starts over and over before its turn', 5, {}, { ...told('waiting'), heldBack: true }, 'absent'],
  ['was away all the time', 999, away, told('sent'), 'absent'],
  ['was away and came back updated', 5, away, back, 'updated'],
  ['was told', 19, {}, {}, 'under way'],
  ['never came back', 20, {}, {}, 'silent'],
  ['came back and still runs the old version, for now', 19, {}, { heardAt: START + MINUTE }, 'under way'],
  ['came back and still runs the old version', 20, {}, { heardAt: START + MINUTE }, 'wrong version'],
  ['came back with a third version', 2, {}, { heardAt: START + MINUTE, firmware: '9.9' }, 'wrong version'],
  ['did not do it', 11, {}, { heardAt: START + MINUTE, ...told('failed') }, 'wrong version'],
  ['is back, new and registered', 2, {}, back, 'updated'],
  ['is back and new, and has time to register', 19, {}, { ...back, ...lost }, 'under way'],
  ['is back and new, and does not register', 20, {}, { ...back, ...lost }, 'unregistered'],
  [
    'was not registered before either',
    20,
    { before: { firmware: '', registered: false, present: true } },
    { ...back, ...lost },
    'updated',
  ],
  ['was back and fell silent', 99, {}, { ...back, silent: true }, 'silent'],
  ['has new alarms', 2, {}, { ...back, alarms: 1 }, 'alarmed'],
  ['starts over and over', 2, { starts: 4 }, back, 'unsteady'],
  ['starts as often as new firmware does', 2, { starts: 3 }, back, 'updated'],
  ['loses its registration over and over', 2, { losses: 4 }, back, 'unsteady'],
  ['was excused', 99, { excused: true }, { ...back, ...lost }, 'excused'],
  ['was taken out of the job', 99, {}, told('skipped'), 'absent'],
  ['was away and not reached until the job gave up', 99, away, told('failed'), 'absent'],
])('a phone that %s', (_, minutes, member, seen, verdict) => {
  const now = START + minutes * MINUTE
  expect(judge(memberOf(member), seenOf(seen), NEW.version, LIMITS, now)).toMatchObject({ verdict })
})

it('what is wrong is said in words', () => {
  const seen = seenOf({ heardAt: START + MINUTE, firmware: '9.9' })
  expect(judge(memberOf(), seen, NEW.version, LIMITS, START + 2 * MINUTE).reason).toBe(
    'it came back with 9.9, and not 2.2.16.7',
  )
})
