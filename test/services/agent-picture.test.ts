// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import type { Alarm } from '#daemon/domain/alarm'
import { AgentPictures } from '#daemon/services/agent-picture'

function alarm(id: string, more: Partial<Alarm> = {}): Alarm {
  return {
    ...{ id, name: id, source: 'server/x', severity: 'major', description: '', remedy: '', eventType: 'other' },
    ...{ probableCause: 0, additionalInfo: [], scope: '', remoteHost: '', raisedAt: 1, lastAt: 1, count: 1 },
    comments: [],
    ...more,
  }
}

const SUMMARY = {
  ...{ registered: 3, notRegistered: 1, disconnected: 1, starting: 0, seen: 2, pendingApproval: 0, total: 7 },
}

test('shows the alarms that were told outside, each with a number of its own, and how the fleet is', async () => {
  const active = [
    alarm('a'),
    alarm('b', { quiet: 'folded', parent: 'a' }),
    alarm('c', { quiet: 'maintenance' }),
    alarm('d'),
  ]
  const about = { name: 'phones', contact: 'noc', location: 'here' }
  const pictures = new AgentPictures({
    ...{ alarms: { active: () => active }, fleet: () => SUMMARY, leased: () => 5, about, now: () => 0 },
  })
  const picture = await pictures.picture()
  expect(picture).toMatchObject({ ...about, fleet: { known: 7, registered: 3, seen: 2, leasesActive: 5 } })
  expect(picture.alarms.map(({ id }) => id)).toEqual(['a', 'd'])
  expect(new Set(picture.alarms.map(({ index }) => index)).size).toBe(2)
  expect(picture.alarms.every(({ index }) => index > 0 && index < 2 ** 31)).toBe(true)
})

test('counts a large fleet once a second, not for every packet', async () => {
  let now = 0
  let counted = 0
  const about = { name: '', contact: '', location: '' }
  const fleet = () => {
    counted++
    return SUMMARY
  }
  const pictures = new AgentPictures({ alarms: { active: () => [] }, fleet, leased: () => 0, about, now: () => now })
  const first = await pictures.picture()
  now = 999
  expect(await pictures.picture()).toBe(first)
  now = 1_000
  expect(await pictures.picture()).not.toBe(first)
  expect(counted).toBe(2)
})
