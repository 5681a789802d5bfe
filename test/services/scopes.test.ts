// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { expect, onTestFinished, test } from 'vitest'
import { newPhone, newUser } from '#daemon/domain/phone'
import type { ScopeDraft } from '#daemon/domain/scope-rules'
import type { MessageId } from '#daemon/messages'
import { Scopes } from '#daemon/services/scopes/scopes'
import type { NamedNetwork } from '#daemon/services/scopes/subnet-scopes'
import type { LevelStore } from '#daemon/store/level-store'
import { put } from '#daemon/store/store'
import { phones, users } from '#daemon/store/tables'
import { parseCidr } from '#protocols/lib/ipv4'
import { type Mac, parseMac } from '#protocols/lib/mac'
import { freshStore } from '#test/support/store'
import type { ScopeAnswer } from '#web/ports/scopes'

async function scopesOn(store: LevelStore, networks: readonly NamedNetwork[] = []) {
  const log: [MessageId, Readonly<Record<string, unknown>>][] = []
  const announce = (id: MessageId, fields: Readonly<Record<string, unknown>> = {}) => void log.push([id, fields])
  const scopes = new Scopes({ store, now: () => 1_000_000, random: randomBytes, announce, networks })
  await scopes.start()
  onTestFinished(() => scopes.stop())
  return { scopes, log }
}

function network(name: string, text: string, region: string): NamedNetwork {
  const cidr = parseCidr(text)
  if (!cidr) throw new Error(text)
  return { name, cidr, region }
}

function draft(name: string, parent = 'system', fields: Partial<ScopeDraft> = {}): ScopeDraft {
  return { kind: 'region', name, parent, timeZone: '', subnets: [], description: '', ...fields }
}

function done(answer: ScopeAnswer) {
  if (answer.kind !== 'done') throw new Error(JSON.stringify(answer))
  return answer.scope
}

const mac = parseMac('00908f123456') as Mac

test('a scope is added, changed and there after a restart, under the same short id', async () => {
  const store = await freshStore()
  const { scopes, log } = await scopesOn(store)
  const germany = done(await scopes.add(draft('Germany'), 'admin'))
  const berlin = done(
    await scopes.add(draft('Berlin', germany.id, { kind: 'site', subnets: ['10.1.0.0/16'] }), 'admin'),
  )
  expect(germany.id).toMatch(/^[a-z2-9]{7}$/)
  const renamed = done(await scopes.change(berlin.id, { ...berlin, name: 'Berlin Mitte' }, berlin.version, 'admin'))
  expect(renamed).toMatchObject({ id: berlin.id, version: 2, createdAt: 1_000_000 })
  scopes.stop()
  const { scopes: again } = await scopesOn(store)
  expect(again.tree().pathText(berlin.id)).toBe('Germany/Berlin Mitte')
  expect(log.map(([id]) => id)).toEqual(['scope.added', 'scope.added', 'scope.changed'])
  expect(log[0]?.[1]).toEqual({ scope: germany.id, kind: 'region', name: 'Germany', by: 'admin' })
})

test('the second of two admins is told, and nothing is overwritten', async () => {
  const { scopes } = await scopesOn(await freshStore())
  const before = done(await scopes.add(draft('Germany'), 'one'))
  const first = done(await scopes.change(before.id, { ...before, name: 'Deutschland' }, before.version, 'one'))
  const late = await scopes.change(before.id, { ...before, description: 'North' }, before.version, 'two')
  expect(late).toEqual({ kind: 'conflict', scope: first })
  expect(await scopes.remove(before.id, before.version, 'two')).toEqual({ kind: 'conflict', scope: first })
  expect(scopes.tree().get(before.id)).toEqual(first)
})

test('edits at the same moment are all kept, and of two twins one is refused', async () => {
  const { scopes } = await scopesOn(await freshStore())
  const names = Array.from({ length: 20 }, (_, i) => `Site ${i % 19}`)
  const answers = await Promise.all(names.map((name) => scopes.add(draft(name), 'admin')))
  expect(answers.filter(({ kind }) => kind === 'done').length).toBe(19)
  expect(answers.filter(({ kind }) => kind === 'refused').length).toBe(1)
  expect(scopes.tree().size).toBe(19)
})

test('removing a scope takes what lies in it, and its users and phones move up', async () => {
  const store = await freshStore()
  const { scopes } = await scopesOn(store)
  const germany = done(await scopes.add(draft('Germany'), 'admin'))
  const berlin = done(await scopes.add(draft('Berlin', germany.id), 'admin'))
  const mitte = done(await scopes.add(draft('Mitte', berlin.id, { kind: 'site', subnets: ['10.1.0.0/16'] }), 'admin'))
  const people = Array.from({ length: 1_200 }, (_, i) => ({
    ...newUser(`u${i}`, 0),
    region: i % 2 ? mitte.id : berlin.id,
  }))
  await store.commit(
    [
      ...people.map((user) => put(users, user.name, user)),
      put(users, 'far', { ...newUser('far', 0), region: germany.id }),
      put(phones, mac, { ...newPhone(mac, 0), scope: mitte.id }),
      put(phones, '00908f000001', { ...newPhone('00908f000001' as Mac, 0), address: '10.1.2.3' }),
    ],
    { durable: true },
  )
  expect(scopes.use(berlin.id)).toEqual({ scopes: [mitte], users: 1_200, phones: 2, configured: [] })
  expect(scopes.use(germany.id)).toMatchObject({ users: 1_201 })
  done(await scopes.remove(berlin.id, berlin.version, 'admin'))
  expect(scopes.tree().below()).toEqual([germany])
  expect(new Set(Array.from(store.entries(users), ({ value }) => value.region))).toEqual(new Set([germany.id]))
  expect(store.get(phones, mac)?.value.scope).toBe(germany.id)
  done(await scopes.remove(germany.id, germany.version, 'admin'))
  expect(new Set(Array.from(store.entries(users), ({ value }) => value.region))).toEqual(new Set(['']))
})

test('the system is never changed or removed, nor what is not there', async () => {
  const { scopes } = await scopesOn(await freshStore())
  for (const id of ['system', 'gone', '__proto__']) {
    expect(await scopes.change(id, draft('x'), 0, 'admin')).toEqual({ kind: 'unknown' })
    expect(await scopes.remove(id, 0, 'admin')).toEqual({ kind: 'unknown' })
  }
})

test('users of a region that a crash left without one are the system’s after the start', async () => {
  const store = await freshStore()
  await store.commit([put(users, 'anna', { ...newUser('anna', 0), region: 'gone' })], { durable: true })
  await scopesOn(store)
  expect(store.get(users, 'anna')?.value.region).toBe('')
})

test('regions that subnets of the configuration name are made once, and their phones are there', async () => {
  const store = await freshStore()
  const networks = [
    network('voice', '10.1.0.0/16', 'Germany/Berlin'),
    network('lab', '10.1.4.0/24', 'Germany'),
    network('branch', '10.2.0.0/16', 'berlin'),
  ]
  const { scopes, log } = await scopesOn(store, networks)
  expect(
    scopes
      .tree()
      .below()
      .map(({ name }) => name),
  ).toEqual(['Germany', 'Berlin'])
  expect(log.map(([id, { name, by }]) => [id, name, by])).toEqual([
    ['scope.added', 'Germany', 'configuration'],
    ['scope.added', 'Berlin', 'configuration'],
  ])
  const at = (address: string) => scopes.placementOf({ ...newPhone(mac, 0), address })
  expect(at('10.1.4.9').scope.name).toBe('Germany')
  expect(at('10.1.5.9').scope.name).toBe('Berlin')
  expect(at('10.2.5.9')).toMatchObject({ scope: { name: 'Berlin' }, why: 'subnet' })
  const berlin = at('10.2.5.9').scope
  expect(scopes.use(berlin.id).configured).toEqual(['voice', 'branch'])
  // An admin's own subnet of the same size wins; renaming unties nothing.
  const bonn = done(await scopes.add(draft('Bonn', 'system', { subnets: ['10.2.0.0/16'] }), 'admin'))
  done(await scopes.change(berlin.id, { ...berlin, name: 'Spree' }, berlin.version, 'admin'))
  expect(at('10.2.5.9').scope.id).toBe(bonn.id)
  expect(at('10.1.5.9').scope.name).toBe('Spree')
  scopes.stop()
  expect((await scopesOn(store, [networks[1] ?? network('', '', '')])).log).toEqual([])
})

test('a subnet whose region is ambiguous or cannot be made is said so, and the others work', async () => {
  const store = await freshStore()
  const { scopes } = await scopesOn(store)
  const germany = done(await scopes.add(draft('Germany'), 'admin'))
  const france = done(await scopes.add(draft('France'), 'admin'))
  for (const { id } of [germany, france]) done(await scopes.add(draft('Berlin', id, { kind: 'site' }), 'admin'))
  scopes.stop()
  const { scopes: again, log } = await scopesOn(store, [
    network('voice', '10.1.0.0/16', 'Berlin'),
    network('lab', '10.2.0.0/16', 'Germany/Berlin/Mitte'),
    network('branch', '10.3.0.0/16', 'France'),
  ])
  expect(log).toEqual([
    ['scope.unresolved', { subnet: 'lab', reason: 'A region cannot lie in a site.' }],
    ['scope.unresolved', { subnet: 'voice', reason: '“Berlin” can be any of France/Berlin, Germany/Berlin' }],
  ])
  expect(again.placementOf({ ...newPhone(mac, 0), address: '10.3.1.1' }).scope.name).toBe('France')
  expect(again.placementOf({ ...newPhone(mac, 0), address: '10.1.1.1' }).why).toBe('none')
})
