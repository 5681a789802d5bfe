// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { newPhone, type Phone } from '#daemon/domain/phone'
import { PHONE_ALARMS, phoneAlarmName } from '#daemon/domain/phone-alarms'
import { Alarms } from '#daemon/services/alarms/alarms'
import { PhoneAlarms } from '#daemon/services/alarms/phone-alarms'
import { NetworkScopes } from '#daemon/services/alarms/scopes'
import { put, remove } from '#daemon/store/store'
import { phones } from '#daemon/store/tables'
import type { Alert } from '#protocols/alerts/port'
import type { Mac } from '#protocols/lib/mac'
import { freshStore } from '#test/support/store'

const MAC = '00908f123456' as Mac
const HERE = '10.1.2.3'

async function desk(phone: Partial<Phone> = {}) {
  const clock = { now: 1_795_000_000_000 }
  const now = () => clock.now
  const store = await freshStore()
  const known = { ...newPhone(MAC, 0), address: HERE, externalAddress: HERE, subnet: '255.255.255.0', ...phone }
  await store.commit([put(phones, MAC, known)], { durable: false })
  const alarms = new Alarms(store, now, () => {})
  const service = new PhoneAlarms({ store, alarms, scopes: new NetworkScopes([]), now })
  const send = (alerts: readonly Partial<Alert>[], address = HERE) =>
    service.report({ alerts: alerts.map(alert), leftOut: 0, mac: undefined, peer: { address, port: 1 }, prefix: [] })
  const names = () => alarms.active().map(({ name }) => name)
  return { clock, store, alarms, service, send, names }
}

function alert(fields: Partial<Alert>): Alert {
  return {
    ...{ name: 'IPPHONE REGISTRATION FAILURE', uniqueId: '1', description: '', severity: 5, source: `IPPhone/${MAC}` },
    ...{ mac: MAC, type: '', probableCause: '', additionalInfo: [], date: undefined, ...fields },
  }
}

test.each(PHONE_ALARMS.map(({ name }) => name))('%s is known in any case, with or without its prefix', async (name) => {
  const { send, alarms } = await desk()
  for (const text of [name, `IPPHONE ${name}`, `IPPhone ${name.toLowerCase()}`, ` ipphone  ${name.replace(' ', '_')}`])
    expect(phoneAlarmName(text)).toBe(name)
  expect(await send([{ name: `IPPhone ${name.toLowerCase()}`, severity: 3 }])).toEqual({ kind: 'taken' })
  const [alarm] = alarms.active()
  expect(alarm).toMatchObject({
    ...{ name, source: `IPPhone/${MAC}`, mac: MAC, severity: 'minor', remoteHost: HERE, scope: 'network/10.1.2.0/24' },
  })
  expect(alarm?.remedy).not.toContain('not known')
})

test('event type and probable cause are of the kind, unless the phone says its own', async () => {
  const { send, alarms } = await desk()
  await send([{ severity: 5 }, { name: 'X', type: '4', probableCause: '58' }])
  expect(alarms.of(MAC)).toMatchObject([
    { eventType: 'communications', probableCause: 5, severity: 'critical' },
    { eventType: 'equipment', probableCause: 58 },
  ])
})

test('same name and other descriptions stand side by side; the same once more is counted', async () => {
  const { send, alarms } = await desk()
  const other = { name: 'GENERAL LOCAL EVENT', severity: 3 } as const
  await send([
    { ...other, description: 'a' },
    { ...other, description: 'b' },
    { ...other, description: 'a' },
  ])
  expect(
    alarms
      .of(MAC)
      .map(({ description, count }) => `${description} ${count}`)
      .sort(),
  ).toEqual(['a 2', 'b 1'])
})

test('severity 0 clears by name and description; clearing what was never raised changes nothing', async () => {
  const { send, alarms } = await desk()
  const other = { name: 'GENERAL LOCAL EVENT', severity: 3 } as const
  await send([{ name: 'REQUIRES RESET', severity: 0 }])
  expect([...alarms.events()]).toEqual([])
  await send([{ ...other, description: 'a' }, { ...other, description: 'b' }, { severity: 5 }])
  await send([{ ...other, severity: 0, description: 'a' }])
  expect(alarms.of(MAC)).toHaveLength(2)
  await send([{ ...other, severity: 0 }])
  expect(alarms.of(MAC).map(({ name }) => name)).toEqual(['REGISTRATION FAILURE'])
  await send([{ severity: 0, description: 'Registered again' }])
  expect(alarms.of(MAC)).toEqual([])
})

test('raise and clear in one body end cleared', async () => {
  const { send, names, alarms } = await desk()
  await send([{}, { severity: 0 }])
  expect(names()).toEqual([])
  expect([...alarms.events()].map(({ kind }) => kind)).toEqual(['cleared', 'raised'])
})

test('a phone that registers has no registration or login failure any more, and keeps the rest', async () => {
  const { send, service, names, alarms } = await desk()
  await send([{}, { name: 'LYNC LOGIN FAILURE' }, { name: 'REQUIRES RESET', severity: 2 }])
  service.registered('00908f999999' as Mac)
  expect(names()).toHaveLength(3)
  service.registered(MAC)
  expect(names()).toEqual(['REQUIRES RESET'])
  expect([...alarms.events()][0]).toMatchObject({ kind: 'cleared', by: `IPPhone/${MAC}` })
})

test('the date counts unless the clock of the phone is plainly wrong', async () => {
  const { send, clock, alarms } = await desk()
  await send([
    { description: 'a', date: clock.now - 60_000 },
    { description: 'b', date: 0 },
    { description: 'c', date: clock.now + 86_400_000 },
    { description: 'd' },
  ])
  const began = alarms.of(MAC).map(({ raisedAt }) => clock.now - raisedAt)
  expect(began).toEqual([60_000, 0, 0, 0])
})

test('an unknown MAC is kept apart; no MAC at all too; a rejected phone is refused', async () => {
  const { send, alarms, store } = await desk()
  await send([{ mac: '00908f00dead' as Mac }, { mac: undefined, source: '' }], '10.9.9.9')
  expect(alarms.active()).toEqual([])
  expect(alarms.strangers().map(({ source }) => source)).toEqual(['address/10.9.9.9', 'IPPhone/00908f00dead'])
  expect(store.count(phones)).toBe(1)
  const rejected = await desk({ approval: 'rejected' })
  expect(await rejected.send([{}])).toMatchObject({ kind: 'refused', status: 403 })
})

test('an alarm from another address is taken with its doubt; a clear from there is not obeyed', async () => {
  const { send, alarms, clock, service } = await desk()
  await send([{}], '10.6.6.6')
  expect(alarms.of(MAC).map(({ name, doubt }) => [name, doubt])).toEqual([
    ['PHONE ALARM FROM ANOTHER ADDRESS', undefined],
    ['REGISTRATION FAILURE', 'It came from 10.6.6.6, but the phone was last heard of at 10.1.2.3.'],
  ])
  await send([{ severity: 0 }], '10.6.6.6')
  expect(alarms.of(MAC)).toHaveLength(2)
  await send([{ severity: 0 }], '::ffff:10.1.2.3')
  expect(alarms.of(MAC)).toHaveLength(1)
  clock.now += 2 * 3600_000
  service.tick()
  expect(alarms.of(MAC)).toEqual([])
})

test('a flood of one phone is bounded and counted, takes no other phone’s room, and is over when it is over', async () => {
  const { send, alarms, clock, service } = await desk()
  for (let n = 0; n < 200; n++) await send([{ description: `number ${n}` }])
  clock.now += 1_000
  service.tick()
  const flood = alarms.of(MAC).find(({ name }) => name === 'PHONE ALARM FLOOD')
  expect(flood?.description).toContain('170 were counted')
  expect(service.leftOut).toBe(170)
  expect(alarms.of(MAC)).toHaveLength(31)
  await send([{ severity: 0, description: 'number 3' }])
  expect(alarms.of(MAC)).toHaveLength(30)
  for (let n = 0; n < 100; n++) {
    clock.now += 2_000
    await send([{ description: `slowly ${n}` }])
  }
  expect(alarms.of(MAC).length).toBeLessThanOrEqual(51)
  clock.now += 120_000
  service.tick()
  expect(alarms.of(MAC).some(({ name }) => name === 'PHONE ALARM FLOOD')).toBe(false)
})

test('the alarms of a phone that is removed are over', async () => {
  const { send, alarms, service, store } = await desk()
  await send([{}])
  await store.commit([remove(phones, MAC)], { durable: false })
  service.tick()
  expect(alarms.active()).toEqual([])
})
