// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, expect, test } from 'vitest'
import { leases } from '#daemon/store/tables'
import { listen, type Site, signedIn, type Visitor } from './client.ts'
import { DhcpOffice } from './dhcp-office.ts'
import { MemoryPort } from './memory-port.ts'

const PHONE = '00908f000001'
let port: MemoryPort
let office: DhcpOffice
let site: Site
let visitor: Visitor
let token: string

beforeEach(async () => {
  port = new MemoryPort()
  office = await DhcpOffice.open(port)
  site = await listen(port)
  visitor = await signedIn(site)
  token = /name="csrf" value="([^"]+)"/.exec(await visitor.page('/dhcp/leases/import'))?.[1] ?? ''
})
afterEach(async () => {
  await site.close()
  expect(site.faults).toEqual([])
})

async function load(query: string, body: string | Uint8Array<ArrayBuffer>, type = 'text/plain') {
  const headers = { 'X-CSRF-Token': token, 'Content-Type': type }
  const response = await visitor.send(`/api/v1/dhcp/leases/import${query}`, body, headers)
  return { status: response.status, body: JSON.parse(await response.text()) }
}

test('a file of every kind is tried, then imported', async () => {
  const address = String(await office.boot(port, PHONE, '440HD'))
  for (const kind of ['json', 'kea', 'isc'] as const) {
    const file = [...office.desk.leaseFile(kind)].join('')
    await office.desk.forget(address as never, 'admin')
    for (const dryRun of ['dryRun', 'dryRun=true']) {
      const tried = await load(`?kind=${kind}&${dryRun}`, file)
      expect(tried).toMatchObject({ status: 200, body: { dryRun: true, imported: 1, kept: 0, rejected: 0 } })
      expect(office.store.get(leases, address)).toBeUndefined()
    }
    expect(await load(`?kind=${kind}`, file)).toMatchObject({ status: 200, body: { dryRun: false, imported: 1 } })
    expect(office.store.get(leases, address)?.value).toMatchObject({ mac: PHONE, state: 'leased' })
    expect(await load(`?kind=${kind}`, file)).toMatchObject({ body: { imported: 0, kept: 1 } })
  }
  expect(office.told.filter(([id]) => id === 'dhcp.leases.imported')).toHaveLength(6)
})

test('a line that is no lease is told with its number, and the rest comes over', async () => {
  const address = String(await office.boot(port, PHONE, '440HD'))
  const file = [...office.desk.leaseFile('json')].join('')
  await office.desk.forget(address as never, 'admin')
  const { status, body } = await load('?kind=json', `${file}<script>\n`)
  expect([status, body]).toMatchObject([200, { imported: 1, rejected: 1, rejections: [{ line: 3 }] }])
})

test.each([
  ['no kind', '', 'x', 'text/plain', 400],
  ['a kind there is not', '?kind=csv', 'x', 'text/plain', 400],
  ['a word for yes', '?kind=json&dryRun=yes', 'x', 'text/plain', 400],
  ['a form', '?kind=json', 'a=b', 'application/x-www-form-urlencoded', 415],
  ['no UTF-8', '?kind=isc', Uint8Array.of(0xff), 'text/plain', 400],
  ['too much', '?kind=isc', new Uint8Array(64 * 2 ** 20 + 1), 'text/plain', 413],
])('%s is refused with the reason', async (_, query, body, type, status) => {
  expect(await load(query, body, type)).toMatchObject({ status, body: { status, detail: expect.any(String) } })
})

test('nobody imports without a session, and no session without its token against forgery', async () => {
  const path = '/api/v1/dhcp/leases/import?kind=json'
  expect((await fetch(site.url + path, { method: 'POST' })).status).toBe(401)
  // The token of commands on this machine only reads here.
  const headers = { Authorization: `Bearer ${port.localToken}` }
  expect((await fetch(site.url + path, { method: 'POST', headers })).status).toBe(401)
  expect((await visitor.send(path, '', { 'Content-Type': 'text/plain' })).status).toBe(403)
})
