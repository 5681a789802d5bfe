// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { listen, location, type Site, signedIn, Visitor } from './client.ts'
import { MemoryPort, mac, PASSWORD, phone } from './memory-port.ts'

const SESSION = 'offhook-session'
const MINUTE = 60_000
const HOUR = 60 * MINUTE

let port: MemoryPort
let site: Site

beforeEach(async () => {
  port = new MemoryPort()
  port.fleet.put(phone('00908f123456'))
  site = await listen(port, { sessionLimits: { idle: 30 * MINUTE, absolute: 12 * HOUR, count: 3 } })
})
afterEach(async () => {
  await site.close()
  expect(site.faults).toEqual([])
})

describe('without a session', () => {
  test.each(['/', '/devices', '/devices/00908f123456', '/password', '/nothing-here', '/views/layout.eta'])(
    '%s leads to the sign-in page and back',
    async (path) => {
      const response = await new Visitor(site).get(path)
      expect(response.status).toBe(303)
      expect(location(response)).toBe(path === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(path)}`)
    },
  )

  test.each(['/api/v1/summary', '/api/v1/devices', '/api/v1/nothing', '/events?show=summary'])(
    '%s answers 401 with problem details',
    async (path) => {
      const response = await new Visitor(site).get(path)
      expect(response.status).toBe(401)
      expect(response.headers.get('Content-Type')).toBe('application/problem+json')
      expect(await response.json()).toMatchObject({ type: 'about:blank', title: 'Unauthorized', status: 401 })
    },
  )

  test('htmx is told to leave the page', async () => {
    const headers = { 'HX-Request': 'true', 'HX-Current-URL': `${site.url}/devices?text=ann` }
    const response = await new Visitor(site).get('/devices?text=anna', headers)
    expect(response.status).toBe(401)
    expect(response.headers.get('HX-Redirect')).toBe('/sign-in?next=%2Fdevices%3Ftext%3Dann')
  })

  test('a made-up cookie opens nothing', async () => {
    const visitor = new Visitor(site)
    for (const value of ['', 'x', 'A'.repeat(43), 'A'.repeat(4000), '__proto__', '%00']) {
      visitor.cookies.set(SESSION, value)
      expect((await visitor.get('/')).status).toBe(303)
    }
  })
})

describe('signing in', () => {
  test('gives a session cookie that scripts cannot read and other sites cannot send', async () => {
    const visitor = new Visitor(site)
    const response = await visitor.signIn()
    expect(response.status).toBe(303)
    expect(location(response)).toBe('/')
    const cookie = response.headers
      .getSetCookie()
      .find((line) => line.startsWith(`${SESSION}=`) && !line.includes('1970'))
    expect(cookie).toMatch(/^offhook-session=[\w-]{43}; path=\/; samesite=strict; httponly$/)
    expect(await visitor.page('/')).toContain('<h1>Dashboard</h1>')
  })

  test('tells the port where the try came from', async () => {
    await new Visitor(site).signIn('wrong')
    expect(port.accounts.from).toEqual(['127.0.0.1'])
  })

  test('goes back to the page that was asked for', async () => {
    const response = await new Visitor(site).submit('/sign-in?next=%2Fdevices%3Ftext%3Da%26page%3D2', '/sign-in', {
      name: 'admin',
      password: PASSWORD,
      next: '/devices?text=a&page=2',
    })
    expect(location(response)).toBe('/devices?text=a&page=2')
  })

  test.each([
    'https://evil.example/',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/.//evil.example',
    '/%2e//evil.example',
    'javascript:alert(1)',
    '/sign-out',
    '\\\\evil',
    '',
    `/${'a'.repeat(3000)}`,
  ])('never goes on to %j', async (next) => {
    const visitor = new Visitor(site)
    expect(await visitor.page(`/sign-in?next=${encodeURIComponent(next)}`)).toContain('name="next" value="/"')
    const response = await visitor.submit('/sign-in', '/sign-in', { name: 'admin', password: PASSWORD, next })
    expect(location(response)).toBe('/')
  })

  test('says one thing when it fails, keeps the name and never the password', async () => {
    const response = await new Visitor(site).signIn('hunter2hunter2', 'a"><b>dmin')
    expect(response.status).toBe(401)
    const html = await response.text()
    expect(html).toContain('The name or the password is wrong.')
    expect(html).toContain('value="a&quot;&gt;&lt;b&gt;dmin"')
    expect(html).not.toContain('hunter2')
  })

  test('says how long to wait after too many wrong tries', async () => {
    const visitor = new Visitor(site)
    for (let i = 0; i < 3; i++) await visitor.signIn('wrong')
    const response = await visitor.signIn()
    expect(response.status).toBe(429)
    expect(response.headers.get('Retry-After')).toBe('30')
    expect(await response.text()).toContain('Wait 30 seconds')
  })

  test('changes the session id, and the old one is dead', async () => {
    const visitor = await signedIn(site)
    const before = visitor.cookies.get(SESSION)
    // A second sign-in in the same browser, as from another tab.
    const html = await new Visitor(site).page('/sign-in')
    expect(html).toContain('name="csrf"')
    const token = /name="csrf" value="([^"]+)"/.exec(await visitor.page('/'))?.[1] ?? ''
    await visitor.post('/sign-in', { csrf: token, name: 'admin', password: PASSWORD })
    const after = visitor.cookies.get(SESSION)
    expect(after).not.toBe(before)
    const thief = new Visitor(site)
    thief.cookies.set(SESSION, before ?? '')
    expect((await thief.get('/')).status).toBe(303)
  })

  test('a huge or odd body is refused without a fault', async () => {
    const visitor = new Visitor(site)
    expect(
      (await visitor.submit('/sign-in', '/sign-in', { name: 'admin', password: 'x'.repeat(100_000) })).status,
    ).toBe(413)
    expect((await visitor.submit('/sign-in', '/sign-in', { 'name[$ne]': 'x', 'password[]': 'x' })).status).toBe(401)
    const json = await visitor.post('/sign-in', {}, { 'Content-Type': 'application/json' })
    expect(location(json)).toBe('/sign-in?why=stale')
  })
})

describe('a session', () => {
  test('ends after half an hour without use', async () => {
    const visitor = await signedIn(site)
    port.clock += 29 * MINUTE
    expect((await visitor.get('/')).status).toBe(200)
    port.clock += 29 * MINUTE
    expect((await visitor.get('/')).status).toBe(200)
    port.clock += 30 * MINUTE
    const response = await visitor.get('/devices?page=2')
    expect(location(response)).toBe('/sign-in?next=%2Fdevices%3Fpage%3D2&why=ended')
    expect(await visitor.page(location(response))).toContain('Your session has ended')
  })

  test('ends twelve hours after sign-in even when in use', async () => {
    const visitor = await signedIn(site)
    for (let i = 0; i < 47; i++) {
      port.clock += 15 * MINUTE
      expect((await visitor.get('/password')).status).toBe(200)
    }
    port.clock += 15 * MINUTE
    expect((await visitor.get('/password')).status).toBe(303)
  })

  test('is not kept alive by what a page asks by itself', async () => {
    const visitor = await signedIn(site)
    port.clock += 20 * MINUTE
    expect((await visitor.get('/devices', { 'X-Background': '1' })).status).toBe(200)
    port.clock += 10 * MINUTE
    expect((await visitor.get('/devices')).status).toBe(303)
  })

  test('gives way to newer ones when there are too many, the longest unused first', async () => {
    const [first, second, third] = [await signedIn(site), await signedIn(site), await signedIn(site)]
    await first.get('/')
    const fourth = await signedIn(site)
    const stati = await Promise.all(
      [first, second, third, fourth].map(async (visitor) => (await visitor.get('/')).status),
    )
    expect(stati).toEqual([200, 303, 200, 200])
  })

  test('ends with sign-out, on the server too', async () => {
    const visitor = await signedIn(site)
    const id = visitor.cookies.get(SESSION) ?? ''
    const response = await visitor.submit('/', '/sign-out')
    expect(location(response)).toBe('/sign-in')
    expect(visitor.cookies.has(SESSION)).toBe(false)
    visitor.cookies.set(SESSION, id)
    expect((await visitor.get('/')).status).toBe(303)
  })
})

describe('forms', () => {
  const wanted = { current: PASSWORD, next: 'a much better one', repeat: 'a much better one' }

  test('are refused without a token, with a wrong one and with another session’s', async () => {
    const visitor = await signedIn(site)
    const other = /name="csrf" value="([^"]+)"/.exec(await (await signedIn(site)).page('/password'))?.[1] ?? ''
    for (const csrf of ['', 'x', other]) {
      expect((await visitor.post('/password', { csrf, ...wanted })).status).toBe(403)
    }
    expect((await visitor.post('/sign-out', {})).status).toBe(403)
    expect(port.accounts.password).toBe(PASSWORD)
    expect((await visitor.get('/')).status).toBe(200)
  })

  test.each([
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
    { Origin: 'http://127.0.0.1:1' },
    { Origin: '', 'Sec-Fetch-Site': 'cross-site' },
    { 'Sec-Fetch-Site': 'same-site' },
  ])('are refused from another origin, even with a token: %j', async (headers) => {
    const visitor = await signedIn(site)
    const csrf = /name="csrf" value="([^"]+)"/.exec(await visitor.page('/password'))?.[1] ?? ''
    const response = await visitor.post('/password', { csrf, ...wanted }, headers)
    expect(response.status).toBe(403)
    expect(await response.text()).toContain('The request came from another site.')
    expect(port.accounts.password).toBe(PASSWORD)
  })

  test('a sign-in form needs the browser that loaded it', async () => {
    const csrf = /name="csrf" value="([^"]+)"/.exec(await new Visitor(site).page('/sign-in'))?.[1] ?? ''
    const forged = { csrf, name: 'admin', password: PASSWORD, next: '/devices' }
    const blocked = await new Visitor(site).post('/sign-in', forged)
    expect(blocked.status).toBe(403)
    expect(await blocked.text()).toContain('this site needs them')
    const other = new Visitor(site)
    await other.page('/sign-in')
    const response = await other.post('/sign-in', forged)
    expect(location(response)).toBe('/sign-in?next=%2Fdevices&why=stale')
    expect(await other.page(location(response))).toContain('Please try once more.')
    expect(port.accounts.from).toEqual([])
  })

  test('a sign-in form left open in another tab goes on to its page', async () => {
    const visitor = new Visitor(site)
    const csrf = /name="csrf" value="([^"]+)"/.exec(await visitor.page('/sign-in'))?.[1] ?? ''
    await visitor.signIn()
    const late = await visitor.post('/sign-in', { csrf, name: 'admin', password: PASSWORD, next: '/devices' })
    expect(location(await visitor.get(location(late)))).toBe('/devices')
  })

  test('a form sent after the session ended leads to sign-in and back to its page', async () => {
    const visitor = await signedIn(site)
    port.clock += HOUR
    const headers = { Referer: `${site.url}/password?next=%2Fdevices` }
    const response = await visitor.post('/password', wanted, headers)
    expect(response.status).toBe(303)
    expect(location(response)).toBe(`/sign-in?next=${encodeURIComponent('/password?next=%2Fdevices')}&why=ended`)
    const foreign = await visitor.post('/password', wanted, { Referer: 'https://evil.example/password' })
    expect(location(foreign)).toBe('/sign-in?why=ended')
  })
})

describe('the one-time password', () => {
  beforeEach(() => {
    port.accounts.mustChangePassword = true
  })

  test('lets nobody go anywhere before it is replaced', async () => {
    const visitor = new Visitor(site)
    const response = await visitor.submit('/sign-in', '/sign-in', {
      name: 'admin',
      password: PASSWORD,
      next: '/devices',
    })
    expect(location(response)).toBe('/password?next=%2Fdevices')
    for (const path of ['/', '/devices', '/devices/00908f123456']) {
      expect(location(await visitor.get(path))).toBe('/password')
    }
    expect((await visitor.get('/api/v1/devices')).status).toBe(403)
    expect((await visitor.get('/events?show=summary')).status).toBe(403)
    const html = await visitor.page('/password')
    expect(html).toContain('Choose your own password')
    expect(html).not.toContain('href="/devices"')
  })

  test('is replaced, and the way goes on with a new session', async () => {
    const visitor = await signedIn(site)
    const before = visitor.cookies.get(SESSION)
    const response = await visitor.submit('/password?next=%2Fdevices', '/password', {
      current: PASSWORD,
      next: 'nine quiet ferries',
      repeat: 'nine quiet ferries',
    })
    expect(location(response)).toBe('/devices')
    expect(visitor.cookies.get(SESSION)).not.toBe(before)
    expect((await visitor.get('/devices')).status).toBe(200)
    expect(port.accounts.password).toBe('nine quiet ferries')
  })
})

describe('changing the password', () => {
  const good = { current: PASSWORD, next: 'nine quiet ferries', repeat: 'nine quiet ferries' }
  const errors = [
    { change: { next: 'short', repeat: 'short' }, field: 'next', text: 'It has 5 characters; at least 12 are needed.' },
    { change: { next: '🔑🔑🔑🔑🔑🔑', repeat: '🔑🔑🔑🔑🔑🔑' }, field: 'next', text: 'It has 6 characters' },
    { change: { next: PASSWORD, repeat: PASSWORD }, field: 'next', text: 'It must differ' },
    {
      change: { next: 'admin-admin-1', repeat: 'admin-admin-1' },
      field: 'next',
      text: 'must not contain your user name',
    },
    { change: { next: 'x'.repeat(300), repeat: 'x'.repeat(300) }, field: 'next', text: 'At most 256' },
    { change: { repeat: 'nine quiet ferryes' }, field: 'repeat', text: 'are not the same' },
    { change: { current: 'not it at all' }, field: 'current', text: 'This is not your current password.' },
    { change: { current: '' }, field: 'current', text: 'Enter your current password.' },
  ]

  test.each(errors)('shows one error beside the field: $text', async ({ change, field, text }) => {
    const response = await (await signedIn(site)).submit('/password', '/password', { ...good, ...change })
    expect(response.status).toBe(422)
    const html = await response.text()
    expect(html.match(/role="alert"/g)).toHaveLength(1)
    const error = new RegExp(`id="${field}-error" role="alert">.*?<span>([^<]*)</span>`, 's').exec(html)?.[1]
    expect(error).toContain(text)
    expect(html).toMatch(new RegExp(`id="${field}"[^>]*aria-invalid="true"[^>]*aria-describedby="${field}-error`))
    expect(html).not.toContain('ferries')
    expect(port.accounts.password).toBe(PASSWORD)
  })

  test('shows what the daemon has against it', async () => {
    port.accounts.refusal = 'It is on the list of <common> passwords.'
    const response = await (await signedIn(site)).submit('/password', '/password', good)
    expect(await response.text()).toContain('It is on the list of &lt;common&gt; passwords.')
  })

  test('guessing the current one is throttled like signing in', async () => {
    const visitor = await signedIn(site)
    for (let i = 0; i < 3; i++) await visitor.submit('/password', '/password', { ...good, current: 'wrong' })
    const response = await visitor.submit('/password', '/password', good)
    expect(await response.text()).toContain('Wait 30 seconds')
    expect(port.accounts.password).toBe(PASSWORD)
  })

  test('signs the account out everywhere else', async () => {
    const [here, elsewhere] = [await signedIn(site), await signedIn(site)]
    expect((await here.submit('/password', '/password', good)).status).toBe(303)
    expect((await here.get('/')).status).toBe(200)
    expect((await elsewhere.get('/')).status).toBe(303)
  })
})

test('secrets stay out of pages: the session id is nowhere in the HTML', async () => {
  const visitor = await signedIn(site)
  const id = visitor.cookies.get(SESSION) ?? ''
  expect(id).toHaveLength(43)
  for (const path of ['/', '/devices', `/devices/${mac('00908f123456')}`, '/password']) {
    expect(await visitor.page(path)).not.toContain(id)
  }
})
