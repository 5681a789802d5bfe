// SPDX-License-Identifier: Apache-2.0
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { checkSchedule } from '#daemon/domain/provisioning/check-schedule'
import { secretPlace } from '#daemon/domain/provisioning/level-settings'
import { put, remove } from '#daemon/store/store'
import { phones, servedFiles } from '#daemon/store/tables'
import type { Asker } from '#protocols/provisioning/port'
import { levelChange, macAt, phoneOf, populate, served, settings, type World, world } from './world.ts'

const HOUR = 3_600_000
const mac = macAt(1)

const set = ({ store }: World, lines: string, values = {}, sealed = {}) =>
  store.commit([levelChange('system', settings({ lines, values, sealed }))], { durable: true })

test('a phone’s files are remembered once each, with when, how and what, and without passwords', async () => {
  const w = await world()
  await populate(w.store, 2)
  const sealed = { P: w.vault.seal('hush-hush', secretPlace('system', 'P')) }
  await set(w, 'a/b=1\nx/password=%ITCS_P%\ny/password=in-clear', {}, sealed)
  expect(await served(w, mac)).toContain('hush-hush')
  const first = w.servedDesk.history(mac)
  expect(first).toMatchObject([{ transport: 'http', asked: 'by its MAC', level: 'secrets', address: '10.0.0.1' }])
  const written = w.store.get(servedFiles, mac)?.revision
  w.clock.now += 60_000
  await served(w, mac)
  expect(w.store.get(servedFiles, mac)?.revision).toBe(written)
  w.clock.now += HOUR
  await served(w, mac)
  expect(w.servedDesk.history(mac)).toMatchObject([{ first: first[0]?.first, last: w.clock.now }])
  await set(w, 'a/b=2\nx/password=%ITCS_P%', {}, sealed)
  await served(w, mac)
  const [now, before] = w.servedDesk.history(mac)
  const texts = await Promise.all([now, before].map((one) => w.servedDesk.text(mac, one?.hash ?? '')))
  expect(texts.map((text) => /a\/b=\d/.exec(text ?? '')?.[0])).toEqual(['a/b=2', 'a/b=1'])
  expect(texts[1]).toContain('x/password=********\ny/password=********')
  expect(texts[0]).toContain('system/ntp')
  expect(texts.join('\n')).not.toMatch(/hush-hush|in-clear/)
  expect(w.faults).toEqual([])
})

test('another secret is another file, though it looks the same', async () => {
  const w = await world()
  await populate(w.store, 2)
  for (const secret of ['one', 'two']) {
    await set(w, 'x/password=%ITCS_P%', {}, { P: w.vault.seal(secret, secretPlace('system', 'P')) })
    await served(w, mac)
  }
  expect(w.servedDesk.history(mac)).toHaveLength(2)
})

test('who asks for it from elsewhere is not the phone', async () => {
  const w = await world()
  await populate(w.store, 2)
  const asker: Asker = { peer: { address: '192.0.2.77', port: 1 }, transport: 'http', userAgent: undefined }
  expect(await w.provisioning.fileFor({ kind: 'device-config', mac }, asker)).toMatchObject({ kind: 'file' })
  expect(w.servedDesk.history(mac)).toEqual([])
})

test('the oldest files go, with their texts, and all of a phone when it is removed', async () => {
  const w = await world()
  await populate(w.store, 2)
  const hashes: string[] = []
  for (let i = 0; i < 5; i++) {
    await set(w, `a/b=${i}`)
    await served(w, mac)
    hashes.push(w.servedDesk.history(mac)[0]?.hash ?? '')
  }
  expect(w.servedDesk.history(mac).map(({ hash }) => hash)).toEqual(hashes.slice(2).reverse())
  expect(await w.servedDesk.text(mac, hashes[0] ?? '')).toBeUndefined()
  expect(await w.servedDesk.text(mac, hashes[2] ?? '')).toContain('a/b=2')
  expect(await w.servedDesk.text(mac, '__proto__')).toBeUndefined()
  await w.store.commit([remove(phones, mac)], { durable: true })
  await w.texts.settled()
  expect(w.store.get(servedFiles, mac)).toBeUndefined()
  expect(await readdir(join(w.folder, 'served', mac.slice(-2)))).toEqual([])
})

test('a phone is up to date, then has time to look, then has an old file', async () => {
  const w = await world()
  await populate(w.store, 2)
  await served(w, mac)
  expect(await w.servedDesk.drift(mac)).toMatchObject({ state: 'current', schedule: 'every day' })
  await set(w, 'a/b=2')
  expect(await w.servedDesk.drift(mac)).toMatchObject({ state: 'waiting' })
  w.clock.now += 27 * HOUR
  expect(await w.servedDesk.drift(mac)).toMatchObject({ state: 'old', reason: expect.stringContaining('every day') })
  await set(w, 'a/b=2\nprovisioning/period/type=powerup')
  expect(await w.servedDesk.drift(mac)).toMatchObject({ state: 'waiting', schedule: 'only when it starts' })
  await served(w, mac)
  expect(await w.servedDesk.drift(mac)).toMatchObject({ state: 'current' })
})

test('all phones are counted by state: those that never came, have no file, or another firmware, too', async () => {
  const w = await world()
  await populate(w.store, 4)
  await w.store.commit([put(phones, macAt(3), phoneOf(3, { model: '' }))], { durable: true })
  await w.store.commit([put(phones, macAt(2), phoneOf(2, { firmware: '2.2.16.1' }))], { durable: true })
  w.versions.set('440HD', '2.2.16.9')
  w.clock.now += 28 * HOUR
  await served(w, mac)
  const all = await w.servedDesk.drifting({ state: '', page: 1, pageSize: 10 })
  expect(all.counts).toEqual({ current: 1, never: 2, none: 1, old: 0, waiting: 0, firmware: 1 })
  expect(all.rows.map(({ state }) => state)).toEqual(['never', 'never', 'none', 'current'])
  const other = await w.servedDesk.drifting({ state: 'firmware', page: 9, pageSize: 10 })
  expect(other).toMatchObject({ total: 1, page: 1, rows: [{ mac: macAt(2), firmware: { chosen: '2.2.16.9' } }] })
})

test('a file is explained: each line and value with where it comes from', async () => {
  const w = await world()
  await populate(w.store, 2)
  const sealed = { P: w.vault.seal('hush-hush', secretPlace('system', 'P')) }
  await set(w, 'a/b=%ITCS_A%\nx/password=%ITCS_P%\nn=%ITCS_Nobody%', { A: '1' }, sealed)
  await w.store.commit([levelChange('user/u1', settings({ values: { A: '2' }, lines: 'a/b=3' }))], { durable: true })
  const effective = w.servedDesk.effective(mac)
  if (!effective || 'none' in effective) throw new Error('no file')
  expect(effective.lines).toContainEqual({ text: 'a/b=2', from: 'system', line: 1, names: ['A'] })
  expect(effective.left).toContainEqual({ from: 'system', line: 3, missing: 'Nobody' })
  expect(effective.disagreements).toMatchObject([
    { key: 'a/b', said: [{ value: '2' }, { value: '3', from: 'user u1' }] },
  ])
  const value = effective.values.find(({ name }) => name === 'A')
  expect(value).toEqual({
    name: 'A',
    value: '2',
    source: 'user u1',
    overridden: [{ value: '1', source: 'system' }],
    used: true,
  })
  expect(JSON.stringify(effective)).not.toContain('hush-hush')
  expect(w.servedDesk.effective(macAt(99))).toBeUndefined()
})

test.each([
  [['provisioning/period/type=hourly', 'provisioning/period/hourly/hours_interval=4'], 'every 4 hours', 4 * HOUR],
  [['provisioning/period/type=WEEKLY'], 'every week', 168 * HOUR],
  [['provisioning/period/type=weekly', 'provisioning/period/type=daily'], 'every day', 24 * HOUR],
  [['provisioning/period/type=nonsense', 'provisioning/period/hourly/hours_interval=x'], 'every day', 24 * HOUR],
])('the schedule of %j is %s', (lines, text, longest) => {
  expect(checkSchedule([...lines, 'provisioning/random_provisioning_time=0'])).toEqual({
    text,
    longest: longest + HOUR / 4,
  })
})
