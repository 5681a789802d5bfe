// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import type { CliIo } from '#daemon/cli/io'
import { offerLocalApi } from '#daemon/cli/local-api'
import { exportCommand, importCommand } from '#daemon/cli/people'
import { userCommand } from '#daemon/cli/user'
import { phones, users } from '#daemon/store/tables'
import { peopleWith } from '#test/support/people'
import { listen, type Site, signedIn, type Visitor } from './client.ts'
import { MemoryPort } from './memory-port.ts'

let site: Site
let house: Awaited<ReturnType<typeof peopleWith>>
let port: MemoryPort

beforeEach(async () => {
  house = await peopleWith()
  port = Object.assign(new MemoryPort(), { scopes: house.scopes, users: house.people, peopleFiles: house.files })
  site = await listen(port)
  onTestFinished(() => site.close())
})

interface Answer {
  readonly status: number
  readonly type: string
  readonly body: Record<string, unknown> & { readonly errors?: readonly { readonly field: string }[] }
}

/** As a command on this machine asks. */
async function ask(
  method: string,
  path: string,
  body?: object | string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const type = typeof body === 'string' ? 'text/csv' : 'application/json'
  const response = await fetch(`${site.url}/api/v1/${path}`, {
    method,
    headers: { Authorization: `Bearer ${port.localToken}`, ...(body && { 'Content-Type': type }), ...headers },
    ...(body && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  const text = await response.text()
  const mime = response.headers.get('Content-Type') ?? ''
  return {
    status: response.status,
    type: mime,
    body: mime.includes('json') && !mime.includes('ndjson') ? JSON.parse(text) : { text },
  }
}

describe('scopes', () => {
  test('are listed with their paths, read with what uses them, added, changed and removed', async () => {
    const { body } = await ask('GET', 'scopes')
    expect(body.rows).toMatchObject([
      { path: 'Berlin', level: 'region' },
      { path: 'Berlin/Mitte', level: 'site' },
    ])
    const added = await ask('POST', 'scopes', {
      name: 'Hof',
      kind: 'site',
      parent: 'berlin/mitte',
      subnets: ['10.3.0.0/16'],
    })
    expect(added).toMatchObject({
      status: 201,
      body: { path: 'Berlin/Mitte/Hof', version: 1, subnets: ['10.3.0.0/16'] },
    })
    const { id } = added.body
    expect(await ask('GET', 'scopes/m')).toMatchObject({ body: { use: { scopes: ['Berlin/Mitte/Hof'], users: 0 } } })
    const change = { name: 'Hinterhof', kind: 'site', parent: 'b', version: 1 }
    expect(await ask('PUT', `scopes/${id}`, change)).toMatchObject({ status: 200, body: { path: 'Berlin/Hinterhof' } })
    expect(await ask('PUT', `scopes/${id}`, change)).toMatchObject({ status: 409 })
    expect(await ask('DELETE', `scopes/${id}?version=1`)).toMatchObject({ status: 409 })
    expect(await ask('DELETE', `scopes/${id}?version=2`)).toMatchObject({ status: 204 })
    expect(await ask('GET', `scopes/${id}`)).toMatchObject({ status: 404, type: 'application/problem+json' })
  })

  test.each([
    [422, 'POST', 'scopes', { name: '' }],
    [422, 'POST', 'scopes', { name: 'x', parent: 'Atlantis' }],
    [422, 'POST', 'scopes', { name: 'x', subnets: ['10.0.0.0'] }],
    [422, 'POST', 'scopes', { name: 'x'.repeat(30_000) }],
    [400, 'POST', 'scopes', { name: 'x', subnets: '10.0.0.0/8' }],
    [400, 'POST', 'scopes', { name: 7 }],
    [400, 'POST', 'scopes', { name: 'x', kind: 'system' }],
    [400, 'POST', 'scopes', { name: 'x', kind: '__proto__' }],
    [400, 'PUT', 'scopes/m', { name: 'x' }],
    [404, 'PUT', 'scopes/system', { name: 'x', version: 0 }],
    [400, 'DELETE', 'scopes/m', undefined],
    [404, 'GET', 'scopes/__proto__', undefined],
    [413, 'POST', 'scopes', { name: 'x'.repeat(100_000) }],
  ])('%i: %s %s %j', async (status, method, path, body) => {
    expect(await ask(method, path, body)).toMatchObject({ status, type: 'application/problem+json' })
    expect(house.scopes.tree().size).toBe(2)
    expect(site.faults).toEqual([])
  })
})

describe('users', () => {
  test('are added, found, changed, given phones and removed; no answer ever holds a password', async () => {
    const added = await ask('PUT', 'users/Anna', { displayName: 'Anna', region: 'Mitte', password: 's3cret' })
    expect(added).toMatchObject({ status: 201, body: { name: 'anna', regionPath: 'Berlin/Mitte', hasPassword: true } })
    const given = await ask('POST', 'users/anna/devices', { mac: '00:90:8f:00:00:01', model: '420HD' })
    expect(given).toMatchObject({ status: 200, body: { owner: 'anna', approval: 'approved' } })
    const stored = house.store.get(phones, '00908f000001')
    if (stored) port.fleet.put(stored.value)
    const device = await (await signedIn(site)).get('/api/v1/devices/00908f000001')
    expect(await device.json()).toMatchObject({ place: { scope: 'm', path: 'Berlin/Mitte', why: 'user' } })
    const { body } = await ask('GET', 'users/anna')
    expect(body).toMatchObject({ devices: 1, phones: [{ mac: '00908f000001', presence: 'seen' }] })
    expect(await ask('GET', 'users?text=00908f0000&region=Berlin')).toMatchObject({ body: { total: 1 } })
    expect(await ask('GET', 'users?region=system&pageSize=1&page=9')).toMatchObject({ body: { total: 1, page: 1 } })
    const stale = { revision: Number(body.revision) - 1 }
    expect(await ask('PUT', 'users/anna', stale)).toMatchObject({ status: 409 })
    const changed = await ask('PUT', 'users/anna', { revision: body.revision, phoneNumber: '4711' })
    expect(changed).toMatchObject({ status: 200, body: { region: '', hasPassword: true, phoneNumber: '4711' } })
    expect(JSON.stringify([added, body, changed])).not.toMatch(/s3cret|v1:|sipPassword/)
    expect(await ask('DELETE', 'users/anna/devices/00908f000001')).toMatchObject({ status: 204 })
    expect(await ask('DELETE', 'users/anna/devices/00908f000001')).toMatchObject({ status: 404 })
    expect(await ask('DELETE', `users/anna?revision=${changed.body.revision}`)).toMatchObject({ status: 204 })
    expect(await ask('GET', 'users/anna')).toMatchObject({ status: 404 })
  })

  test.each([
    [422, 'PUT', `users/${encodeURIComponent('a b')}`, {}, 'name'],
    [422, 'PUT', 'users/anna', { lineUri: 'x' }, 'lineUri'],
    [422, 'PUT', 'users/anna', { password: 'a\nb' }, 'password'],
    [422, 'PUT', 'users/anna', { region: 'Atlantis' }, undefined],
    [400, 'PUT', 'users/anna', { displayName: ['x'] }, undefined],
    [400, 'PUT', 'users/anna', { revision: '1' }, undefined],
    [409, 'PUT', 'users/anna', { revision: 1 }, undefined],
    [409, 'POST', 'users/anna/devices', { mac: '00908f000001' }, undefined],
    [400, 'GET', 'users?page=0', undefined, undefined],
    [400, 'GET', 'users?pageSize=201', undefined, undefined],
    [400, 'GET', `users?text=${'x'.repeat(101)}`, undefined, undefined],
    [422, 'GET', 'users?region=Atlantis', undefined, undefined],
  ])('%i: %s %s %j', async (status, method, path, body, field) => {
    const answer = await ask(method, path, body)
    expect(answer).toMatchObject({ status, type: 'application/problem+json' })
    expect(answer.body.errors?.[0]?.field).toBe(field)
    expect(house.store.count(users)).toBe(0)
    expect(site.faults).toEqual([])
  })

  test('need a session or the local token, and a session’s token to change anything', async () => {
    for (const path of ['users', 'scopes', 'people/export']) {
      expect((await fetch(`${site.url}/api/v1/${path}`)).status).toBe(401)
      const wrong = { Authorization: 'Bearer x' }
      expect((await fetch(`${site.url}/api/v1/${path}`, { headers: wrong })).status).toBe(401)
    }
    const visitor: Visitor = await signedIn(site)
    expect((await visitor.get('/api/v1/users')).status).toBe(200)
    expect((await visitor.post('/api/v1/scopes', { name: 'x' })).status).toBe(403)
    expect((await visitor.post('/api/v1/people/import', { name: 'x' })).status).toBe(403)
    expect(house.scopes.tree().size).toBe(2)
  })
})

describe('files', () => {
  const FILE = 'Name,Password,Region,Device 1 MAC Address\nanna,s3cret,Mitte,00908f000001\nben,,Atlantis,\n'

  test('are tried, taken with progress, and given back', async () => {
    const dry = await ask('POST', 'people/import?dryRun=true', FILE)
    expect(dry).toMatchObject({ status: 200, body: { dryRun: true, users: { added: 1 }, rejected: [{ line: 3 }] } })
    expect(house.store.count(users)).toBe(0)
    const lines = await ask('POST', 'people/import?createRegions=true', FILE, { Accept: 'application/x-ndjson' })
    const said = String(lines.body.text)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(said).toEqual([
      { done: 2, whole: 2 },
      { report: expect.objectContaining({ regions: ['Atlantis'], rejected: [] }) },
    ])
    const { body } = await ask('GET', 'people/export?region=Mitte')
    expect(body.text).toContain('\r\nanna,,anna,Berlin/Mitte,')
    expect(body.text).not.toMatch(/ben|s3cret|v1:/)
  })

  test.each([
    [415, 'people/import', {}],
    [400, 'people/import?dryRun=perhaps', 'Name\nx\n'],
    [413, 'people/import', 'x'.repeat(16 * 2 ** 20 + 1)],
  ])('%i: %s', async (status, path, body) => {
    expect(await ask('POST', path, body)).toMatchObject({ status, type: 'application/problem+json' })
    expect(await ask('POST', 'people/import', 'Name\nanna\n')).toMatchObject({ status: 200 })
    expect(site.faults).toEqual([])
  })
})

describe('the command line', () => {
  async function run(
    command: (io: CliIo) => { parseAsync(args: string[], from: { from: 'user' }): Promise<unknown> },
    ...args: string[]
  ) {
    const folder = await mkdtemp(join(tmpdir(), 'offhook-cli-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    await offerLocalApi(folder, { url: `${site.url}/`, token: port.localToken })
    const said = { out: '', err: '', code: 0, folder }
    const io: CliIo = {
      stdout: (text) => {
        said.out += text
      },
      stderr: (text) => {
        said.err += text
      },
      setExitCode: (code) => {
        said.code = code
      },
      ...{ terminal: false, environment: {}, pid: 1, signal: new AbortController().signal },
      ...{ onHangup: () => {}, onFault: () => {} },
    }
    await command(io).parseAsync([...args, '--data', folder], { from: 'user' })
    return said
  }

  async function file(text: string): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'offhook-file-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    await writeFile(join(folder, 'people.csv'), text)
    return join(folder, 'people.csv')
  }

  test('offhook import says what it would do and what it did; exit code 1 for a rejected row', async () => {
    const path = await file('Name,Region,Colour\nanna,Mitte,\nb c,,\n')
    const dry = await run(importCommand, path, '--dry-run', '--json')
    expect(JSON.parse(dry.out)).toMatchObject({ dryRun: true, users: { added: 1 }, rejected: [{ line: 3 }] })
    expect(dry.code).toBe(1)
    expect(house.store.count(users)).toBe(0)
    const { out } = await run(importCommand, path)
    expect(out).toBe(
      'Done:\n  users    1 added, 0 changed, 0 as they were\n' +
        '  devices  0 added, 0 moved, 0 changed, 0 as they were\nColumns that were not read: Colour\nRejected: 1\n' +
        '  line 3: name: The user name holds a blank or one of \\ / " \' < > ; , % ? # &.\n',
    )
    expect((await run(importCommand, join(path, 'no'))).code).toBe(1)
  })

  test('offhook export writes for its owner only, and never over a file', async () => {
    await run(importCommand, await file('Name\nanna\n'))
    expect((await run(exportCommand)).out).toContain('anna,,anna,')
    const target = join((await run(exportCommand)).folder, 'out.csv')
    await run(exportCommand, '--output', target)
    expect(await readFile(target, 'utf8')).toContain('anna,,anna,')
    expect((await stat(target)).mode & 0o777).toBe(0o600)
    expect(await run(exportCommand, '--output', target)).toMatchObject({
      code: 1,
      err: expect.stringContaining('EEXIST'),
    })
    expect(await run(exportCommand, '--region', 'Atlantis')).toMatchObject({
      code: 1,
      err: expect.stringContaining('Atlantis'),
    })
  })

  test('offhook user add, list, show, remove', async () => {
    const secret = await file('s3cret\n')
    const args = [
      'add',
      'Anna',
      '--region',
      'Mitte',
      '--number',
      '4711',
      '--password-file',
      secret,
      '--device',
      '00908f000001',
    ]
    expect(await run(userCommand, ...args)).toMatchObject({
      code: 0,
      out: 'Added Anna.\nGave it the phone 00908f000001.\n',
    })
    const { sipPassword = '' } = house.store.get(users, 'anna')?.value ?? {}
    expect(house.vault.open(sipPassword, 'user/anna/sip')).toBe('s3cret')
    const listed = await run(userCommand, 'list', '--region', 'Berlin')
    expect(listed.out).toMatch(
      /^NAME +DISPLAY NAME +LINE +REGION +PHONES \(REGISTERED\)\nanna +Anna +4711 +Berlin\/Mitte +1 \(0\)\n$/,
    )
    const shown = await run(userCommand, 'show', 'anna')
    expect(shown.out).toMatch(/SIP password +set\n.*Phone 00:90:8f:00:00:01 {2}seen\n$/s)
    expect(await run(userCommand, 'add', 'anna')).toMatchObject({ code: 1, err: expect.stringContaining('already') })
    expect((await run(userCommand, 'remove', 'anna')).out).toBe('Removed anna. 1 of its phones are nobody’s now.\n')
    expect(await run(userCommand, 'show', 'anna')).toMatchObject({ code: 1, err: 'offhook: There is no such user.\n' })
  })
})
