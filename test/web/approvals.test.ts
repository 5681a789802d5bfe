// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { offerLocalApi } from '#daemon/cli/local-api'
import { phoneCommand } from '#daemon/cli/phone'
import { newPhone, type Phone } from '#daemon/domain/phone'
import { Approvals } from '#daemon/services/approvals'
import { phoneMatches } from '#daemon/services/fleet-view'
import { put } from '#daemon/store/store'
import { phones, users } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import { cliIo, type Told } from '#test/support/cli'
import { peopleWith } from '#test/support/people'
import { listen, location, type Site, signedIn, type Visitor } from './client.ts'
import { MemoryPort, phone } from './memory-port.ts'

const [FIRST, SECOND, UC] = ['00908f000001', '00908f000002', '00908f000003'] as [Mac, Mac, Mac]

let site: Site
let visitor: Visitor
let port: MemoryPort
let house: Awaited<ReturnType<typeof peopleWith>>

beforeEach(async () => {
  house = await peopleWith()
  const { store, scopes, people } = house
  port = new MemoryPort()
  const approvals = new Approvals({
    ...{ store, scopes, users: people, commands: port.commands, announce: () => {}, matches: phoneMatches },
    presenceOf: () => 'not registered',
  })
  const records: Phone[] = [
    { ...newPhone(FIRST, 1), model: '440HD', reportedAt: 5 },
    { ...newPhone(SECOND, 2), model: '420HD' },
    { ...newPhone(UC, 3), model: '430HD', firmware: 'UC_2.0.13.121', reportedAt: 9 },
  ]
  await store.commit(
    records.map((record) => put(phones, record.mac, record)),
    { durable: false },
  )
  for (const { mac, ...record } of records) port.fleet.put(phone(mac, record))
  site = await listen(Object.assign(port, { approvals, scopes, users: people }))
  visitor = await signedIn(site)
  onTestFinished(() => site.close())
})

function stored(mac: Mac): Phone | undefined {
  return house.store.get(phones, mac)?.value
}

async function token(path: string): Promise<string> {
  return /name="csrf" value="([^"]+)"/.exec(await visitor.page(path))?.[1] ?? ''
}

/** As a browser sends several checked boxes. */
async function choose(path: string, macs: readonly string[], fields: Record<string, string> = {}): Promise<Response> {
  const body = new URLSearchParams({ csrf: await token('/approvals'), ...fields })
  for (const mac of macs) body.append('mac', mac)
  const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  const headers = { Origin: site.url, Cookie: cookie }
  return fetch(site.url + path, { method: 'POST', body, headers, redirect: 'manual' })
}

describe('the list', () => {
  test('has those that wait, seen last first, and where their address puts them', async () => {
    const html = await visitor.page('/approvals')
    const order = [UC, FIRST, SECOND].map((mac) => html.indexOf(`value="${mac}"`))
    expect(order.every((at) => at > 0)).toBe(true)
    expect(order).toEqual(order.toSorted((a, b) => a - b))
    expect(html).toContain('people sign in on the phone')
  })

  test('lets the chosen ones in, into a region, and has those that run restart', async () => {
    const answer = await choose('/approvals/approve', [FIRST, SECOND, 'x'], { region: 'm' })
    expect([answer.status, location(answer)]).toEqual([303, '/approvals'])
    expect([FIRST, SECOND, UC].map((mac) => stored(mac)?.approval)).toEqual(['approved', 'approved', 'pending'])
    expect([stored(FIRST)?.scope, stored(SECOND)?.scope]).toEqual(['m', 'm'])
    expect(port.commands.rows.map(({ mac, command }) => [mac, command.kind])).toEqual([[FIRST, 'restart']])
    expect(await visitor.page('/approvals')).toContain('Let in: 2 phones.')
  })

  test('keeps phones out, and has them wait again', async () => {
    await choose('/approvals/reject', [UC])
    expect(stored(UC)?.approval).toBe('rejected')
    expect(await visitor.page('/approvals?show=rejected')).toContain(`value="${UC}"`)
    await choose('/approvals/readmit', [UC])
    expect(stored(UC)?.approval).toBe('pending')
  })

  test('says when none was chosen, and when all had changed', async () => {
    await choose('/approvals/approve', [])
    expect(await visitor.page('/approvals')).toContain('Choose at least one phone.')
    await choose('/approvals/approve', [FIRST])
    await choose('/approvals/approve', [FIRST])
    expect(await visitor.page('/approvals')).toContain('1 had changed meanwhile.')
  })

  test('an unknown region lets nobody in', async () => {
    await choose('/approvals/approve', [FIRST], { region: 'gone' })
    expect(stored(FIRST)?.approval).toBe('pending')
  })
})

describe('one phone', () => {
  const path = `/devices/${FIRST}/approve`

  test('is let in with a new user, whose password nobody sees again', async () => {
    const fields = { name: 'Anna', displayName: 'Anna Arnold', phoneNumber: '4711', region: 'b', password: 's3cret' }
    const answer = await visitor.submit(path, path, fields)
    expect([answer.status, location(answer)]).toEqual([303, `/devices/${FIRST}`])
    expect(stored(FIRST)).toMatchObject({ approval: 'approved', owner: 'anna', ownerFrom: 'admin' })
    const user = house.store.get(users, 'anna')?.value
    expect(user).toMatchObject({ displayName: 'Anna Arnold', region: 'b' })
    expect(user?.sipPassword).not.toContain('s3cret')
    expect(await visitor.page(path)).not.toContain('s3cret')
  })

  test('is given to a user who is known', async () => {
    await visitor.submit(path, path, { name: 'anna' })
    const other = `/devices/${SECOND}/approve`
    expect((await visitor.submit(other, other, { name: 'ANNA' })).status).toBe(303)
    expect(stored(SECOND)).toMatchObject({ approval: 'approved', owner: 'anna' })
  })

  test('is let in without a user', async () => {
    expect((await visitor.submit(path, path, {})).status).toBe(303)
    expect(stored(FIRST)).toMatchObject({ approval: 'approved', owner: '' })
  })

  test('a user that cannot be is said beside its field, and nothing happens', async () => {
    const answer = await visitor.submit(path, path, { name: 'a b', password: 's3cret' })
    expect(answer.status).toBe(422)
    expect(await answer.text()).toContain('holds a blank')
    expect(stored(FIRST)?.approval).toBe('pending')
  })

  test('is kept out after a question', async () => {
    const reject = `/devices/${FIRST}/reject`
    expect((await visitor.submit(reject, reject)).status).toBe(303)
    expect(stored(FIRST)?.approval).toBe('rejected')
  })

  test('that nobody knows is not found, and forged forms do nothing', async () => {
    expect((await visitor.get('/devices/00908f999999/approve')).status).toBe(404)
    expect((await visitor.post(path, { name: 'eve' })).status).toBe(403)
    expect((await visitor.post('/approvals/approve', { mac: FIRST })).status).toBe(403)
    expect(stored(FIRST)?.approval).toBe('pending')
  })
})

describe('the API', () => {
  const ask = async (path: string, body?: object) => {
    const headers = { Authorization: 'Bearer a-local-token', 'Content-Type': 'application/json' }
    const method = body ? 'POST' : 'GET'
    const init = { method, headers, ...(body && { body: JSON.stringify(body) }) }
    const response = await fetch(`${site.url}/api/v1/approvals${path}`, init)
    return { status: response.status, body: (await response.json()) as object }
  }

  test('lists, approves by region’s name, rejects', async () => {
    expect(await ask('?pageSize=1')).toMatchObject({ body: { total: 3, pageCount: 3, rows: [{ mac: UC }] } })
    expect(await ask('/approve', { macs: [FIRST], region: 'Berlin/Mitte' })).toEqual({
      status: 200,
      body: { changed: 1, unchanged: 0 },
    })
    expect(stored(FIRST)?.scope).toBe('m')
    expect(await ask('/reject', { macs: [SECOND] })).toMatchObject({ body: { changed: 1 } })
    expect(await ask(`/${UC}`, { name: 'bert', password: 'x' })).toMatchObject({ body: { owner: 'bert' } })
  })

  test('says what is wrong', async () => {
    expect((await ask('/approve', { macs: [] })).status).toBe(400)
    expect((await ask('/approve', { macs: ['x'] })).status).toBe(400)
    expect((await ask('/approve', { macs: [FIRST], region: 'Atlantis' })).status).toBe(422)
    expect((await ask(`/${UC}`, { name: '' })).status).toBe(422)
    expect((await ask('/00908f999999', { name: 'bert' })).status).toBe(404)
    expect((await ask('?show=all')).status).toBe(400)
    expect(stored(FIRST)?.approval).toBe('pending')
  })
})

describe('the command line', () => {
  async function run(...args: string[]): Promise<Told> {
    const folder = await mkdtemp(join(tmpdir(), 'offhook-cli-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    await offerLocalApi(folder, { url: `${site.url}/`, token: port.localToken })
    const told = { out: '', err: '', code: 0 }
    const io = cliIo(told)
    await phoneCommand(io).parseAsync([...args, '--data', folder], { from: 'user' })
    return told
  }

  test('lists, lets in and rejects', async () => {
    expect((await run('waiting')).out.split('\n')[0]).toMatch(/^00:90:8f:00:00:03 {2}430HD/)
    expect(JSON.parse((await run('waiting', '--json')).out)).toHaveLength(3)
    expect(await run('approve', '00:90:8F:00:00:01', SECOND, '--region', 'Mitte')).toMatchObject({
      out: '2 changed, 0 unknown or as wanted already.\n',
    })
    expect(await run('approve', UC, '--user', 'carla')).toMatchObject({
      out: '00:90:8f:00:00:03 is let in for carla.\n',
    })
    expect(stored(UC)?.owner).toBe('carla')
    expect((await run('waiting')).out).toBe('No phone waits.\n')
    await run('reject', FIRST)
    expect((await run('waiting', '--rejected')).out).toContain('00:90:8f:00:00:01')
  })

  test('tells phones, and shows what came of it', async () => {
    expect(await run('restart', FIRST, SECOND)).toMatchObject({ code: 0 })
    await run('message', FIRST, 'Lunch')
    expect((await run('commands', FIRST)).out).toMatch(/message: waiting, wanted by command line/)
    expect(JSON.parse((await run('commands', FIRST, '--json')).out)).toHaveLength(2)
  })

  test('says what is wrong, with exit code 1', async () => {
    expect(await run('approve', 'x')).toMatchObject({ code: 1, err: 'offhook: "x" is no MAC address\n' })
    expect(await run('approve', FIRST, '--region', 'Atlantis')).toMatchObject({ code: 1 })
    expect(await run('approve', FIRST, '--user', 'a b')).toMatchObject({ code: 1 })
  })
})
