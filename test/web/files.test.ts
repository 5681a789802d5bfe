// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest'
import { Alarms } from '#daemon/services/alarms/alarms'
import { AtHome } from '#daemon/services/at-home'
import { AuxiliaryFiles } from '#daemon/services/auxiliary/files'
import { NameCheck } from '#daemon/services/name-check'
import { Guesses } from '#daemon/services/phone-secrets/guesses'
import { PersonalUrls } from '#daemon/services/phone-secrets/personal-urls'
import { PinnedFiles } from '#daemon/services/pinned-files'
import { Redirects } from '#daemon/services/redirects'
import { freshCertificate } from '#test/protocols/ldap/certificate'
import { freshFolder } from '#test/support/offhook'
import { freshStore } from '#test/support/store'
import { unlockedVault } from '#test/support/vault'
import { listen, location, type Site, signedIn, type Visitor } from './client.ts'
import { MemoryPort, mac, phone } from './memory-port.ts'

const MAC = mac('00908f123456')
const LOCAL = { Authorization: 'Bearer a-local-token' }

let port: MemoryPort & { auxiliary?: AuxiliaryFiles; pinned?: PinnedFiles; personalUrls?: PersonalUrls }
let files: AuxiliaryFiles
let site: Site
let visitor: Visitor

beforeEach(async () => {
  port = new MemoryPort()
  files = new AuxiliaryFiles({
    ...{ store: await freshStore(), vault: unlockedVault(), folder: join(await freshFolder(), 'files') },
    ...{ now: () => port.clock, random: randomBytes, announce: () => {} },
  })
  await files.start()
  port.auxiliary = files
  const shared = { store: await freshStore(), vault: unlockedVault(), now: () => port.clock }
  const pinned = new PinnedFiles({ ...shared, folder: join(await freshFolder(), 'pinned'), announce: () => {} })
  await pinned.start()
  port.pinned = pinned
  port.personalUrls = new PersonalUrls({ ...shared, random: randomBytes })
  port.fleet.put(phone(MAC))
  site = await listen(port)
  visitor = await signedIn(site)
})
afterEach(async () => {
  await site.close()
  expect(site.faults).toEqual([])
})

async function dials(content = '1,4711,0\n', name = 'dials.csv') {
  const saved = await files.add('speed-dials', name, Buffer.from(content), '<b>anna</b>')
  if (saved.kind !== 'saved') throw new Error('not taken')
  return saved.value
}

test('the page says what to do while there is nothing, and lists what there is without markup of others', async () => {
  expect(await visitor.page('/files')).toContain('No files yet')
  const file = await dials()
  const page = await visitor.page('/files')
  expect(page).toContain('dials.csv')
  expect(page).not.toContain('<b>anna')
  expect(page).toContain(`href="/files/${file.id}/remove"`)
})

test('a file is assigned to a phone, taken back and removed', async () => {
  const file = await dials()
  const values = { slot: 'speed-dials', file: file.id, to: 'device', name: '00:90:8F:12:34:56' }
  const answer = await visitor.submit('/files/assign', '/files/assign', values)
  expect([answer.status, location(answer)]).toEqual([303, '/files'])
  expect(files.assignments()).toEqual([{ level: `device/${MAC}`, slot: 'speed-dials', file: file.id }])
  const page = await visitor.page('/files')
  expect(page).toContain('Phone 00:90:8f:12:34:56')
  await visitor.submit(`/files/${file.id}/remove`, `/files/${file.id}/remove`)
  expect(await visitor.page('/files')).toContain('It is used')
  await visitor.submit('/files', `/files/unassign/speed-dials/${encodeURIComponent(`device/${MAC}`)}`)
  expect(files.assignments()).toEqual([])
  await visitor.submit(`/files/${file.id}/remove`, `/files/${file.id}/remove`)
  expect(files.list()).toEqual([])
  expect((await visitor.get(`/files/${file.id}/remove`)).status).toBe(404)
})

test('what cannot be assigned says why beside its field', async () => {
  const file = await dials()
  const nobody = { slot: 'speed-dials', file: file.id, to: 'device', name: '00908f999999' }
  const missing = await visitor.submit('/files/assign', '/files/assign', nobody)
  expect([missing.status, await missing.text()]).toEqual([422, expect.stringContaining('no such user or phone')])
  const kind = await visitor.submit('/files/assign', '/files/assign', {
    ...nobody,
    slot: 'sip-key',
    to: 'system',
    name: '',
  })
  expect([kind.status, await kind.text()]).toEqual([422, expect.stringContaining('needs a file of the kind')])
})

test('a browser uploads a file; a wrong one says why beside its field', async () => {
  const [, csrf = ''] = /name="csrf" value="([^"]*)"/.exec(await visitor.page('/files/upload')) ?? []
  const upload = (name: string, content: string) => {
    const parts = new FormData()
    parts.append('csrf', csrf)
    parts.append('kind', 'directory')
    parts.append('file', new Blob([content]), name)
    return visitor.upload('/files/upload', parts)
  }
  expect(location(await upload('../people.xml', '<a/>'))).toBe('/files')
  expect(files.list()).toMatchObject([{ name: 'people.xml', kind: 'directory', by: 'admin' }])
  const wrong = await upload('people.xml', '<a>')
  expect([wrong.status, await wrong.text()]).toEqual([422, expect.stringContaining('no well-formed XML')])
  expect(files.list()).toHaveLength(1)
})

test('a file is pinned to a phone, marked on its page, and let go', async () => {
  expect(await visitor.page('/pinned')).toContain('No file is pinned')
  const [, csrf = ''] = /name="csrf" value="([^"]*)"/.exec(await visitor.page('/pinned/upload')) ?? []
  const upload = (name: string) => {
    const parts = new FormData()
    parts.append('csrf', csrf)
    parts.append('file', new Blob(['a/b=1']), name)
    return visitor.upload('/pinned/upload', parts)
  }
  expect((await upload('phone.cfg')).status).toBe(422)
  expect(location(await upload(`${MAC}.cfg`))).toBe('/pinned')
  expect(await visitor.page('/pinned')).toContain(`${MAC}.cfg`)
  expect(await visitor.page(`/devices/${MAC}`)).toContain('not what its template and settings make')
  const api = `${site.url}/api/v1/pinned`
  expect(await (await fetch(api, { headers: LOCAL })).json()).toMatchObject({ rows: [{ mac: MAC, ending: 'cfg' }] })
  const put = await fetch(`${api}/${MAC}.cfx`, { method: 'PUT', body: 'bytes', headers: LOCAL })
  expect([put.status, await put.json()]).toMatchObject([200, { ending: 'cfx', by: 'command line' }])
  expect((await fetch(`${api}/${MAC}.cfx`, { method: 'DELETE', headers: LOCAL })).status).toBe(204)
  expect((await fetch(`${api}/${MAC}.cfx`, { method: 'DELETE', headers: LOCAL })).status).toBe(404)
  await visitor.submit(`/pinned/${MAC}.cfg/remove`, `/pinned/${MAC}.cfg/remove`)
  expect(port.pinned?.list()).toEqual([])
})

test('the page says how phones find us, and a list of phones is redirected', async () => {
  const store = await freshStore()
  const alarms = new Alarms(
    store,
    () => port.clock,
    () => {},
  )
  const guesses = new Guesses({ alarms, now: () => port.clock, most: () => 30, pause: async () => {} })
  const home = new AtHome(store, () => port.clock)
  const shared = { store, now: () => port.clock, announce: () => {}, guesses, home }
  const redirects = new Redirects({ ...shared, isOn: () => false, ourselves: () => undefined })
  const nameCheck = new NameCheck({ subnets: () => [], now: () => port.clock })
  const own = await listen(Object.assign(new MemoryPort(), { redirects, nameCheck }))
  onTestFinished(() => own.close())
  const admin = await signedIn(own)
  expect(await admin.page('/finding')).toMatch(/No subnets are configured[\s\S]*provisioning\.redirect/)
  const add = (fields: Record<string, string>) => admin.submit('/finding/redirect', '/finding/redirect', fields)
  const wrong = await add({ macs: '00:90:8f:00:00:01\nno mac', url: 'https://x/' })
  expect([wrong.status, await wrong.text()]).toEqual([422, expect.stringContaining('“no” is no MAC address.')])
  expect((await add({ macs: '00:90:8f:00:00:01', url: 'javascript:alert(1)' })).status).toBe(422)
  expect(location(await add({ macs: '00:90:8f:00:00:01\n00908F000002', url: 'https://x/<y>/' }))).toBe('/finding')
  expect(redirects.list()).toHaveLength(2)
  const page = await admin.page('/finding')
  expect(page).not.toContain('<y>')
  await admin.submit('/finding', '/finding/redirect/00908f000001/remove')
  expect(redirects.list().map((one) => one.mac)).toEqual(['00908f000002'])
})

test('a program uploads, assigns and removes; a private key never comes back', async () => {
  const { key } = await freshCertificate()
  const post = (query: string, body: string) =>
    fetch(`${site.url}/api/v1/files?${query}`, {
      ...{ method: 'POST', body },
      headers: { ...LOCAL, 'Content-Type': 'application/octet-stream' },
    })
  const taken = await post('kind=key&name=sip.key', key)
  expect(taken.status).toBe(201)
  const { id } = (await taken.json()) as { id: string }
  const refused = await post('kind=key&name=sip.key', 'none')
  expect([refused.status, await refused.text()]).toEqual([422, expect.stringContaining('no private key in PEM')])
  expect((await post('kind=poem&name=x', 'x')).status).toBe(400)
  const put = (body: object) =>
    fetch(`${site.url}/api/v1/files/assignments`, {
      ...{ method: 'PUT', body: JSON.stringify(body) },
      headers: { ...LOCAL, 'Content-Type': 'application/json' },
    })
  expect((await put({ level: 'system', slot: 'sip-key', file: id })).status).toBe(204)
  expect((await put({ level: 'scope/none', slot: 'sip-key', file: id })).status).toBe(400)
  const all = await visitor.get('/api/v1/files')
  const text = await all.text()
  expect(JSON.parse(text)).toMatchObject({
    files: [{ id, kind: 'key' }],
    assignments: [{ level: 'system', slot: 'sip-key' }],
  })
  expect(text).not.toMatch(/PRIVATE|stored/)
  expect((await post('kind=directory&name=x.csv', 'x'.repeat(9 * 2 ** 20))).status).toBe(413)
})
