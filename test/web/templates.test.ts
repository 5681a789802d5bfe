// SPDX-License-Identifier: Apache-2.0
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { levels as levelsTable } from '#daemon/store/tables'
import { ANNA, LOBBY, office } from '#test/services/provisioning/office'
import { listen, location, type Site, signedIn, type Visitor } from './client.ts'
import { MemoryPort } from './memory-port.ts'

let house: Awaited<ReturnType<typeof office>>
let site: Site
let visitor: Visitor
const LOCAL = { Authorization: 'Bearer a-local-token', 'Content-Type': 'application/json' }

beforeEach(async () => {
  house = await office()
  const { templates, levels, changes, scopes } = house
  site = await listen(Object.assign(new MemoryPort(), { templates, levels, changes, scopes }))
  onTestFinished(async () => {
    await site.close()
    expect(site.faults).toEqual([])
  })
  visitor = await signedIn(site)
})

/** Sends the editor's form, and then what the page with the outcome asks again. */
async function review(path: string, action: string, fields: Record<string, string>, multipart = false) {
  const html = await visitor.page(path)
  const token = /name="csrf" value="([^"]*)"/.exec(html)?.[1] ?? ''
  const body = { csrf: token, ...hidden(html, action), ...fields }
  const send = (all: Record<string, string>) => {
    if (!multipart) return visitor.post(action, all)
    const form = new FormData()
    for (const [name, value] of Object.entries(all)) form.append(name, value)
    return visitor.upload(action, form)
  }
  const shown = await send(body)
  const text = await shown.text()
  const agree = () => send({ csrf: token, ...hidden(text, action) })
  return { status: shown.status, text, agree }
}

function hidden(html: string, action: string): Record<string, string> {
  const form = new RegExp(`<form[^>]*action="${action}"[^>]*>(.*?)</form>`, 's').exec(html)?.[1] ?? ''
  const inputs = [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/gs)]
  const plain = (text = '') =>
    text.replaceAll('&#39;', "'").replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&')
  return Object.fromEntries(inputs.map(([, name, value]) => [name, plain(value)]))
}

const OWN = {
  ...{ id: 'lobby', title: 'Lobby phones', description: '', firmware: 'sip', models: '405HD', act: 'review' },
  global: ';#use audiocodes-sip/global\r\nvoip/auto_answer/enabled=1',
  private: 'include %ITCS_GlobalFile%\r\nsystem/type=%ITCS_Model%',
}

test('a template is written, looked at and saved, and stands in the list', async () => {
  const { status, text, agree } = await review('/templates/new', '/templates/save', OWN, true)
  expect(status).toBe(200)
  expect(text).toContain('Add the template “Lobby phones”.')
  expect(text).toContain('include lobby_global.cfg')
  expect(house.templates.get('lobby')).toBeUndefined()
  const saved = await agree()
  expect(location(saved)).toBe('/templates/of/lobby')
  expect(house.templates.get('lobby')).toMatchObject({ phones: 1, template: { global: OWN.global.replace('\r', '') } })
  expect(await visitor.page('/templates')).toContain('Lobby phones')
  expect(await visitor.page('/templates/of/lobby/private.cfg')).toContain('system/type=%ITCS_Model%')
  expect(house.changes.revisions({ subject: '', by: '', text: '', page: 1, pageSize: 5 }).total).toBe(1)
})

test('a text that makes no sense is shown again with its lines, and nothing hostile runs', async () => {
  const wrong = { ...OWN, global: 'a/b=1\n;#if', description: '<script>alert(1)</script>' }
  const { status, text } = await review('/templates/new', '/templates/save', wrong, true)
  expect(status).toBe(422)
  expect(text).toContain('This ;#if has no ;#endif.')
  expect(text).toContain('data-line="2"')
  expect(text).not.toContain('<script>alert')
})

test('a file is read into the editor and not saved', async () => {
  const html = await visitor.page('/templates/of/audiocodes-sip')
  const form = new FormData()
  for (const [name, value] of Object.entries(hidden(html, '/templates/save'))) form.append(name, value)
  for (const [name, value] of Object.entries({ ...OWN, part: 'private' })) form.append(name, value)
  form.append('file', new Blob(['system/type=405HD\r\n']), 'mine.cfg')
  const text = await (await visitor.upload('/templates/save', form)).text()
  expect(text).toContain('mine.cfg')
  expect(text).toMatch(/name="private"[^>]*>\nsystem\/type=405HD\n<\/textarea>/)
  expect(house.templates.get('audiocodes-sip')?.origin).toBe('shipped')
})

test('the XML template of another manager fills both parts; a damaged one is refused', async () => {
  const html = await visitor.page('/templates/new')
  const send = async (xml: string) => {
    const form = new FormData()
    for (const [name, value] of Object.entries({ ...hidden(html, '/templates/save'), ...OWN })) form.append(name, value)
    form.set('csrf', /name="csrf" value="([^"]*)"/.exec(html)?.[1] ?? '')
    form.append('file', new Blob([xml]), 'Audiocodes_405HD.cfg')
    return visitor.upload('/templates/save', form)
  }
  const part = (type: string, data: string) =>
    `<file_config><type>${type}</type><name>x_global.cfg</name><data><![CDATA[${data}]]></data></file_config>`
  const parts = part('global_file', 'a/b=%ITCS_A%') + part('file', 'include x_global.cfg\nsystem/type=405HD')
  const text = await (await send(`<?xml version="1.0"?><ipphonetamplate>${parts}</ipphonetamplate>`)).text()
  expect(text).toMatch(/name="global"[^>]*>\na\/b=%ITCS_A%<\/textarea>/)
  expect(text).toMatch(/name="private"[^>]*>\ninclude %ITCS_GlobalFile%\nsystem\/type=405HD<\/textarea>/)
  const damaged = await send('<?xml version="1.0"?><ipphonetamplate><file_config>')
  expect([damaged.status, (await damaged.text()).includes('It cannot be read')]).toEqual([422, true])
})

test('a shipped template is restored, and is never deleted', async () => {
  const shipped = house.templates.shipped('audiocodes-sip')
  if (!shipped) throw new Error('not shipped')
  await house.make(house.templates.change({ ...shipped, title: 'Mine' }, 0))
  expect((await visitor.get('/templates/of/audiocodes-sip/delete')).status).toBe(422)
  const path = '/templates/of/audiocodes-sip/restore'
  expect(await visitor.page(path)).toContain(`Restore the template “${shipped.title}” as it came.`)
  expect((await visitor.submit(path, path)).status).toBe(303)
  expect(house.templates.get('audiocodes-sip')).toMatchObject({ origin: 'shipped', template: { title: shipped.title } })
})

test('a rule is added, tried and removed', async () => {
  const rule = { model: '44*', scope: 'de', template: 'audiocodes-uc' }
  const { text, agree } = await review('/templates/mapping', '/templates/mapping', rule)
  expect(text).toContain('1 phone would go from “440HD, generic SIP” to “AudioCodes 400HD, Skype for')
  expect(location(await agree())).toBe('/templates/mapping')
  const tried = await visitor.page(`/templates/mapping?mac=${ANNA}`)
  expect(tried).toContain('mapped for 44* in Germany')
  expect(tried).toContain('System / Germany / Berlin')
  const path = /href="(\/templates\/mapping\/remove\/0[^"]*)"/.exec(tried)?.[1]?.replaceAll('&amp;', '&') ?? ''
  await visitor.submit(path, '/templates/mapping/remove/0')
  expect(house.templates.mapping().rules).toEqual([])
  const wrong = await review('/templates/mapping', '/templates/mapping', { ...rule, model: 'a b' })
  expect(wrong.status).toBe(422)
})

test('settings of a place are set, seen from a phone, and never show their secrets', async () => {
  const fields = {
    ...{ 'value-MwiVmNumber': '999', 'value-ProvisioningPeriod': 'weekly', 'feature-telnet': 'off' },
    ...{
      'secret-IPPhonePassword': 'hush-hush',
      others: '; The door\nP_door=4711\nSafe_password=very-secret',
      secrets: 'P_gate=open-sesame',
    },
    lines: 'voip/auto_answer/enabled=1',
  }
  const { status, text, agree } = await review('/settings/scope/de', '/settings/scope/de', fields)
  expect(status).toBe(200)
  expect(text).not.toMatch(/hush-hush|open-sesame|very-secret/)
  expect(text).toContain('management/telnet/enabled=0')
  expect(location(await agree())).toBe('/settings/scope/de')
  expect(house.store.get(levelsTable, 'scope/de')?.value).toMatchObject({
    values: { MwiVmNumber: '999', P_door: '4711', ProvisioningPeriod: 'weekly' },
    ...{ features: { telnet: 'off' }, descriptions: { P_door: 'The door' } },
  })
  expect(Object.keys(house.store.get(levelsTable, 'scope/de')?.value.sealed ?? {})).toEqual([
    'IPPhonePassword',
    'P_gate',
    'Safe_password',
  ])
  for (const path of ['/settings', '/settings/scope/de', '/settings/scope/ber', `/settings/device/${ANNA}`]) {
    expect(await visitor.page(path)).not.toMatch(/hush-hush|open-sesame|v1:/)
  }
  expect(await visitor.page('/settings/scope/ber')).toContain('999, from region Germany')
  // Saved once more as it is shown: nothing is lost.
  const shown = await visitor.page('/settings/scope/de')
  expect(shown).toContain('; The door\nP_door=4711')
  const same = {
    ...fields,
    others: '; The door\nP_door=4711',
    'secret-IPPhonePassword': '',
    secrets: 'P_gate=\nSafe_password=',
  }
  const again = await review('/settings/scope/de', '/settings/scope/de', same)
  expect(again.text).toContain('Nothing differs from what is there already')
})

test('whoever edits further keeps the secrets that were typed', async () => {
  const path = '/settings/scope/de'
  const { text } = await review(path, path, { 'secret-IPPhonePassword': 'hush-hush', secrets: 'P_gate=open-sesame' })
  const token = /name="csrf" value="([^"]*)"/.exec(text)?.[1] ?? ''
  const back = await (await visitor.post(path, { ...hidden(text, path), csrf: token, step: 'form', hash: '' })).text()
  expect(back).not.toMatch(/hush-hush|open-sesame/)
  const more = { ...hidden(back, path), csrf: token, secrets: 'P_gate=', 'value-SRTP': '1' }
  const shown = await (await visitor.post(path, more)).text()
  expect((await visitor.post(path, { csrf: token, ...hidden(shown, path) })).status).toBe(303)
  const { sealed = {}, values } = house.store.get(levelsTable, 'scope/de')?.value ?? {}
  expect(values).toEqual({ SRTP: '1' })
  expect(house.vault.open(sealed.P_gate ?? '', 'level/scope/de/P_gate')).toBe('open-sesame')
  expect(house.vault.open(sealed.IPPhonePassword ?? '', 'level/scope/de/IPPhonePassword')).toBe('hush-hush')
})

test('wrong settings are told beside their fields, and typed secrets are not shown again', async () => {
  const fields = {
    others: 'a-b=1\n__proto__=2',
    secrets: 'P_gate=open-sesame',
    lines: ';#endif',
    'value-Proxy_address': '1',
  }
  const { status, text } = await review('/settings/system', '/settings/system', fields)
  expect(status).toBe(422)
  expect(text).toContain('“a-b” is no name')
  expect(text).toContain('“__proto__” is no name')
  expect(text).toContain('Line 1: There is no ;#if before this ;#endif.')
  expect(text).not.toContain('open-sesame')
  expect((await visitor.get('/settings/scope/none')).status).toBe(404)
  expect((await visitor.get('/settings/planet/earth')).status).toBe(404)
})

test('settings are copied to another place', async () => {
  await house.set('scope/de', { values: { A: '1', B: '2' }, lines: 'a/b=1' })
  const from = '/settings/copy?from=scope%2Fde'
  const { text, agree } = await review(from, '/settings/copy', { name: 'A', to: 'scope/fr', others: 'user/anna' })
  expect(text).toContain('Copy settings of region Germany to 2 places.')
  expect((await agree()).status).toBe(303)
  expect(house.store.get(levelsTable, 'scope/fr')?.value.values).toEqual({ A: '1' })
  expect(house.store.get(levelsTable, 'user/anna')?.value.values).toEqual({ A: '1' })
  expect((await review(from, '/settings/copy', { name: 'A', others: 'what/ever' })).status).toBe(422)
})

async function api(method: string, path: string, body?: unknown) {
  const init = { method, headers: LOCAL, ...(body !== undefined && { body: JSON.stringify(body) }) }
  const answer = await fetch(`${site.url}/api/v1${path}`, init)
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text) }
}

test('programs read and change templates, mapping and levels', async () => {
  const {
    id,
    title,
    description,
    models,
    firmware,
    global,
    private: own,
  } = (await api('GET', '/templates/audiocodes-uc')).body
  const copy = { id: 'mine', title, description, models, firmware, global, private: own }
  expect((await api('POST', '/templates?preview=true', copy)).body).toMatchObject({ phones: 2 })
  expect(house.templates.get('mine')).toBeUndefined()
  expect((await api('POST', '/templates', copy)).body).toMatchObject({ revision: { subject: { key: 'mine' } } })
  expect((await api('PUT', '/templates/mine', { title: 'Mine', revision: 1 })).status).toBe(409)
  const { revision } = (await api('GET', '/templates/mine')).body
  expect((await api('PUT', '/templates/mine', { title: 'Mine', revision, why: 'To try it' })).status).toBe(200)
  expect((await api('PUT', '/templates/mine', { global: ';#else', revision: 0 })).body).toMatchObject({
    ...{ status: 422, errors: [{ field: 'global' }], findings: [{ line: 1 }] },
  })
  const rules = [{ model: '405HD', scope: 'fr', template: 'mine' }]
  expect((await api('PUT', '/template-mapping', { rules, revision: 0 })).status).toBe(200)
  expect((await api('GET', `/template-mapping/test?mac=${LOBBY}`)).body).toMatchObject({ template: 'mine' })
  expect((await api('DELETE', '/templates/mine')).status).toBe(422)
  expect((await api('PUT', '/levels/user/anna', { values: { A: '1' }, revision: 0 })).status).toBe(200)
  expect((await api('GET', '/levels/user/anna')).body).toMatchObject({ values: 1, name: 'user anna' })
  expect((await api('GET', '/levels/user/nobody')).status).toBe(404)
  expect((await api('GET', '/levels/what/ever')).status).toBe(400)
  const what = { from: 'user/anna', to: ['scope/fr'], names: ['A'] }
  expect((await api('POST', '/levels/copy', what)).status).toBe(200)
  expect(id).toBe('audiocodes-uc')
})
