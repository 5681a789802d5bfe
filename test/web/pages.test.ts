// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listen, location, type Site, signedIn, Visitor } from './client.ts'
import { lose, MemoryPort, MONDAY, mac, phone, step } from './memory-port.ts'
import { furnish } from './office.ts'

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

/** The text of a page as a person reads it. */
function text(html: string): string {
  const body = html.slice(html.indexOf('<main'))
  return body
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&#39;', "'")
    .replaceAll(/\s+/g, ' ')
}

describe('headers', () => {
  test('every page forbids inline code, framing, sniffing, caching and foreign sources', async () => {
    const everyPage = ['/', '/devices', '/devices/00908f000000', '/password', '/nothing', '/api/v1/summary']
    for (const path of everyPage) {
      const { headers } = await visitor.get(path)
      const policy = headers.get('Content-Security-Policy') ?? ''
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toMatch(/unsafe|https?:|\*/)
      expect(headers.get('X-Content-Type-Options')).toBe('nosniff')
      expect(headers.get('X-Frame-Options')).toBe('DENY')
      expect(headers.get('Referrer-Policy')).toBe('same-origin')
      expect(headers.get('Cache-Control')).toBe('no-store')
      expect(headers.get('X-Powered-By')).toBeNull()
    }
  })

  test('no page carries inline script, style or handlers, or anything from elsewhere', async () => {
    furnish(port, 80)
    for (const path of ['/', '/devices', '/devices/00908f3c0189', '/password', '/sign-in', '/nothing']) {
      const html = await (await (path === '/sign-in' ? new Visitor(site) : visitor).get(path)).text()
      expect(html).not.toMatch(/<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)/i)
      expect(html).not.toMatch(/(?:href|src|action)="(?:https?:)?\/\//)
    }
  })

  test('assets need no login, are compressed, and are kept for ever under their version', async () => {
    const html = await new Visitor(site).page('/sign-in')
    const css = /href="(\/assets\/offhook\.css\?v=\w+)"/.exec(html)?.[1] ?? ''
    const response = await new Visitor(site).get(css, { 'Accept-Encoding': 'gzip' })
    expect(response.status).toBe(200)
    expect(response.headers.get('Content-Type')).toBe('text/css; charset=utf-8')
    expect(response.headers.get('Content-Encoding')).toBe('gzip')
    expect(response.headers.get('Cache-Control')).toContain('immutable')
    const etag = response.headers.get('ETag') ?? ''
    expect((await new Visitor(site).get('/assets/offhook.css')).headers.get('Cache-Control')).toBe('no-cache')
    // fetch would add `no-cache` to a conditional request of its own.
    const conditional = { 'If-None-Match': etag, 'Cache-Control': 'max-age=0' }
    expect((await new Visitor(site).get('/assets/offhook.css', conditional)).status).toBe(304)
  })

  test.each([
    '/assets/',
    '/assets/css/base.css',
    '/assets/..%2fapp.ts',
    '/assets/../port.ts',
    '/assets/%2e%2e/port.ts',
  ])('nothing but the known assets is served: %s', async (path) => {
    expect((await new Visitor(site).get(path)).status).toBe(303)
    expect((await visitor.get(path)).status).toBe(404)
  })

  test('the first page weighs less than 100 KB with all it needs', async () => {
    furnish(port, 400)
    const html = await visitor.page('/')
    const urls = [...html.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map((match) => match[1] ?? '')
    expect(urls).toHaveLength(4)
    let total = gzipSync(html).length
    for (const url of urls) total += gzipSync(Buffer.from(await (await visitor.get(url)).arrayBuffer())).length
    expect(total).toBeLessThan(100_000)
  })
})

describe('the dashboard', () => {
  test('counts, and gives the registered share of those that have reported and are past starting', async () => {
    const presences = ['registered', 'registered', 'not registered', 'disconnected', 'starting', 'seen'] as const
    for (const [n, presence] of presences.entries()) port.fleet.put(phone(`00908f00000${n}`), presence)
    port.fleet.pendingApproval = 3
    const html = await visitor.page('/')
    expect(html).toMatch(/href="\/devices\?presence=registered"[^>]*id="tile-registered">[\s\S]*?tile-number">2</)
    expect(html).toMatch(
      /href="\/devices\?presence=not-registered"[^>]*id="tile-not-registered">[\s\S]*?tile-number">1</,
    )
    expect(html).toMatch(/href="\/devices\?presence=disconnected"[^>]*id="tile-disconnected">[\s\S]*?tile-number">1</)
    expect(html).toMatch(/id="tile-share">[\s\S]*?tile-number">50 %</)
    expect(text(html)).toContain('Starting 1 Seen only 1 Waiting for approval 3 All devices 6')
  })

  test('never rounds up to 100 %', async () => {
    for (let n = 0; n < 2000; n++) port.fleet.put(phone(`00908f00${n.toString(16).padStart(4, '0')}`))
    port.fleet.put(phone('00908fffffff'), 'disconnected')
    expect(await visitor.page('/')).toContain('99.9 %')
  })

  test('tells what to do while there is no phone at all', async () => {
    const words = text(await visitor.page('/'))
    expect(words).toContain('Waiting for the first phone')
    expect(words).toContain('offhook simulate 5')
    expect(words).toContain('All quiet')
  })

  test('lists the latest reports, newest first', async () => {
    port.fleet.put(phone('00908f000001', { displayName: 'Old', reportedAt: MONDAY - 3_600_000 }))
    port.fleet.put(phone('00908f000002', { displayName: 'New', reportedAt: MONDAY - 1000, virtual: true }))
    const words = text(await visitor.page('/'))
    expect(words).toMatch(
      /New virtual 00:90:8f:00:00:02 440HD Registered just now Old 00:90:8f:00:00:01 440HD Registered 1 h ago/,
    )
  })

  test('shows the worst alarm first and links to its phone', async () => {
    furnish(port, 4)
    const html = await visitor.page('/')
    const words = text(html)
    expect(words).toMatch(
      /critical Dmitri Sokolov The SIP server refuses.*Check the user.*14 times.*minor Subnet voice-2/,
    )
    expect(html).toContain('href="/devices/00908f3c0189"')
  })

  test('shows where each server listens, and why one is lost', async () => {
    lose(port, 'tftp', 'UDP 10.1.0.2:69 is already in use by another program')
    const words = text(await visitor.page('/'))
    expect(words).toContain('DHCP 10.1.0.2:67 serving')
    expect(words).toContain('TFTP lost UDP 10.1.0.2:69 is already in use by another program')
  })

  test('says on every page that the store cannot write', async () => {
    port.trouble = 'The disk is full.'
    for (const path of ['/', '/devices', '/password']) {
      expect(text(await visitor.page(path))).toContain('Changes cannot be saved. The disk is full.')
    }
  })
})

describe('the device list', () => {
  test('shows each phone in a row with its exact last report', async () => {
    port.fleet.put(phone('00908f123456', { displayName: 'Ann', virtual: true, reportedAt: MONDAY - 180_000 }))
    port.fleet.put(phone('00908f123457', { reportedAt: 0 }), 'seen')
    const html = await visitor.page('/devices')
    expect(text(html)).toContain('Ann virtual 00:90:8f:12:34:56 10.1.2.3 440HD 2.2.16.704 Registered 3 min ago')
    expect(text(html)).toContain('no user yet 00:90:8f:12:34:57 10.1.2.3 440HD 2.2.16.704 Seen only never')
    expect(html).toContain('<time datetime="2026-03-02T08:57:00.000Z" title="2026-03-02 08:57:00">3 min ago</time>')
  })

  test('searches and filters, and keeps both in every link', async () => {
    for (let n = 0; n < 120; n++) {
      port.fleet.put(
        phone(`00908f0000${n.toString(16).padStart(2, '0')}`, { displayName: `Ann & ${n}` }),
        'disconnected',
      )
    }
    const html = await visitor.page('/devices?text=ann+%26&presence=disconnected&page=2')
    expect(text(html)).toContain('51–100 of 120 phones')
    expect(html).toContain('href="/devices?text=ann+%26&amp;presence=disconnected&amp;page=3"')
    expect(html).toContain('href="/devices?text=ann+%26&amp;presence=disconnected"')
    expect(html).toContain('href="/devices?text=ann+%26&amp;presence=registered"')
    expect(html).toContain('value="ann &amp;"')
    expect(html.match(/<tr role="row" id="device-/g)).toHaveLength(50)
  })

  test('asks the port for one page of 50, however large the fleet', async () => {
    const asked: object[] = []
    const devices = port.fleet.devices.bind(port.fleet)
    port.fleet.devices = (query) => {
      asked.push(query)
      return devices(query)
    }
    await visitor.get('/devices?text=x&presence=seen')
    await visitor.get('/devices?presence=nonsense&page=-1')
    expect(asked).toEqual([
      { text: 'x', presence: 'seen', page: 1, pageSize: 50 },
      { text: '', page: 1, pageSize: 50 },
    ])
  })

  test('links to a few pages only, and goes from beyond the end to the last', async () => {
    for (let n = 0; n < 1000; n++) port.fleet.put(phone(`00908f00${n.toString(16).padStart(4, '0')}`))
    const html = await visitor.page('/devices?page=10')
    const numbers = [...html.matchAll(/<span class="hidden">Page <\/span>(\d+)/g)].map((match) => Number(match[1]))
    expect(numbers).toEqual([1, 8, 9, 10, 11, 12, 20])
    expect(html).toMatch(/rel="prev" href="\/devices\?page=9"/)
    expect(html).toMatch(/rel="next" href="\/devices\?page=11"/)
    expect(location(await visitor.get('/devices?page=21'))).toBe('/devices?page=20')
    for (const odd of ['0', '-3', '1e9', '99999999999', 'x', '2.5']) {
      expect(text(await visitor.page(`/devices?page=${odd}`))).toContain('1–50 of 1,000')
    }
  })

  test('tells what to do when it is empty', async () => {
    expect(text(await visitor.page('/devices'))).toContain('No phone has been seen yet Plug a phone into a network')
    port.fleet.put(phone('00908f123456'))
    expect(text(await visitor.page('/devices?text=%3Czzz'))).toContain('Nothing has “&lt;zzz” in its user')
    expect(text(await visitor.page('/devices?presence=seen'))).toContain('No phone has this status at the moment')
  })

  test('answers a search while typing with the list alone', async () => {
    port.fleet.put(phone('00908f123456'))
    const html = await visitor.page('/devices?text=0090')
    const part = await (await visitor.get('/devices?text=0090', { 'HX-Request': 'true' })).text()
    expect(part.trimStart()).toMatch(/^<div id="device-list"/)
    expect(html).toContain(part)
  })
})

describe('a device', () => {
  const address = mac('00908f123456')

  test('shows everything that is known, and keys nobody knew beforehand', async () => {
    port.fleet.put(
      phone(address, {
        displayName: 'Ann',
        userName: 'ann',
        location: 'Desk 4',
        userAgent: 'AUDC-IPPhone/2.2.16.704',
        extra: { USBHeadsetType: 'Jabra', empty: '' },
      }),
    )
    const words = text(await visitor.page(`/devices/${address}`))
    expect(words).toContain('Ann Registered')
    expect(words).toContain('Location Desk 4')
    expect(words).toContain('User agent AUDC-IPPhone/2.2.16.704')
    expect(words).toContain('Also reported USBHeadsetType Jabra')
    expect(words).not.toContain('empty')
    expect(words).toContain('This server has given the phone no address.')
  })

  test('shows each step with exact time, outcome in words, detail and duration', async () => {
    const steps = [
      step('discover', MONDAY - 60_000, { detail: 'DISCOVER → OFFER', micros: 420 }),
      step('lease', MONDAY - 59_000, { detail: 'REQUEST → ACK', micros: 5200 }),
      step('config', MONDAY - 55_000, {
        protocol: 'tftp',
        ending: 'refuse',
        detail: 'RRQ 00908f123456.cfg → ERROR 1 (no template)',
        count: 3,
        lastAt: MONDAY - 40_000,
      }),
    ]
    port.fleet.put(phone(address, { status: 'silent', reportedAt: 0 }), 'seen', { steps })
    const html = await visitor.page(`/devices/${address}`)
    const words = text(html)
    expect(words).toContain('The phone was refused its configuration. Check that a template knows its model')
    expect(words).toContain('Asked for an address OK dhcp DISCOVER → OFFER in 420 µs 08:59:00.000')
    expect(words).toContain('Took an address OK dhcp REQUEST → ACK in 5.2 ms 08:59:01.000 +1.0 s')
    expect(words).toMatch(
      /Fetched its configuration Refused 3 times tftp RRQ .*no template\).* 08:59:05.000 to 08:59:20.000 \+4.0 s/,
    )
    expect(words).toContain('Started not yet Registered not yet')
    expect(html.match(/class="step [^"]*failing"/g)).toHaveLength(1)
    expect(html).toContain('<time datetime="2026-03-02T08:59:05.000Z" title="2026-03-02 08:59:05.000">')
  })

  test('keeps earlier boots at hand', async () => {
    const boot = (at: number) => [
      step('discover', at),
      step('lease', at + 1),
      step('started', at + 2),
      step('registered', at + 3),
    ]
    port.fleet.put(phone(address), 'registered', { steps: [...boot(MONDAY - 7_200_000), ...boot(MONDAY - 3_600_000)] })
    const html = await visitor.page(`/devices/${address}`)
    expect(text(html)).toContain('Earlier boot, 2026-03-02 07:00:00: reached registration')
    expect(html.match(/<ol class="steps">/g)).toHaveLength(2)
  })

  test.each(['00:90:8F:12:34:56', '00-90-8f-12-34-56', '0090.8f12.3456', '00908F123456'])(
    'is found under any spelling of its MAC: %s',
    async (spelling) => {
      port.fleet.put(phone(address))
      expect(location(await visitor.get(`/devices/${spelling}`))).toBe(`/devices/${address}`)
    },
  )

  test('that nobody has seen gets a page that helps', async () => {
    const response = await visitor.get('/devices/00908f999999')
    expect(response.status).toBe(404)
    const html = await response.text()
    expect(text(html)).toContain('No phone with the MAC address 00:90:8f:99:99:99 has been seen.')
    expect(html).toMatch(/<form[^>]*action="\/devices"[\s\S]*value="00908f999999"/)
    const odd = await (await visitor.get('/devices/%3Cb%3Ebob')).text()
    expect(odd).toContain('“&lt;b&gt;bob” is not a MAC address')
  })
})

describe('errors', () => {
  test('an unknown address gets a page with ways on', async () => {
    const response = await visitor.get('/no/such/page')
    expect(response.status).toBe(404)
    expect(await response.text()).toContain('<h1 id="title">Page not found</h1>')
  })

  test('a path that is not even encoded right is no fault of ours', async () => {
    for (const path of ['/devices/%E0%A4%A', '/%', '/assets/%ff']) {
      const { status } = await visitor.get(path)
      expect([400, 404]).toContain(status)
    }
  })

  test('a method that a page does not know is refused', async () => {
    const token = /name="csrf" value="([^"]+)"/.exec(await visitor.page('/'))?.[1] ?? ''
    const response = await visitor.post('/devices', { csrf: token })
    expect(response.status).toBe(405)
    expect(response.headers.get('Allow')).toContain('GET')
  })

  test('a fault tells the visitor nothing and the daemon everything', async () => {
    port.fleet.summary = () => {
      throw new Error('secret detail')
    }
    const response = await visitor.get('/')
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('secret')
    const api = await visitor.get('/api/v1/summary')
    expect(api.headers.get('Content-Type')).toBe('application/problem+json')
    expect(await api.text()).not.toContain('secret')
    expect(site.faults.splice(0).map((error) => error.message)).toEqual(['secret detail', 'secret detail'])
  })
})
