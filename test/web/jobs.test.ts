// SPDX-License-Identifier: Apache-2.0

import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { jobCommand } from '#daemon/cli/job'
import { offerLocalApi } from '#daemon/cli/local-api'
import { type Command, withState } from '#daemon/domain/command'
import { newPhone } from '#daemon/domain/phone'
import { Jobs, type Teller } from '#daemon/services/jobs/jobs'
import { put } from '#daemon/store/store'
import { phones } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import { cliIo, type Told } from '#test/support/cli'
import { freshStore } from '#test/support/store'
import { listen, location, type Site, signedIn, type Visitor } from './client.ts'
import { MemoryPort, phone } from './memory-port.ts'

const MACS = Array.from({ length: 12 }, (_, n) => `00908f0000${n.toString(16).padStart(2, '0')}` as Mac)

let site: Site
let visitor: Visitor
let port: MemoryPort
let jobs: Jobs

/** Takes every command; no phone ever does one. */
class Patience implements Teller {
  readonly #commands = new Map<Mac, Command[]>()
  of(mac: Mac): readonly Command[] {
    return this.#commands.get(mac) ?? []
  }
  async submitAs(...[mac, { kind, text = '' }, by, { id, expiresAt }]: Parameters<Teller['submitAs']>) {
    const command: Command = {
      ...{ id, kind, text, by, at: 1, since: 1, expiresAt },
      state: 'waiting',
      reason: '',
      attempts: [],
    }
    this.#commands.set(mac, [...this.of(mac), command])
    return { kind: 'saved' as const, value: command }
  }
  async cancel(mac: Mac, id: string) {
    const found = this.of(mac).find((one) => one.id === id)
    if (!found) return { kind: 'conflict' as const }
    const value = withState(found, 'cancelled', 2)
    this.#commands.set(mac, [value])
    return { kind: 'saved' as const, value }
  }
}

beforeEach(async () => {
  const store = await freshStore()
  port = new MemoryPort()
  for (const mac of MACS) {
    await store.commit([put(phones, mac, newPhone(mac, 0))], { durable: false })
    port.fleet.put(phone(mac, { displayName: `<b>${mac}</b>`, approval: mac === MACS[11] ? 'pending' : 'approved' }))
  }
  const onFault = (error: unknown) => {
    throw error
  }
  jobs = new Jobs({
    store,
    teller: new Patience(),
    now: () => port.clock,
    random: randomBytes,
    announce: () => {},
    onFault,
  })
  await jobs.start()
  site = await listen(Object.assign(port, { jobs }))
  visitor = await signedIn(site)
  onTestFinished(async () => {
    await site.close()
    await jobs.stop()
  })
})

async function token(): Promise<string> {
  return /name="csrf" value="([^"]+)"/.exec(await visitor.page('/jobs/new'))?.[1] ?? ''
}

const USUAL = {
  kind: 'restart',
  batch: '5',
  delay: '60',
  retries: '0',
  expiry: '24',
  text: '',
  presence: '',
  message: '',
}

/** Fills in, looks, and begins. */
async function begin(fields: Record<string, string> = {}): Promise<string> {
  const seen = await visitor.post('/jobs/new', { csrf: await token(), ...USUAL, ...fields })
  const hidden = [...(await seen.text()).matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)]
  const begun = await visitor.post('/jobs/new', Object.fromEntries(hidden.map(([, name, value]) => [name, value])))
  expect(begun.status).toBe(303)
  return location(begun)
}

async function settled(id: string, sent: number): Promise<void> {
  const signal = AbortSignal.timeout(5_000)
  while (jobs.get(id)?.progress.sent !== sent) {
    signal.throwIfAborted()
    await jobs.tick()
  }
}

describe('the pages', () => {
  test('an admin sees what will happen before it does, and only phones that were let in are told', async () => {
    const seen = await visitor.post('/jobs/new', { csrf: await token(), ...USUAL })
    const page = await seen.text()
    expect(page).toContain('Restart on 11 phones?')
    expect(page).toContain('after 2 minutes')
    expect(page).toContain('and 3 more')
    expect(page).not.toContain('<b>')
    expect(jobs.list()).toEqual([])
    const path = await begin()
    const id = path.slice('/jobs/'.length)
    await settled(id, 5)
    const job = await visitor.page(path)
    expect(job).toContain('0 done, 11 to go')
    expect(job).not.toContain('<b>')
    expect(await visitor.page('/jobs')).toContain('Restart on 11 phones')
  })

  test('the phones that were shown are those that are told, once', async () => {
    const seen = await visitor.post('/jobs/new', { csrf: await token(), ...USUAL })
    const hidden = [...(await seen.text()).matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)]
    const fields = Object.fromEntries(hidden.map(([, name, value]) => [name, value])) as Record<string, string>
    port.fleet.put(phone('00908f0000ff' as Mac, { approval: 'approved' }))
    const begun = await visitor.post('/jobs/new', fields)
    expect(jobs.get(location(begun).slice('/jobs/'.length))?.job.size).toBe(11)
    expect(location(await visitor.post('/jobs/new', fields))).toBe('/jobs/new')
    expect(jobs.list()).toHaveLength(1)
  })

  test('phones come out of a file, and rows that name none are shown with their lines', async () => {
    const form = new FormData()
    for (const [name, value] of Object.entries({ csrf: await token(), ...USUAL })) form.append(name, value)
    const rows = `mac\n${MACS[0]}\nnobody\n00908fffffff\n${MACS[11]}\n${'#\n'.repeat(40_000)}${MACS[1]}\n`
    form.append('file', new Blob([rows], { type: 'text/csv' }), 'phones.csv')
    const page = await (await visitor.upload('/jobs/new', form)).text()
    expect(page).toContain('Restart on 2 phones?')
    expect(page).toContain('Line 3 is left out: “nobody” is no MAC address.')
    expect(page).toContain('Line 4 is left out: no phone 00908fffffff has been seen.')
    expect(page).toContain('Line 5 is left out: 00908f00000b was not let in.')
  })

  test('a schedule, a quiet time and a limit for each place are said before it begins', async () => {
    const fields = { startAt: '2099-01-02T03:04', from: '22:00', to: '5:30', perSite: '2', delay: '' }
    const seen = await (await visitor.post('/jobs/new', { csrf: await token(), ...USUAL, ...fields })).text()
    expect(seen).toMatch(/Not before [^<]*2099/)
    expect(seen).toContain('Only between 22:00 and 05:30 where the phone is')
    expect(seen).toContain('At most 2 at work in one place')
    const job = jobs.get((await begin(fields)).slice('/jobs/'.length))?.job
    const startAt = Date.UTC(2099, 0, 2, 3, 4)
    expect(job).toMatchObject({
      startAt,
      state: 'scheduled',
      window: { from: 1320, to: 330 },
      perSite: 2,
      delay: 120_000,
    })
  })

  test('filters choose phones, as on the list of devices', async () => {
    expect(await visitor.page(`/devices?text=${MACS[3]}`)).toContain(`href="/jobs/new?text=${MACS[3]}"`)
    const path = await begin({ text: MACS[3] ?? '' })
    expect(jobs.get(path.slice('/jobs/'.length))?.job.size).toBe(1)
  })

  test('a job is stopped, continued and cancelled', async () => {
    const path = await begin()
    const id = path.slice('/jobs/'.length)
    await settled(id, 5)
    await visitor.submit(path, `${path}/stop`)
    expect(await visitor.page(path)).toContain('No further phone is told.')
    await visitor.submit(path, `${path}/continue`)
    expect(jobs.get(id)?.job.state).toBe('running')
    await visitor.submit(`${path}/cancel`, `${path}/cancel`)
    expect(await visitor.page(path)).toContain('Cancelled')
    expect((await visitor.post(`${path}/stop`, { csrf: await token() })).status).toBe(303)
    expect(await visitor.page(path)).toContain('not in a state for that')
  })

  test('phones are listed by state, and as a file', async () => {
    const path = await begin()
    await settled(path.slice('/jobs/'.length), 5)
    expect((await visitor.page(`${path}?state=sent`)).match(/href="\/devices\/00908f/g)).toHaveLength(5)
    const file = await visitor.get(`${path}/export`)
    expect(file.headers.get('Content-Type')).toContain('text/csv')
    expect((await file.text()).trim().split('\r\n')).toHaveLength(12)
  })

  test.each([
    ['batch', { batch: '0' }],
    ['delay', { delay: 'x' }],
    ['text', { text: 'nobody' }],
    ['message', { kind: 'message' }],
    ['from', { from: '25:00', to: '5:00' }],
    ['startAt', { startAt: '2099-02-30T00:00' }],
    ['kind', { kind: 'set language', language: 'German' }],
    ['template', { kind: 'set template', template: 'nowhere' }],
  ])('a wrong %s is said beside its field', async (_, fields) => {
    const first = await visitor.post('/jobs/new', { csrf: await token(), ...USUAL, seen: '11', ...fields })
    expect(first.status).toBe(422)
    expect(jobs.list()).toEqual([])
  })

  test('what is not there is not found, and forged forms do nothing', async () => {
    expect((await visitor.get('/jobs/nothing')).status).toBe(404)
    expect((await visitor.get('/jobs/nothing/export')).status).toBe(404)
    expect((await visitor.post('/jobs/new', { ...USUAL, seen: '11' })).status).toBe(403)
    expect(jobs.list()).toEqual([])
  })
})

describe('the API and the command line', () => {
  async function run(...args: string[]): Promise<Told> {
    const folder = await mkdtemp(join(tmpdir(), 'offhook-cli-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    await offerLocalApi(folder, { url: `${site.url}/`, token: port.localToken })
    await writeFile(join(folder, 'macs'), `# first floor\n${MACS[0]}\n00:90:8f:00:00:01\n\n`)
    const told = { out: '', err: '', code: 0 }
    const io = cliIo(told)
    const all = args.map((arg) => arg.replace('{folder}', folder))
    await jobCommand(io).parseAsync([...all, '--data', folder], { from: 'user' })
    return told
  }

  test('begin, list, show, stop, cancel, results', async () => {
    const begun = await run('begin', 'restart', MACS[4] ?? '', '--file', '{folder}/macs', '--batch', '2', '--json')
    const { id, size } = JSON.parse(begun.out) as { id: string; size: number }
    expect(size).toBe(3)
    await settled(id, 2)
    expect((await run('list')).out).toBe(
      `${id}  restart on 3 phones by command line: running, 0 done, 0 failed, 0 skipped, 3 to go\n`,
    )
    expect((await run('stop', id)).out).toContain('stopped')
    expect(JSON.parse((await run('show', id, '--json')).out)).toMatchObject({ state: 'stopped', progress: { sent: 2 } })
    expect((await run('cancel', id)).out).toContain('cancelled')
    expect((await run('results', id)).out).toContain(`${MACS[4]},`)
  })

  const api = (query: string, init: RequestInit) =>
    fetch(`${site.url}/api/v1/jobs${query}`, {
      ...init,
      method: 'POST',
      headers: { Authorization: `Bearer ${port.localToken}`, ...init.headers },
    })

  test('a file of more than 64 KB begins a job, and what is wrong in it is told with its lines', async () => {
    const body = `${'# a comment that makes it long\n'.repeat(5_000)}${MACS.join('\n')}\nnobody\n`
    const csv = { body, headers: { 'Content-Type': 'text/csv' } }
    const tried = await api('?kind=restart&dryRun=true', csv)
    expect([tried.status, await tried.json()]).toMatchObject([200, { kind: 'restart', size: 11, rejectedCount: 2 }])
    expect(jobs.list()).toEqual([])
    const begun = await api('?kind=restart&perSite=3&from=22:00&to=05:00', csv)
    expect([begun.status, await begun.json()]).toMatchObject([
      201,
      {
        ...{ size: 11, perSite: 3, window: { from: 1320, to: 300 }, rejectedCount: 2 },
        rejected: [
          { line: 5012, reason: '00908f00000b was not let in' },
          { line: 5013, reason: '“nobody” is no MAC address' },
        ],
      },
    ])
  })

  test('a filter chooses phones; one that is not understood chooses none', async () => {
    const json = (body: object) => ({ body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } })
    const begun = await api('', json({ kind: 'restart', filter: { text: MACS[3] } }))
    expect([begun.status, await begun.json()]).toMatchObject([201, { size: 1 }])
    for (const filter of [{ txet: 'x' }, { presence: 'asleep' }, { approval: 'maybe' }, [], 'all']) {
      expect((await api('', json({ kind: 'restart', filter }))).status).toBe(400)
    }
    expect(
      (
        await api('?kind=reset%20passwords&value=given&password=x', {
          body: 'x',
          headers: { 'Content-Type': 'text/csv' },
        })
      ).status,
    ).toBe(400)
    expect(jobs.list()).toHaveLength(1)
  })

  test('what is wrong is said, with exit code 1', async () => {
    expect(await run('begin', 'explode', MACS[0] ?? '')).toMatchObject({ code: 1 })
    expect(await run('begin', 'restart', 'x')).toMatchObject({
      code: 1,
      err: 'offhook: "x" (number 1) is no MAC address\n',
    })
    expect(await run('begin', 'restart')).toMatchObject({ code: 1 })
    expect(await run('show', 'nothing')).toMatchObject({ code: 1, err: 'offhook: There is no such job.\n' })
    expect(await run('stop', 'nothing')).toMatchObject({ code: 1 })
  })
})
