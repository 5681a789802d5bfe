// SPDX-License-Identifier: Apache-2.0
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { FeedLimits } from '#web/live/feed'
import { Events, listen, type Site, signedIn, type Visitor, withDeadline } from './client.ts'
import { lose, MemoryPort, phone } from './memory-port.ts'

const FAST: FeedLimits = { burst: 30, tick: 60_000, heartbeat: 60_000, clients: 5 }
const DASHBOARD = '/events?show=trouble,summary,recent,alarms,servers'

let port: MemoryPort
let site: Site
let visitor: Visitor
const open: Events[] = []

async function start(limits: Partial<FeedLimits> = {}): Promise<void> {
  port = new MemoryPort()
  port.fleet.put(phone('00908f000001'))
  site = await listen(port, { feedLimits: { ...FAST, ...limits } })
  visitor = await signedIn(site)
}

async function follow(path: string, who = visitor): Promise<Events> {
  const response = await who.get(path)
  expect(response.status).toBe(200)
  expect(response.headers.get('Content-Type')).toBe('text/event-stream; charset=utf-8')
  const events = new Events(response)
  open.push(events)
  return events
}

/** The ids of the elements that an event brings. */
function ids(data: string | undefined): string[] {
  const fragments = JSON.parse(data ?? '[]') as string[]
  return fragments.flatMap((html) => [...html.matchAll(/^<\w+[^>]*? id="([^"]+)"/gm)].map((match) => match[1] ?? ''))
}

beforeEach(() => start())
afterEach(async () => {
  for (const events of open.splice(0)) await events.close()
  await site.close()
  expect(site.faults).toEqual([])
})

describe('an event stream', () => {
  test('begins with the whole present state', async () => {
    const events = await follow(DASHBOARD)
    const first = await events.next()
    expect(first?.event).toBe('swap')
    expect(ids(first?.data)).toEqual(['trouble', 'menu-alarms', 'summary', 'recent', 'alarms', 'servers'])
  })

  test('then sends only what has changed', async () => {
    const events = await follow(DASHBOARD)
    await events.next()
    port.fleet.put(phone('00908f000001', { displayName: 'Ann' }))
    expect(ids((await events.next())?.data)).toEqual(['recent'])
    port.fleet.put(phone('00908f000001', { displayName: 'Ann' }), 'not registered')
    expect(ids((await events.next())?.data)).toEqual(['summary', 'recent'])
  })

  test('says nothing when nothing on show has changed', async () => {
    const events = await follow(`/events?show=device-row&of=00908f000001`)
    await events.next()
    port.fleet.put(phone('00908f000002'))
    port.fleet.put(phone('00908f000001'))
    port.fleet.put(phone('00908f000001', { displayName: 'Now' }))
    expect((await events.next())?.data).toContain('>Now<')
  })

  test('gathers a burst of changes into one event', async () => {
    const events = await follow(DASHBOARD)
    await events.next()
    const before = port.fleet.summaries
    for (let n = 0; n < 500; n++) port.fleet.put(phone(`00908f01${n.toString(16).padStart(4, '0')}`))
    const { data } = (await events.next()) ?? {}
    expect(data).toContain('tile-registered')
    expect(data).toMatch(/tile-number\\">501</)
    expect(port.fleet.summaries - before).toBe(1)
  })

  test('sends the rows it was asked for and no others', async () => {
    port.fleet.put(phone('00908f000002'))
    const events = await follow('/events?show=fleet-size,device-row&of=00908f000001,00908F000002')
    expect(ids((await events.next())?.data)).toContain('device-00908f000002')
    port.fleet.put(phone('00908f000003'))
    port.fleet.put(phone('00908f000002'), 'disconnected')
    const change = await events.next()
    expect(ids(change?.data)).toEqual([
      'count-all',
      'count-registered',
      'count-not-registered',
      'count-disconnected',
      'count-starting',
      'count-seen',
      'device-00908f000002',
    ])
  })

  test('sends a row that fits the row of the list', async () => {
    const html = await visitor.page('/devices')
    const url = /id="device-list" data-events="([^"]+)"/.exec(html)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const fragments = JSON.parse((await (await follow(url)).next())?.data ?? '') as string[]
    const row = fragments.find((fragment) => fragment.startsWith('<tr'))
    expect(row).toBeDefined()
    expect(html).toContain(row)
  })
})

describe('what changes without a notice', () => {
  beforeEach(async () => {
    await site.close()
    await start({ tick: 30 })
  })

  test('a server that is lost', async () => {
    const events = await follow(DASHBOARD)
    await events.next()
    lose(port, 'tftp', 'gone')
    expect((await events.next())?.data).toContain('gone')
  })

  test('a store that cannot write, on whatever page', async () => {
    const events = await follow('/events?show=trouble,device-row&of=00908f000001')
    await events.next()
    port.trouble = 'The disk is full.'
    const change = await events.next()
    expect(ids(change?.data)).toEqual(['trouble', 'menu-alarms'])
    expect(change?.data).toContain('The disk is full.')
  })

  test('the time since the last report', async () => {
    const events = await follow('/events?show=device-row&of=00908f000001')
    expect((await events.next())?.data).toContain('2 min ago')
    port.clock += 60_000
    expect((await events.next())?.data).toContain('3 min ago')
  })
})

describe('many clients', () => {
  test('share what is rendered: as many summaries for five as for one', async () => {
    const streams = await Promise.all([1, 2, 3, 4, 5].map(() => follow(DASHBOARD)))
    await Promise.all(streams.map((events) => events.next()))
    expect(port.fleet.summaries).toBe(1)
    port.fleet.put(phone('00908f000002'))
    const changes = await Promise.all(streams.map((events) => events.next()))
    expect(new Set(changes.map((change) => change?.data)).size).toBe(1)
    expect(port.fleet.summaries).toBe(2)
  })

  test('are bounded', async () => {
    await Promise.all([1, 2, 3, 4, 5].map(() => follow(DASHBOARD)))
    const response = await visitor.get(DASHBOARD)
    expect(response.status).toBe(503)
    expect(response.headers.get('Retry-After')).toBe('10')
    await open.pop()?.close()
    await vi.waitFor(async () => expect((await visitor.get(DASHBOARD, { 'X-Try': '1' })).status).toBe(200), 3000)
  })

  test('when the last one leaves, nobody follows the fleet', async () => {
    expect(port.fleet.followers).toBe(0)
    const events = await follow(DASHBOARD)
    await events.next()
    expect(port.fleet.followers).toBe(1)
    await events.close()
    await vi.waitFor(() => expect(port.fleet.followers).toBe(0), 3000)
  })

  test('cannot ask for too much', async () => {
    const many = Array.from({ length: 101 }, (_, n) => `00908f0000${n.toString(16).padStart(2, '0')}`)
    expect((await visitor.get(`/events?show=device-row&of=${many.join(',')}`)).status).toBe(400)
    expect((await visitor.get(`/events?show=${'summary,'.repeat(50)}nonsense`)).status).toBe(400)
  })
})

describe('a client that does not read', () => {
  test('misses what came meanwhile, and has the last state when it reads again', async () => {
    const reader = await follow(`/events?show=device-row&of=00908f000001`)
    const { port: number } = new URL(site.url)
    const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const socket = connect(Number(number), '127.0.0.1')
    const macs = Array.from({ length: 100 }, (_, n) => `00908f0000${n.toString(16).padStart(2, '0')}`)
    const rename = (name: string) => {
      for (const address of macs)
        port.fleet.put(phone(address, { displayName: name, firmware: 'y'.repeat(9000) + name }))
    }
    rename('before')
    socket.write(`GET /events?show=device-row&of=${macs.join(',')} HTTP/1.1\r\nHost: x\r\nCookie: ${cookie}\r\n\r\n`)
    await new Promise<void>((resolve) => socket.once('readable', () => resolve()))
    let sent = 0
    for (let round = 0; round < 30; round++) {
      rename(`round ${round}`)
      for (;;) if ((await reader.next())?.data.includes(`round ${round}<`)) break
      sent += 2 * 9000 * macs.length
    }
    let text = ''
    let received = 0
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      received += chunk.length
      text = (text + chunk).slice(-100_000)
    })
    await vi.waitFor(() => expect(text).toContain('round 29'), 5000)
    socket.destroy()
    // All it was sent while it did not read is what the kernel buffers for a connection.
    expect(received).toBeLessThan(sent / 2)
  })
})

describe('the end of a session', () => {
  test('ends its streams at sign-out, and tells them', async () => {
    const events = await follow(DASHBOARD)
    await events.next()
    const other = await follow(DASHBOARD, await signedIn(site))
    await other.next()
    await visitor.submit('/', '/sign-out')
    expect(await events.next()).toEqual({ event: 'signed-out', data: 'null' })
    expect(await events.next()).toBeUndefined()
    port.fleet.put(phone('00908f000002'))
    expect((await other.next())?.event).toBe('swap')
  })

  test('is noticed with the heartbeat, which does not keep it alive', async () => {
    await site.close()
    await start({ heartbeat: 30 })
    const events = await follow(DASHBOARD)
    await events.next()
    await events.heartbeat()
    port.clock += 31 * 60_000
    let event = await events.next()
    while (event?.event === 'swap') event = await events.next()
    expect(event).toEqual({ event: 'signed-out', data: 'null' })
  })
})

test('a fault in one fragment leaves the others alive', async () => {
  const events = await follow(DASHBOARD)
  await events.next()
  port.fleet.recent = () => {
    throw new Error('broken')
  }
  port.fleet.put(phone('00908f000002'))
  expect(ids((await events.next())?.data)).toEqual(['summary'])
  expect(site.faults.splice(0)).toEqual([new Error('broken')])
})

test('closing the app ends every stream', async () => {
  const events = await follow(DASHBOARD)
  await events.next()
  site.app.close()
  expect(await withDeadline(events.next(), 2000)).toBeUndefined()
  expect(port.fleet.followers).toBe(0)
  expect((await visitor.get(DASHBOARD)).status).toBe(503)
})
