// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, expect, test } from 'vitest'
import { explain } from '#daemon/domain/dhcp/explanation'
import { listen, type Site, signedIn, Visitor } from './client.ts'
import { MemoryPort, MONDAY, mac } from './memory-port.ts'

const MAC = mac('00908f000001')
const PATH = `/api/v1/dhcp/explain/${MAC}`
let port: MemoryPort
let site: Site

beforeEach(async () => {
  port = new MemoryPort()
  const asked = {
    ...{ kind: 'discover', mac: MAC, clientKey: MAC, link: undefined, address: undefined, vendorClass: '<b>' },
    ...{ userClass: undefined, circuitId: undefined, remoteId: undefined, wanted: [160] },
  }
  const verdict = { kind: 'silent' as const, reason: 'no free address in subnet voice' }
  port.explanations.set(MAC, [explain({ at: MONDAY, asked, packet: undefined, verdict, evaluation: undefined })])
  site = await listen(port)
})
afterEach(() => site.close())

test('tells the last exchanges of a client, in fields and in sentences', async () => {
  const response = await (await signedIn(site)).get('/api/v1/dhcp/explain/00:90:8F:00:00:01')
  expect(response.headers.get('Content-Type')).toMatch(/^application\/json/)
  expect(await response.json()).toMatchObject({
    mac: MAC,
    exchanges: [
      {
        at: MONDAY,
        verdict: { kind: 'silent' },
        sentences: expect.arrayContaining(['It got no answer: no free address in subnet voice.']),
      },
    ],
  })
})

test('of a client not heard of there are none; what is no MAC address is refused', async () => {
  const visitor = await signedIn(site)
  expect(await (await visitor.get('/api/v1/dhcp/explain/00908f000002')).json()).toMatchObject({ exchanges: [] })
  expect((await visitor.get('/api/v1/dhcp/explain/me')).status).toBe(400)
})

test('the local token opens this and nothing else, and only the right one does', async () => {
  const visitor = new Visitor(site)
  const with_ = (token: string) => ({ Authorization: `Bearer ${token}` })
  expect((await visitor.get(PATH, with_(port.localToken))).status).toBe(200)
  for (const token of ['', 'a-local-toke', `${port.localToken}x`, 'undefined']) {
    expect((await visitor.get(PATH, with_(token))).status).toBe(401)
  }
  expect((await visitor.get(PATH)).status).toBe(401)
  for (const path of ['/api/v1/summary', '/api/v1/dhcp/../summary']) {
    expect((await visitor.get(path, with_(port.localToken))).status).toBe(401)
  }
})
