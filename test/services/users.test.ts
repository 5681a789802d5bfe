// SPDX-License-Identifier: Apache-2.0
import { expect, onTestFinished, test } from 'vitest'
import { jobActor } from '#daemon/domain/job'
import { newPhone, newUser } from '#daemon/domain/phone'
import type { DeviceDraft, UserDraft } from '#daemon/domain/user'
import { MOST_DEVICES_OF_USER, Users } from '#daemon/services/people/users'
import { History } from '#daemon/services/provisioning/changes/history'
import { put } from '#daemon/store/store'
import { phones, users as usersTable } from '#daemon/store/tables'
import { type Mac, parseMac } from '#protocols/lib/mac'
import { peopleWith } from '#test/support/people'
import type { Saved } from '#web/ports/saved'

const mac = parseMac('00908f123456') as Mac

function draft(name: string, fields: Partial<UserDraft> = {}): UserDraft {
  const empty = { displayName: '', phoneNumber: '', lineUri: '', region: '', authName: '', language: '' }
  return { name, ...empty, ...fields }
}

function device(address: string, fields: Partial<DeviceDraft> = {}): DeviceDraft {
  const empty = { label: '', serial: '', model: '', language: '', vlanMode: '', vlanId: '', vlanPriority: '' }
  return { mac: address, ...empty, ...fields }
}

function saved<T>(answer: Saved<T>): T {
  if (answer.kind !== 'saved') throw new Error(JSON.stringify(answer))
  return answer.value
}

test('a user is added, shown without its password, and changed', async () => {
  const { people, store, vault, log } = await peopleWith()
  const added = saved(
    await people.add(draft(' Anna.Ärnold ', { phoneNumber: '4711 ,4712,', password: ' s3cret ' }), 'admin'),
  )
  expect(added.user).toEqual({
    ...{ name: 'anna.ärnold', displayName: 'Anna.Ärnold', phoneNumber: '4711, 4712', lineUri: '', region: '' },
    ...{ authName: '', language: '', createdAt: 7, hasPassword: true },
  })
  const kept = store.get(usersTable, 'anna.ärnold')?.value.sipPassword ?? ''
  expect(kept).not.toContain('s3cret')
  expect(vault.open(kept, 'user/anna.ärnold/sip')).toBe(' s3cret ')
  expect(
    JSON.stringify([people.get('ANNA.ÄRNOLD'), people.list({ text: '', region: '', page: 1, pageSize: 9 })]),
  ).not.toMatch(/s3cret|v1:/)
  const again = saved(
    await people.change(draft('anna.ärnold', { region: 'm', displayName: 'Anna' }), added.revision, 'admin'),
  )
  expect(again.user).toMatchObject({ displayName: 'Anna', region: 'm', hasPassword: true, phoneNumber: '' })
  expect(store.get(usersTable, 'anna.ärnold')?.value.sipPassword).toBe(kept)
  const without = saved(await people.change(draft('anna.ärnold', { password: '' }), again.revision, 'admin'))
  expect(without.user.hasPassword).toBe(false)
  expect(JSON.stringify(log)).not.toContain('s3cret')
})

test('the second of two admins is told, and a name exists once', async () => {
  const { people } = await peopleWith()
  const first = saved(await people.add(draft('anna'), 'one'))
  expect(await people.add(draft('ANNA'), 'two')).toMatchObject({ kind: 'refused', errors: [{ field: 'name' }] })
  saved(await people.change(draft('anna', { displayName: 'A' }), first.revision, 'one'))
  expect(await people.change(draft('anna', { displayName: 'B' }), first.revision, 'two')).toEqual({ kind: 'conflict' })
  expect(await people.remove('anna', first.revision, 'two')).toEqual({ kind: 'conflict' })
  expect(await people.change(draft('nobody'), 1, 'two')).toEqual({ kind: 'conflict' })
  expect(people.get('anna')?.user.displayName).toBe('A')
  const both = await Promise.all(['x', 'X'].map((name) => people.add(draft(name), 'admin')))
  expect(both.map(({ kind }) => kind).sort()).toEqual(['refused', 'saved'])
})

test.each([
  ['name', { name: '' }],
  ['name', { name: 'a b' }],
  ['name', { name: '../../x' }],
  ['name', { name: 'x'.repeat(65) }],
  ['name', { name: 'x'.repeat(1_000_000) }],
  ['name', { name: '<script>' }],
  ['displayName', { displayName: 'a\u0000' }],
  ['displayName', { displayName: 'x'.repeat(129) }],
  ['phoneNumber', { phoneNumber: '1\n2' }],
  ['phoneNumber', { phoneNumber: '1,'.repeat(11) }],
  ['lineUri', { lineUri: 'javascript:alert(1)' }],
  ['lineUri', { lineUri: 'sip:a b' }],
  ['authName', { authName: '\u202e' }],
  ['region', { region: 'gone' }],
  ['password', { password: 'a\r\nb' }],
  ['password', { password: 'x'.repeat(129) }],
])('a wrong %s is refused: %j', async (field, fields) => {
  const { people, store } = await peopleWith()
  const answer = await people.add(draft('anna', fields), 'admin')
  expect(answer).toMatchObject({ kind: 'refused', errors: [{ field }] })
  expect(JSON.stringify(answer).length).toBeLessThan(300)
  expect(store.count(usersTable)).toBe(0)
})

test('a phone that is added to a user is approved and the user’s, also when it was another’s', async () => {
  const { people, store, log } = await peopleWith()
  for (const name of ['anna', 'ben']) saved(await people.add(draft(name), 'admin'))
  await store.commit([put(phones, mac, { ...newPhone(mac, 1), status: 'registered', model: '440HD' })], {
    durable: true,
  })
  const fields = { model: 'Audiocodes_420HD', label: 'Desk', vlanId: '20' }
  expect(saved(await people.addDevice('Anna', device('00:90:8F:12:34:56', fields), 'admin'))).toMatchObject({
    ...{ approval: 'approved', owner: 'anna', ownerFrom: 'admin', label: 'Desk', vlanId: '20', status: 'registered' },
    model: '440HD',
  })
  saved(await people.addDevice('anna', device('00908f000001', { model: 'Audiocodes_420HD' }), 'admin'))
  expect(people.get('anna')).toMatchObject({ devices: 2, registered: 1 })
  expect(store.get(phones, '00908f000001')?.value).toMatchObject({ model: '420HD', approval: 'approved' })
  saved(await people.assign(mac, 'ben', 'admin'))
  expect(people.get('anna')?.phones.map(({ phone }) => phone.mac)).toEqual(['00908f000001'])
  expect(people.get('ben')).toMatchObject({ devices: 1, registered: 1 })
  expect(log.at(-1)).toEqual(['fleet.phone.moved', { mac, from: 'anna', to: 'ben', by: 'admin' }])
  expect(saved(await people.assign(mac, '', 'admin'))).toMatchObject({ owner: '', approval: 'approved' })
  expect(people.get('ben')).toMatchObject({ devices: 0 })
})

test('what cannot be given is refused', async () => {
  const { people } = await peopleWith()
  saved(await people.add(draft('anna'), 'admin'))
  expect(await people.assign(mac, 'anna', 'admin')).toEqual({ kind: 'conflict' })
  expect(await people.assign(mac, 'nobody', 'admin')).toMatchObject({ kind: 'refused' })
  expect(await people.addDevice('nobody', device(mac), 'admin')).toEqual({ kind: 'conflict' })
  const wrong = [{ mac: 'x' }, { vlanId: '4095' }, { vlanPriority: '8' }, { model: '../x' }, { label: 'a\tb' }]
  for (const fields of wrong) {
    expect(await people.addDevice('anna', device(mac, fields), 'admin')).toMatchObject({
      ...{ kind: 'refused' },
      errors: [{ field: Object.keys(fields)[0] }],
    })
  }
  expect(people.get('anna')).toMatchObject({ devices: 0 })
})

test('a user has a bounded number of phones', async () => {
  const { people } = await peopleWith()
  saved(await people.add(draft('anna'), 'admin'))
  const macs = Array.from({ length: MOST_DEVICES_OF_USER }, (_, i) => `00908f${i.toString(16).padStart(6, '0')}`)
  for (const address of macs) saved(await people.addDevice('anna', device(address), 'admin'))
  expect(await people.addDevice('anna', device('00908fffffff'), 'admin')).toMatchObject({ kind: 'refused' })
  expect((await people.addDevice('anna', device(macs[0] ?? ''), 'admin')).kind).toBe('saved')
})

test('phones of a removed user are nobody’s; those that only an admin ever named go', async () => {
  const { people, store } = await peopleWith()
  const anna = saved(await people.add(draft('anna'), 'admin'))
  await store.commit([put(phones, mac, { ...newPhone(mac, 1), address: '10.1.1.1' })], { durable: true })
  saved(await people.addDevice('anna', device(mac), 'admin'))
  saved(await people.addDevice('anna', device('00908f000001', { model: '420HD' }), 'admin'))
  saved(await people.remove('Anna', anna.revision, 'admin'))
  expect(people.get('anna')).toBeUndefined()
  expect(store.get(phones, mac)?.value).toMatchObject({ owner: '', ownerFrom: '', approval: 'approved' })
  expect(store.get(phones, '00908f000001')).toBeUndefined()
})

test('a crash amid a removal leaves no phone to a later user of that name', async () => {
  const { people, store } = await peopleWith()
  await store.commit([put(phones, mac, { ...newPhone(mac, 1), vendor: 'AudioCodes', owner: 'anna' })], {
    durable: true,
  })
  people.stop()
  await people.start()
  saved(await people.add(draft('anna'), 'admin'))
  expect(people.get('anna')).toMatchObject({ devices: 0 })
})

test('reports of a phone while it is given away lose nothing', async () => {
  const { people, store } = await peopleWith()
  saved(await people.add(draft('anna'), 'admin'))
  await store.commit([put(phones, mac, newPhone(mac, 1))], { durable: true })
  const giving = people.assign(mac, 'anna', 'admin')
  const now = store.get(phones, mac)
  if (!now) throw new Error('no phone')
  const report = store.commit([put(phones, mac, { ...now.value, location: 'here' }, now.revision)], { durable: false })
  await Promise.allSettled([giving, report])
  expect(store.get(phones, mac)?.value).toMatchObject({ owner: 'anna' })
  saved(await people.place(mac, 'm', 'admin'))
  expect(store.get(phones, mac)?.value).toMatchObject({ owner: 'anna', scope: 'm' })
  expect(await people.place(mac, 'gone', 'admin')).toMatchObject({ kind: 'refused' })
})

test('the list is searched by name, number and MAC, in a region with all that lies in it, page by page', async () => {
  const { people, store } = await peopleWith()
  const many = Array.from({ length: 1_000 }, (_, i) => {
    return {
      ...newUser(`u${String(i).padStart(4, '0')}`, 0),
      displayName: `Person ${i}`,
      region: ['', 'b', 'm'][i % 3] ?? '',
    }
  })
  await store.commit(
    many.map((user) => put(usersTable, user.name, user)),
    { durable: false },
  )
  saved(await people.addDevice('u0500', device(mac), 'admin'))
  const find = (text: string, region = '', page = 1) => people.list({ text, region, page, pageSize: 50 })
  expect(find('')).toMatchObject({ total: 1_000, pageCount: 20, page: 1 })
  expect(find('', '', 99)).toMatchObject({ page: 20 })
  expect(find('', '', 2).rows[0]?.user.name).toBe('u0050')
  expect(find('', 'b').total).toBe(666)
  expect(find('', 'm').total).toBe(333)
  expect(find('', 'system').total).toBe(1_000)
  expect(find('PERSON 77').rows.map(({ user }) => user.name)).toEqual([
    ...['u0077', 'u0770', 'u0771', 'u0772', 'u0773', 'u0774', 'u0775', 'u0776', 'u0777', 'u0778', 'u0779'],
  ])
  expect(find('00:90:8f:12').rows.map(({ user, devices }) => [user.name, devices])).toEqual([['u0500', 1]])
  expect(find('nothing')).toMatchObject({ total: 0, page: 1, pageCount: 1, rows: [] })
})

test('who changed a person or gave a phone away is kept, but not once for each phone of a job', async () => {
  const { store, vault, scopes } = await peopleWith()
  const history = new History({ store, now: () => 7, settings: { revisions: 100, days: 100 } })
  await history.start()
  onTestFinished(() => history.stop())
  const announce = () => {}
  const presenceOf = () => 'seen' as const
  const recorded = new Users({ store, now: () => 7, vault, announce, scopes, presenceOf, history })
  await recorded.start()
  onTestFinished(() => recorded.stop())
  saved(await recorded.add(draft('anna', { displayName: 'Anna', password: 's3cret' }), 'tom'))
  await store.commit([put(phones, mac, newPhone(mac, 1))], { durable: true })
  await recorded.assign(mac, 'anna', 'tom')
  await recorded.place(mac, 'b', jobActor('tom'))
  const { rows } = history.find({ subject: '', by: '', text: '', page: 1, pageSize: 9 })
  expect(rows.map(({ summary, by }) => [summary, by])).toEqual([
    ['Gave to anna: 00:90:8f:12:34:56', 'tom'],
    ['Added Anna', 'tom'],
  ])
  expect(JSON.stringify(history.get(1))).not.toContain('s3cret')
})
