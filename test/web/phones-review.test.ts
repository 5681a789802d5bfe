// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, expect, test } from 'vitest'
import { phoneLdap } from '#daemon/store/tables'
import { macAt, populate, served, type World, world } from '#test/services/provisioning/changes/world'
import { listen, type Site, signedIn, type Visitor } from './client.ts'
import { MemoryDirectory } from './memory-directory.ts'
import { MemoryPort } from './memory-port.ts'

const PAGE = '/directory/phones'

let office: World
let site: Site
let visitor: Visitor

/** The real settings behind a phonebook by hand. */
class Book extends MemoryDirectory {
  override readonly phones = office.phoneLdap as unknown as MemoryDirectory['phones']
}
class Port extends MemoryPort {
  override readonly directory = new Book()
  readonly changes = office.desk
}

beforeEach(async () => {
  office = await world()
  await populate(office.store, 3)
  site = await listen(new Port())
  visitor = await signedIn(site)
})
afterEach(async () => {
  await site.close()
  expect(site.faults).toEqual([])
})

async function send(fields: Record<string, string>): Promise<{ status: number; html: string; hidden: Fields }> {
  const response = await visitor.post(PAGE, fields)
  const html = await response.text()
  return { status: response.status, html, hidden: hiddenOf(html) }
}

type Fields = Record<string, string>

function hiddenOf(html: string): Fields {
  // The first form of the page: the one that saves.
  const main = html.slice(html.indexOf('<main'))
  const first = main.slice(0, main.indexOf('</form>'))
  const found = [...first.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)]
  return Object.fromEntries(found.map(([, name = '', value = '']) => [name, value]))
}

test('before the phones’ settings are saved, it is shown what phones get; the password travels sealed', async () => {
  const form = hiddenOf(await visitor.page(PAGE))
  const review = await send({ ...form, active: '1', maxHits: '20', userName: 'cn=x', password: 'hush-hush' })
  expect([review.status, office.store.count(phoneLdap)]).toEqual([200, 0])
  expect(review.html).toContain('3 phones will change')
  expect(review.html).toContain('system/ldap/max_hits=20')
  expect(review.html).not.toContain('hush-hush')
  const saved = await send({ ...review.hidden, why: 'The new directory' })
  expect(saved.status).toBe(303)
  const file = await served(office, macAt(1))
  expect(file).toContain('system/ldap/max_hits=20')
  expect(file).toContain('system/ldap/password=hush-hush')
  expect(office.history.get(1)).toMatchObject({ by: 'admin', why: 'The new directory', phones: 3 })
  const again = await send({ ...hiddenOf(await visitor.page(PAGE)), active: '1', maxHits: '20', userName: 'cn=x' })
  expect(again.html).toContain('Nothing differs from what is there already.')
})

test('editing further loses nothing that was typed, nor the password', async () => {
  const form = hiddenOf(await visitor.page(PAGE))
  const review = await send({ ...form, active: '1', areaCode: '30', password: 'hush-hush' })
  const { hash: _, ...fields } = review.hidden
  const edited = await send({ ...fields, step: 'form' })
  expect(edited.html).toMatch(/id="f-areaCode"[^>]* value="30"/)
  expect(edited.html).toContain('The one you typed is not saved yet')
  const second = await send({ ...edited.hidden, active: '1', areaCode: '31' })
  expect((await send(second.hidden)).status).toBe(303)
  expect(await served(office, macAt(0))).toContain('system/ldap/password=hush-hush')
})

test('a password is kept, sealed anew or forgotten as the form says, and the same one is no change', async () => {
  await office.phoneLdap.save('', { active: '1', password: 'first one' }, true)
  const form = hiddenOf(await visitor.page(PAGE))
  expect((await send({ ...form, active: '1', password: 'first one' })).html).toContain('Nothing differs')
  const other = await send({ ...form, active: '1', password: 'another' })
  expect(other.html).toContain('3 phones will change')
  expect(other.html).toContain('(set anew)')
  const without = await send({ ...form, active: '1', forget: '1' })
  expect((await send(without.hidden)).status).toBe(303)
  expect(await served(office, macAt(0))).not.toContain('system/ldap/password')
})

test('who is second sees what changed meanwhile, and a bad filter is refused beside its field', async () => {
  const form = hiddenOf(await visitor.page(PAGE))
  const review = await send({ ...form, active: '1', maxHits: '20' })
  await office.phoneLdap.save('', { active: '1', maxHits: '30' }, true)
  const told = await send(review.hidden)
  expect(told.status).toBe(409)
  expect(told.html).toContain('system/ldap/max_hits=30')
  expect(office.phoneLdap.get('').values.maxHits.value).toBe('30')
  const refused = await send({ ...form, active: '1', nameFilter: '(sn=%', password: 'hush-hush' })
  expect(refused.status).toBe(422)
  expect(refused.html).toMatch(/id="f-nameFilter-error"/)
  expect(refused.html).not.toContain('hush-hush')
})

test('a seal of another place is a password like any other text, and none is longer than a phone takes', async () => {
  const foreign = office.vault.seal('another secret', 'user/anna/sip')
  const form = hiddenOf(await visitor.page(PAGE))
  const review = await send({ ...form, active: '1', password: foreign })
  await send(review.hidden)
  expect(await served(office, macAt(0))).not.toContain('another secret')
  const long = await send({ ...form, active: '1', 'sealed-password': 'x'.repeat(200) })
  expect(long.status).toBe(422)
})
