// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { Backups } from '#daemon/backup/backups'
import { messageRows } from '#daemon/message-catalogue'
import { Alarms } from '#daemon/services/alarms/alarms'
import { put } from '#daemon/store/store'
import { contacts } from '#daemon/store/tables'
import { freshStore } from '#test/support/store'
import { listen, location, type Site, signedIn, type Visitor } from './client.ts'
import { MemoryPort, PASSWORD } from './memory-port.ts'

const KEY = /(?:[0-9A-Z]{4}-){7}[0-9A-Z]{4}/

let site: Site
let visitor: Visitor
let backups: Backups
let passes: boolean
let change: () => Promise<unknown>

beforeEach(async () => {
  const dataFolder = await mkdtemp(join(tmpdir(), 'offhook-web-backup-'))
  const store = await freshStore()
  const port = new MemoryPort()
  const now = () => port.clock
  passes = true
  backups = new Backups({
    ...{ store, now, dataFolder, configFile: undefined, version: '0.1.0', host: '<b>host</b>' },
    ...{ alarms: new Alarms(store, now, () => {}), announce: () => {} },
    onFault: (error) => {
      throw error
    },
    vaultKey: async () => Buffer.alloc(32, 1),
    settings: () => ({ enabled: true, schedule: '30 2 * * *', keepDays: 14, timeZone: 'UTC' }),
    rehearse: async () => ({
      ok: passes,
      seconds: 3,
      checks: [{ name: 'phones boot', ok: passes, detail: '<script>5 of 5</script>' }],
    }),
  })
  await backups.start()
  const contact = { id: 'c', name: 'Ann' } as never
  change = () => store.commit([put(contacts, 'c', contact)], { durable: false })
  site = await listen(Object.assign(port, { backup: backups, messages: messageRows() }))
  visitor = await signedIn(site)
  onTestFinished(async () => {
    await site.close()
    await backups.stop()
    await rm(dataFolder, { recursive: true, force: true })
    expect(site.faults).toEqual([])
  })
})

async function made(): Promise<string> {
  const answer = await visitor.submit('/backup', '/backup/make')
  expect(answer.status).toBe(303)
  return location(answer)
}

describe('the Backup page', () => {
  test('says what to do when there is none, makes one, and shows it with what restoring it would lose', async () => {
    expect(await visitor.page('/backup')).toContain('No backup yet')
    const path = await made()
    expect(path).toMatch(/^\/backup\/of\/offhook-\d+T\d+Z\.backup$/)
    await change()
    const page = await visitor.page(path)
    expect(page).toContain('Offhook 0.1.0 on &lt;b&gt;host&lt;/b&gt;')
    expect(page).toMatch(/contacts[\s\S]*1/)
    expect(await visitor.page('/backup')).toContain('went well')
  })

  test('checks and rehearses one; a rehearsal that fails is shown as failed, and what it said is only text', async () => {
    const path = await made()
    await visitor.submit(path, `${path}/verify`)
    expect(await visitor.page(path)).toContain('every checksum is right')
    passes = false
    await visitor.submit(path, `${path}/rehearse`)
    const page = await visitor.page(path)
    expect(page).toContain('&lt;script&gt;5 of 5')
    expect(page).toContain('Failed')
  })

  test('gives the file and the recovery key only for the password, and only by POST', async () => {
    const path = await made()
    const asked = await visitor.page(`${path}/download`)
    expect(asked).toContain('Your password')
    const wrong = await visitor.submit(`${path}/download`, `${path}/download`, { password: 'not it' })
    expect(wrong.status).toBe(422)
    const file = await visitor.submit(`${path}/download`, `${path}/download`, { password: PASSWORD })
    expect(file.headers.get('content-disposition')).toContain('.backup')
    expect(Buffer.from(await file.arrayBuffer()).toString('latin1')).toMatch(/^OFFHOOK-BACKUP 1\n/)
    expect(await visitor.page('/backup')).toContain('Nobody has looked at the recovery key')
    const keyPath = '/backup/recovery-key'
    expect(await visitor.page(keyPath)).not.toMatch(KEY)
    const shown = await visitor.submit(keyPath, keyPath, { password: PASSWORD })
    expect(await shown.text()).toMatch(KEY)
    expect(await visitor.page('/backup')).not.toContain('Nobody has looked')
    expect(shown.headers.get('cache-control')).toBe('no-store')
  })

  test.each(['nothing', '..%2f..%2fetc%2fpasswd', 'vault-key', '%00'])('there is no backup called %s', async (name) => {
    expect((await visitor.get(`/backup/of/${name}`)).status).toBe(404)
    expect((await visitor.get(`/backup/of/${name}/download`)).status).toBe(404)
  })
})

describe('/api/v1/backups', () => {
  const post = async (path: string, body: object = {}) => {
    const csrf = /name="csrf" value="([^"]+)"/.exec(await visitor.page('/backup'))?.[1] ?? ''
    return visitor.post(path, { ...body, csrf })
  }

  test('is for those who signed in', async () => {
    for (const path of ['', '/x/since']) expect((await fetch(`${site.url}/api/v1/backups${path}`)).status).toBe(401)
    expect((await fetch(`${site.url}/api/v1/backups`, { method: 'POST' })).status).toBe(401)
  })

  test('lists, and refuses what it does not know', async () => {
    const name = (await made()).split('/').at(-1) ?? ''
    const list = await (await visitor.get('/api/v1/backups')).json()
    expect(list).toMatchObject({ keepDays: 14, hasPassphrase: false, rows: [{ name, why: 'on demand' }] })
    expect((await visitor.get('/api/v1/backups/none/since')).status).toBe(404)
    expect((await post('/api/v1/backups', { why: 'for fun' })).status).toBe(400)
    expect((await post('/api/v1/backups/..%2f..%2fetc/verify')).status).toBe(404)
    expect(await (await post(`/api/v1/backups/${name}/verify`)).json()).toMatchObject({ ok: true })
    expect((await visitor.get(`/api/v1/backups/${name}/since`)).status).toBe(200)
  })
})

test('log messages are found by any of their words, and what is searched for is only text', async () => {
  const page = await visitor.page('/messages?text=backup%20disk')
  expect(page).not.toContain('daemon.ready')
  expect(await visitor.page('/messages')).toContain('daemon.ready')
  expect(await visitor.page('/messages?text=%3Cscript%3E')).toContain('No such message')
})
