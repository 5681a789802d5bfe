// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listen, type Site, signedIn, Visitor } from './client.ts'
import { lose, MemoryPort, MONDAY, phone, step } from './memory-port.ts'

let port: MemoryPort
let site: Site
let visitor: Visitor

beforeEach(async () => {
  port = new MemoryPort()
  site = await listen(port)
  visitor = await signedIn(site)
})
afterEach(async () => {
  await site.close()
  expect(site.faults).toEqual([])
})

async function json(path: string): Promise<unknown> {
  const response = await visitor.get(path)
  expect(response.headers.get('Content-Type')).toMatch(/^application\/(problem\+)?json/)
  return response.json()
}

describe('/api/v1', () => {
  test('/session tells who is signed in', async () => {
    expect(await json('/api/v1/session')).toEqual({ name: 'admin' })
  })

  test('/summary counts the fleet', async () => {
    expect(await json('/api/v1/summary')).toMatchObject({ total: 0, registeredShare: null })
    port.fleet.put(phone('00908f000001'))
    port.fleet.put(phone('00908f000002'), 'not registered')
    expect(await json('/api/v1/summary')).toEqual({
      registered: 1,
      notRegistered: 1,
      disconnected: 0,
      starting: 0,
      seen: 0,
      pendingApproval: 0,
      total: 2,
      registeredShare: 0.5,
    })
  })

  test('/devices pages and filters', async () => {
    for (let n = 0; n < 5; n++) port.fleet.put(phone(`00908f00000${n}`), n < 3 ? 'not registered' : 'seen')
    expect(await json('/api/v1/devices?presence=not-registered&page=2&pageSize=2')).toMatchObject({
      page: 2,
      pageCount: 2,
      total: 3,
      rows: [{ mac: '00908f000002', presence: 'not registered', model: '440HD' }],
    })
  })

  test('/devices/<mac> tells all about one', async () => {
    const steps = [step('discover', MONDAY)]
    port.fleet.put(phone('00908f123456'), 'seen', { steps })
    expect(await json('/api/v1/devices/00:90:8F:12:34:56')).toEqual({
      ...phone('00908f123456'),
      presence: 'seen',
      user: null,
      lease: null,
      steps,
      presences: [],
    })
  })

  test.each([
    ['/api/v1/devices?page=0', 400, '"page" must be a whole number from 1 to 1000000.'],
    ['/api/v1/devices?pageSize=201', 400, '"pageSize" must be a whole number from 1 to 200.'],
    ['/api/v1/devices?page=1e3', 400, '"page" must be a whole number from 1 to 1000000.'],
    ['/api/v1/devices?presence=gone', 400, '"presence" must be one of registered, not-registered,'],
    ['/api/v1/devices/nonsense', 400, 'The last part of the path must be a MAC address.'],
    ['/api/v1/devices/00908f123456', 404, 'No phone with the MAC address 00908f123456 has been seen.'],
    ['/api/v1/nothing', 404, 'There is nothing at this address.'],
    ['/events', 400, '"show" must name known fragments'],
    ['/events?show=constructor', 400, '"show" must name known fragments'],
    ['/events?show=device-row&of=nonsense', 400, '"show" must name known fragments'],
  ])('[RFC9457 §3] %s answers %i with problem details', async (path, status, detail) => {
    const response = await visitor.get(path)
    expect(response.status).toBe(status)
    expect(response.headers.get('Content-Type')).toBe('application/problem+json')
    const problem = (await response.json()) as { status: number; detail: string; type: string; title: string }
    expect(problem).toMatchObject({ type: 'about:blank', status })
    expect(problem.detail).toContain(detail)
  })
})

describe('health', () => {
  const nobody = () => new Visitor(site)

  test('/healthz says that the process lives, without a login', async () => {
    const response = await nobody().get('/healthz')
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('ok\n')
    expect(response.headers.getSetCookie()).toEqual([])
  })

  test('/readyz is 200 while every server but the web server itself serves', async () => {
    lose(port, 'web', 'not started')
    const response = await nobody().get('/readyz')
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({ ready: true, notReady: [] })
  })

  test('/readyz is 503 and names what is not ready', async () => {
    lose(port, 'dhcp', 'UDP 0.0.0.0:67 is already in use by another program')
    port.trouble = 'The disk is full.'
    const response = await nobody().get('/readyz')
    expect(response.status).toBe(503)
    expect(await response.json()).toEqual({
      ready: false,
      notReady: [
        { name: 'dhcp', detail: 'lost: UDP 0.0.0.0:67 is already in use by another program' },
        { name: 'store', detail: 'The disk is full.' },
      ],
    })
  })

  test('/metrics is the port’s exposition', async () => {
    const response = await nobody().get('/metrics')
    expect(response.headers.get('Content-Type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(await response.text()).toBe('offhook_up 1\n')
  })

  test('they answer HEAD, and nothing else', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics']) {
      const head = await fetch(site.url + path, { method: 'HEAD' })
      expect(head.status).toBe(200)
      expect(await head.text()).toBe('')
      expect((await nobody().post(path, {})).status).toBe(303)
    }
  })
})
