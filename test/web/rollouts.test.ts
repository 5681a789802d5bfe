// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { offerLocalApi } from '#daemon/cli/local-api'
import { rolloutCommand } from '#daemon/cli/rollout'
import { NEW, OLD, virtualFleet } from '#test/services/rollouts/fleet-of-virtual-phones'
import { cliIo, type Told } from '#test/support/cli'
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

describe('the command line', () => {
  async function run(...args: string[]): Promise<Told> {
    const folder = await mkdtemp(join(tmpdir(), 'offhook-cli-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    await offerLocalApi(folder, { url: `${site.url}/`, token: port.localToken })
    const told = { out: '', err: '', code: 0 }
    await rolloutCommand(cliIo(told)).parseAsync([...args, '--data', folder], { from: 'user' })
    return told
  }

  const DRAFT = [NEW.toUpperCase(), '--shares', '10,100', '--soak', '5', '--patience', '10', '--seed', 'x']

  test('plans, begins, lists, shows, halts, continues, goes back, cancels', async () => {
    expect((await run('list')).out).toBe('There is no rollout.\n')
    const plan = (await run('begin', ...DRAFT, '--dry-run')).out
    expect(plan).toMatch(/^440HD 2\.2\.12\.1 to 2\.2\.16\.7 on 20 phones in System\n {2}stage Canary: 2 phones\n/)
    expect(plan.match(/^ {2}first 00908f/gm)).toHaveLength(2)
    expect((await run('list')).out).toBe('There is no rollout.\n')

    const more = ['--where', 'system', '--tolerance', '3', '--batch', '7', '--delay', '0', '--keep-running', '--json']
    const begun = JSON.parse((await run('begin', ...DRAFT, ...more, '--from', '22:00', '--to', '05:00')).out)
    expect(begun).toMatchObject({
      ...{ state: 'running', batch: 7, delay: 0, restart: false, window: { from: 1320, to: 300 } },
      limits: { soakMinutes: 5, patienceMinutes: 10, tolerancePercent: 3 },
    })
    const { id } = begun as { id: string }
    await fleet.daemon.rollouts.tick()
    const line = `${id}  440HD 2.2.12.1 to 2.2.16.7 in System by command line: running in stage Canary`
    expect((await run('list')).out).toBe(`${line}, 2 of 20 phones reached, 0 with the new version\n`)
    const shown = (await run('show', id)).out
    expect(shown).toContain('\n  2 under way\n')
    expect(shown).toContain('command line: Begun. Stage Canary begins.\n')
    expect((await run('halt', id)).out).toContain('halted in stage Canary: command line halted it\n')
    expect((await run('continue', id)).out).toContain('running in stage Canary\n')
    const early = await run('back', id)
    expect([early.code, early.out]).toEqual([1, ''])
    expect(early.err).toContain('not in a state for that')
    await run('halt', id)
    expect((await run('back', id)).out).toContain('returning in stage Canary')
    await fleet.daemon.rollouts.tick()
    expect(JSON.parse((await run('show', id, '--json')).out)).toMatchObject({ state: 'returned' })
    const other = JSON.parse((await run('begin', ...DRAFT, '--json')).out) as { id: string }
    expect((await run('cancel', other.id)).out).toContain('cancelled')
  })

  test('what is wrong is said, and nothing is begun', async () => {
    const old = await run('begin', OLD)
    expect([old.code, old.err]).toMatchObject([1, expect.stringContaining('gets there already')])
    const nowhere = await run('begin', NEW, '--where', 'Atlantis')
    expect([nowhere.code, nowhere.out]).toEqual([1, ''])
    expect((await run('show', '../users')).code).toBe(1)
    expect(fleet.daemon.rollouts.list()).toEqual([])
  })
})
