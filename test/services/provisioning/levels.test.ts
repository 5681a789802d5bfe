// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { textOf } from '#daemon/domain/provisioning/device-file'
import { type LevelKey, type LevelSettings, secretPlace } from '#daemon/domain/provisioning/level-settings'
import { MASKED } from '#daemon/services/provisioning/disclosure'
import { levels as table } from '#daemon/store/tables'
import type { LevelDraft } from '#web/ports/levels'
import { ANNA, draftOf, office, refusalsOf } from './office.ts'

const NOTHING: LevelDraft = { values: {}, secrets: {}, lines: '', features: {}, descriptions: {}, template: '' }

test('what is set for a place reaches its phones, with its features before its lines', async () => {
  const { levels, make, provisioning, store } = await office()
  const lines = 'voip/x=%ITCS_MwiVmNumber%'
  await make(levels.change('scope/de', { ...NOTHING, values: { MwiVmNumber: '999' }, lines }, 0))
  await make(levels.change('scope/ber', { ...NOTHING, features: { telnet: 'off' }, lines: 'voip/y=1' }, 0))
  const phone = provisioning.renderer.situationOf({ ...storedPhone(store) })
  const rendered = provisioning.renderer.device(ANNA, phone, MASKED)
  if (rendered.kind !== 'file') throw new Error(rendered.reason)
  const tail = rendered.file.lines.slice(-4).map(({ text, from }) => `${from}: ${text}`)
  expect(tail.filter((line) => line.startsWith('region') || line.startsWith('site'))).toEqual([
    'region Germany: voip/x=999',
    'site Berlin, Telnet: Not allowed: management/telnet/enabled=0',
    'site Berlin: voip/y=1',
  ])
  expect(textOf(rendered.file)).toContain('voice_mail_number=999')
})

function storedPhone(store: Awaited<ReturnType<typeof office>>['store']) {
  const phone = store.get({ name: 'phones' }, ANNA)?.value
  return phone as Parameters<Awaited<ReturnType<typeof office>>['provisioning']['renderer']['situationOf']>[0]
}

test('a secret is sealed, never told again, kept when left empty, and taken away when left out', async () => {
  const { levels, make, vault, store } = await office()
  await make(levels.change('scope/de', { ...NOTHING, secrets: { IPPhonePassword: 'hush' } }, 0))
  const kept = store.get(table, 'scope/de')
  const sealed = kept?.value.sealed.IPPhonePassword ?? ''
  expect(vault.open(sealed, secretPlace('scope/de', 'IPPhonePassword'))).toBe('hush')
  expect(JSON.stringify(levels.get('scope/de'))).not.toMatch(/hush|v1:/)
  const revision = kept?.revision ?? 0
  const again = draftOf(levels.change('scope/de', { ...NOTHING, secrets: { IPPhonePassword: '' } }, revision))
  expect(again.changes[0]?.value).toMatchObject({ sealed: { IPPhonePassword: sealed } })
  expect(draftOf(levels.change('scope/de', NOTHING, revision)).changes).toEqual([
    { table: 'levels', key: 'scope/de', value: undefined, expect: revision },
  ])
})

test('a value that is called like a secret becomes one, and a form sent twice means the same', async () => {
  const { levels } = await office()
  const first = levels.change('system', { ...NOTHING, values: { DoorPassword: 'open sesame' } }, 0)
  if (first.kind !== 'draft') throw new Error('refused')
  expect(first.draft.changes[0]?.value).toMatchObject({ values: {} })
  const sealed = first.instead?.['sealed-DoorPassword'] ?? ''
  const second = levels.change('system', { ...NOTHING, secrets: { DoorPassword: sealed } }, 0)
  expect(draftOf(second).changes).toEqual(first.draft.changes)
})

test('what was sealed for another place is only a text', async () => {
  const { levels, vault } = await office()
  const stolen = vault.seal('hush', secretPlace('user/anna', 'IPPhonePassword'))
  const draft = draftOf(levels.change('system', { ...NOTHING, secrets: { IPPhonePassword: stolen } }, 0))
  const settings = draft.changes[0]?.value as LevelSettings | undefined
  expect(vault.open(settings?.sealed.IPPhonePassword ?? '', secretPlace('system', 'IPPhonePassword'))).toBe(stolen)
})

test.each([
  ['a name that is none', { values: { 'a-b': '1' } }, 'value-a-b'],
  ['what follows from the phone', { values: { mac: '1' } }, 'value-mac'],
  ['a control character', { values: { A: 'x\ny=1' } }, 'value-A'],
  ['a value that is too long', { secrets: { A: 'x'.repeat(1_025) } }, 'secret-A'],
  ['an unknown feature', { features: { tea: 'on' } }, 'feature-tea'],
  ['an unknown choice', { features: { telnet: 'maybe' } }, 'feature-telnet'],
  ['a wrong line', { lines: ';#if' }, 'lines'],
  ['a template where no phone is', { template: 'audiocodes-uc' }, 'template'],
])('%s is refused', async (_, wrong, field) => {
  const { levels } = await office()
  expect(refusalsOf(levels.change('scope/de', { ...NOTHING, ...wrong }, 0))[0]).toMatch(new RegExp(`^${field}: `))
})

test('a level shows what wins and where it comes from', async () => {
  const { levels, set } = await office()
  await set('system', { values: { MwiVmNumber: '1000' }, descriptions: { MwiVmNumber: 'The mailbox' } })
  await set('scope/de', { values: { MwiVmNumber: '2000' }, lines: 'a/b=1', features: { telnet: 'on' } })
  await set('scope/ber', { lines: 'a/b=2' })
  await set('user/anna', { lines: 'management/telnet/enabled=0' })
  const at = (key: LevelKey) => levels.get(key)?.placeholders.find(({ name }) => name === 'MwiVmNumber')
  expect(at('scope/ber')).toMatchObject({
    ...{ own: undefined, description: 'The mailbox' },
    said: [
      { value: '1000', source: 'system' },
      { value: '2000', source: 'region Germany' },
    ],
  })
  expect(at('scope/fr')?.said).toEqual([{ value: '1000', source: 'system' }])
  expect(levels.get('user/anna')?.conflicts).toEqual([
    {
      key: 'management/telnet/enabled',
      said: [
        { value: '1', from: 'region Germany, Telnet: Allowed' },
        { value: '0', from: 'user anna' },
      ],
    },
    {
      key: 'a/b',
      said: [
        { value: '1', from: 'region Germany' },
        { value: '2', from: 'site Berlin' },
      ],
    },
  ])
  expect(levels.get(`device/${ANNA}`)?.above.map(({ name }) => name)).toEqual([
    ...['system', 'template 440HD, generic SIP', 'region Germany', 'site Berlin', 'user anna'],
  ])
  const used = (name: string) => levels.get('system')?.placeholders.find((one) => one.name === name)?.usedBy
  expect(used('MwiVmNumber')).toEqual(['AudioCodes 400HD, generic SIP', 'AudioCodes 400HD, Skype for Business'])
  await set('user/anna', { lines: 'x/y=%ITCS_P_door%' })
  await set('system', { values: { P_door: '1', P_none: '2' } })
  expect([used('P_door'), used('P_none')]).toEqual([['user anna'], []])
  expect(levels.get('scope/none')).toBeUndefined()
  expect(levels.list().map(({ key }) => key)).toEqual(['system', 'scope/de', 'scope/ber', 'user/anna'])
})

test('copying takes what was chosen, secrets too, and leaves the rest', async () => {
  const { levels, make, set, store, vault } = await office()
  const sealed = { P_door: vault.seal('1234', secretPlace('scope/de', 'P_door')) }
  await set('scope/de', { values: { A: '1', B: '2' }, sealed, lines: 'a/b=1', features: { telnet: 'on' } })
  await set('scope/fr', { values: { B: '3' }, lines: 'c/d=1' })
  const what = { names: ['A', 'P_door'], features: ['telnet'], lines: false }
  await make(levels.copy('scope/de', ['scope/fr', 'user/anna', 'scope/de'], what))
  const france = store.get(table, 'scope/fr')?.value
  expect(france).toMatchObject({ values: { A: '1', B: '3' }, lines: 'c/d=1', features: { telnet: 'on' } })
  expect(vault.open(france?.sealed.P_door ?? '', secretPlace('scope/fr', 'P_door'))).toBe('1234')
  expect(store.get(table, 'user/anna')?.value).toMatchObject({ values: { A: '1' }, lines: '' })
  expect(refusalsOf(levels.copy('scope/de', [], what))).toEqual(['to: Choose where to copy it to.'])
  const none = { names: [], features: [], lines: false }
  expect(refusalsOf(levels.copy('scope/de', ['scope/fr'], none))).toEqual(['what: Choose what to copy.'])
  expect(levels.copy('scope/ber', ['scope/fr'], what)).toEqual({ kind: 'unknown' })
})

test('a placeholder may be called like what every object has', async () => {
  const { levels, make, store, set } = await office()
  await set('scope/fr', { values: { A: '1' } })
  const secrets = { constructor: '', toString: 'hush' }
  await make(levels.change('scope/de', { ...NOTHING, values: { valueOf: '1' }, secrets }, 0))
  expect(Object.keys(store.get(table, 'scope/de')?.value.sealed ?? {})).toEqual(['toString'])
  await make(levels.copy('scope/de', ['scope/fr'], { names: ['toString', 'valueOf'], features: [], lines: false }))
  expect(Object.keys(store.get(table, 'scope/fr')?.value.sealed ?? {})).toEqual(['toString'])
  expect(levels.get('scope/fr')?.placeholders.find(({ name }) => name === 'valueOf')).toMatchObject({ description: '' })
  const values = JSON.parse('{"__proto__":"1"}') as Record<string, string>
  expect(refusalsOf(levels.change('system', { ...NOTHING, values }, 0))[0]).toContain('is no name')
})

test('no value can add a line to a file, whatever it is', async () => {
  const { levels } = await office()
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (value) => {
      const drafted = levels.change('system', { ...NOTHING, values: { A: value } }, 0)
      if (drafted.kind === 'draft') expect(value).not.toMatch(/[\r\n]/)
    }),
    { numRuns: 100 },
  )
})
