// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Alarm, AlarmEvent, NewAlarm } from '#daemon/domain/alarm'
import { ALARM_DEFAULTS, type AlarmSettings, Alarms } from '#daemon/services/alarms/alarms'
import { LevelStore } from '#daemon/store/level-store'
import { put, type Store, type Table } from '#daemon/store/store'
import { alarmEvents, alarms as table } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import { freshFolder, openStore } from '#test/store/folder'
import { freshStore } from '#test/support/store'

const MAC = '00908f000001' as Mac
const LOST: NewAlarm = {
  name: 'SERVER LOST',
  source: 'server/tftp',
  severity: 'major',
  description: 'The tftp server lost its socket.',
  remedy: 'Wait.',
}

function desk(store: Store, settings: Partial<AlarmSettings> = {}) {
  const clock = { now: 1_000_000 }
  const alarms = new Alarms(
    store,
    () => clock.now,
    () => {},
    { ...ALARM_DEFAULTS, ...settings },
  )
  const kinds = () => [...alarms.events()].map(({ kind }) => kind).reverse()
  return { clock, alarms, kinds }
}

test('an alarm is raised once, counted when it repeats itself, and changed when it says something else', async () => {
  const { alarms, clock, kinds } = desk(await freshStore())
  await alarms.raise(LOST)
  clock.now += 1_000
  await alarms.raise(LOST)
  expect(alarms.active()).toMatchObject([{ count: 2, raisedAt: 1_000_000, lastAt: 1_001_000 }])
  expect(kinds()).toEqual(['raised'])
  await alarms.raise({ ...LOST, severity: 'critical' })
  await alarms.raise({ ...LOST, severity: 'critical', additionalInfo: ['twice'] })
  expect(kinds()).toEqual(['raised', 'changed', 'changed'])
  await alarms.clear(LOST.name, LOST.source, 'tom')
  await alarms.clear(LOST.name, LOST.source, 'tom')
  expect(alarms.active()).toEqual([])
  expect(kinds()).toEqual(['raised', 'changed', 'changed', 'cleared'])
  const [cleared] = alarms.events()
  expect(cleared).toMatchObject({ by: 'tom', forward: true, alarm: { severity: 'critical', count: 4 } })
})

test('acknowledging and commenting are steps with a name; what gets graver must be acknowledged again', async () => {
  const { alarms, kinds } = desk(await freshStore())
  expect(alarms.acknowledge('no@such', 'tom', '')).toBeUndefined()
  await alarms.raise(LOST)
  const id = 'SERVER LOST@server/tftp'
  expect(await alarms.acknowledge(id, 'tom', 'on my\u0007 way')).toBe(true)
  expect(await alarms.comment(id, 'eva', 'cable')).toBe(true)
  await alarms.raise({ ...LOST, severity: 'warning' })
  expect(alarms.get(id)).toMatchObject({
    acknowledged: { by: 'tom', note: 'on my way' },
    comments: [{ by: 'eva', text: 'cable' }],
  })
  await alarms.raise({ ...LOST, severity: 'critical' })
  expect(alarms.get(id)?.acknowledged).toBeUndefined()
  expect(kinds()).toEqual(['raised', 'acknowledged', 'commented', 'changed', 'changed'])
  for (let n = 0; n < 60; n++) await alarms.comment(id, 'eva', `${n}`)
  expect(alarms.get(id)?.comments).toHaveLength(50)
})

test('an event is in the history and never active', async () => {
  const { alarms } = desk(await freshStore())
  await alarms.event({ ...LOST, name: 'REBOOT' })
  expect(alarms.active()).toEqual([])
  expect([...alarms.events()]).toMatchObject([{ kind: 'event', forward: true, alarm: { name: 'REBOOT' } }])
})

test('the sequence grows for ever over restarts, although old events go; a follower misses none', async () => {
  const folder = join(freshFolder(), 'store')
  const told: number[] = []
  for (let start = 0; start < 3; start++) {
    const store = new LevelStore({ folder })
    await store.open()
    const { alarms } = desk(store, { historyEvents: 5 })
    alarms.follow(({ sequence }) => told.push(sequence))
    await alarms.raiseAll(['a', 'b', 'c', 'd'].map((name) => ({ ...LOST, name })))
    await alarms.clearAll(['a', 'b', 'c', 'd'].map((name) => `${name}@server/tftp`))
    expect(store.count(alarmEvents)).toBe(5)
    await store.close()
  }
  expect(told).toEqual(Array.from({ length: 24 }, (_, i) => i + 1))
})

test('events older than the limit go, the newest always stays', async () => {
  const store = await freshStore()
  const { alarms, clock } = desk(store, { historyDays: 1 })
  for (const name of ['a', 'b', 'c']) await alarms.event({ ...LOST, name })
  clock.now += 20 * 3600_000
  await alarms.event({ ...LOST, name: 'd' })
  clock.now += 20 * 3600_000
  await alarms.tick()
  expect([...alarms.events()].map(({ alarm }) => alarm.name)).toEqual(['d'])
  clock.now += 1e9
  await alarms.tick()
  expect(store.count(alarmEvents)).toBe(1)
  await alarms.event(LOST)
  expect([...alarms.events()].map(({ sequence }) => sequence)).toEqual([5, 4])
})

test('a flood is one alarm with a count, and over when there is room; our own alarms find room all the while', async () => {
  const { alarms, clock } = desk(await freshStore(), { maxActive: 100 })
  const flood = Array.from({ length: 1_000 }, (_, n) => ({ ...LOST, source: `IPPhone/${n}`, mac: MAC }))
  await alarms.raiseAll(flood)
  clock.now += 10_000
  await alarms.tick()
  const found = alarms.active()
  expect(found).toHaveLength(101)
  expect(found[0]).toMatchObject({ name: 'ALARM FLOOD', severity: 'critical' })
  expect(found[0]?.description).toContain('900 more')
  await alarms.raise(LOST)
  expect(alarms.get('SERVER LOST@server/tftp')).toBeDefined()
  await alarms.clearAll(flood.slice(0, 50).map(({ source }) => `SERVER LOST@${source}`))
  expect(alarms.active().some(({ name }) => name === 'ALARM FLOOD')).toBe(false)
})

test('hostile texts are cut and cleaned before they are kept', async () => {
  const { alarms } = desk(await freshStore())
  const long = `\u0000\u001b[31m${'x'.repeat(1_000_000)}`
  await alarms.raise({
    ...{ name: long, source: long, severity: 'minor', description: long, remedy: long, remoteHost: long },
    additionalInfo: [long, long, long, long],
  })
  const [alarm] = alarms.active()
  expect(JSON.stringify(alarm).length).toBeLessThan(10_000)
  expect(alarm?.additionalInfo).toHaveLength(3)
  expect(alarm?.description.startsWith('[31mx')).toBe(true)
})

test('alarms of strangers are kept apart, few, out of the history and never forwarded', async () => {
  const store = await freshStore()
  const { alarms } = desk(store)
  const strange = (n: number): NewAlarm => ({ ...LOST, source: `IPPhone/${n}`, unknown: true })
  for (let n = 0; n < 600; n++) void alarms.raise(strange(n))
  await alarms.raise(strange(150))
  expect(alarms.active()).toEqual([])
  expect(alarms.strangers()).toHaveLength(500)
  expect(alarms.strangers()[0]).toMatchObject({ source: 'IPPhone/150', quiet: 'unknown', count: 2 })
  expect([...alarms.events()]).toEqual([])
  expect(store.count(table)).toBe(500)
})

test('what is quiet is told once it is released, and cleared quietly if it never was', async () => {
  const { alarms } = desk(await freshStore())
  await alarms.raiseAll([LOST, { ...LOST, name: 'B' }], 'offhook', 'window')
  await alarms.release(['SERVER LOST@server/tftp'])
  await alarms.release(['SERVER LOST@server/tftp'])
  await alarms.clearAll(['SERVER LOST@server/tftp', 'B@server/tftp'])
  const told = [...alarms.events()].reverse().map(({ kind, alarm, forward }) => [kind, alarm.name, forward])
  expect(told).toEqual([
    ['raised', 'SERVER LOST', false],
    ['raised', 'B', false],
    ['raised', 'SERVER LOST', true],
    ['cleared', 'SERVER LOST', true],
    ['cleared', 'B', false],
  ])
})

test('a disk that refuses: our own alarms stay seen and are written later, an asker is told', async () => {
  const store = await freshStore()
  const disk = { full: false }
  const failing: Store = {
    ...{ open: () => store.open(), close: () => store.close(), trouble: () => store.trouble() },
    ...{ count: (t) => store.count(t), watch: (t, from, listener) => store.watch(t, from, listener) },
    get: <T>(t: Table<T>, key: string) => store.get(t, key),
    entries: <T>(t: Table<T>) => store.entries(t),
    commit: (changes, options) => (disk.full ? Promise.reject(new Error('no space')) : store.commit(changes, options)),
  }
  const { alarms, kinds } = desk(failing)
  disk.full = true
  expect(await alarms.raise(LOST)).toBe(false)
  expect(await alarms.raiseAsked([{ ...LOST, name: 'PHONE' }], 'phone')).toBe(false)
  expect(alarms.active()).toMatchObject([{ name: 'SERVER LOST', count: 1 }])
  expect(store.count(table)).toBe(0)
  disk.full = false
  expect(await alarms.tick()).toBe(true)
  expect(store.count(table)).toBe(1)
  expect(kinds()).toEqual(['raised'])
  await alarms.clear(LOST.name, LOST.source)
  expect(kinds()).toEqual(['raised', 'cleared'])
})

test('ten thousand alarms at once, each on disk, take seconds and not minutes', { timeout: 20_000 }, async () => {
  const store = await freshStore()
  const { alarms } = desk(store)
  const began = performance.now()
  const waits = Array.from({ length: 10_000 }, (_, n) => alarms.raise({ ...LOST, source: `IPPhone/${n}`, mac: MAC }))
  expect((await Promise.all(waits)).every(Boolean)).toBe(true)
  expect(performance.now() - began).toBeLessThan(10_000)
  expect(store.count(alarmEvents)).toBe(10_000)
})

test('a store of the first version has alarms without the new fields: they get them', async () => {
  const folder = join(freshFolder(), 'store')
  const old = new LevelStore({ folder, migrations: [] })
  await old.open()
  const record = { ...LOST, id: 'SERVER LOST@server/tftp', raisedAt: 5, lastAt: 6, count: 2 }
  await old.commit([put(table as Table<unknown>, record.id, record)], { durable: true })
  await old.close()
  const store = await openStore({ folder })
  const { alarms } = desk(store)
  const migrated: Alarm = {
    ...record,
    ...{ eventType: 'other', probableCause: 0, additionalInfo: [], scope: '', remoteHost: '', comments: [] },
  }
  expect(alarms.active()).toEqual([migrated])
  await alarms.clear(LOST.name, LOST.source)
  const [event]: AlarmEvent[] = [...alarms.events()]
  expect(event?.alarm).toEqual(migrated)
})

test('a stranger that comes to be known begins anew; one that is not heard of for a week is forgotten', async () => {
  const { alarms, clock, kinds } = desk(await freshStore())
  await alarms.raise({ ...LOST, unknown: true })
  await alarms.raise({ ...LOST, source: 'other', unknown: true })
  await alarms.raise(LOST)
  expect(alarms.active()).toMatchObject([{ name: 'SERVER LOST', count: 1 }])
  expect(alarms.active()[0]).not.toHaveProperty('quiet')
  expect(alarms.strangers()).toHaveLength(1)
  expect(kinds()).toEqual(['raised'])
  await alarms.raise({ ...LOST, unknown: true })
  expect(kinds()).toEqual(['raised', 'cleared'])
  clock.now += 8 * 24 * 3600_000
  await alarms.tick()
  expect(alarms.strangers()).toEqual([])
})

test('a change in maintenance is told when that is over, once', async () => {
  const { alarms } = desk(await freshStore())
  const told = () => [...alarms.events()].reverse().map(({ kind, forward }) => `${kind} ${forward}`)
  await alarms.raise(LOST)
  alarms.hushBy(() => 'maintenance')
  await alarms.raise({ ...LOST, severity: 'critical' })
  await alarms.raise({ ...LOST, severity: 'warning' })
  expect(told()).toEqual(['raised true', 'changed false', 'changed false'])
  alarms.hushBy(() => undefined)
  await alarms.release(['SERVER LOST@server/tftp'])
  await alarms.release(['SERVER LOST@server/tftp'])
  await alarms.raise({ ...LOST, severity: 'minor' })
  expect(told().slice(3)).toEqual(['changed true', 'changed true'])
})
