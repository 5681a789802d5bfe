// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listen, type Site, signedIn, Visitor } from './client.ts'
import { MemoryPort } from './memory-port.ts'

let port: MemoryPort
let site: Site

beforeEach(async () => {
  port = new MemoryPort()
  site = await listen(port)
})
afterEach(() => site.close())

const token = () => ({ Authorization: `Bearer ${port.localToken}` })

function post(path: string, headers: Record<string, string>): Promise<Response> {
  return fetch(`${site.url}${path}`, { method: 'POST', headers, redirect: 'manual' })
}

test('the local token asks for a reload and learns what became of it', async () => {
  port.nextReload = { ...port.nextReload, outcome: 'applied', applied: ['log.level'] }
  const response = await post('/api/v1/configuration/reload', token())
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ outcome: 'applied', applied: ['log.level'] })
  const last = await new Visitor(site).get('/api/v1/configuration', token())
  expect(await last.json()).toMatchObject({ lastReload: { applied: ['log.level'] } })
})

test('a refused one is a problem with every complaint', async () => {
  port.nextReload = { ...port.nextReload, outcome: 'refused', complaints: ['offhook.yaml:3: log.level: no'] }
  const response = await post('/api/v1/configuration/reload', token())
  expect(response.status).toBe(422)
  expect(response.headers.get('Content-Type')).toMatch(/^application\/problem\+json/)
  expect(await response.json()).toMatchObject({ status: 422, complaints: ['offhook.yaml:3: log.level: no'] })
})

test('nobody else may: not without a token, not with another one, not by a form of another site', async () => {
  for (const headers of [{}, { Authorization: 'Bearer wrong' }]) {
    expect((await post('/api/v1/configuration/reload', headers)).status).toBe(401)
  }
  expect((await post('/api/v1/devices', token())).status).not.toBe(200)
  expect(port.lastReload).toBeUndefined()
})

test('every page says what waits for a restart, and what was refused, as text', async () => {
  const visitor = await signedIn(site)
  port.lastReload = { ...port.nextReload, restart: ['web.listen', 'tftp.listen'] }
  expect(await (await visitor.get('/devices')).text()).toContain('put them in force: web.listen, tftp.listen')
  port.lastReload = { ...port.nextReload, outcome: 'refused', complaints: ['x:1: <script>alert(1)</script>'] }
  const page = await (await visitor.get('/')).text()
  expect(page).toContain('The changed configuration was refused.')
  expect(page).not.toContain('<script>alert')
})
