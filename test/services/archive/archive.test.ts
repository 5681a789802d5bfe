// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import type { Firmware } from '#daemon/domain/firmware'
import { unzip, zip } from '#daemon/services/archive/zip'
import { put, type Store } from '#daemon/store/store'
import { firmwareChoices, firmwares, levels, phones, templateMapping, templates, users } from '#daemon/store/tables'
import { archiveHouse as house } from './house.ts'
import { file, incumbentExport, MODIFIED, templateXml } from './incumbent.ts'

const MAC = '00908f123456'
const ID = 'imported-audiocodes-420hd'

function everything(store: Store): string {
  const tables = [templates, templateMapping, levels, users, phones]
  return JSON.stringify(tables.map((table) => Array.from(store.entries<unknown>(table), ({ key }) => key).sort()))
}

test('an export of the incumbent’s becomes places, templates, mapping, settings, users and phones', async () => {
  const { take, store, scopes } = await house()
  const report = await take(await incumbentExport())
  expect(report.scopes).toEqual({ added: 2, changed: 0, unchanged: 0 })
  expect(
    scopes
      .tree()
      .below()
      .map(({ kind, name, description }) => [kind, name, description]),
  ).toEqual([
    ['tenant', 'Berlin', 'The capital'],
    ['site', 'Mitte', 'Centre'],
  ])
  expect(store.get(templates, ID)?.value).toMatchObject({
    ...{ title: 'audiocodes_420HD', models: ['420HD'], firmware: 'sip', description: 'The 420HD' },
    private: expect.stringContaining('include %ITCS_GlobalFile%\n'),
    aliases: ['Audiocodes_420HD_global_GENERIC_empty.cfg'],
  })
  expect(store.get(templateMapping, 'rules')?.value.rules).toEqual([{ model: '420HD', scope: 'system', template: ID }])
  const berlin = scopes.tree().child('system', 'Berlin')
  expect(store.get(levels, `template/${ID}`)?.value.values).toEqual({ Proxy_address: 'pbx.example.com' })
  expect(store.get(levels, `scope/${berlin?.id}`)?.value).toMatchObject({
    ...{ values: { Primary_NTP: 'ntp.berlin.example' }, lines: 'voip/services/pin_lock=1\n' },
  })
  expect(store.get(levels, 'system')?.value.values).toEqual({ Language: 'German' })
  expect(store.get(users, 'anna')?.value).toMatchObject({ displayName: 'Anna Ö', region: berlin?.id })
  expect(store.get(phones, MAC)?.value).toMatchObject({ model: '420HD', approval: 'approved', owner: 'anna' })
})

test('what cannot be taken is told with its file and line, and what was assumed, too', async () => {
  const { take } = await house()
  const { remarks } = await take(await incumbentExport())
  expect(remarks.map(({ kind, file, line, message }) => `${kind} ${file}:${line} ${message}`)).toEqual([
    'note System_Settings.csv:3 ServerIP is left to Offhook, which knows it',
    'rejected System_Settings.csv:4 “admin password” is no name of a placeholder',
    'note Tenant_Placeholders.csv:2 TENANT_ID 1 is taken to be the place in that order of the list: Berlin',
    'rejected Site_Placeholders.csv:3 “Bad key” is no name of a placeholder',
    'rejected Site_Placeholders.csv:4 SITE_ID Nowhere is none of the archive',
  ])
})

test('a dry run says the same and changes nothing; a second import finds everything as it is', async () => {
  const { take, store, history } = await house()
  const before = everything(store)
  const dry = await take(await incumbentExport(), true)
  expect(everything(store)).toBe(before)
  const real = await take(await incumbentExport())
  expect({ ...dry, dryRun: false, people: { ...dry.people, dryRun: false } }).toEqual(real)
  const again = await take(await incumbentExport())
  expect(history.get(1)).toMatchObject({ by: 'tom', subject: { kind: 'import' } })
  expect(history.last).toBe(1)
  for (const part of [again.scopes, again.templates, again.mapping, again.settings, again.people?.users]) {
    expect(part).toMatchObject({ added: 0, changed: 0 })
  }
})

test('phones’ files are compared with ours, includes expanded, and every difference is explained', async () => {
  const { take } = await house()
  const theirs = [
    'include Audiocodes_420HD_global_GENERIC_empty.cfg',
    'system/type=420HD',
    'voip/line/0/id=anna',
    'voip/line/0/auth_password={"VvlZOp5/5pM="}',
    'ems_server/provisioning/url=http://10.9.9.9:8081/',
    'lost/setting=1',
    'voip/services/pin_lock=0',
  ].join('\n')
  const shared = 'voip/signalling/sip/proxy_address=pbx.example.com\nsystem/ntp/primary=ntp.berlin.example\n'
  const more = [
    file(`configfiles/${MAC}.cfg`, theirs),
    file('configfiles/Audiocodes_420HD_global_GENERIC_empty.cfg', shared),
    file('configfiles/001122334455.cfg', 'a=1'),
  ]
  const { parity } = await take(await incumbentExport(more), true)
  expect(parity).toMatchObject({ compared: 2, same: 0, differing: 1 })
  expect(parity?.without).toEqual([{ mac: '001122334455', reason: 'the model of 001122334455 is not known yet' }])
  const told = parity?.differences.map(({ kind, key, theirs, ours, why }) => [kind, key, theirs, ours, why])
  expect(told).toEqual([
    [
      'expected',
      'ems_server/provisioning/url',
      'http://10.9.9.9:8081/',
      '',
      expect.stringContaining('leads to Offhook'),
    ],
    ['only theirs', 'lost/setting', '1', '', expect.stringContaining('no template and no level')],
    ['expected', 'voip/line/0/auth_password', '********', '', expect.stringContaining('a secret')],
    ['different', 'voip/services/pin_lock', '0', '1', 'here it is set by tenant Berlin'],
  ])
})

test('what is exported and imported elsewhere is exported there just the same', async () => {
  const first = await house()
  await first.take(await incumbentExport())
  const image: Firmware = {
    ...{ id: 'ab'.repeat(32), size: 1, models: ['420HD'], modelsFrom: 'header', version: '2', versionFrom: 'header' },
    ...{ built: '', checksum: 'none', doubts: [], fileName: '', description: '', uploadedAt: 1, by: 'tom' },
  }
  const where = first.scopes.tree().below()[1]?.id ?? ''
  const choice = { model: '420HD', where, image: image.id, at: 1, by: 'tom' }
  await first.store.commit([put(firmwareChoices, 'choices', { choices: [choice] })], { durable: true })
  const exported = await first.archive.export()
  const bare = await house()
  expect((await bare.take(exported)).remarks).toMatchObject([{ message: expect.stringContaining('upload it first') }])
  const second = await house()
  await second.store.commit([put(firmwares, image.id, image)], { durable: true })
  const report = await second.take(exported)
  expect(report.remarks).toEqual([])
  const textsOf = async (bytes: Uint8Array) =>
    (await unzip(bytes)).map(({ path, bytes }) => [path, Buffer.from(bytes).toString('utf8')])
  expect(await textsOf(await second.archive.export())).toEqual(await textsOf(exported))
  expect(JSON.stringify(await textsOf(exported))).not.toContain('s3cret')
})

test('archives that are damaged, endless or hold nothing are refused, and nothing is half done', async () => {
  const { archive, store } = await house()
  const before = everything(store)
  const good = await incumbentExport()
  const damaged = Buffer.from(good)
  damaged[60] = (damaged[60] ?? 0) ^ 0xff
  const bomb = await zip([{ path: 'users.csv', bytes: new Uint8Array(70 * 2 ** 20) }], MODIFIED)
  let nested = await zip([file('users.csv', 'Name\nanna\n')], MODIFIED)
  for (let depth = 0; depth < 4; depth++) nested = await zip([{ path: 'a.zip', bytes: nested }], MODIFIED)
  const refused: (readonly [Uint8Array, RegExp])[] = [
    [good.subarray(0, good.length - 30), /no ZIP archive, or is damaged/],
    [damaged, /damaged/],
    [Buffer.from('not a zip'), /no ZIP archive/],
    [bomb, /unpacks to more than is read/],
    [nested, /within too many others/],
    [await zip([file('readme.txt', 'hello')], MODIFIED), /holds nothing/],
  ]
  for (const [bytes, reason] of refused) {
    expect(await archive.import(bytes, false, 'tom')).toEqual({
      kind: 'refused',
      reason: expect.stringMatching(reason),
    })
  }
  expect(everything(store)).toBe(before)
})

test('a template that is no XML, is none of the kind, or cannot be read is left out with the reason', async () => {
  const { take } = await house()
  const xmls: (readonly [string, RegExp])[] = [
    ['<ipphonetamplate>', /no XML/],
    ['<other/>', /no ipphonetamplate/],
    ['<!DOCTYPE a [<!ENTITY x "y">]><ipphonetamplate/>', /document type/],
    [templateXml('a=1', ';#if X\nb=1'), /no ;#endif/],
  ]
  for (const [xml, reason] of xmls) {
    const bytes = await zip(
      [file('Templates.csv', 'MODEL_NAME,TEMPLATE_FILE_PATH\nx_420HD,../../x.cfg\n'), file('../../x.cfg', xml)],
      MODIFIED,
    )
    const { remarks, templates } = await take(bytes)
    expect(remarks[0]).toMatchObject({ kind: 'rejected', message: expect.stringMatching(reason) })
    expect(templates.added).toBe(0)
  }
})
