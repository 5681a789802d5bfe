// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test, vi } from 'vitest'
import { Alarms } from '#daemon/services/alarms/alarms'
import { LevelStore } from '#daemon/store/level-store'
import { ACCEPT, DOWN, Hook, isSigned } from '#test/support/hook'
import { SmtpSink } from '#test/support/smtp'
import { freshStore } from '#test/support/store'
import { ALL, alarm, hookSettings, house, KEY } from './house.ts'

async function openHook(): Promise<Hook> {
  const hook = await Hook.open()
  onTestFinished(() => hook.close())
  return hook
}

const steps = (hook: Hook, id: string) =>
  hook.got.filter(({ json }) => json.alarm.id === id).map(({ json }) => json.kind)

test('what happens to an alarm is told in order, signed, and once', async () => {
  const [store, hook] = [await freshStore(), await openHook()]
  const { alarms, forwarding } = house(store, [hookSettings(hook.url)])
  await forwarding.start()
  for (let i = 0; i < 40; i++) void alarms.raise(alarm(`A${i}`))
  for (let i = 0; i < 40; i++) void alarms.raise(alarm(`A${i}`, { severity: 'critical' }))
  for (let i = 0; i < 40; i++) void alarms.clear(`A${i}`, 'test')
  await hook.until((got) => got.length >= 120)
  for (let i = 0; i < 40; i++) expect(steps(hook, `A${i}@test`)).toEqual(['raised', 'changed', 'cleared'])
  expect(hook.got.every((message) => isSigned(message, KEY))).toBe(true)
  const [row] = await vi.waitFor(() => {
    const rows = forwarding.destinations().filter(({ delivered }) => delivered === 120)
    expect(rows).toHaveLength(1)
    return rows
  })
  expect(row).toMatchObject({ state: 'working', waiting: 0, lag: 0, failed: 0, dropped: 0 })
})

test('while it is down nothing is lost; others are told that it is unreachable, itself never', async () => {
  const [store, hook, other] = [await freshStore(), await openHook(), await openHook()]
  const { alarms, forwarding } = house(store, [hookSettings(hook.url), hookSettings(other.url, { name: 'other' })])
  hook.answer = DOWN
  await forwarding.start()
  for (let i = 0; i < 30; i++) void alarms.raise(alarm(`A${i}`))
  await other.until((got) => got.some(({ json }) => json.alarm.name === 'DESTINATION UNREACHABLE'))
  expect(forwarding.destination('config.hook')).toMatchObject({
    state: 'failing',
    lastError: `127.0.0.1:${hook.port} answered 503.`,
  })
  expect(forwarding.destination('config.hook')?.waiting).toBeGreaterThanOrEqual(30)
  expect(hook.tries.length).toBeLessThan(30)
  hook.answer = ACCEPT
  await hook.until((got) => got.length >= 30)
  await other.until((got) => got.some(({ json }) => json.kind === 'cleared'))
  expect(hook.got.map(({ json }) => json.alarm.name).sort()).toEqual(
    Array.from({ length: 30 }, (_, i) => `A${i}`).sort(),
  )
})

test('what waits goes out after a restart, and what was acknowledged does not again', async () => {
  const [store, hook] = [await freshStore(), await openHook()]
  const first = house(store, [hookSettings(hook.url)])
  await first.forwarding.start()
  void first.alarms.raise(alarm('before'))
  await hook.until((got) => got.length === 1)
  hook.answer = DOWN
  void first.alarms.raise(alarm('while down'))
  await hook.until((_, tries) => tries.length > 1)
  await first.forwarding.stop()
  await first.alarms.raise(alarm('while stopped'))
  hook.answer = ACCEPT
  const second = house(store, [hookSettings(hook.url)])
  await second.forwarding.start()
  await hook.until((got) => got.length >= 3)
  await second.forwarding.stop()
  expect(hook.got.map(({ json }) => json.alarm.name)).toEqual(['before', 'while down', 'while stopped'])
})

test('an alarm that was told is taken back though its severity fell below the filter; others are never', async () => {
  const [store, hook] = [await freshStore(), await openHook()]
  const { alarms, forwarding } = house(store, [hookSettings(hook.url, { filter: { ...ALL, leastSeverity: 'major' } })])
  await forwarding.start()
  void alarms.raise(alarm('minor one', { severity: 'minor' }))
  void alarms.raise(alarm('grave', { severity: 'critical' }))
  void alarms.raise(alarm('grave', { severity: 'warning' }))
  void alarms.clear('grave', 'test')
  void alarms.clear('minor one', 'test')
  void alarms.raise(alarm('last'))
  await hook.until((got) => got.some(({ json }) => json.alarm.name === 'last'))
  expect(hook.got.map(({ json }) => `${json.alarm.name} ${json.kind} ${json.alarm.severity}`)).toEqual([
    'grave raised critical',
    'grave changed warning',
    'grave cleared cleared',
    'last raised major',
  ])
})

test('what the history drops is counted and alarmed, and made good by telling all again', async () => {
  const [store, hook, other] = [await freshStore(), await openHook(), await openHook()]
  const settings = { maxActive: 1_000, historyEvents: 20, historyDays: 9 }
  const alarms = new Alarms(store, Date.now, () => {}, settings)
  const { forwarding } = house(store, [hookSettings(hook.url), hookSettings(other.url, { name: 'other' })], {
    desk: alarms,
  })
  await forwarding.start()
  await alarms.raise(alarm('told and over'))
  await hook.until((got) => got.length === 1)
  hook.answer = DOWN
  await alarms.clear('told and over', 'test')
  for (let i = 0; i < 60; i++) await alarms.raise(alarm(`A${i}`))
  await other.until((got) => got.some(({ json }) => json.alarm.name === 'ALARMS NOT FORWARDED'))
  expect(forwarding.destination('config.hook')?.dropped).toBeGreaterThan(20)
  hook.answer = ACCEPT
  const told = () => new Set(hook.got.filter(({ json }) => json.kind !== 'cleared').map(({ json }) => json.alarm.name))
  await hook.until(() => told().size === 61 && steps(hook, 'told and over@test').includes('cleared'))
  await other.until((got) =>
    got.some(({ json }) => json.kind === 'cleared' && json.alarm.name === 'ALARMS NOT FORWARDED'),
  )
  expect(alarms.active().map(({ name }) => name)).not.toContain('ALARMS NOT FORWARDED')
  expect(
    hook.got.some(({ json }) => json.alarm.name.includes('DESTINATION') || json.alarm.name.includes('FORWARDED')),
  ).toBe(false)
})

test('one message that the receiver will not have does not hold up the others for ever', async () => {
  const [store, hook] = [await freshStore(), await openHook()]
  const { alarms, forwarding } = house(store, [hookSettings(hook.url)])
  hook.answer = (message, response) => void response.writeHead(message.json.alarm.name === 'poison' ? 422 : 200).end()
  await forwarding.start()
  void alarms.raise(alarm('poison'))
  void alarms.raise(alarm('good'))
  await hook.until(
    (got, tries) => got.length === 1 && tries.filter(({ json }) => json.alarm.name === 'poison').length === 5,
  )
  await expect.poll(() => forwarding.destination('config.hook')).toMatchObject({ dropped: 1, delivered: 1 })
  expect(alarms.active().map(({ name }) => name)).toContain('ALARM REFUSED BY DESTINATION')
})

test('paused it sends nothing, over a restart too, but tests; then all', async () => {
  const [store, hook] = [await freshStore(), await openHook()]
  const first = house(store, [hookSettings(hook.url)])
  await first.forwarding.start()
  await first.forwarding.pause('config.hook', 'anna')
  await first.forwarding.stop()
  const { alarms, forwarding } = house(store, [hookSettings(hook.url)])
  await forwarding.start()
  await alarms.raise(alarm('A'))
  expect(await forwarding.test('config.hook', 'anna')).toMatchObject({ ok: true })
  expect(hook.tries.map(({ json }) => `${json.kind} ${json.alarm.name}`)).toEqual(['test OFFHOOK TEST'])
  expect(forwarding.destination('config.hook')).toMatchObject({ state: 'paused', waiting: 1 })
  await forwarding.proceed('config.hook', 'anna')
  await hook.until((got) => got.length === 2)
})

test('all active alarms are told again on demand, those that are quiet are not', async () => {
  const [store, hook] = [await freshStore(), await openHook()]
  const { alarms, forwarding } = house(store, [hookSettings(hook.url)])
  await forwarding.start()
  await alarms.raise(alarm('A'))
  await alarms.raiseAll([alarm('quiet')], 'test', 'folded')
  await alarms.raise(alarm('B'))
  await hook.until((got) => got.length === 2)
  expect(await forwarding.resend('config.hook', 'anna')).toBe(2)
  await hook.until((got) => got.filter(({ json }) => json.kind === 'resent').length === 2)
  expect(hook.got.every(({ json }) => json.alarm.name !== 'quiet')).toBe(true)
})

test('a rate limit delays and drops nothing', async () => {
  const [store, hook] = [await freshStore(), await openHook()]
  const { alarms, forwarding } = house(store, [hookSettings(hook.url, { ratePerSecond: 20 })])
  await forwarding.start()
  const began = Date.now()
  for (let i = 0; i < 40; i++) void alarms.raise(alarm(`A${i}`))
  await hook.until((got) => got.length === 40)
  // The first second's worth may go at once.
  expect(Date.now() - began).toBeGreaterThan(900)
})

test('signs of life tell how many alarms are active', async () => {
  const [store, hook] = [await freshStore(), await openHook()]
  const { alarms, forwarding } = house(store, [
    hookSettings(hook.url, { heartbeatSeconds: 1, filter: { ...ALL, names: ['none'] } }),
  ])
  await alarms.raise(alarm('A'))
  await forwarding.start()
  await hook.until((got) => got.length === 2)
  expect(hook.got.map(({ json }) => json)).toMatchObject([
    { kind: 'heartbeat', activeAlarms: 1 },
    { kind: 'heartbeat' },
  ])
})

test('a store that was killed in the middle tells again what was not yet acknowledged on disk, and no more', async () => {
  const [store, hook] = [await freshStore(), await openHook()]
  expect(store).toBeInstanceOf(LevelStore)
  const first = house(store, [hookSettings(hook.url)])
  await first.forwarding.start()
  hook.answer = (_, response, got) => (got.length < 10 ? response.writeHead(204).end() : undefined)
  for (let i = 0; i < 25; i++) await first.alarms.raise(alarm(`A${i}`))
  await hook.until((got) => got.length >= 10)
  await first.forwarding.stop()
  hook.answer = ACCEPT
  const second = house(store, [hookSettings(hook.url)])
  await second.forwarding.start()
  await hook.until((got) => new Set(got.map(({ json }) => json.sequence)).size === 25)
  expect(hook.got.length).toBe(25)
})

test('a stop waits a moment for receivers that never answer, of any kind, and no longer', async () => {
  const [store, hook, sink] = [await freshStore(), await openHook(), await SmtpSink.open({ greeting: '' })]
  onTestFinished(() => sink.close())
  hook.answer = () => {}
  const silent = createServer(() => {}).listen(0, '127.0.0.1')
  onTestFinished(() => void silent.close())
  await once(silent, 'listening')
  const common = { host: '127.0.0.1', filter: ALL, resendAtStart: false }
  const { port } = silent.address() as AddressInfo
  const { alarms, forwarding } = house(store, [
    hookSettings(hook.url, { timeoutSeconds: 60 }),
    {
      settings: {
        ...common,
        kind: 'mail',
        name: 'post',
        port: sink.port,
        security: 'none',
        from: 'a@b.c',
        to: ['a@b.c'],
      },
      secrets: {},
    },
    { settings: { ...common, kind: 'syslog', name: 'log', port, transport: 'tls', facility: 16 }, secrets: {} },
  ])
  await forwarding.start()
  await alarms.raise(alarm('A'))
  await hook.until((_, tries) => tries.length === 1)
  const began = Date.now()
  await forwarding.stop()
  expect(Date.now() - began).toBeLessThan(3_500)
})
