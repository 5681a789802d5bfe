// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { type LevelKey, secretPlace } from '#daemon/domain/provisioning/level-settings'
import { levels, phones, templateMapping } from '#daemon/store/tables'
import { draftOf, levelChange, macAt, phoneOf, populate, scopeOf, settings, templateChange, world } from './world.ts'

test('a change for the system is shown once for all phones, with an example', async () => {
  const { store, desk } = await world()
  await populate(store, 30)
  const preview = await desk.preview(draftOf(levelChange('system', settings({ lines: 'a/b=1\n' }))))
  expect(preview).toMatchObject({ phones: 30, changed: 30, others: 0, idle: false, moves: [], overtaken: [] })
  expect(preview.groups).toEqual([
    { lines: [{ sign: '+', text: 'a/b=1' }], phones: 30, example: { mac: macAt(0), name: 'u0' }, personal: false },
  ])
})

test('phones whose lines differ only in what is their user’s are one group', async () => {
  const { store, desk } = await world()
  await populate(store, 30)
  const draft = draftOf(levelChange('system', settings({ lines: 'x/who=%ITCS_Line1Id% at %ITCS_mac%\n' })))
  const { groups } = await desk.preview(draft)
  expect(groups).toMatchObject([
    { lines: [{ sign: '+', text: `x/who=40000 at ${macAt(0)}` }], phones: 30, personal: true },
  ])
})

test('a change of a region reaches what lies in it and nobody else', async () => {
  const { store, desk } = await world()
  const tree = [scopeOf('r1'), scopeOf('r2'), scopeOf('s1', { kind: 'site', parent: 'r1' })]
  await populate(store, 30, tree, (index) => ['r1', 'r2', 's1'][index % 3] ?? '')
  const { changed, groups } = await desk.preview(draftOf(levelChange('scope/r1', settings({ lines: 'a/b=1' }))))
  expect(changed).toBe(20)
  expect(groups).toMatchObject([{ phones: 20 }])
})

test('a changed secret is a change, and shown is neither the old one nor the new one', async () => {
  const { store, desk, vault } = await world()
  await populate(store, 3)
  const sealed = (secret: string, key: LevelKey = 'system') =>
    settings({ sealed: { P: vault.seal(secret, secretPlace(key, 'P')) }, lines: 'a/password=%ITCS_P%\n' })
  await store.commit([levelChange('system', sealed('old-secret'))], { durable: true })
  const same = await desk.preview(draftOf(levelChange('system', sealed('old-secret'))))
  expect(same).toMatchObject({ changed: 0, idle: true })
  const other = await desk.preview(draftOf(levelChange('system', sealed('new-secret'))))
  expect(other).toMatchObject({ changed: 3, idle: false })
  expect(other.groups[0]?.lines).toEqual([
    { sign: '-', text: 'a/password=********' },
    { sign: '+', text: 'a/password=******** (set anew)' },
  ])
  expect(JSON.stringify(other)).not.toMatch(/old-secret|new-secret|\u{F0F0A}/u)
  // Sealed anew it is the same change.
  const again = await desk.preview(draftOf(levelChange('system', sealed('new-secret'))))
  expect(again.hash).toBe(other.hash)
})

test('a line of the shared file changes the phones that include it', async () => {
  const { store, desk, provisioning } = await world()
  await populate(store, 5)
  const template = provisioning.renderer.templates.get('audiocodes-sip')
  if (!template) throw new Error('not shipped')
  const changed = { ...template, global: `${template.global.trimEnd()}\nnew/line=1\n` }
  const preview = await desk.preview(draftOf(templateChange(changed)))
  expect(preview.changed).toBe(5)
  expect(preview.groups[0]?.lines).toContainEqual({ sign: '+', text: 'new/line=1' })
})

test('another template, and the loss of one, are named', async () => {
  const { store, desk } = await world()
  await populate(store, 4)
  const rules = [{ model: '440HD', scope: 'system', template: 'audiocodes-uc' }]
  const moved = await desk.preview(draftOf({ table: templateMapping.name, key: 'rules', value: { rules } }))
  expect(moved.moves).toMatchObject([{ phones: 4, reason: '' }])
  const { from = '', to = '' } = moved.moves[0] ?? {}
  expect([from !== '', to !== '', from === to]).toEqual([true, true, false])
  const gone = draftOf({ table: phones.name, key: macAt(1), value: { ...phoneOf(1), model: 'X1' } })
  const lost = await desk.preview(gone)
  expect(lost).toMatchObject({ changed: 1, moves: [{ to: '', phones: 1, reason: expect.stringContaining('X1') }] })
})

test('what was written since the draft was begun is named with who did it', async () => {
  const { store, desk } = await world()
  await populate(store, 1)
  const first = draftOf(levelChange('system', settings({ values: { A: '1' } })))
  const { hash } = await desk.preview(first)
  expect(await desk.apply(first, hash, 'anna', '')).toMatchObject({ kind: 'done', revision: { sequence: 1 } })
  const late = { ...levelChange('system', settings({ values: { A: '2' } })), expect: 'absent' as const }
  const preview = await desk.preview(draftOf(late))
  expect(preview.overtaken).toMatchObject([{ table: levels.name, key: 'system', by: 'anna', revision: 1 }])
})

test('levels that begin to disagree are told, the one that wins last', async () => {
  const { store, desk } = await world()
  await populate(store, 2)
  await store.commit([levelChange('system', settings({ lines: 'a/b=1' }))], { durable: true })
  const { disagreements } = await desk.preview(draftOf(levelChange('user/u1', settings({ lines: 'a/b=2' }))))
  expect(disagreements).toMatchObject([
    {
      key: 'a/b',
      said: [
        { value: '1', from: 'system' },
        { value: '2', from: 'user u1' },
      ],
      example: { mac: macAt(1) },
    },
  ])
})

test('10,000 phones', { timeout: 60_000 }, async () => {
  const { store, desk } = await world()
  await populate(store, 10_000, [scopeOf('r1'), scopeOf('r2')], (index) => (index % 2 ? 'r1' : 'r2'))
  const preview = await desk.preview(draftOf(levelChange('system', settings({ lines: 'a/b=%ITCS_Line1Id%' }))))
  expect(preview).toMatchObject({ phones: 10_000, changed: 10_000 })
  console.log(`preview of a change for 10,000 phones: ${preview.milliseconds} ms`)
})
