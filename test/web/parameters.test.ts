// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Parameters } from '#daemon/services/parameters'
import { CATALOGUE } from '#test/support/catalogue'
import { listen, type Site, signedIn, Visitor } from './client.ts'
import { MemoryPort } from './memory-port.ts'

let site: Site
let visitor: Visitor
let token: string

beforeEach(async () => {
  site = await listen(Object.assign(new MemoryPort(), { parameters: new Parameters(CATALOGUE) }))
  visitor = await signedIn(site)
  token = /name="csrf" value="([^"]+)"/.exec(await visitor.page('/parameters/check'))?.[1] ?? ''
})
afterEach(async () => {
  await site.close()
  expect(site.faults).toEqual([])
})

async function lint(query: string, body: string | Uint8Array<ArrayBuffer>, type = 'text/plain') {
  const headers = { 'X-CSRF-Token': token, 'Content-Type': type }
  const response = await visitor.send(`/api/v1/provisioning/lint${query}`, body, headers)
  return { status: response.status, body: JSON.parse(await response.text()) }
}

test('GET /api/v1/parameters searches by words, index and model', async () => {
  const get = async (query: string) => (await visitor.get(`/api/v1/parameters${query}`)).json()
  expect(await get('')).toMatchObject({ models: ['405HD', '440HD', '450HD'], total: CATALOGUE.size, page: 1 })
  expect(await get('?text=LDAP%20server')).toMatchObject({ total: 1, rows: [{ name: 'system/ldap/server_address' }] })
  expect(await get('?text=line/2/auth_name&model=450HD')).toMatchObject({ rows: [{ name: 'voip/line/#/auth_name' }] })
  expect(await get('?text=conferencephone&model=440HD')).toMatchObject({ total: 0, rows: [] })
  expect(await get('?page=999&pageSize=10')).toMatchObject({ page: Math.ceil(CATALOGUE.size / 10) })
  for (const query of ['?page=0', '?pageSize=1001', `?text=${'x'.repeat(101)}`]) {
    expect((await visitor.get(`/api/v1/parameters${query}`)).status).toBe(400)
  }
})

test('POST /api/v1/provisioning/delta, and its page, tell what was changed on a phone', async () => {
  const headers = { 'X-CSRF-Token': token, 'Content-Type': 'application/json' }
  const sent = JSON.stringify({ before: 'a/b=1\n', after: 'a/b=<b>2\n' })
  const response = await visitor.send('/api/v1/provisioning/delta', sent, headers)
  expect(await response.json()).toEqual({
    differences: [{ key: 'a/b', before: '1', after: '<b>2' }],
    lines: 'a/b=<b>2\n',
  })
  const page = await visitor.post('/parameters/delta', { csrf: token, before: 'a/b=1', after: 'a/b=<b>2' })
  const html = await page.text()
  expect(html).toContain('One setting differs.')
  expect(html).toContain('a/b=&lt;b&gt;2')
})

test('POST /api/v1/provisioning/lint takes a file or JSON and counts what it found', async () => {
  const text = 'system/type=450HD\nfoo/bar=1\n'
  const expected = {
    status: 200,
    body: {
      errors: 1,
      warnings: 1,
      hints: 1,
      findings: expect.arrayContaining([expect.objectContaining({ line: 2 })]),
    },
  }
  expect(await lint('?model=440HD', text)).toMatchObject(expected)
  const sent = JSON.stringify({ text, model: '440HD', firmware: 'UC_3.0.4' })
  expect(await lint('', sent, 'application/json')).toMatchObject(expected)
})

test('what is no text, too large or not a word is refused with a reason', async () => {
  expect(await lint('', Uint8Array.of(0xc3, 0x28))).toMatchObject({ status: 400 })
  expect(await lint('', 'x'.repeat(1_100_000))).toMatchObject({ status: 413 })
  expect(await lint('', 'x'.repeat(300_000))).toMatchObject({ status: 200, body: { errors: 1 } })
  expect(await lint('', '{"text":7}', 'application/json')).toMatchObject({ status: 400 })
  expect(await lint(`?model=${'m'.repeat(40)}`, 'a')).toMatchObject({ status: 400 })
  const stranger = new Visitor(site)
  expect((await stranger.get('/api/v1/parameters')).status).toBe(401)
})

test('the page finds keys while typing, and says so when there is none', async () => {
  const page = await visitor.page('/parameters?text=keep_alive')
  expect(page).toContain('ems_server/keep_alive_period')
  expect(page).toContain('Number from 0 to 300')
  const part = await (await visitor.get('/parameters?text=zzz', { 'HX-Request': 'true' })).text()
  expect(part).toContain('No parameter matches')
  expect(part).not.toContain('<html')
  expect((await visitor.get('/parameters?page=99')).headers.get('Location')).toBe('/parameters?page=20')
})

test('a pasted file is checked line by line, and stays in the form', async () => {
  const text = '; <script>alert(1)</script>\nsystem/type=450HD\nx<b>y=1'
  const answer = await visitor.submit('/parameters/check', '/parameters/check', { text, model: '440HD', firmware: '' })
  const page = await answer.text()
  expect(answer.status).toBe(200)
  expect(page).toContain('1 error, 1 warning, 1 hint.')
  expect(page).toContain('a 440HD refuses it')
  expect(page).not.toContain('<script>alert')
  expect(page).not.toContain('x<b>y')
  const empty = await visitor.submit('/parameters/check', '/parameters/check', { text: '', model: '', firmware: '' })
  expect(empty.status).toBe(422)
})
