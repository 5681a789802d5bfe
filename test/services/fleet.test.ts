// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { type Identity, newUser } from '#daemon/domain/phone'
import type { MessageId } from '#daemon/messages'
import { Fleet, type FleetSettings } from '#daemon/services/fleet'
import { StoreFleetView } from '#daemon/services/fleet-view'
import { put } from '#daemon/store/store'
import { leases, phones, presences, timelines, users } from '#daemon/store/tables'
import type { StatusReport } from '#protocols/keepalive/port'
import type { Evidence, Exchange } from '#protocols/lib/exchange'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { freshStore } from '#test/support/store'

const MINUTE = 60_000
const mac = '00908f123456' as Mac

const report: StatusReport = {
  operation: 'keep-alive',
  mac,
  status: 'started',
  ip: '10.1.2.3',
  subnet: '255.255.0.0',
  model: '440HD',
  firmware: '2.2.16.704',
  userAgent: 'AUDC-IPPhone/2.2.16.704 (440HD-Rev0; 00908F123456)',
  userName: '',
  userId: '',
  phoneNumber: '',
  location: '',
  vlanId: '',
  sipProxy: '',
  sessionId: '1f2e3d4c',
  extra: {},
  peer: { address: '10.1.2.3', port: 40_000 },
  prefix: [],
}
const registered: StatusReport = {
  ...report,
  status: 'registered',
  userName: 'anna',
  userId: 'anna@example.net',
  phoneNumber: '4711',
}

/** Tells a phone by its model alone: the vendor's own rules have tests of their own. */
function identify({ model, vendorClass, userAgent }: Evidence): Identity | undefined {
  const name = model ?? vendorClass ?? (userAgent === undefined ? undefined : '440HD')
  return name === undefined ? undefined : { vendor: 'AudioCodes', model: name, firmware: '', mac: undefined }
}

async function fleetWith(change: Partial<FleetSettings> = {}) {
  const store = await freshStore()
  const clock = { now: 1_000_000 }
  const announced: MessageId[] = []
  const settings = { zeroTouch: false, keepAliveMinutes: 60, maxPending: 100, ...change }
  const fleet = new Fleet({ store, now: () => clock.now, identify, settings, announce: (id) => announced.push(id) })
  fleet.load()
  return { store, clock, fleet, announced, view: new StoreFleetView(store, fleet, () => clock.now) }
}

const discover: Exchange = {
  protocol: 'dhcp',
  operation: 'DISCOVER',
  peer: { address: '10.1.0.1', port: 67 },
  ending: 'reply',
  answer: 'OFFER',
  micros: 100,
  evidence: { mac, vendorClass: '440HD' },
}

test('zero touch: `started` makes a phone, `registered` approves it and makes its user', async () => {
  const { store, fleet, announced } = await fleetWith({ zeroTouch: true })
  expect(await fleet.report(report)).toEqual({ kind: 'accepted', requests: [] })
  expect(store.get(phones, mac)?.value).toMatchObject({ status: 'started', approval: 'pending', userName: '' })
  await fleet.report(registered)
  expect(store.get(phones, mac)?.value).toMatchObject({ status: 'registered', approval: 'approved', userName: 'anna' })
  expect(store.get(users, 'anna')?.value).toMatchObject({ displayName: 'anna', phoneNumber: '4711' })
  expect(store.get(phones, mac)?.value.extra).toEqual({ userId: 'anna@example.net' })
  expect(announced).toEqual(['fleet.phone.new', 'fleet.phone.status', 'fleet.user.new'])
})

test('without zero touch a phone waits for approval and makes no user', async () => {
  const { store, fleet } = await fleetWith()
  await fleet.report({ ...registered, status: 'unregistered' })
  await fleet.report(registered)
  expect(store.get(phones, mac)?.value.approval).toBe('pending')
  expect(store.count(users)).toBe(0)
})

test('a repeat of the same report is not written again until five minutes have passed, yet counts as a sign of life', async () => {
  const { store, clock, fleet, view } = await fleetWith({ zeroTouch: true })
  await fleet.report(registered)
  const revision = store.get(phones, mac)?.revision
  clock.now += 4 * MINUTE
  await fleet.report(registered)
  expect(store.get(phones, mac)?.revision).toBe(revision)
  expect(view.device(mac)?.phone.reportedAt).toBe(clock.now)
  clock.now += 2 * MINUTE
  await fleet.report(registered)
  expect(store.get(phones, mac)?.revision).toBeGreaterThan(revision ?? Number.POSITIVE_INFINITY)
})

test('reports of one phone that cross each other double nothing', async () => {
  const { store, fleet } = await fleetWith({ zeroTouch: true })
  await Promise.all(Array.from({ length: 20 }, () => fleet.report(registered)))
  expect(store.count(phones)).toBe(1)
  expect(store.count(users)).toBe(1)
  expect(await fleet.report(registered)).toEqual({ kind: 'accepted', requests: [] })
})

test('another user on the same MAC moves the phone; the first user stays known', async () => {
  const { store, fleet } = await fleetWith({ zeroTouch: true })
  await fleet.report(registered)
  await fleet.report({ ...registered, userName: 'bert' })
  expect(store.get(phones, mac)?.value.userName).toBe('bert')
  expect([...store.entries(users)].map(({ key }) => key).sort()).toEqual(['anna', 'bert'])
})

test('a rejected phone is refused', async () => {
  const { store, fleet } = await fleetWith()
  await fleet.report(report)
  const phone = store.get(phones, mac)?.value
  if (!phone) throw new Error('no phone')
  await store.commit([put(phones, mac, { ...phone, approval: 'rejected' })], { durable: false })
  expect(await fleet.report(report)).toMatchObject({ kind: 'refused', status: 403 })
})

test('unknown phones are bounded: beyond the limit newcomers are turned away, known ones are not', async () => {
  const { store, fleet, announced } = await fleetWith({ maxPending: 2 })
  const other = (n: number) => ({ ...report, mac: `00908f00000${n}` as Mac })
  await fleet.report(other(1))
  await fleet.report(other(2))
  expect(await fleet.report(other(3))).toMatchObject({ kind: 'refused', status: 503 })
  fleet.sighted({ ...discover, evidence: { mac: '00908f000004' as Mac, vendorClass: '440HD' } })
  expect(await fleet.report(other(1))).toMatchObject({ kind: 'accepted' })
  expect(store.count(phones)).toBe(2)
  expect(announced).toContain('fleet.full')
})

test('an exchange introduces a phone, and its steps make the timeline', async () => {
  const { store, fleet } = await fleetWith()
  fleet.sighted(discover)
  fleet.sighted({ ...discover, operation: 'REQUEST', answer: 'ACK' })
  expect(store.get(phones, mac)?.value).toMatchObject({ vendor: 'AudioCodes', model: '440HD', status: 'silent' })
  expect(fleet.timelineOf(mac)?.steps.map(({ step }) => step)).toEqual(['discover', 'lease'])
})

test('what one company’s boot adds to the timelines reaches the store in one go, at the latest when the fleet stops', async () => {
  const { store, fleet } = await fleetWith({ maxPending: 300 })
  const macs = Array.from({ length: 250 }, (_, n) => `00908f${n.toString(16).padStart(6, '0')}` as Mac)
  for (const mac of macs) fleet.sighted({ ...discover, evidence: { mac, vendorClass: '440HD' } })
  expect(store.count(timelines)).toBe(0)
  await fleet.flush()
  expect(store.count(timelines)).toBe(250)
  const [first = mac] = macs
  fleet.sighted({ ...discover, operation: 'REQUEST', answer: 'ACK', evidence: { mac: first } })
  await expect
    .poll(() => store.get(timelines, first)?.value.steps.map(({ step }) => step))
    .toEqual(['discover', 'lease'])
})

test('that the table of unknown phones is full is announced once, not for every packet', async () => {
  const { fleet, announced, clock } = await fleetWith({ maxPending: 1 })
  const tells = () => announced.filter((id) => id === 'fleet.full').length
  for (let n = 0; n < 5; n++)
    fleet.sighted({ ...discover, evidence: { mac: `00908f00000${n}` as Mac, vendorClass: '440HD' } })
  expect(tells()).toBe(1)
  clock.now += MINUTE
  fleet.sighted({ ...discover, evidence: { mac: '00908f000009' as Mac, vendorClass: '440HD' } })
  expect(tells()).toBe(2)
})

test('a request without a MAC belongs to the phone that holds the lease of its address', async () => {
  const { store, fleet } = await fleetWith()
  fleet.sighted(discover)
  const address = '10.1.2.3' as Ipv4
  const lease = { address, state: 'leased', clientKey: mac, mac, hostname: '', expiresAt: 9e12, updatedAt: 0 } as const
  await store.commit([put(leases, address, lease)], { durable: true })
  fleet.sighted({
    ...discover,
    protocol: 'provisioning',
    operation: 'GET',
    peer: { address, port: 4_000 },
    evidence: { file: '/ipp/dhcpoption160.cfg', fileKind: 'bootstrap' },
  })
  expect(fleet.timelineOf(mac)?.steps.map(({ step }) => step)).toEqual(['discover', 'bootstrap'])
})

test('what is no phone leaves no trace, nor does a malformed packet', async () => {
  const { store, fleet } = await fleetWith()
  fleet.sighted({ ...discover, evidence: { mac: '525400123456' as Mac } })
  fleet.sighted({ ...discover, ending: 'malformed' })
  expect(store.count(phones)).toBe(0)
})

test('what a phone counted as is kept: a silence is noted when it ends, and approval by whoever decides', async () => {
  const { store, fleet, clock, view } = await fleetWith()
  fleet.load()
  await fleet.report(report)
  clock.now += MINUTE
  await fleet.report(registered)
  clock.now += 300 * MINUTE
  await fleet.report(registered)
  clock.now += MINUTE
  const stored = store.get(phones, mac)
  if (!stored) throw new Error('no phone')
  await store.commit([put(phones, mac, { ...stored.value, approval: 'approved' })], { durable: false })
  const changes = view.device(mac)?.presences ?? []
  expect(changes.map(({ at, status, approval }) => [(at - 1_000_000) / MINUTE, status, approval])).toEqual([
    [0, 'started', 'pending'],
    [1, 'registered', 'pending'],
    [1 + fleet.silenceLimit / MINUTE, 'disconnected', 'pending'],
    [301, 'registered', 'pending'],
    [302, 'registered', 'approved'],
  ])
  await fleet.flush()
  expect(store.get(presences, mac)?.value.changes).toEqual(changes)
})

test('the view counts, filters, searches and pages', async () => {
  const { fleet, clock, view } = await fleetWith({ zeroTouch: true })
  for (let n = 10; n < 30; n++) {
    const status = n < 20 ? 'registered' : 'unregistered'
    await fleet.report({ ...registered, mac: `00908f0000${n}` as Mac, userName: `user${n}`, status })
  }
  expect(view.summary()).toMatchObject({ registered: 10, notRegistered: 10, disconnected: 0, total: 20 })
  const list = (text: string, page = 1) => view.devices({ text, page, pageSize: 8 })
  expect(list('').total).toBe(20)
  expect(list('', 3).rows).toHaveLength(4)
  expect(list('', 99).page).toBe(3)
  expect(list('USER15').rows.map(({ phone }) => phone.userName)).toEqual(['user15'])
  expect(list('00:90:8f:00:00:15').total).toBe(1)
  expect(view.devices({ text: '', presence: 'not registered', page: 1, pageSize: 50 }).total).toBe(10)
  expect(view.recent(3).map(({ phone }) => phone.userName)).toEqual(['user29', 'user28', 'user27'])
  clock.now += 181 * MINUTE
  expect(view.summary()).toMatchObject({ registered: 0, notRegistered: 0, disconnected: 20 })
})

test('a follower hears of each change to a phone', async () => {
  const { fleet, view } = await fleetWith()
  const heard: Mac[] = []
  const first = new Promise<void>((resolve) => {
    const stop = view.follow((changed) => {
      heard.push(changed)
      stop()
      resolve()
    })
  })
  await fleet.report(report)
  await first
  await fleet.report({ ...report, status: 'registered' })
  expect(heard).toEqual([mac])
})

test('a phone at which another user registers is that user’s; a report that repeats the old name moves nothing', async () => {
  const { store, fleet, announced } = await fleetWith({ zeroTouch: true })
  await fleet.report(registered)
  expect(store.get(phones, mac)?.value).toMatchObject({ owner: 'anna', ownerFrom: 'report' })
  await fleet.report({ ...report, status: 'started' })
  expect(store.get(phones, mac)?.value).toMatchObject({ owner: 'anna', userName: '' })
  await fleet.report({ ...registered, userName: 'Ben' })
  expect(store.get(phones, mac)?.value).toMatchObject({ owner: 'ben', ownerFrom: 'report' })
  expect(announced.filter((id) => id === 'fleet.phone.moved')).toHaveLength(1)
  const moved = store.get(phones, mac)?.value
  if (!moved) throw new Error('no phone')
  await store.commit([put(phones, mac, { ...moved, owner: 'anna', ownerFrom: 'admin' })], { durable: true })
  await fleet.report({ ...registered, userName: 'Ben', location: 'here' })
  expect(store.get(phones, mac)?.value).toMatchObject({ owner: 'anna', ownerFrom: 'admin', location: 'here' })
})

test('no report of a phone that waits for approval, or of a user nobody knows, gives it an owner', async () => {
  const { store, fleet } = await fleetWith()
  await store.commit([put(users, 'anna', newUser('anna', 0))], { durable: true })
  await fleet.report(registered)
  expect(store.get(phones, mac)?.value).toMatchObject({ owner: '', approval: 'pending', userName: 'anna' })
  const phone = store.get(phones, mac)?.value
  if (!phone) throw new Error('no phone')
  await store.commit([put(phones, mac, { ...phone, approval: 'approved' })], { durable: true })
  await fleet.report({ ...registered, userName: 'mallory' })
  expect(store.get(phones, mac)?.value.owner).toBe('')
  await fleet.report(registered)
  expect(store.get(phones, mac)?.value.owner).toBe('anna')
})

test('zero touch makes no user of a name that can be none', async () => {
  const { store, fleet } = await fleetWith({ zeroTouch: true })
  for (const userName of ['a b', '../x', 'x'.repeat(65), 'a\u0000b', 'sip:anna@example.net?x']) {
    expect(await fleet.report({ ...registered, userName })).toMatchObject({ kind: 'accepted' })
  }
  expect(store.count(users)).toBe(0)
})
