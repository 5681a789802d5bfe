// SPDX-License-Identifier: Apache-2.0
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { NEW, OLD, virtualFleet } from '#test/services/rollouts/fleet-of-virtual-phones'
import { listen, location, type Site, signedIn, type Visitor } from './client.ts'
import { MemoryPort } from './memory-port.ts'

let site: Site
let visitor: Visitor
let fleet: Awaited<ReturnType<typeof virtualFleet>>
let port: MemoryPort

beforeEach(async () => {
  fleet = await virtualFleet(20)
  port = new MemoryPort()
  site = await listen(Object.assign(port, { rollouts: fleet.daemon.rollouts }))
  visitor = await signedIn(site)
  onTestFinished(() => site.close())
})

async function api(path: string, body?: object | string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${site.url}/api/v1/rollouts${path}`, {
    ...(body !== undefined && { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) }),
    headers: { Authorization: `Bearer ${port.localToken}`, 'Content-Type': 'application/json' },
  })
  return { status: response.status, body: await response.json() }
}

const FORM = {
  ...{ image: NEW, image2: '', image3: '', where: 'system', restart: '1', shares: '10, 100', soakMinutes: '5' },
  ...{ patienceMinutes: '10', tolerancePercent: '2', batch: '5', delay: '0', from: '', to: '' },
}

async function post(fields: Record<string, string>): Promise<Response> {
  const csrf = /name="csrf" value="([^"]+)"/.exec(await visitor.page('/rollouts/new'))?.[1] ?? ''
  return visitor.post('/rollouts/new', { csrf, ...fields })
}

test('programs plan, begin, look, halt, go back', async () => {
  const draft = { images: [NEW], shares: [10, 100], soakMinutes: 5, patienceMinutes: 10, seed: 'x' }
  const plan = await api('?dryRun=true', draft)
  expect(plan).toMatchObject({
    status: 200,
    body: {
      size: 20,
      stages: [
        { name: 'Canary', size: 2 },
        { name: '100 %', size: 18 },
      ],
    },
  })
  expect((await api('')).body).toEqual({ rows: [] })
  const begun = await api('', { ...draft, window: { from: '22:00', to: '05:00' } })
  expect(begun).toMatchObject({ status: 201, body: { state: 'running', window: { from: 1320, to: 300 } } })
  const { id } = begun.body as { id: string }
  const { canaries } = plan.body as { canaries: { mac: string }[] }
  const first = (await api(`/${id}/phones?pageSize=2`)).body as { rows: { mac: string; verdict: string }[] }
  expect(first.rows.map(({ mac }) => mac).sort()).toEqual(canaries.map(({ mac }) => mac).sort())
  expect(await api(`/${id}`)).toMatchObject({ body: { reached: 2, size: 20, turns: ['halt', 'cancel'] } })
  expect(await api(`/${id}/go-back`, '{}')).toMatchObject({ status: 409 })
  expect(await api(`/${id}/halt`, '{}')).toMatchObject({ body: { state: 'halted', reason: 'command line halted it' } })
  expect(await api(`/${id}/go-back`, '{}')).toMatchObject({ status: 200, body: { state: 'returning' } })
})

test.each([
  [422, { images: [OLD] }],
  [422, { images: [] }],
  [422, { images: [NEW], shares: [50] }],
  [400, { images: NEW }],
  [400, { images: [1] }],
  [400, { images: [NEW], shares: ['x'] }],
  [400, { images: [NEW], restart: 'yes' }],
  [400, { images: [NEW], seed: 'x'.repeat(65) }],
  [400, { images: [NEW], window: { from: '25:00', to: '1:00' } }],
  [400, { images: [NEW], soakMinutes: '5' }],
  [422, { images: [NEW], tolerancePercent: 51 }],
])('a program is told %i for %j', async (status, body) => {
  expect((await api('', body)).status).toBe(status)
  expect((await api('?dryRun=true', body)).status).toBe(status)
  expect(fleet.daemon.rollouts.list()).toEqual([])
})

test('what is not there is not found', async () => {
  expect([(await api('/nothing')).status, (await api('/nothing/phones')).status]).toEqual([404, 404])
  expect((await api('/nothing/halt', '{}')).status).toBe(409)
  expect((await visitor.get('/rollouts/nothing')).status).toBe(404)
  expect((await visitor.get('/rollouts/nothing/halt')).status).toBe(404)
})

test('an admin sees the plan first; another number of phones than was shown is shown again', async () => {
  const seen = await (await post(FORM)).text()
  expect(seen).toContain('440HD 2.2.12.1 → 2.2.16.7 on 20 phones in System?')
  expect(seen).toContain('Stage Canary: 2 phones')
  expect(seen).toContain('at Berlin/Mitte')
  expect(fleet.daemon.rollouts.list()).toEqual([])
  expect((await post({ ...FORM, seen: '19' })).status).toBe(200)
  expect(fleet.daemon.rollouts.list()).toEqual([])
  const hidden = [...seen.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)]
  const begun = await visitor.post('/rollouts/new', Object.fromEntries(hidden.map(([, name, value]) => [name, value])))
  const path = location(begun)
  expect(await visitor.page(path)).toContain('0 of 20 phones have the new image')
  expect(await visitor.page('/rollouts')).toContain(`href="${path}"`)
  expect(await visitor.page(`${path}/halt`)).toContain('No further phone gets the new image.')
  await visitor.submit(`${path}/halt`, `${path}/halt`)
  expect(await visitor.page(path)).toContain('admin halted it')
  expect((await visitor.get(`${path}/halt`)).status).toBe(303)
  await visitor.submit(`${path}/cancel`, `${path}/cancel`)
  expect(await visitor.page(path)).toContain('Cancelled')
})

test.each([
  ['image', { image: '' }],
  ['image', { image: OLD }],
  ['shares', { shares: '<script>' }],
  ['from', { from: '22:00', to: '' }],
  ['batch', { batch: '0' }],
])('a wrong %s is said beside its field', async (_, fields) => {
  const answer = await post({ ...FORM, ...fields })
  expect(answer.status).toBe(422)
  expect(await answer.text()).not.toContain('<script>')
})
