// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, onTestFinished, test } from 'vitest'
import type { Draft } from '#daemon/domain/provisioning/revision'
import { PhoneSettings } from '#daemon/services/directory/phone-settings'
import { NO_REGIONS } from '#daemon/services/directory/regions'
import { Scopes } from '#daemon/services/scopes/scopes'
import { Vault } from '#daemon/services/vault'
import { levels, revisions, templates } from '#daemon/store/tables'
import {
  draftOf,
  levelChange,
  macAt,
  phoneOf,
  populate,
  served,
  settings,
  templateChange,
  type World,
  world,
} from './world.ts'

const line = (lines: string) => draftOf(levelChange('system', settings({ lines })))

async function save({ desk }: World, draft: Draft, by = 'anna', why = '') {
  const { hash } = await desk.preview(draft)
  const applied = await desk.apply(draft, hash, by, why)
  if (applied.kind !== 'done') throw new Error(applied.kind)
  return applied.revision
}

test('of two admins the second is told, and gets the preview of what it would do now', async () => {
  const w = await world()
  await populate(w.store, 3)
  const [first, second] = [await w.desk.preview(line('a/b=1')), await w.desk.preview(line('a/b=2'))]
  expect(await w.desk.apply(line('a/b=1'), first.hash, 'anna', '')).toMatchObject({ kind: 'done' })
  const told = await w.desk.apply(line('a/b=2'), second.hash, 'bea', '')
  if (told.kind !== 'moved') throw new Error(told.kind)
  expect(told.preview.groups[0]?.lines).toEqual([
    { sign: '-', text: 'a/b=1' },
    { sign: '+', text: 'a/b=2' },
  ])
  expect(w.store.get(levels, 'system')?.value.lines).toBe('a/b=1')
  expect(await w.desk.apply(line('a/b=2'), told.preview.hash, 'bea', '')).toMatchObject({ kind: 'done' })
})

test('what somebody else did elsewhere is no reason to ask again, unless it changes the outcome', async () => {
  const w = await world()
  await populate(w.store, 3)
  const { hash } = await w.desk.preview(line('a/b=1'))
  await save(w, draftOf(levelChange('user/u1', settings({ lines: 'c/d=1' }))))
  expect(await w.desk.apply(line('a/b=1'), hash, 'anna', '')).toMatchObject({ kind: 'done' })
  const next = await w.desk.preview(line('a/b=%ITCS_A%'))
  await save(w, draftOf(levelChange('user/u1', settings({ values: { A: 'other' } }))))
  expect(await w.desk.apply(line('a/b=%ITCS_A%'), next.hash, 'anna', '')).toMatchObject({ kind: 'moved' })
})

test('a double click saves once', async () => {
  const w = await world()
  await populate(w.store, 1)
  const { hash } = await w.desk.preview(line('a/b=1'))
  const [one, other] = await Promise.all([1, 2].map(() => w.desk.apply(line('a/b=1'), hash, 'anna', '')))
  expect([one?.kind, other?.kind].sort()).toEqual(['done', 'moved'])
  expect(w.store.count(revisions)).toBe(1)
})

test('an invented hash, an empty draft, and a reason that is too long save nothing', async () => {
  const w = await world()
  expect(await w.desk.apply(line('a/b=1'), 'x', 'anna', '')).toMatchObject({ kind: 'moved' })
  expect(await w.desk.apply(draftOf(), 'x', 'anna', '')).toMatchObject({ kind: 'refused' })
  const { hash } = await w.desk.preview(line('a/b=1'))
  for (const why of ['x'.repeat(501), 'a\u0000b']) {
    expect(await w.desk.apply(line('a/b=1'), hash, 'anna', why)).toMatchObject({ errors: [{ field: 'why' }] })
  }
  const bad: Draft = { ...line('a/b=1'), notes: [{ tone: 'error', text: 'No phone takes it.', where: '' }] }
  expect(await w.desk.apply(bad, hash, 'anna', '')).toMatchObject({ errors: [{ message: 'No phone takes it.' }] })
  expect([w.store.count(levels), w.store.count(revisions)]).toEqual([0, 0])
})

test('the way back leads to the same files, byte by byte', async () => {
  const w = await world()
  await populate(w.store, 2)
  const before = await served(w, macAt(1))
  const shipped = w.provisioning.renderer.templates.get('audiocodes-sip')
  if (!shipped) throw new Error('not shipped')
  const changed = { ...shipped, global: 'all/new=1\n', private: `${shipped.private}\nown/new=%ITCS_mac%` }
  const { sequence } = await save(
    w,
    draftOf(templateChange(changed), levelChange('system', settings({ lines: 'a/b=1' }))),
  )
  expect(await served(w, macAt(1))).not.toBe(before)
  const restored = w.desk.restore(sequence)
  if (restored.kind !== 'draft') throw new Error(restored.kind)
  await save(w, restored.draft)
  expect(await served(w, macAt(1))).toBe(before)
  expect(w.store.get(templates, 'audiocodes-sip')).toBeUndefined()
  // And back again: the revision of the restoration is one like any other.
  const again = w.desk.restore(sequence + 1)
  if (again.kind !== 'draft') throw new Error(again.kind)
  await save(w, again.draft)
  expect(w.store.get(templates, 'audiocodes-sip')?.value.global).toBe('all/new=1\n')
})

test('a way back past later changes says whose it undoes; trees and people have ways of their own', async () => {
  const w = await world()
  await populate(w.store, 1)
  const { sequence } = await save(w, line('a/b=1'))
  await save(w, line('a/b=2'), 'bea')
  expect(w.desk.restore(sequence)).toMatchObject({ draft: { notes: [{ text: expect.stringContaining('by bea') }] } })
  const phone = await save(w, draftOf({ table: 'phones', key: macAt(0), value: phoneOf(0, { label: 'Lobby' }) }))
  expect(w.desk.restore(phone.sequence)).toMatchObject({ kind: 'impossible' })
  expect(w.desk.restore(99)).toEqual({ kind: 'unknown' })
})

test('the history keeps so many and no older ones, and goes on counting after a restart', async () => {
  const w = await world({ settings: { revisions: 10, days: 100 } })
  for (let i = 1; i <= 14; i++) await save(w, line(`a/b=${i}`))
  const all = { subject: '', by: '', text: '', page: 1, pageSize: 50 }
  expect(w.desk.revisions(all).rows.map(({ sequence }) => sequence)).toEqual([14, 13, 12, 11, 10, 9, 8, 7, 6, 5])
  expect(w.desk.revisions({ ...all, subject: 'settings/system' }).total).toBe(10)
  expect(w.desk.revisions({ ...all, subject: 'settings/other' }).total).toBe(0)
  w.clock.now += 101 * 86_400_000
  await save(w, line('a/b=new'))
  expect(w.desk.revisions(all)).toMatchObject({ total: 1, rows: [{ sequence: 15 }] })
  await w.close()
  const again = await world({ folder: w.folder, vault: w.vault })
  expect(await save(again, line('a/b=newer'))).toMatchObject({ sequence: 16 })
})

test('kill -9 between preview and saving loses the preview only; what was saved stays with its history', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-killed-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const key = randomBytes(32)
  const vault = new Vault()
  vault.unlock(key)
  const first = await world({ folder, vault })
  await populate(first.store, 3)
  await first.close()
  const hash = await killed([folder, key.toString('hex'), 'a/b=1', 'preview'])
  const second = await world({ folder, vault })
  expect([second.store.count(levels), second.store.count(revisions)]).toEqual([0, 0])
  expect(await second.desk.apply(line('a/b=1'), hash, 'anna', '')).toMatchObject({ kind: 'done' })
  await second.close()
  await killed([folder, key.toString('hex'), 'a/b=2', 'save'])
  const third = await world({ folder, vault })
  expect(third.store.get(levels, 'system')?.value.lines).toBe('a/b=2')
  expect(third.desk.revisions({ subject: '', by: '', text: '', page: 1, pageSize: 9 }).total).toBe(2)
}, 20_000)

/** The last line that the process wrote before it was killed: the hash of its preview. */
async function killed(args: readonly string[]): Promise<string> {
  const script = join(import.meta.dirname, 'previewing-process.ts')
  const nodeArgs = ['--import', 'tsx', '--conditions=source', script, ...args]
  const child = spawn(process.execPath, nodeArgs, { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = once(child, 'exit')
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  for await (const written of createInterface({ input: child.stdout })) {
    if (written.length < 20) continue
    child.kill('SIGKILL')
    await gone
    return written
  }
  throw new Error('the process ended by itself')
}

test('edits of places and of phones’ directory are in the history, each with what became of it alone', async () => {
  const { store, history, vault, desk } = await world()
  const parts = { store, history, vault, announce: () => {}, now: () => 0, random: randomBytes, networks: [] }
  const scopes = new Scopes(parts)
  await scopes.start()
  onTestFinished(() => scopes.stop())
  const berlin = {
    kind: 'region',
    name: 'Berlin',
    parent: 'system',
    timeZone: '',
    subnets: [],
    description: '',
  } as const
  const added = await scopes.add(berlin, 'anna')
  if (added.kind !== 'done') throw new Error(added.kind)
  await scopes.add({ ...berlin, name: 'Bonn' }, 'anna')
  await scopes.change(added.scope.id, { ...berlin, name: 'Potsdam' }, 1, 'bea')
  const settings = new PhoneSettings({
    ...{ store, vault, history, serverAddress: '', regions: NO_REGIONS },
    own: { active: false, port: 389, baseDn: 'dc=example' },
  })
  expect(await settings.save('', { active: '1', password: 'hush-hush' }, false, 'carl')).toMatchObject({
    kind: 'saved',
  })
  const { rows } = desk.revisions({ subject: '', by: '', text: '', page: 1, pageSize: 9 })
  expect(rows.map(({ by, summary }) => `${by}: ${summary}`)).toEqual([
    'carl: Set how phones ask the directory: all phones',
    'bea: Change the region “Potsdam”',
    'anna: Add the region “Bonn”',
    'anna: Add the region “Berlin”',
  ])
  const [record, ...more] = desk.revision(3)?.records ?? []
  expect([record?.key, more.length]).toEqual([added.scope.id, 0])
  expect(record?.lines).toContainEqual({ sign: '+', text: 'name: Potsdam' })
  expect(JSON.stringify(desk.revision(4))).not.toMatch(/hush-hush|v1:/)
  expect(desk.restore(3).kind).toBe('impossible')
  expect(desk.restore(4).kind).toBe('draft')
})
