// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import type { NewAlarm } from '#daemon/domain/alarm'
import { newPhone } from '#daemon/domain/phone'
import { Alarms } from '#daemon/services/alarms/alarms'
import { AlarmDesk } from '#daemon/services/alarms/desk'
import { MaintenanceWindows } from '#daemon/services/alarms/maintenance'
import { NetworkScopes } from '#daemon/services/alarms/scopes'
import { put } from '#daemon/store/store'
import { phones } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import { freshStore } from '#test/support/store'

const MAC = '00908f0000ab' as Mac
const HOUR = 3600_000

function phoneAlarm(mac: Mac, more: Partial<NewAlarm> = {}): NewAlarm {
  const texts = { description: 'It is silent.', remedy: 'Look.' }
  return { name: 'PHONE DISCONNECTED', source: `IPPhone/${mac}`, mac, severity: 'major', ...texts, ...more }
}

async function office() {
  const clock = { now: 1_700_000_000_000 }
  const now = () => clock.now
  const store = await freshStore()
  const alarms = new Alarms(store, now, () => {})
  const scopes = new NetworkScopes([])
  const list = scopes.list.bind(scopes)
  scopes.list = () => [...list(), { id: 'subnet/voice', label: 'voice' }]
  const maintenance = new MaintenanceWindows({ store, scopes, now })
  const desk = new AlarmDesk({ alarms, store, scopes, maintenance })
  return { clock, store, alarms, maintenance, desk }
}

const ALL = { text: '', severities: [], page: 1, pageSize: 100 } as const

test('the list is searched by name, MAC in any spelling, and user; parts are found only when asked for', async () => {
  const { alarms, desk, store } = await office()
  await store.commit([put(phones, MAC, { ...newPhone(MAC, 0), displayName: 'Eva Luna' })], { durable: false })
  await alarms.raise(phoneAlarm(MAC))
  await alarms.raise(phoneAlarm('00908f0000cd' as Mac, { severity: 'critical', scope: 'subnet/voice' }))
  await alarms.amend(['PHONE DISCONNECTED@IPPhone/00908f0000cd'], (alarm) => ({ ...alarm, parent: 'SITE@voice' }))
  const found = (more: object) => desk.list({ ...ALL, ...more }).rows.map(({ mac }) => mac)
  expect(found({})).toEqual([MAC])
  expect(desk.counts()).toMatchObject({ total: 1, major: 1, critical: 0, folded: 1, unacknowledged: 1 })
  for (const text of ['00:90:8F:00:00:AB', '0090.8f00.00ab', '00-90-8f-00-00-ab', 'LUNA silent', 'disconnected 0000ab'])
    expect(found({ text }), text).toEqual([MAC])
  expect(found({ text: 'disconnected' })).toHaveLength(2)
  expect(found({ parent: 'SITE@voice' })).toEqual(['00908f0000cd'])
  expect(found({ text: 'silent', scope: 'subnet/voice', severities: ['critical'] })).toEqual(['00908f0000cd'])
  expect(found({ acknowledged: true })).toEqual([])
  expect(found({ text: '<script>' })).toEqual([])
})

test('a person acknowledges, comments and clears; what is gone or too long is told', async () => {
  const { alarms, desk } = await office()
  await alarms.raise(phoneAlarm(MAC))
  const id = `PHONE DISCONNECTED@IPPhone/${MAC}`
  expect(await desk.acknowledge(id, 'tom', 'mine')).toMatchObject({
    kind: 'done',
    alarm: { acknowledged: { by: 'tom' } },
  })
  expect(await desk.unacknowledge(id, 'tom')).toMatchObject({ kind: 'done' })
  expect(desk.get(id)?.acknowledged).toBeUndefined()
  expect(await desk.comment(id, 'tom', ' ')).toMatchObject({ kind: 'refused' })
  expect(await desk.comment(id, 'tom', 'x'.repeat(1_001))).toMatchObject({ kind: 'refused' })
  expect(await desk.clear(id, 'tom')).toMatchObject({ kind: 'done' })
  expect(await desk.clear(id, 'tom')).toEqual({ kind: 'gone' })
  expect(await desk.acknowledge(id, 'tom', '')).toEqual({ kind: 'gone' })
  const { events } = desk.history({ text: '', kinds: [], severities: [], limit: 10 })
  expect(events.map(({ kind, by }) => [kind, by])).toEqual([
    ['cleared', 'tom'],
    ['changed', 'tom'],
    ['acknowledged', 'tom'],
    ['raised', 'offhook'],
  ])
})

test('the history is read page by page, each event once', async () => {
  const { alarms, desk } = await office()
  for (let n = 0; n < 25; n++) await alarms.event(phoneAlarm(MAC, { name: `E${n}` }))
  const seen: string[] = []
  for (let before: number | undefined, more = true; more; ) {
    const page = desk.history({ text: '', kinds: ['event'], severities: [], limit: 10, ...(before && { before }) })
    seen.push(...page.events.map(({ alarm }) => alarm.name))
    before = page.next
    more = before !== undefined
  }
  expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => `E${24 - n}`))
})

test('maintenance covers its scope in its time, and every week where it comes again', async () => {
  const { maintenance, clock } = await office()
  const draft = { title: 'switches', scope: 'subnet/voice', from: clock.now + HOUR, to: clock.now + 2 * HOUR }
  expect(await maintenance.save({ ...draft, to: draft.from, title: ' ' }, 'tom')).toMatchObject({
    kind: 'refused',
    errors: [{ field: 'title' }, { field: 'to' }],
  })
  expect(await maintenance.save({ ...draft, scope: 'nowhere' }, 'tom')).toMatchObject({ errors: [{ field: 'scope' }] })
  const saved = await maintenance.save({ ...draft, weekly: true }, 'tom')
  if (saved.kind !== 'saved') throw new Error('not saved')
  const at = (time: number) => {
    clock.now = time
    return maintenance.covers('subnet/voice')
  }
  const begun = draft.from
  expect(at(begun - 1)).toBe(false)
  expect(at(begun)).toBe(true)
  expect(maintenance.covers('subnet/other')).toBe(false)
  expect(maintenance.covers('')).toBe(false)
  expect(at(draft.to)).toBe(false)
  expect(at(begun + 7 * 24 * HOUR)).toBe(true)
  await maintenance.save({ ...draft, id: saved.value.id }, 'eva')
  expect(maintenance.list()).toMatchObject([{ by: 'tom', title: 'switches' }])
  expect(at(begun + 7 * 24 * HOUR)).toBe(false)
  expect(at(begun + 60_000)).toBe(true)
  expect(await maintenance.remove(saved.value.id)).toBe(true)
  expect(maintenance.covers('subnet/voice')).toBe(false)
  expect(maintenance.list()).toHaveLength(1)
  clock.now += 40 * 24 * HOUR
  await maintenance.tick()
  expect(maintenance.list()).toEqual([])
  expect(await maintenance.remove('none')).toBe(false)
})

test('a phone lies in its DHCP subnet, else in the network that it reports, told apart by the NAT before it', () => {
  const scopes = new NetworkScopes([])
  const phone = { address: '192.168.1.20', externalAddress: '192.168.1.20', subnet: '255.255.255.0' }
  expect(scopes.of(phone)).toBe('network/192.168.1.0/24')
  expect(scopes.of({ ...phone, externalAddress: '203.0.113.7' })).toBe('network/192.168.1.0/24 at 203.0.113.7')
  expect(scopes.of({ ...phone, subnet: 'rubbish' })).toBe('network/192.168.1.0/24')
  expect(scopes.of({ ...phone, subnet: '255.0.0.0' })).toBe('')
  expect(scopes.of({ address: 'http://x', externalAddress: '', subnet: '' })).toBe('')
})
