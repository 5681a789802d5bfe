// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { withAttempt } from '#daemon/domain/command'
import { listen, location, type Site, signedIn, Visitor } from './client.ts'
import { MemoryPort, mac, phone } from './memory-port.ts'

const MAC = mac('00908f123456')
const PAGE = `/devices/${MAC}`
const API = `/api/v1/devices/${MAC}/commands`

let port: MemoryPort
let site: Site
let visitor: Visitor

beforeEach(async () => {
  port = new MemoryPort()
  port.fleet.put(phone(MAC, { displayName: 'Anna Arnold' }))
  site = await listen(port)
  visitor = await signedIn(site)
})
afterEach(async () => {
  await site.close()
  expect(site.faults).toEqual([])
})

describe('the pages', () => {
  test('a command is asked about first, and then told', async () => {
    expect(await visitor.page(PAGE)).toContain(`href="${PAGE}/commands/restart"`)
    const question = await visitor.page(`${PAGE}/commands/restart`)
    expect(question).toContain('A call on it is cut off.')
    expect(question).toContain('Anna Arnold')
    const answer = await visitor.submit(`${PAGE}/commands/restart`, `${PAGE}/commands/restart`)
    expect([answer.status, location(answer)]).toEqual([303, PAGE])
    const page = await visitor.page(PAGE)
    expect(page).toContain('The phone is being told to restart.')
    expect(port.commands.of(MAC)).toMatchObject([{ kind: 'restart', by: 'admin' }])
    expect(page).toContain('Waiting')
  })

  test('what was tried and answered stays on the phone’s page', async () => {
    await port.commands.submit(MAC, { kind: 'factory reset' }, 'bert')
    const [row] = port.commands.rows
    const attempt = {
      way: 'sip',
      at: port.clock,
      outcome: 'not accepted',
      detail: 'it answered 489 Bad Event',
    } as const
    if (row) row.command = withAttempt(row.command, attempt)
    expect(await visitor.page(PAGE)).toContain('SIP: it answered 489 Bad Event')
  })

  test('a message is written, judged and sent', async () => {
    const path = `${PAGE}/commands/message`
    const empty = await visitor.submit(path, path, { text: ' ' })
    expect(empty.status).toBe(422)
    expect((await visitor.submit(path, path, { text: 'Lunch' })).status).toBe(303)
    expect(port.commands.of(MAC)).toMatchObject([{ kind: 'message', text: 'Lunch' }])
  })

  test('what waits can be cancelled, once', async () => {
    await port.commands.submit(MAC, { kind: 'restart' }, 'anna')
    const path = `${PAGE}/commands/cancel`
    await visitor.submit(`${path}?id=c0`, path)
    expect(await visitor.page(PAGE)).toContain('Cancelled')
    await visitor.submit(`${path}?id=c0`, path)
    expect(await visitor.page(PAGE)).toContain('It was too late')
  })

  test('a refusal is said on the phone’s page', async () => {
    port.commands.refusal = '3 commands wait for this phone already.'
    await visitor.submit(`${PAGE}/commands/check`, `${PAGE}/commands/check`)
    expect(await visitor.page(PAGE)).toContain('3 commands wait for this phone already.')
  })

  test.each(['/devices/00908f999999/commands/restart', `${PAGE}/commands/explode`, '/devices/x/commands/message'])(
    '%s is not there',
    async (path) => {
      expect((await visitor.get(path)).status).toBe(404)
    },
  )

  test('hostile texts are shown as text', async () => {
    await port.commands.submit(MAC, { kind: 'message', text: '<script>alert(1)</script>' }, '<b>me</b>')
    const page = await visitor.page(PAGE)
    expect(page).not.toContain('<script>alert')
    expect(page).not.toContain('<b>me')
  })

  test('without our form, nothing is told', async () => {
    expect((await visitor.post(`${PAGE}/commands/restart`, {})).status).toBe(403)
    expect((await new Visitor(site).post(`${PAGE}/commands/restart`, {})).status).not.toBe(200)
    expect(port.commands.of(MAC)).toEqual([])
  })
})

describe('the API', () => {
  const local = { Authorization: 'Bearer a-local-token', 'Content-Type': 'application/json' }
  const ask = (path: string, init: RequestInit = {}) => fetch(site.url + path, { ...init, headers: local })
  const tell = (body: object) => ask(API, { method: 'POST', body: JSON.stringify(body) })

  test('tells, lists and cancels', async () => {
    const told = await tell({ kind: 'restart' })
    expect([told.status, await told.json()]).toMatchObject([202, { id: 'c0', state: 'waiting', by: 'command line' }])
    expect(await (await ask(API)).json()).toMatchObject({ rows: [{ id: 'c0' }] })
    expect((await ask(`${API}/c0`, { method: 'DELETE' })).status).toBe(204)
    expect((await ask(`${API}/c0`, { method: 'DELETE' })).status).toBe(409)
  })

  test('says what is wrong', async () => {
    expect((await tell({ kind: 'explode' })).status).toBe(400)
    expect((await tell({ kind: 7 })).status).toBe(400)
    port.commands.refusal = 'It is told to restart already.'
    const refused = await tell({ kind: 'restart' })
    expect(refused.status).toBe(422)
    expect(await refused.text()).toContain('It is told to restart already.')
    expect((await ask('/api/v1/devices/x/commands')).status).toBe(400)
  })
})
