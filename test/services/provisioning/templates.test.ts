// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import type { Template } from '#daemon/domain/provisioning/template'
import { ANNA, draftOf, LOBBY, office, refusalsOf } from './office.ts'

const OWN: Template = {
  ...{ id: 'lobby', title: 'Lobby phones', description: '', models: ['405HD'], firmware: 'sip' },
  global: ';#use audiocodes-sip/global\nvoip/auto_answer/enabled=1',
  private: 'include %ITCS_GlobalFile%\nsystem/type=%ITCS_Model%',
}

test('a template made here is the one that its models get, and can be deleted again', async () => {
  const { templates, make, provisioning } = await office()
  await make(templates.add(OWN))
  expect(templates.get('lobby')).toMatchObject({ origin: 'own', phones: 1 })
  expect(templates.ask({ model: '', firmware: '', mac: LOBBY, scope: '' })).toMatchObject({
    kind: 'template',
    template: { id: 'lobby' },
    place: ['System', 'France'],
  })
  await make(templates.remove('lobby'))
  expect(templates.get('lobby')).toBeUndefined()
  expect(provisioning.renderer.templates.has('lobby')).toBe(false)
})

test('a shipped template says when it was changed, and can be had as it came', async () => {
  const { templates, make } = await office()
  const shipped = templates.shipped('audiocodes-sip')
  if (!shipped) throw new Error('not shipped')
  expect(templates.get('audiocodes-sip')?.origin).toBe('shipped')
  expect(templates.restore('audiocodes-sip').kind).toBe('unknown')
  await make(templates.change({ ...shipped, global: `${shipped.global}\nvoip/auto_answer/enabled=1` }, 0))
  expect(templates.get('audiocodes-sip')?.origin).toBe('changed')
  expect(refusalsOf(templates.remove('audiocodes-sip'))[0]).toContain('came with Offhook')
  await make(templates.restore('audiocodes-sip'))
  expect(templates.get('audiocodes-sip')).toMatchObject({ origin: 'shipped', revision: 0 })
})

test('an edit names what it was made upon', async () => {
  const { templates, make } = await office()
  await make(templates.add(OWN))
  const { revision } = templates.get('lobby') ?? { revision: -1 }
  expect(draftOf(templates.change({ ...OWN, title: 'Lobbies' }, revision)).changes).toMatchObject([
    { table: 'templates', key: 'lobby', expect: revision },
  ])
  expect(draftOf(templates.add({ ...OWN, id: 'other' })).changes).toMatchObject([{ expect: 'absent' }])
  expect(refusalsOf(templates.add(OWN))).toEqual(['id: There is a template with this name already.'])
  expect(templates.change({ ...OWN, id: 'gone' }, 0)).toEqual({ kind: 'unknown' })
})

test.each([
  ['an unclosed conditional', ';#if SRTP = 1\na/b=1', 1, 'no ;#endif'],
  ['a part that is not there', 'a/b=1\n;#use nowhere/global', 2, 'There is no nowhere/global'],
  ['a circle of its own', 'a/b=1\n;#use lobby/private', 2, 'has no end'],
  ['a control character', 'a/b=1\n\u001b[2J=1', 2, 'U+001B'],
  ['a name that is none', 'a/b=%ITCS_Na-me%', 1, 'is no placeholder'],
  ['a text that is too long', 'x'.repeat(256 * 1024 + 1), 1, 'more than 256 KB'],
])('%s is refused with its line', async (_, text, line, message) => {
  const { templates } = await office()
  const drafted = templates.add({ ...OWN, global: text, private: ';#use lobby/global' })
  if (drafted.kind !== 'refused') throw new Error('taken')
  const found = drafted.findings?.find((finding) => finding.part === 'global' && finding.line === line)
  expect(found).toMatchObject({ severity: 'error' })
  expect(found?.message).toContain(message)
  expect(drafted.errors[0]?.field).toBe('global')
})

test('a circle through another template is refused', async () => {
  const { templates, make } = await office()
  await make(templates.add({ ...OWN, id: 'one', global: 'a/b=1' }))
  await make(templates.add({ ...OWN, id: 'two', global: ';#use one/global' }))
  const revision = templates.get('one')?.revision ?? 0
  const circle = templates.change({ ...OWN, id: 'one', global: ';#use two/global' }, revision)
  expect(refusalsOf(circle)).toEqual(['global: Line 1: two/global uses one/global: that has no end.'])
})

test('whoever needs a template is named when it should be deleted', async () => {
  const { templates, make, set } = await office()
  await make(templates.add(OWN))
  await make(templates.add({ ...OWN, id: 'two', title: 'Second', global: ';#use lobby/global' }))
  await make(templates.map([{ model: '4*', scope: 'ber', template: 'lobby' }], 0))
  await set(`device/${ANNA}`, { template: 'lobby' })
  const [why] = refusalsOf(templates.remove('lobby'))
  expect(why).toContain('Second')
  expect(why).toContain('4* in Germany/Berlin')
  expect(why).toContain(ANNA)
})

test('mapping rules are checked one by one', async () => {
  const { templates } = await office()
  const rule = { model: '440HD', scope: 'de', template: 'audiocodes-uc' }
  const bad = [{ ...rule, model: 'a b' }, { ...rule, scope: 'no' }, { ...rule, template: 'no' }, rule, rule]
  expect(refusalsOf(templates.map(bad, 0)).map((text) => text.split(':')[0])).toEqual([
    ...['rule-0', 'rule-1', 'rule-2', 'rule-4'],
  ])
})

test('the tester says which rule decided, for a phone, a model or a place', async () => {
  const { templates, make } = await office()
  await make(templates.map([{ model: '44*', scope: 'de', template: 'audiocodes-uc' }], 0))
  const ask = { model: '', firmware: '', mac: '', scope: '' }
  expect(templates.ask({ ...ask, mac: '00:90:8F:00:00:01' })).toMatchObject({
    ...{ kind: 'template', template: { id: 'audiocodes-uc' }, why: 'mapped for 44* in Germany' },
    place: ['System', 'Germany', 'Berlin'],
  })
  expect(templates.ask({ ...ask, model: '440hd', scope: 'fr' })).toMatchObject({ why: 'knows the model 440HD' })
  expect(templates.ask({ ...ask, model: 'X1' }).kind).toBe('none')
  expect(templates.ask({ ...ask, mac: 'zz' })).toMatchObject({ kind: 'refused', errors: [{ field: 'mac' }] })
  expect(templates.ask({ ...ask, scope: 'zz' })).toMatchObject({ kind: 'refused', errors: [{ field: 'scope' }] })
  expect(templates.ask(ask)).toMatchObject({ kind: 'refused', errors: [{ field: 'model' }] })
})

test('an unsaved text is shown as its phone would get it', async () => {
  const { templates } = await office()
  const example = templates.example({ ...OWN, private: 'voip/line/0/id=%ITCS_Line1Id%\nx/y=%ITCS_Nothing%' }, ANNA)
  expect(example?.lines.map(({ text }) => text)).toContain('voip/line/0/id=anna')
  expect(example?.left.at(-1)).toMatchObject({ line: 2, missing: 'Nothing' })
  expect(templates.example(OWN, '')?.mac).toBe(LOBBY)
  expect(templates.example({ ...OWN, models: ['C470HD'] }, '')).toBeUndefined()
})

test('what the linter calls an error is refused, the rest is only said', async () => {
  const { templates } = await office((text) => [
    { line: 1, severity: text.includes('wrong') ? 'error' : 'warning', message: 'Look at this.' },
  ])
  expect(templates.add(OWN).kind).toBe('draft')
  expect(templates.findings(OWN)).toHaveLength(2)
  expect(refusalsOf(templates.add({ ...OWN, private: 'wrong/key=1' }))).toEqual(['private: Line 1: Look at this.'])
})
