// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { newPhone } from '#daemon/domain/phone'
import { ScopeTree, SYSTEM } from '#daemon/domain/scope'
import { Alarms } from '#daemon/services/alarms/alarms'
import { MaintenanceWindows } from '#daemon/services/alarms/maintenance'
import { NetworkScopes, PlaceScopes } from '#daemon/services/alarms/scopes'
import { Fleet } from '#daemon/services/fleet'
import { SilenceWatch } from '#daemon/services/watch/silence-watch'
import { put, remove } from '#daemon/store/store'
import { phones } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import { freshStore } from '#test/support/store'

const MINUTE = 60_000
const SETTINGS = { least: 5, share: 0.5, many: 25, windowMs: 30_000 }

/** An office of phones, some in each network, that report once a minute and may be silent for eleven. */
async function office(count: number, networks = 1) {
  const clock = { now: 1_795_000_000_000 }
  const now = () => clock.now
  const store = await freshStore()
  const alarms = new Alarms(store, now, () => {})
  const settings = { zeroTouch: true, keepAliveMinutes: 1, maxPending: 20_000 }
  const fleet = new Fleet({ store, now, identify: () => undefined, announce: () => {}, settings })
  const places = { tree: () => new ScopeTree([]), placementOf: () => ({ scope: SYSTEM, why: 'none' as const }) }
  const scopes = new PlaceScopes(places, new NetworkScopes([]))
  const maintenance = new MaintenanceWindows({ store, scopes, now })
  const isMaintained = (scope: string) => maintenance.covers(scope)
  const options = { store, alarms, fleet, scopes, isMaintained, now, settings: SETTINGS, period: () => MINUTE }
  const begin = () => new SilenceWatch(options)
  const mac = (n: number) => (0x00908f000000 + n).toString(16).padStart(12, '0') as Mac
  const report = async (numbers: Iterable<number>) => {
    const changes = Array.from(numbers, (n) => {
      const address = `10.${n % networks}.${n >> 8}.${n & 255}`
      const phone = { ...newPhone(mac(n), 0), address, externalAddress: address, subnet: '255.255.0.0' }
      return put(phones, mac(n), { ...phone, status: 'registered', reportedAt: clock.now })
    })
    await store.commit(changes, { durable: false })
  }
  const all = Array.from({ length: count }, (_, n) => n)
  const told = () =>
    [...alarms.events()]
      .filter(({ forward }) => forward)
      .map(({ kind, alarm }) => `${kind} ${alarm.name} ${alarm.blast ?? ''}`.trim())
      .reverse()
  await report(all)
  const watch = begin()
  clock.now += 5 * MINUTE
  await report(all)
  await watch.look()
  return { clock, store, alarms, watch, begin, report, all, told, mac, maintenance }
}

test('one silent phone is told when nobody joined it, and cleared when it reports', async () => {
  const { clock, alarms, watch, report, told, all } = await office(20)
  for (let minute = 0; minute < 12; minute++) {
    clock.now += MINUTE
    await report(all.slice(1))
    await watch.look()
  }
  expect(alarms.active()).toMatchObject([
    { name: 'PHONE DISCONNECTED', source: 'IPPhone/00908f000000', quiet: 'window' },
  ])
  expect(told()).toEqual([])
  clock.now += 31_000
  await watch.look()
  expect(told()).toEqual(['raised PHONE DISCONNECTED'])
  await report([0])
  await watch.look()
  expect(told()).toEqual(['raised PHONE DISCONNECTED', 'cleared PHONE DISCONNECTED'])
  expect(alarms.active()).toEqual([])
})

test('an outage of ten thousand phones is one alarm told within five seconds, and none is lost', {
  timeout: 40_000,
}, async () => {
  const { clock, alarms, watch, report, told, all } = await office(10_000, 50)
  clock.now += 12 * MINUTE
  const before = process.memoryUsage().heapUsed
  const began = performance.now()
  const stop = alarms.follow(({ forward }) => forward && took.push(performance.now() - began))
  const took: number[] = []
  await watch.look()
  stop()
  expect(told()).toEqual(['raised PHONES SILENT 10000'])
  expect(took[0]).toBeLessThan(5_000)
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(200e6)
  const fold = alarms.active().find(({ name }) => name === 'PHONES SILENT')
  expect(fold).toMatchObject({
    severity: 'critical',
    description: '10000 of 10000 phones of the whole fleet are silent.',
  })
  expect(alarms.active().filter(({ parent }) => parent === fold?.id)).toHaveLength(10_000)
  clock.now += MINUTE
  await watch.look()
  expect(told()).toHaveLength(1)
  await report(all)
  await watch.look()
  expect(alarms.active()).toEqual([])
  expect(told()).toEqual(['raised PHONES SILENT 10000', 'cleared PHONES SILENT 10000'])
})

test('the cause splits: what is left of one network is a cause of its own, the last few are told one by one', async () => {
  const { clock, watch, report, told, all } = await office(40, 2)
  clock.now += 12 * MINUTE
  await watch.look()
  expect(told()).toEqual(['raised PHONES SILENT 40'])
  await report(all.filter((n) => n % 2 === 0 || n < 20))
  clock.now += 1_000
  await watch.look()
  expect(told().slice(1)).toEqual(['cleared PHONES SILENT 40', 'raised PHONES SILENT 10'])
  await report(all.filter((n) => n < 35))
  clock.now += 1_000
  await watch.look()
  expect(told().slice(3)).toEqual(['cleared PHONES SILENT 10'])
  clock.now += 40_000
  await watch.look()
  expect(told().slice(4)).toEqual(Array(3).fill('raised PHONE DISCONNECTED'))
  await report(all)
  await watch.look()
  expect(told().slice(7)).toEqual(Array(3).fill('cleared PHONE DISCONNECTED'))
})

test('after a start the silence may have been ours: phones have a period to report', async () => {
  const { clock, begin, report, all, alarms } = await office(10)
  clock.now += 60 * MINUTE
  const watch = begin()
  await watch.look()
  expect(alarms.active()).toEqual([])
  clock.now += MINUTE
  await report(all.slice(3))
  await watch.look()
  expect(alarms.active()).toEqual([])
  clock.now += 2 * MINUTE
  await report(all.slice(3))
  await watch.look()
  expect(alarms.active()).toHaveLength(3)
})

test('an outage that begins is one alarm with those that missed a report, and stays one over a restart', async () => {
  const { clock, watch, begin, report, told, all } = await office(20)
  clock.now += 3 * MINUTE
  await report(all.slice(1))
  clock.now += 8.5 * MINUTE
  await watch.look()
  expect(told()).toEqual(['raised PHONES SILENT 20'])
  const next = begin()
  for (let n = 0; n < 4; n++) {
    await next.look()
    clock.now += MINUTE
  }
  expect(told()).toEqual(['raised PHONES SILENT 20'])
  await report(all)
  await next.look()
  expect(told()).toEqual(['raised PHONES SILENT 20', 'cleared PHONES SILENT 20'])
})

test('an alarm that waited for others when the daemon ended is told by the next one, once', async () => {
  const { clock, watch, begin, report, told, all } = await office(20)
  clock.now += 12 * MINUTE
  await report(all.slice(1))
  await watch.look()
  expect(told()).toEqual([])
  const next = begin()
  await next.look()
  expect(told()).toEqual([])
  clock.now += 31_000
  await next.look()
  await next.look()
  expect(told()).toEqual(['raised PHONE DISCONNECTED'])
})

test('an alarm that a person clears stays away until the phone was there again; that of a removed phone goes', async () => {
  const { clock, watch, report, all, alarms, store, mac } = await office(20)
  const quiet = async () => {
    clock.now += 12 * MINUTE
    await report(all.slice(2))
    await watch.look()
    clock.now += 1_000
    await watch.look()
  }
  await quiet()
  expect(alarms.active()).toHaveLength(2)
  await alarms.dismiss(['PHONE DISCONNECTED@IPPhone/00908f000000'], 'tom')
  await watch.look()
  await watch.look()
  expect(alarms.active()).toHaveLength(1)
  await store.commit([remove(phones, mac(1))], { durable: false })
  await watch.look()
  expect(alarms.active()).toEqual([])
  await report([0])
  await watch.look()
  await quiet()
  expect(alarms.active()).toHaveLength(1)
})

test('in maintenance nothing is told; what lasts beyond it is, and what ended is not', async () => {
  const { clock, watch, report, all, alarms, told, maintenance } = await office(20)
  const from = clock.now + MINUTE
  await maintenance.save({ title: 'power', scope: '', from, to: from + 60 * MINUTE }, 'tom')
  alarms.hushBy(({ scope }) => (maintenance.covers(scope) ? 'maintenance' : undefined))
  clock.now += 13 * MINUTE
  await report(all.slice(2))
  await watch.look()
  clock.now += MINUTE
  await watch.look()
  expect(alarms.active()).toMatchObject([{ quiet: 'maintenance' }, { quiet: 'maintenance' }])
  await report([0])
  await watch.look()
  expect(told()).toEqual([])
  expect([...alarms.events()].map(({ kind }) => kind)).toEqual(['cleared', 'raised', 'raised'])
})

test('alarms that come and go are held active until they rest, and cleared once', async () => {
  const { clock, alarms, told } = await office(1)
  const alarm = { name: 'X', source: 'y', severity: 'minor', description: 'd', remedy: 'r' } as const
  for (let round = 0; round < 50; round++) {
    clock.now += 5_000
    await alarms.raise(alarm)
    clock.now += 5_000
    await alarms.clear('X', 'y')
    await alarms.tick()
  }
  expect(told()).toEqual([...Array.from({ length: 3 }, () => ['raised X', 'cleared X']).flat(), 'raised X'])
  expect(alarms.active()).toMatchObject([{ name: 'X', count: 47, flapping: { over: true } }])
  expect(alarms.isThere('X@y')).toBe(false)
  clock.now += 11 * MINUTE
  await alarms.tick()
  expect(alarms.active()).toEqual([])
  expect(told().at(-1)).toBe('cleared X')
  for (let round = 0; round < 4; round++) {
    await alarms.clear('X', 'y')
    await alarms.raise(alarm)
  }
  expect(alarms.isThere('X@y')).toBe(true)
  clock.now += 11 * MINUTE
  await alarms.tick()
  expect(alarms.active()[0]?.flapping).toBeUndefined()
  await alarms.clear('X', 'y')
  expect(alarms.active()).toEqual([])
})
