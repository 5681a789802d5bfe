// SPDX-License-Identifier: Apache-2.0
import { afterEach, beforeEach, expect, test } from 'vitest'
import { secretPlace } from '#daemon/domain/provisioning/level-settings'
import type { Draft } from '#daemon/domain/provisioning/revision'
import { levels } from '#daemon/store/tables'
import {
  draftOf,
  levelChange,
  macAt,
  populate,
  settings,
  type World,
  world,
} from '#test/services/provisioning/changes/world'
import { listen, type Site, signedIn } from './client.ts'
import { MemoryPort } from './memory-port.ts'

let office: World
let site: Site

class Port extends MemoryPort {
  readonly changes = office.desk
}

beforeEach(async () => {
  office = await world()
  await populate(office.store, 3)
  site = await listen(new Port())
})
afterEach(() => site.close())

async function save(draft: Draft, by = 'anna', why = ''): Promise<number> {
  const { hash } = await office.desk.preview(draft)
  const applied = await office.desk.apply(draft, hash, by, why)
  if (applied.kind !== 'done') throw new Error(applied.kind)
  return applied.revision.sequence
}

test('the history says who changed what and why, is narrowed by both, and shows no secret', async () => {
  const sealed = { P: office.vault.seal('hush-hush', secretPlace('system', 'P')) }
  await save(
    draftOf(levelChange('system', settings({ sealed, lines: 'a/b=1\nsystem/password=in-clear\n' }))),
    'anna',
    'It <b>had</b> to be',
  )
  await save({ ...draftOf(levelChange('user/u1', settings({ lines: 'a/b=2' }))), summary: 'Only for u1' }, 'bea')
  const visitor = await signedIn(site)
  const list = await visitor.page('/changes')
  expect(list).toContain('It &lt;b&gt;had&lt;/b&gt; to be')
  expect(list.indexOf('Only for u1')).toBeLessThan(list.indexOf('Try something'))
  expect(await visitor.page('/changes?by=bea')).not.toContain('Try something')
  expect(await visitor.page('/changes?text=only+FOR')).not.toContain('Try something')
  const one = await visitor.page('/changes/1')
  expect(one).toContain('a/b=1')
  expect(one).toContain('3 phones got another file')
  expect(one).not.toMatch(/hush-hush|in-clear|v1:/)
  expect((await visitor.get('/changes/99')).status).toBe(404)
  expect(site.faults).toEqual([])
})

test('a change is taken back by way of a preview, and that is a change, too', async () => {
  await save(draftOf(levelChange('system', settings({ lines: 'a/b=1' }))))
  const visitor = await signedIn(site)
  const review = await visitor.page('/changes/1/restore')
  expect(review).toContain('3 phones will change')
  expect(review).toContain('<code>a/b=1</code>')
  expect(review).toContain(`/devices/${macAt(0)}`)
  const done = await visitor.submit('/changes/1/restore', '/changes/1/restore', { why: 'too much' })
  expect([done.status, done.headers.get('Location')]).toEqual([303, '/changes'])
  expect(office.store.get(levels, 'system')).toBeUndefined()
  expect(office.history.get(2)).toMatchObject({ why: 'too much', by: 'admin', phones: 3 })
})

test('who is second is told, loses nothing, and sees the new preview', async () => {
  await save(draftOf(levelChange('system', settings({ lines: 'a/b=1' }))))
  const visitor = await signedIn(site)
  const page = await visitor.page('/changes/1/restore')
  const fields = Object.fromEntries(
    [...page.matchAll(/name="(csrf|hash)" value="([^"]*)"/g)].map(([, n = '', v = '']) => [n, v]),
  )
  await save(draftOf(levelChange('system', settings({ lines: 'a/b=1\nc/d=2' }))), 'bea')
  const answer = await visitor.post('/changes/1/restore', { ...fields, step: 'save', why: 'my reason' })
  expect(answer.status).toBe(409)
  const text = await answer.text()
  expect(text).toContain('something changed since you looked')
  expect(text).toContain('value="my reason"')
  expect(text).toContain('c/d=2')
  expect(text).toContain('by bea (change 2)')
})

test('programs get a preview first, and save with its hash', async () => {
  await save(draftOf(levelChange('system', settings({ lines: 'a/b=1' }))))
  const token = new MemoryPort().localToken
  const call = async (path: string, body?: object) => {
    const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' }
    const init = body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) }
    const response = await fetch(`${site.url}/api/v1/changes${path}`, init)
    return { status: response.status, body: await response.json() }
  }
  expect(await call('?subject=settings')).toMatchObject({ body: { total: 1, rows: [{ sequence: 1, by: 'anna' }] } })
  expect(await call('?subject=template')).toMatchObject({ body: { total: 0 } })
  expect(await call('/1')).toMatchObject({ body: { records: [{ deed: 'made', table: 'levels', key: 'system' }] } })
  const { body } = await call('/1/restore', {})
  expect(body).toMatchObject({ saved: false, preview: { changed: 3 } })
  expect(await call('/1/restore', { hash: 'another' })).toMatchObject({
    status: 409,
    body: { preview: { changed: 3 } },
  })
  const saved = await call('/1/restore', { hash: body.preview.hash, why: 'x'.repeat(501) })
  expect(saved).toMatchObject({ status: 422, body: { errors: [{ field: 'why' }] } })
  expect(await call('/1/restore', { hash: body.preview.hash })).toMatchObject({ body: { saved: true } })
  expect((await call('/77')).status).toBe(404)
})

test('placeholders are told by who asks for them and who sets them', async () => {
  const lines = 'a/b=%ITCS_Asked%\nc/d=%ITCS_Nowhere%\n;#if Tested = 1\n;#endif'
  await save(draftOf(levelChange('system', settings({ lines, values: { Asked: '1', Idle: '2', Tested: '1' } }))))
  await save(draftOf(levelChange('user/u1', settings({ values: { Asked: '2' } }))))
  const headers = { Authorization: `Bearer ${new MemoryPort().localToken}` }
  const answer = await fetch(`${site.url}/api/v1/placeholders`, { headers })
  const { rows } = await answer.json()
  expect(rows).toContainEqual({
    name: 'Asked',
    usedBy: ['system'],
    setBy: expect.arrayContaining(['system', 'user u1']),
    state: 'used',
  })
  const stateOf = (name: string) => rows.find((row: { name: string }) => row.name === name)?.state
  expect(['Idle', 'Nowhere', 'Tested', 'mac', 'Line1Id', 'ServerIP'].map(stateOf)).toEqual([
    ...['unused', 'unset', 'used'],
    ...[stateOf('mac'), 'used', stateOf('ServerIP')],
  ])
  const visitor = await signedIn(site)
  expect(await visitor.page('/placeholders?state=unset')).toContain('Nowhere')
  expect(await visitor.page('/placeholders?state=unset')).not.toContain('Idle')
})
