// SPDX-License-Identifier: Apache-2.0
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { newPhone } from '#daemon/domain/phone'
import { put } from '#daemon/store/store'
import { phones, users } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import { peopleWith } from '#test/support/people'
import { listen, location, type Site, signedIn, type Visitor } from './client.ts'
import { MemoryPort } from './memory-port.ts'

let site: Site
let house: Awaited<ReturnType<typeof peopleWith>>
let visitor: Visitor

beforeEach(async () => {
  house = await peopleWith()
  const port = Object.assign(new MemoryPort(), { scopes: house.scopes, users: house.people, peopleFiles: house.files })
  site = await listen(port)
  onTestFinished(async () => {
    await site.close()
    expect(site.faults).toEqual([])
  })
  visitor = await signedIn(site)
})

async function add(name: string): Promise<void> {
  const empty = { displayName: '', phoneNumber: '', lineUri: '', region: '', authName: '', language: '' }
  await house.people.add({ name, ...empty }, 'test')
}

test('the second of two admins is told, keeps what was typed, and may save it then', async () => {
  await add('anna')
  const stale = { displayName: 'Second', region: 'b', revision: String(house.people.get('anna')?.revision) }
  await visitor.submit('/users/of/anna', '/users/of/anna', { displayName: 'First', region: 'm' })
  const refused = await visitor.submit('/users/of/anna', '/users/of/anna', stale)
  expect(refused.status).toBe(409)
  const html = await refused.text()
  expect(html).toContain('Somebody else has changed it')
  expect(html).toContain('value="Second"')
  expect(house.people.get('anna')?.user.displayName).toBe('First')
  const { revision: _, ...typed } = stale
  expect((await visitor.submit('/users/of/anna', '/users/of/anna', typed)).status).toBe(303)
  expect(house.people.get('anna')?.user).toMatchObject({ displayName: 'Second', region: 'b' })

  const change = { name: 'Spree', parent: 'system', kind: 'region' }
  expect((await visitor.submit('/scopes/of/b', '/scopes/of/b', { ...change, version: '7' })).status).toBe(409)
  expect((await visitor.submit('/scopes/of/b', '/scopes/of/b', change)).status).toBe(303)
  expect(house.scopes.tree().get('b')?.name).toBe('Spree')
})

test('an empty password keeps the one there is; no page ever holds it', async () => {
  await visitor.submit('/users/add', '/users/add', { name: 'anna', region: 'system', password: 's3cret' })
  const sealed = house.store.get(users, 'anna')?.value.sipPassword
  await visitor.submit('/users/of/anna', '/users/of/anna', { displayName: 'A', region: 'system', password: '' })
  expect(house.store.get(users, 'anna')?.value.sipPassword).toBe(sealed)
  for (const path of ['/users', '/users/of/anna', '/users/export.csv', '/users/of/anna/remove']) {
    expect(await visitor.page(path)).not.toMatch(/s3cret|v1:/)
  }
  await visitor.submit('/users/of/anna', '/users/of/anna', { region: 'system', noPassword: '1' })
  expect(house.people.get('anna')?.user.hasPassword).toBe(false)
})

test('what phones say of themselves is shown as text', async () => {
  await add('anna')
  const attack = '<script>alert(1)</script>'
  const phone = { ...newPhone('00908f000001' as Mac, 1), model: attack, label: `"><img src=x>`, owner: 'anna' }
  await house.store.commit([put(phones, phone.mac, phone)], { durable: false })
  for (const path of ['/users/of/anna', '/users/of/anna/remove']) {
    const html = await visitor.page(path)
    expect(html).toContain('&lt;script&gt;')
    expect(html).not.toMatch(/<script>|<img/)
  }
})

test('a phone that an admin only looked at is not approved by saving its page as it was', async () => {
  const mac = '00908f000001' as Mac
  await house.store.commit([put(phones, mac, newPhone(mac, 1))], { durable: false })
  const port = Object.assign(new MemoryPort(), { scopes: house.scopes, users: house.people })
  port.fleet.put(newPhone(mac, 1))
  const other = await listen(port)
  onTestFinished(() => other.close())
  const admin = await signedIn(other)
  expect((await admin.submit(`/devices/${mac}/owner`, `/devices/${mac}/owner`, { scope: 'm' })).status).toBe(303)
  expect(house.store.get(phones, mac)?.value).toMatchObject({ approval: 'pending', owner: '', scope: 'm' })
})

test('addresses of nobody and nothing end on a page that says so', async () => {
  for (const path of [
    ...['/users/of/nobody', '/users/of/__proto__', '/users/of/nobody/remove', '/users/of/nobody/devices/add'],
    ...[
      '/scopes/of/gone',
      '/scopes/of/system',
      '/scopes/of/gone/remove',
      '/users/import/gone',
      '/devices/00908f000009/owner',
    ],
  ]) {
    expect([path, (await visitor.get(path)).status]).toEqual([path, 404])
  }
  expect((await visitor.get('/users?page=9')).headers.get('Location')).toBe('/users')
  expect((await visitor.get('/users?region=gone')).status).toBe(200)
})

test('every address needs a session, and every change the form’s token', async () => {
  for (const path of ['/users', '/users/add', '/users/export.csv', '/users/import', '/scopes', '/scopes/of/b']) {
    const answer = await fetch(site.url + path, { redirect: 'manual' })
    expect(answer.status).toBe(303)
    expect(location(answer)).toMatch(/^\/sign-in/)
  }
  for (const path of ['/users/add', '/scopes/add', '/scopes/of/b/remove']) {
    expect((await visitor.post(path, { name: 'x', version: '1', csrf: 'forged' })).status).toBe(403)
  }
  expect([house.store.count(users), house.scopes.tree().size]).toEqual([0, 2])
})
