// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Phone } from '#daemon/domain/phone'
import { newUser } from '#daemon/domain/phone'
import { parseIpv4 } from '#protocols/lib/ipv4'
import { PLAIN_ALARM } from '#test/support/alarm'
import { eventFrame } from '#web/live/stream'
import { escapeHtml } from '#web/views'
import { Events, listen, location, type ServerEvent, type Site, signedIn, type Visitor } from './client.ts'
import type { MemoryDirectory } from './memory-directory.ts'
import { destination } from './memory-forwarding.ts'
import { MemoryPort, MONDAY, mac, phone, step } from './memory-port.ts'

const ADDRESS = mac('00908f123456')

/** What a hostile phone would send in every field it has, and more. */
const ATTACKS = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  '" onfocus="alert(1)" autofocus="',
  'javascript:alert(1)',
  '</td></tr></table><svg/onload=alert(1)>',
  '<%= process.env %>',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: that is the attack
  '${alert(1)}',
  '--><!--<script>',
  '\u0000\u0001\u001b[31m\u007f\u009b',
  'line\r\n\r\nevent: signed-out\r\ndata: x',
  'a\ndata: b\n\nevent: signed-out\n\n',
  '\u202egnp.exe\u202c\u2066x\u2069\ufeff',
  '\ud800',
  'x'.repeat(5000),
]

const TEXT_FIELDS = [
  'vendor',
  'model',
  'firmware',
  'address',
  'externalAddress',
  'subnet',
  'userName',
  'displayName',
  'phoneNumber',
  'location',
  'userAgent',
] as const satisfies readonly (keyof Phone)[]

function attackWith(port: MemoryPort, attack: string): void {
  const fields = Object.fromEntries(TEXT_FIELDS.map((name) => [name, attack]))
  const lease = {
    address: parseIpv4('10.1.2.3') ?? ('' as never),
    state: 'leased' as const,
    clientKey: attack,
    mac: ADDRESS,
    hostname: attack,
    expiresAt: Number.POSITIVE_INFINITY,
    updatedAt: Number.NaN,
  }
  const user = { ...newUser(attack, 1e300), phoneNumber: attack, lineUri: attack, authName: attack, language: attack }
  const steps = [
    step('config', MONDAY - 1000, { ending: 'refuse', protocol: attack, detail: attack, micros: Number.NaN }),
  ]
  port.fleet.put(phone(ADDRESS, { ...fields, extra: { [attack]: attack, key: attack } }), 'not registered', {
    user,
    lease,
    steps,
  })
  port.alarmRows = []
  port.alarmDesk.events = []
  const alarm = {
    id: alarmId(attack),
    name: attack,
    source: `IPPhone/${attack}`,
    severity: 'major' as const,
    description: attack,
    remedy: attack,
    ...PLAIN_ALARM,
    mac: ADDRESS,
    scope: attack,
    remoteHost: attack,
    additionalInfo: [attack, attack, attack],
    acknowledged: { by: attack, at: MONDAY, note: attack },
    comments: [{ by: attack, at: MONDAY, text: attack }],
    blast: 2,
    raisedAt: Number.NaN,
    lastAt: MONDAY,
    count: 1,
  }
  port.alarmDesk.raise(alarm)
  port.alarmDesk.raise({ ...alarm, id: `part ${alarm.id}`, parent: alarm.id })
  port.alarmDesk.scopeRows = [{ id: 'place', label: attack }]
  port.alarmDesk.windows = [
    { id: attack, title: attack, scope: attack, from: MONDAY - 1, to: MONDAY + 1, by: attack, createdAt: 0 },
  ]
  const values = { host: attack, names: 'one', version: '2c' }
  port.forwarding.rows = [
    destination('d1', attack, {
      target: attack,
      lastError: attack,
      state: 'failing',
      values,
      secretsSet: ['community'],
    }),
  ]
  port.trouble = attack
  port.serverRows = [{ name: attack, health: { state: 'lost', endpoints: [], detail: attack } }]
}

function alarmId(attack: string): string {
  return `alarm@${wellFormed(attack).slice(0, 1900)}`
}

/** The elements and the names of their attributes, in order: what an attack would have to change to do harm. */
function structure(html: string): string[] {
  return [...html.matchAll(/<(\/?[a-z][a-z0-9]*)((?:[^>"']|"[^"]*"|'[^']*')*)>|<!--/gi)].map(
    ([all, name = all, rest = '']) => {
      const names = [...rest.matchAll(/([^\s"'=/]+)(?:="[^"]*"|='[^']*')?/g)].map((match) => match[1])
      return [name, ...names].join(' ')
    },
  )
}

function expectHarmless(html: string, benign: string): void {
  expect(structure(html)).toEqual(structure(benign))
  expect(html).not.toMatch(/(?![\t\n\r])\p{Cc}|[\u202a-\u202e\u2066-\u2069\ufeff]/u)
  expect(html).not.toMatch(/(?:href|src|action)="(?!\/(?!\/)|#)/)
}

/** What a lone surrogate becomes on its way through UTF-8. */
function wellFormed(text: string): string {
  return Buffer.from(text).toString()
}

let port: MemoryPort
let site: Site
let visitor: Visitor

beforeAll(async () => {
  port = new MemoryPort()
  site = await listen(port, { feedLimits: { burst: 10, tick: 60_000, heartbeat: 60_000, clients: 10 } })
  visitor = await signedIn(site)
})
afterAll(async () => {
  await site.close()
  expect(site.faults).toEqual([])
})

describe.each(ATTACKS)('a phone that calls itself %j', (attack) => {
  test('harms no page', async () => {
    const query = encodeURIComponent(wellFormed(attack).slice(0, 90))
    const paths = (text: string) => {
      return ['/', '/devices', `/devices/${ADDRESS}`, `/devices?text=zz${text}`, `/devices/${text}`, `/${text}`]
    }
    const pages = (name: string) => {
      const alarm = `/alarms/${encodeURIComponent(alarmId(name))}`
      const unfolded = `/alarms?${new URLSearchParams({ unfold: alarmId(name) })}`
      return [
        ...['/alarms', unfolded, alarm, `${alarm}/clear`, '/alarms/history', '/alarms/maintenance'],
        ...['/alarms/maintenance/new', '/forwarding', '/forwarding/d1', '/forwarding/d1/edit', '/forwarding/d1/remove'],
      ]
    }
    const read = async (address: string) => {
      const response = await visitor.get(address)
      expect([200, 400, 404]).toContain(response.status)
      return response.text()
    }
    attackWith(port, 'harmless')
    const benign = await Promise.all([...paths('harmless'), ...pages('harmless')].map(read))
    attackWith(port, attack)
    for (const [n, path] of [...paths(query), ...pages(attack)].entries())
      expectHarmless(await read(path), benign[n] ?? '')
  })

  test('arrives unchanged in the JSON API, as JSON', async () => {
    attackWith(port, attack)
    const response = await visitor.get(`/api/v1/devices/${ADDRESS}`)
    expect(response.headers.get('Content-Type')).toBe('application/json; charset=utf-8')
    const body = (await response.json()) as Phone
    for (const name of TEXT_FIELDS) expect(wellFormed(body[name])).toBe(wellFormed(attack))
  })

  test('cannot break out of an event', async () => {
    const show = 'trouble,alarms,servers,device-head,device-row,device-timeline,device-facts,device-alarms'
    const follow = async () => new Events(await visitor.get(`/events?show=${show}&of=${ADDRESS}`))
    attackWith(port, 'harmless')
    const [open, benign] = await first(follow)
    attackWith(port, attack)
    const live = await open.next()
    const [late, hostile] = await first(follow)
    await Promise.all([open.close(), late.close()])
    expect(live?.event).toBe('swap')
    expect(joined(live)).toContain('id="device-facts"')
    expectHarmless(hostile, benign)
  })
})

/** Everything in the phonebook that somebody else may have written. */
function furnishWith(directory: MemoryDirectory, attack: string): void {
  const attributes = { cn: attack, sn: attack, displayName: attack, telephoneNumber: [attack, attack], company: attack }
  const contact = { id: 'c0', region: attack, owner: attack, attributes, source: attack, changedAt: Number.NaN }
  directory.putRaw(contact)
  directory.regionNames = [attack]
  directory.accountRows = [{ name: attack, region: attack, owner: attack, dn: attack }]
  const run = { at: Number.NaN, took: -1, added: 1, changed: 1, unchanged: 1, removed: 1, rejected: 1, problem: attack }
  const upstream = { name: attack, url: attack, base: attack, region: attack, schedule: attack, running: false }
  directory.upstreamRows = [{ ...upstream, last: run, next: Number.NaN }]
  directory.own.set('', { base: attack, nameFilter: attack, active: attack })
  const hits = [{ shown: attack, numbers: [attack], dn: attack }]
  directory.screen = {
    ...{ kind: 'shown', base: attack, filter: attack, maxHits: 1 },
    hits,
    more: true,
    touched: 1,
    micros: 1,
  }
  const after = { ...contact, attributes: { ...attributes, telephoneNumber: 'other' } }
  directory.plans({
    ...{ added: 1, changed: 1, removed: 1, rejected: [{ line: Number.NaN, reason: attack }] },
    examples: { added: [contact], changed: [{ before: contact, after }], removed: [contact] },
  })
}

describe.each(ATTACKS)('a phonebook that is full of %j', (attack) => {
  const PATHS = [
    '',
    '?order=-name',
    '/contacts/c0',
    '/contacts/c0/remove',
    '/accounts',
    '/upstreams',
    '/phones',
    '/try?text=a',
    '/import',
  ]

  /** A form as it comes back with errors, and what an import of such a file would do, beside the plain pages. */
  const pages = async (text: string): Promise<string[]> => {
    const plain = await Promise.all(PATHS.map((path) => visitor.page(`/directory${path}`)))
    const query = encodeURIComponent(wellFormed(text).slice(0, 90))
    const search = await visitor.page(`/directory?text=zz${query}&region=zz${query}&source=zz${query}`)
    const screen = await visitor.page(`/directory/try?text=zz${query}&region=zz${query}&field=${query}`)
    const region = await visitor.page(`/directory/phones?region=zz${query}`)
    const account = await visitor.get(`/directory/accounts/zz${query}`)
    const refused = await visitor.submit('/directory/contacts/new', '/directory/contacts/new', {
      displayName: 'A',
    })
    port.directory.refusal = []
    const parts = new FormData()
    parts.append('csrf', /name="csrf" value="([^"]+)"/.exec(plain[0] ?? '')?.[1] ?? '')
    // A control character in its name makes the whole form damaged: that ends with 400, in import.test.ts.
    parts.append('file', new Blob(['x']), `${text.replaceAll(/\p{Cc}/gu, '')}.csv`)
    parts.append('source', 'a')
    const planned = location(await visitor.upload('/directory/import', parts))
    const answers = await Promise.all([account.text(), refused.text(), visitor.page(planned)])
    return [...plain, search, screen, region, ...answers]
  }

  test('harms no page', async () => {
    // A value of several lines is shown in a larger field: so is the harmless one that it is compared with.
    const harmless = /\r|\n/.test(attack) ? 'harm\nless' : 'harmless'
    const fill = (text: string) => {
      furnishWith(port.directory, text)
      port.directory.refusal = [{ field: 'mobile', message: text }]
    }
    fill(harmless)
    const benign = await pages(harmless)
    fill(attack)
    for (const [n, html] of (await pages(attack)).entries()) expectHarmless(html, benign[n] ?? '')
  })
})

/** The HTML of all fragments of an event. */
function joined(event: ServerEvent | undefined): string {
  return (JSON.parse(event?.data ?? '[]') as string[]).join('')
}

/** A new stream and the whole state that it begins with. */
async function first(follow: () => Promise<Events>): Promise<[Events, string]> {
  const events = await follow()
  return [events, joined(await events.next())]
}

test('escaping leaves no markup, quote or control character, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const escaped = escapeHtml(text)
      expect(escaped).not.toMatch(/[<>"']|&(?!(?:amp|lt|gt|quot|#39);)|(?![\t\n\r])\p{Cc}/u)
    }),
    { numRuns: 500 },
  )
})

test('escaping keeps what people’s names need', () => {
  for (const name of ['Søren Kjær', 'نیم\u200cفاصله', '👩\u200d💻', '李小龍', 'O’Connor', 'a\tb\nc'])
    expect(escapeHtml(name)).toBe(name)
  expect(escapeHtml("O'Connor & <Söhne>")).toBe('O&#39;Connor &amp; &lt;Söhne&gt;')
  expect(escapeHtml(undefined)).toBe('')
  expect(escapeHtml('\u0007')).toBe('␇')
})

test('an event is one event with one line of data, whatever it holds', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom('a', '\n', '\r', ':', ' ', 'event: x', 'data: y') }), (text) => {
      const lines = eventFrame('swap', [text])
        .toString()
        .split(/\r\n|\r|\n/)
      expect(lines).toEqual(['event: swap', `data: ${JSON.stringify([text])}`, '', ''])
    }),
    { numRuns: 300 },
  )
})
