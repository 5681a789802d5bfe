// SPDX-License-Identifier: Apache-2.0
import { parse } from 'csv-parse/sync'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Alarm } from '#daemon/domain/alarm'
import { PLAIN_ALARM } from '#test/support/alarm'
import { listen, type Site, signedIn, Visitor } from './client.ts'
import { MemoryPort, MONDAY, mac } from './memory-port.ts'

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

const ID = 'REGISTRATION FAILURE@IPPhone/00908f000001#50 % of “tries”?&x=1'
const PATH = `/api/v1/alarms/${encodeURIComponent(ID)}`

function alarm(fields: Partial<Alarm> = {}): Alarm {
  return {
    ...{ id: ID, name: 'REGISTRATION FAILURE', source: 'IPPhone/00908f000001', severity: 'critical', remedy: 'Look.' },
    ...{ description: 'The registration failed', ...PLAIN_ALARM, mac: mac('00908f000001'), remoteHost: '10.1.2.3' },
    ...{ raisedAt: MONDAY - 1000, lastAt: MONDAY - 1000, count: 1 },
    ...fields,
  }
}

/** A call of a command on this machine: the local token, no cookie. */
async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(site.url + path, {
    method,
    headers: { Authorization: `Bearer ${port.localToken}`, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  if (response.status >= 400) expect(response.headers.get('Content-Type')).toBe('application/problem+json')
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) }
}

describe('GET /api/v1/alarms', () => {
  test('lists, filters, pages and counts', async () => {
    port.alarmDesk.raise(alarm())
    port.alarmDesk.raise(
      alarm({ id: 'b', name: 'POOL', severity: 'minor', source: 'subnet/voice', scope: 'de/berlin' }),
    )
    expect((await call('GET', '/api/v1/alarms')).body).toMatchObject({ total: 2, rows: [{ id: ID }, { id: 'b' }] })
    const found = async (query: string) =>
      ((await call('GET', `/api/v1/alarms?${query}`)).body as { total: number }).total
    expect(await found('severity=minor,major')).toBe(1)
    expect(await found('scope=de')).toBe(1)
    expect(await found('text=00:90:8F:00:00:01')).toBe(2)
    expect(await found('text=subnet%20voice')).toBe(1)
    expect(await found('acknowledged=true')).toBe(0)
    expect(await found('unknown=true')).toBe(0)
    expect(await found('pageSize=1&page=2')).toBe(2)
    expect((await call('GET', '/api/v1/alarms/counts')).body).toMatchObject({ critical: 1, minor: 1, total: 2 })
  })

  test('one of them comes with its parts and history, under its encoded id', async () => {
    port.alarmDesk.raise(alarm({ blast: 2 }))
    port.alarmDesk.raise(alarm({ id: 'part', parent: ID }))
    const { status, body } = await call('GET', PATH)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      alarm: { id: ID },
      parts: { total: 1, rows: [{ id: 'part' }] },
      history: [{ kind: 'raised' }],
    })
  })

  test('a cleared one still has its history, and one that never was has not', async () => {
    port.alarmDesk.raise(alarm())
    await call('POST', `${PATH}/clear`)
    expect((await call('GET', PATH)).body).toMatchObject({
      alarm: null,
      history: [{ kind: 'cleared' }, { kind: 'raised' }],
    })
    expect((await call('GET', '/api/v1/alarms/nothing')).status).toBe(404)
  })

  test.each([
    ['severity=grave', '"severity" must be any of critical, major'],
    ['severity=cleared', '"severity" must be any of'],
    ['acknowledged=1', '"acknowledged" must be true or false.'],
    ['mac=nonsense', '"mac" must be a MAC address.'],
    ['page=0', '"page" must be a whole number from 1'],
    ['pageSize=201', '"pageSize" must be a whole number from 1 to 200.'],
    [`text=${'x'.repeat(101)}`, '"text" has at most 100 characters.'],
  ])('refuses %s and says why', async (query, detail) => {
    const { status, body } = await call('GET', `/api/v1/alarms?${query}`)
    expect(status).toBe(400)
    expect((body as { detail: string }).detail).toContain(detail)
  })
})

describe('handling an alarm', () => {
  beforeEach(() => port.alarmDesk.raise(alarm()))

  test('acknowledge, comment, withdraw, clear: each answers with the alarm as it is then', async () => {
    const { body } = await call('POST', `${PATH}/acknowledge`, { note: ' Tom is on his way ' })
    expect(body).toMatchObject({ alarm: { acknowledged: { by: 'command line', note: 'Tom is on his way' } } })
    expect((await call('POST', `${PATH}/comment`, { text: 'A cable' })).body).toMatchObject({
      alarm: { comments: [{ by: 'command line', text: 'A cable' }] },
    })
    expect((await call('POST', `${PATH}/unacknowledge`)).body).not.toHaveProperty('alarm.acknowledged')
    expect((await call('POST', `${PATH}/clear`)).status).toBe(200)
    expect(port.alarmRows).toEqual([])
    expect(port.alarmDesk.events.map(({ kind }) => kind)).toEqual([
      'raised',
      'acknowledged',
      'commented',
      'changed',
      'cleared',
    ])
  })

  test('that is gone meanwhile answers 409 and says so', async () => {
    await port.alarmDesk.clear(ID, 'phone')
    for (const action of ['acknowledge', 'unacknowledge', 'comment', 'clear']) {
      const { status, body } = await call('POST', `${PATH}/${action}`, { text: 'x' })
      expect(status).toBe(409)
      expect(body).toMatchObject({ detail: 'The alarm is not active: it was cleared meanwhile, or never was.' })
    }
  })

  test('that the daemon refuses answers 422 with its reason', async () => {
    port.alarmDesk.refusal = 'The store cannot write.'
    expect(await call('POST', `${PATH}/acknowledge`)).toMatchObject({
      status: 422,
      body: { detail: 'The store cannot write.' },
    })
  })

  test.each([
    [{ note: 5 }, '"note" must be text.'],
    [{ note: ['x'] }, '"note" must be text.'],
    [[], 'The body must be a JSON object.'],
  ])('refuses the body %j', async (body, detail) => {
    expect(await call('POST', `${PATH}/acknowledge`, body)).toMatchObject({ status: 400, body: { detail } })
  })

  test('refuses a body that is no JSON, and one of 100 KB', async () => {
    expect((await call('POST', `${PATH}/comment`, '{"text":')).status).toBe(400)
    expect((await call('POST', `${PATH}/comment`, { text: 'x'.repeat(100_000) })).status).toBe(413)
  })

  test('two at once: both are told how it ended', async () => {
    const ends = await Promise.all([1, 2, 3].map(() => call('POST', `${PATH}/clear`)))
    expect(ends.map(({ status }) => status).sort()).toEqual([200, 409, 409])
  })
})

describe('who may', () => {
  test('nobody without a session or the token, whatever the method', async () => {
    port.alarmDesk.raise(alarm())
    for (const token of ['', 'a-local-toke', `${port.localToken}x`]) {
      const headers = { Authorization: `Bearer ${token}` }
      for (const [method, path] of [
        ['GET', '/api/v1/alarms'],
        ['GET', '/api/v1/alarms/history/export'],
        ['POST', `${PATH}/clear`],
        ['POST', '/api/v1/alarms/maintenance'],
        ['GET', '/api/v1/forwarding/destinations'],
        ['DELETE', '/api/v1/forwarding/destinations/d1'],
      ] as const) {
        const { status } = await fetch(site.url + path, { method, headers })
        expect({ path, status }).toEqual({ path, status: 401 })
      }
    }
    expect(port.alarmRows).toHaveLength(1)
  })

  test('the token opens nothing but alarms and forwarding to changes', async () => {
    for (const path of ['/api/v1/dhcp/explain/00908f000001', '/api/v1/alarmsx', '/password', '/api/v1/session'])
      expect([401, 303]).toContain(
        (
          await fetch(site.url + path, {
            method: 'POST',
            redirect: 'manual',
            headers: { Authorization: `Bearer ${port.localToken}` },
          })
        ).status,
      )
  })

  test('a session needs the form token, and may not come from another site', async () => {
    port.alarmDesk.raise(alarm())
    const token = /name="csrf" value="([^"]+)"/.exec(await visitor.page('/'))?.[1] ?? ''
    expect((await visitor.post(`${PATH}/clear`, {})).status).toBe(403)
    expect((await visitor.post(`${PATH}/clear`, { csrf: `${token}x` })).status).toBe(403)
    expect((await visitor.post(`${PATH}/clear`, { csrf: token }, { Origin: 'http://evil.example' })).status).toBe(403)
    expect((await new Visitor(site).post(`${PATH}/clear`, { csrf: token })).status).toBe(401)
    expect(port.alarmRows).toHaveLength(1)
    expect((await visitor.post(`${PATH}/clear`, {}, { 'X-CSRF-Token': token })).status).toBe(200)
    expect(port.alarmDesk.events.at(-1)).toMatchObject({ kind: 'cleared', by: 'admin' })
  })
})

describe('history', () => {
  beforeEach(() => {
    for (let n = 0; n < 25; n++) {
      port.clock = MONDAY + n * 1000
      port.alarmDesk.raise(alarm({ id: `a${n}`, severity: n % 2 === 0 ? 'major' : 'minor' }))
    }
  })

  test('goes back page by page, newest first, without gap or repeat', async () => {
    const seen: number[] = []
    let before: number | null = null
    do {
      const { body } = await call('GET', `/api/v1/alarms/history?limit=10${before ? `&before=${before}` : ''}`)
      const page = body as { events: { sequence: number }[]; next: number | null }
      seen.push(...page.events.map(({ sequence }) => sequence))
      before = page.next
    } while (before !== null)
    expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => 25 - n))
  })

  test('filters by time in both notations, kind, severity, phone and alarm', async () => {
    const found = async (query: string) =>
      ((await call('GET', `/api/v1/alarms/history?${query}`)).body as { events: [] }).events.length
    expect(await found(`from=${MONDAY + 20_000}`)).toBe(5)
    expect(await found('to=2026-03-02T09:00:05Z')).toBe(5)
    expect(await found('to=2026-03-02T10:00:05%2B01:00')).toBe(5)
    expect(await found('kind=cleared')).toBe(0)
    expect(await found('severity=major')).toBe(13)
    expect(await found('mac=00908f000001')).toBe(25)
    expect(await found('id=a3')).toBe(1)
  })

  test.each([
    ['from=yesterday', '"from" must be milliseconds'],
    ['from=2026-02-31T99:00:00Z', '"from" must be milliseconds'],
    ['from=5&to=5', '"from" must be before "to".'],
    ['kind=nothing', '"kind" must be any of raised, changed'],
    ['limit=1001', '"limit" must be a whole number from 1 to 1000.'],
    ['before=-1', '"before" must be a whole number'],
  ])('refuses %s', async (query, detail) => {
    for (const path of ['history', 'history/export']) {
      const { status, body } = await call('GET', `/api/v1/alarms/${path}?${query}`)
      expect({ status, says: (body as { detail: string }).detail.includes(detail) }).toEqual({
        status: 400,
        says: true,
      })
    }
  })
})

describe('export', () => {
  const EVIL = `=HYPERLINK("http://evil.example","x"),\r\n"quoted"\u0000\u001b[31m`

  test('CSV is one row for each, whatever phones write, and no formula', async () => {
    port.alarmDesk.raise(alarm({ description: EVIL, additionalInfo: ['+1', '@x', '-2'] }))
    for (let n = 0; n < 450; n++) port.alarmDesk.raise(alarm({ id: `a${n}` }))
    const response = await visitor.get('/api/v1/alarms/export')
    expect(response.headers.get('Content-Type')).toBe('text/csv; charset=utf-8')
    expect(response.headers.get('Content-Disposition')).toBe('attachment; filename="alarms.csv"')
    const rows = parse(await response.text(), { columns: true, bom: true }) as Record<string, string>[]
    expect(rows).toHaveLength(451)
    const row = rows.find(({ id }) => id === ID)
    expect(row).toMatchObject({ severity: 'critical', mac: '00:90:8f:00:00:01', raisedAt: '2026-03-02T08:59:59.000Z' })
    expect(row?.description).toBe(`'=HYPERLINK("http://evil.example","x"),\r\n"quoted"  [31m`)
    expect([row?.info1, row?.info2, row?.info3]).toEqual(["'+1", "'@x", "'-2"])
  })

  test('JSON is the same data, unchanged, also with no row at all', async () => {
    const get = async (path: string) => (await visitor.get(path)).json()
    expect(await get('/api/v1/alarms/export?format=json')).toEqual([])
    port.alarmDesk.raise(alarm({ description: EVIL }))
    expect(await get('/api/v1/alarms/export?format=json')).toEqual(port.alarmRows)
    expect(await get('/api/v1/alarms/history/export?format=json')).toEqual(port.alarmDesk.events)
    expect((await visitor.get('/api/v1/alarms/export?format=xml')).status).toBe(400)
  })

  test('the whole history, beyond one page', async () => {
    for (let n = 0; n < 2345; n++) port.alarmDesk.raise(alarm({ id: `a${n}` }))
    const response = await visitor.get('/api/v1/alarms/history/export?format=csv')
    const rows = parse(await response.text(), { columns: true, bom: true }) as Record<string, string>[]
    expect(rows.map(({ sequence }) => Number(sequence))).toEqual(Array.from({ length: 2345 }, (_, n) => 2345 - n))
  })
})

describe('maintenance windows', () => {
  const WINDOW = { title: 'New switch', scope: '', from: MONDAY, to: '2026-03-02T11:00:00Z' }

  test('are made, changed, listed and removed', async () => {
    const made = await call('POST', '/api/v1/alarms/maintenance', WINDOW)
    expect(made).toMatchObject({
      status: 201,
      body: { title: 'New switch', to: MONDAY + 7_200_000, by: 'command line' },
    })
    const { id } = made.body as { id: string }
    const path = `/api/v1/alarms/maintenance/${id}`
    expect((await call('PUT', path, { ...WINDOW, title: 'Old switch' })).body).toMatchObject({
      id,
      title: 'Old switch',
    })
    expect((await call('GET', '/api/v1/alarms/maintenance')).body).toMatchObject({ rows: [{ title: 'Old switch' }] })
    expect((await call('DELETE', path)).status).toBe(204)
    expect((await call('DELETE', path)).status).toBe(404)
    expect((await call('PUT', path, WINDOW)).status).toBe(404)
  })

  test('say which field is wrong', async () => {
    const { status, body } = await call('POST', '/api/v1/alarms/maintenance', { title: '', from: 5, to: 5 })
    expect(status).toBe(422)
    expect(body).toMatchObject({ errors: [{ field: 'title' }, { field: 'to', message: 'It ends before it begins.' }] })
    for (const odd of [{ from: 'soon' }, { to: null }, { weekly: 'yes' }])
      expect((await call('POST', '/api/v1/alarms/maintenance', { ...WINDOW, ...odd })).status).toBe(400)
  })
})
