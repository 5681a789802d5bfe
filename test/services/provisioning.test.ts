// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { builtInPlaceholders, shippedTemplates } from '#config/templates'
import { newPhone } from '#daemon/domain/phone'
import type { Subnet } from '#daemon/domain/subnet'
import { FirmwareFiles } from '#daemon/services/firmware'
import { Provisioning } from '#daemon/services/provisioning'
import { put } from '#daemon/store/store'
import { phones, users } from '#daemon/store/tables'
import type { Ipv4 } from '#protocols/lib/ipv4'
import { parseCidr } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import type { Asker, FileAnswer, FileRequest } from '#protocols/provisioning/port'
import { freshStore } from '#test/support/store'

const mac = '00908f123456' as Mac
const asker: Asker = { peer: { address: '10.1.2.3', port: 4_000 }, transport: 'http', userAgent: undefined }
const elsewhere: Asker = { ...asker, peer: { address: '192.0.2.9', port: 1 } }

const cidr = parseCidr('10.1.0.0/16')
if (!cidr) throw new Error('not a CIDR')
const voice: Subnet = {
  name: 'voice',
  cidr,
  pools: [],
  serverAddress: '10.1.0.2' as Ipv4,
  routers: [],
  dnsServers: [],
  ntpServers: ['10.1.0.9' as Ipv4],
  domainName: '',
  leaseSeconds: 3_600,
  provisioningUrl: '',
  tftpServer: '',
}

async function provisioningWith(change: { serverAddress?: Ipv4; zone?: string } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-firmware-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const store = await freshStore()
  const clock = { now: Date.parse('2026-01-02T03:04:05Z') }
  const provisioning = new Provisioning({
    store,
    now: () => clock.now,
    identify: ({ userAgent }) => (userAgent === undefined ? undefined : { model: '430HD', firmware: 'UC_2.0.13.121' }),
    subnets: [change.zone === undefined ? voice : { ...voice, timeZone: change.zone }],
    serverAddress: change.serverAddress,
    ports: { files: 8080, keepAlive: 8081 },
    keepAliveMinutes: 60,
    templates: shippedTemplates(),
    builtIn: builtInPlaceholders(),
    firmware: new FirmwareFiles(folder),
  })
  return { provisioning, store, clock, folder }
}

async function textOf(answer: FileAnswer): Promise<string> {
  if (answer.kind !== 'file') throw new Error(`refused: ${answer.reason}`)
  const { resource } = answer
  const opened = resource.open(0, resource.size - 1)
  return (opened instanceof Uint8Array ? Buffer.from(opened) : await buffer(opened)).toString('utf8')
}

const device = (change: Partial<Extract<FileRequest, { kind: 'device-config' }>> = {}): FileRequest => ({
  kind: 'device-config',
  mac,
  ...change,
})

test('the first file names our address as the phone’s subnet reaches it, and holds no secret', async () => {
  const { provisioning } = await provisioningWith()
  const text = await textOf(await provisioning.fileFor({ kind: 'bootstrap' }, asker))
  expect(text.split('\n')).toEqual([
    'ems_server/keep_alive_period=60',
    'ems_server/provisioning/url=http://10.1.0.2:8081/',
    'provisioning/method=STATIC',
    'provisioning/configuration/url=http://10.1.0.2:8080/configfiles/',
    'provisioning/firmware/url=http://10.1.0.2:8080/firmwarefiles/',
    'ems_server/user_name=system',
    '',
  ])
})

test('a phone of no known subnet gets the configured address, or a refusal that says what to set', async () => {
  const { provisioning } = await provisioningWith()
  expect(await provisioning.fileFor({ kind: 'bootstrap' }, elsewhere)).toMatchObject({
    kind: 'refuse',
    status: 503,
    reason: expect.stringContaining('server.address'),
  })
  const second = await provisioningWith({ serverAddress: '192.0.2.1' as Ipv4 })
  expect(await textOf(await second.provisioning.fileFor({ kind: 'bootstrap' }, elsewhere))).toContain(
    'http://192.0.2.1',
  )
})

test('a device file is rendered for its model and includes its template’s shared file', async () => {
  const { provisioning } = await provisioningWith()
  const text = await textOf(await provisioning.fileFor(device({ model: '440hd' }), asker))
  expect(text).toMatch(/^include audiocodes-sip_global\.cfg\n/)
  expect(text).toContain('system/type=440HD\n')
  const shared = await provisioning.fileFor({ kind: 'global-config', name: 'audiocodes-sip_global.cfg' }, asker)
  expect(await textOf(shared)).toContain('system/ntp/primary_server_address=10.1.0.9\n')
})

test('the User-Agent tells model and firmware of a phone that nothing else is known of', async () => {
  const { provisioning } = await provisioningWith()
  const text = await textOf(await provisioning.fileFor(device(), { ...asker, userAgent: 'AUDC-IPPhone-430HD_UC_2' }))
  expect(text).toMatch(/^include audiocodes-uc_global\.cfg\n/)
})

test('user lines are for approved phones only', async () => {
  const { provisioning, store } = await provisioningWith()
  const phone = { ...newPhone(mac, 0), model: '440HD', userName: 'anna' }
  const anna = { name: 'anna', displayName: 'Anna Ö', phoneNumber: '4711', createdAt: 0 }
  await store.commit([put(phones, mac, phone), put(users, 'anna', anna)], { durable: false })
  expect(await textOf(await provisioning.fileFor(device(), asker))).not.toContain('voip/line')
  await store.commit([put(phones, mac, { ...phone, approval: 'approved' })], { durable: false })
  const text = await textOf(await provisioning.fileFor(device(), asker))
  expect(text).toContain('voip/line/0/id=4711\nvoip/line/0/description=Anna Ö\nvoip/line/0/auth_name=anna\n')
})

test('a model that no template knows, and an unknown model, are told apart', async () => {
  const { provisioning } = await provisioningWith()
  const refusal = { kind: 'refuse', status: 404 }
  expect(await provisioning.fileFor(device({ model: '999HD' }), asker)).toEqual({
    ...refusal,
    reason: 'no template knows the model 999HD',
  })
  expect(await provisioning.fileFor(device(), asker)).toEqual({
    ...refusal,
    reason: 'the model of 00908f123456 is not known yet',
  })
  expect(await provisioning.fileFor({ kind: 'global-config', name: 'x_global.cfg' }, asker)).toMatchObject(refusal)
})

test('the entity tag follows the bytes, and Last-Modified stays while they stay', async () => {
  const { provisioning, store, clock } = await provisioningWith()
  const validators = async () => {
    const answer = await provisioning.fileFor(device({ model: '440HD' }), asker)
    return answer.kind === 'file' ? [answer.resource.etag, answer.resource.modified.getTime()] : []
  }
  const first = await validators()
  clock.now += 60_000
  expect(await validators()).toEqual(first)
  await store.commit([put(phones, mac, { ...newPhone(mac, 0), model: '430HD' })], { durable: false })
  const second = await validators()
  expect(second[0]).not.toBe(first[0])
  expect(second[1]).toBe(clock.now)
})

test('firmware is streamed from its folder, in any case of the model, and by range', async () => {
  const { provisioning, folder } = await provisioningWith()
  await writeFile(join(folder, '440HD.img'), 'firmware bytes')
  const answer = await provisioning.fileFor({ kind: 'firmware', model: '440hd' }, asker)
  expect(await textOf(answer)).toBe('firmware bytes')
  if (answer.kind !== 'file') throw new Error('refused')
  const part = answer.resource.open(9, 11)
  expect(part instanceof Uint8Array ? undefined : (await buffer(part)).toString()).toBe('byt')
})

test('a link, a folder, a missing image and a crooked model are no firmware', async () => {
  const { provisioning, folder } = await provisioningWith()
  await symlink('/etc/passwd', join(folder, 'EVIL.img'))
  await mkdir(join(folder, 'DIR.img'))
  for (const model of ['EVIL', 'DIR', '440HD', '../x', '..', '', '\u0000', 'A'.repeat(64)]) {
    expect(await provisioning.fileFor({ kind: 'firmware', model }, asker), model).toMatchObject({ status: 404 })
  }
})

test('the zone of the phone’s subnet sets its clock: standard time, and when it changes', async () => {
  const { provisioning } = await provisioningWith({ zone: 'Europe/Berlin' })
  const lines = (
    await textOf(await provisioning.fileFor({ kind: 'global-config', name: 'audiocodes-uc_global.cfg' }, asker))
  ).split('\n')
  expect(lines.filter((line) => /gmt_offset|daylight_saving/.test(line))).toEqual([
    'system/ntp/gmt_offset=+01:00',
    'system/daylight_saving/activate=Enable',
    'system/daylight_saving/mode=DayOfWeek',
    'system/daylight_saving/offset=60',
    ...['month=3', 'week=5', 'day_of_week=SUNDAY', 'hour=2', 'minute=0'].map(
      (rest) => `system/daylight_saving/start_date/${rest}`,
    ),
    ...['month=10', 'week=5', 'day_of_week=SUNDAY', 'hour=3', 'minute=0'].map(
      (rest) => `system/daylight_saving/end_date/${rest}`,
    ),
  ])
})
