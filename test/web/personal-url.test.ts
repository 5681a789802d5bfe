// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PersonalUrls } from '#daemon/services/phone-secrets/personal-urls'
import { freshStore } from '#test/support/store'
import { unlockedVault } from '#test/support/vault'
import { listen, location, type Site, signedIn, type Visitor } from './client.ts'
import { MemoryPort, mac, phone } from './memory-port.ts'

const MAC = mac('00908f123456')
const PAGE = `/devices/${MAC}`
const API = `/api/v1/devices/${MAC}/personal-url`

let port: MemoryPort & { personalUrls?: PersonalUrls }
let urls: PersonalUrls
let site: Site
let visitor: Visitor

beforeEach(async () => {
  port = new MemoryPort()
  urls = new PersonalUrls({
    store: await freshStore(),
    vault: unlockedVault(),
    now: () => port.clock,
    random: randomBytes,
  })
  port.personalUrls = urls
  port.fleet.put(phone(MAC, { displayName: 'Anna Arnold', approval: 'approved' }))
  site = await listen(port)
  visitor = await signedIn(site)
})
afterEach(async () => {
  await site.close()
  expect(site.faults).toEqual([])
})

test('the phone’s page says what guards its passwords, and never the token', async () => {
  expect(await visitor.page(PAGE)).toContain('It gets one when it next asks for its file')
  const token = await urls.offer(MAC)
  await urls.withheld(MAC, '10.1.2.99', 'it asked without its personal address')
  await urls.used(MAC)
  const page = await visitor.page(PAGE)
  expect(page).toContain('In use')
  expect(page).toMatch(/10\.1\.2\.99.*it asked without its personal address/s)
  const told = await visitor.get(API)
  expect([page, await told.text()].join()).not.toContain(token)
  port.fleet.put(phone(MAC, { approval: 'pending' }))
  expect(await visitor.page(PAGE)).toContain('It gets one when it is approved.')
})

test('it is taken back and given anew after a question', async () => {
  const token = await urls.offer(MAC)
  for (const [act, state] of [
    ['revoke', 'revoked'],
    ['renew', 'offered'],
  ] as const) {
    const path = `${PAGE}/personal-url/${act}`
    expect(await visitor.page(PAGE)).toContain(`href="${path}"`)
    expect(await visitor.page(path)).toContain('Anna Arnold')
    const answer = await visitor.submit(path, path)
    expect([answer.status, location(answer)]).toEqual([303, PAGE])
    expect(urls.of(MAC)).toMatchObject({ state, changedBy: 'admin' })
  }
  expect(urls.fits(MAC, token)).toBe(false)
})

test('phones and acts that there are not', async () => {
  for (const path of [
    '/devices/00908f999999/personal-url/renew',
    `${PAGE}/personal-url/explode`,
    '/devices/x/personal-url/renew',
  ]) {
    expect((await visitor.get(path)).status).toBe(404)
  }
  expect((await visitor.get('/api/v1/devices/00908f999999/personal-url')).status).toBe(404)
  expect((await visitor.get('/api/v1/devices/x/personal-url')).status).toBe(400)
  const told = await visitor.get(API)
  expect(await told.json()).toEqual({ mac: MAC, state: 'none', offeredAt: 0, heldAt: 0, changedBy: '' })
})
