// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Phone } from '#daemon/domain/phone'
import { newUser } from '#daemon/domain/phone'
import { parseIpv4 } from '#protocols/lib/ipv4'
import { PLAIN_ALARM } from '#test/support/alarm'
import { eventFrame } from '#web/live/stream'
import { escapeHtml } from '#web/views'
import { Events, listen, type ServerEvent, type Site, signedIn, type Visitor } from './client.ts'
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
  port.alarmRows = [
    {
      id: attack,
      name: attack,
      source: `IPPhone/${attack}`,
      severity: 'major',
      description: attack,
      remedy: attack,
      ...PLAIN_ALARM,
      raisedAt: Number.NaN,
      lastAt: MONDAY,
      count: 1,
    },
  ]
  port.trouble = attack
  port.serverRows = [{ name: attack, health: { state: 'lost', endpoints: [], detail: attack } }]
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
    const read = async (address: string) => {
      const response = await visitor.get(address)
      expect([200, 400, 404]).toContain(response.status)
      return response.text()
    }
    attackWith(port, 'harmless')
    const benign = await Promise.all(paths('harmless').map(read))
    attackWith(port, attack)
    for (const [n, path] of paths(query).entries()) expectHarmless(await read(path), benign[n] ?? '')
  })

  test('arrives unchanged in the JSON API, as JSON', async () => {
    attackWith(port, attack)
    const response = await visitor.get(`/api/v1/devices/${ADDRESS}`)
    expect(response.headers.get('Content-Type')).toBe('application/json; charset=utf-8')
    const body = (await response.json()) as Phone
    for (const name of TEXT_FIELDS) expect(wellFormed(body[name])).toBe(wellFormed(attack))
  })

  test('cannot break out of an event', async () => {
    const show = 'trouble,recent,alarms,servers,device-head,device-row,device-timeline,device-facts'
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
