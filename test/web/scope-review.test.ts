// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { composeScopePreviews } from '#daemon/compose/scope-previews'
import { Scopes } from '#daemon/services/scopes/scopes'
import { macAt, populate, scopeOf, served, type World, world } from '#test/services/provisioning/changes/world'
import { listen, type Site, signedIn, type Visitor } from './client.ts'
import { MemoryPort } from './memory-port.ts'

const PAGE = '/scopes/of/b'

let office: World
let scopes: Scopes
let site: Site
let visitor: Visitor

beforeEach(async () => {
  office = await world()
  await populate(office.store, 3, [scopeOf('b', { timeZone: 'Europe/Berlin' })], (index) => (index < 2 ? 'b' : ''))
  const { store, history, desk, vault } = office
  scopes = new Scopes({ store, now: () => 7, random: randomBytes, announce: () => {}, networks: [], history })
  await scopes.start()
  onTestFinished(() => scopes.stop())
  const reseal = (sealed: string, from: string, to: string) => vault.seal(vault.open(sealed, from), to)
  const scopePreviews = composeScopePreviews(store, () => [], desk, reseal)
  site = await listen(Object.assign(new MemoryPort(), { scopes, scopePreviews, changes: desk }))
  visitor = await signedIn(site)
})
afterEach(async () => {
  await site.close()
  expect(site.faults).toEqual([])
})

type Fields = Record<string, string>

async function send(path: string, fields: Fields): Promise<{ status: number; html: string; hidden: Fields }> {
  const response = await visitor.post(path, fields)
  const html = await response.text()
  return { status: response.status, html, hidden: hiddenOf(html) }
}

function hiddenOf(html: string): Fields {
  // The first form of the page: the one that saves.
  const main = html.slice(html.indexOf('<main'))
  const first = main.slice(0, main.indexOf('</form>'))
  const found = [...first.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)]
  return Object.fromEntries(found.map(([, name = '', value = '']) => [name, value]))
}

async function form(change: Fields): Promise<Fields> {
  const hidden = hiddenOf(await visitor.page(PAGE))
  return { ...hidden, name: 'B', parent: 'system', kind: 'region', timeZone: 'Europe/Berlin', subnets: '', ...change }
}

test('a time zone is saved after a look at the phones whose clocks change, with the reason', async () => {
  const review = await send(PAGE, await form({ timeZone: 'America/New_York' }))
  expect(review.status).toBe(200)
  expect(review.html).toContain('2 phones will change')
  expect(review.html).toContain('system/ntp/gmt_offset=-05:00')
  expect(scopes.tree().get('b')?.timeZone).toBe('Europe/Berlin')
  expect((await send(PAGE, { ...review.hidden, why: 'They moved' })).status).toBe(303)
  expect(scopes.tree().get('b')?.timeZone).toBe('America/New_York')
  expect(await served(office, macAt(0))).toContain('system/ntp/gmt_offset=-05:00')
  expect(office.history.get(1)).toMatchObject({ by: 'admin', why: 'They moved', subject: { kind: 'scope', key: 'b' } })
})

test('what changes no phone is saved at once, and what is wrong is told beside its field', async () => {
  expect((await send(PAGE, await form({ description: 'Headquarters' }))).status).toBe(303)
  expect(scopes.tree().get('b')?.description).toBe('Headquarters')
  const refused = await send(PAGE, await form({ timeZone: 'Europe/Nowhere' }))
  expect(refused.status).toBe(422)
  expect(refused.html).toMatch(/id="f-timeZone-error"/)
})

test('a region is added with addresses of phones after a look, whose made-up id is none that stays', async () => {
  const hidden = hiddenOf(await visitor.page('/scopes/add'))
  const fields = {
    ...hidden,
    name: 'Lab',
    parent: 'system',
    kind: 'site',
    timeZone: 'Asia/Tokyo',
    subnets: '10.0.0.2/32',
  }
  const review = await send('/scopes/add', fields)
  expect(review.html).toContain('1 phone will change')
  expect(scopes.tree().size).toBe(1)
  expect((await send('/scopes/add', review.hidden)).status).toBe(303)
  expect(scopes.tree().child('system', 'Lab')?.timeZone).toBe('Asia/Tokyo')
  expect(await served(office, macAt(2))).toContain('system/ntp/gmt_offset=+09:00')
})

test('edited further nothing typed is lost; who is second is told, and sees what is there now', async () => {
  const review = await send(PAGE, await form({ timeZone: 'America/New_York', description: 'Over there' }))
  const edited = await send(PAGE, { ...review.hidden, step: 'form' })
  expect(edited.html).toContain('America/New_York')
  expect(edited.html).toContain('Over there')
  const scope = scopes.tree().get('b')
  if (!scope) throw new Error('no scope')
  await scopes.change('b', { ...scope, description: 'Changed by another' }, scope.version, 'eve')
  const late = await send(PAGE, review.hidden)
  expect(late.status).toBe(409)
  expect(scopes.tree().get('b')).toMatchObject({ timeZone: 'Europe/Berlin', description: 'Changed by another' })
})

test('before a region is removed it is said how many phones get another file', async () => {
  const html = await visitor.page(`${PAGE}/remove`)
  expect(html).toContain('2 phones get another file at the next check')
  expect(scopes.tree().size).toBe(1)
})
