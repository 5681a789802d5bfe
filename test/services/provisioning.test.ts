// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { builtInPlaceholders, shippedTemplates } from '#config/templates'
import { newPhone, newUser } from '#daemon/domain/phone'
import { type Scope, type ScopeTree, SYSTEM } from '#daemon/domain/scope'
import type { Subnet } from '#daemon/domain/subnet'
import { FirmwareFiles } from '#daemon/services/firmware/dropped'
import { Programs } from '#daemon/services/provisioning/programs'
import { Provisioning } from '#daemon/services/provisioning/provisioning'
import { Scopes } from '#daemon/services/scopes/scopes'
import { put, type Store } from '#daemon/store/store'
import { phones, scopes as scopesTable, users } from '#daemon/store/tables'
import type { Ipv4 } from '#protocols/lib/ipv4'
import { parseCidr } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import type { Asker, FileAnswer, FileRequest } from '#protocols/provisioning/port'
import { freshStore } from '#test/support/store'
import { unlockedVault } from '#test/support/vault'

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

async function provisioningWith(change: { serverAddress?: Ipv4; zone?: string; scopes?: readonly Scope[] } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-firmware-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const store = await freshStore()
  const clock = { now: Date.parse('2026-01-02T03:04:05Z') }
  const provisioning = new Provisioning({
    vault: unlockedVault(),
    store,
    now: () => clock.now,
    identify: ({ userAgent }) => (userAgent === undefined ? undefined : { model: '430HD', firmware: 'UC_2.0.13.121' }),
    subnets: [change.zone === undefined ? voice : { ...voice, timeZone: change.zone }],
    serverAddress: change.serverAddress,
    ports: { files: 8080, keepAlive: 8081 },
    keepAliveMinutes: 60,
    shipped: shippedTemplates(),
    programs: new Programs(),
    builtIn: builtInPlaceholders(),
    firmware: new FirmwareFiles(folder),
    ...(change.scopes && { ofAddress: await scopesOn(store, change.scopes) }),
  })
  await provisioning.start()
  onTestFinished(() => provisioning.stop())
  return { provisioning, store, clock, folder }
}

/** The real service upon a tree that is there already. */
async function scopesOn(store: Store, scopes: readonly Scope[]) {
  await store.commit([put(scopesTable, 'tree', { scopes })], { durable: true })
  const service = new Scopes({ store, now: () => 0, random: randomBytes, announce: () => {}, networks: [] })
  await service.start()
  onTestFinished(() => service.stop())
  return (tree: ScopeTree, address: Ipv4) => service.ofAddressIn(tree, address)
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
  expect(text).toMatch(/^include 440hd-sip_global\.cfg\n/)
  expect(text).toContain('system/type=440HD\n')
  const shared = await provisioning.fileFor({ kind: 'global-config', name: '440hd-sip_global.cfg' }, asker)
  expect(await textOf(shared)).toContain('system/ntp/primary_server_address=10.1.0.9\n')
})

test('the User-Agent tells model and firmware of a phone that nothing else is known of', async () => {
  const { provisioning } = await provisioningWith()
  const text = await textOf(await provisioning.fileFor(device(), { ...asker, userAgent: 'AUDC-IPPhone-430HD_UC_2' }))
  expect(text).toMatch(/^include 430hd-uc_global\.cfg\n/)
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

test.each([
  ['small, and so in memory', 'firmware bytes'],
  ['streamed', `firmware ${'bytes '.repeat(20_000)}`],
])('a dropped file that is %s comes in any case of the model, and by range', async (_, content) => {
  const { provisioning, folder } = await provisioningWith()
  await writeFile(join(folder, '440HD.img'), content)
  const answer = await provisioning.fileFor({ kind: 'firmware', model: '440hd' }, asker)
  expect(await textOf(answer)).toBe(content)
  if (answer.kind !== 'file') throw new Error('refused')
  const part = answer.resource.open(9, 11)
  expect((part instanceof Uint8Array ? Buffer.from(part) : await buffer(part)).toString()).toBe('byt')
})

test('a small dropped file that is replaced is served anew, whoever asked before and asks meanwhile', async () => {
  const { provisioning, folder } = await provisioningWith()
  const ask = async () => textOf(await provisioning.fileFor({ kind: 'firmware', model: '440HD' }, asker))
  for (const content of ['one', 'two', 'three']) {
    await writeFile(join(folder, '440HD.img'), content)
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([content, content, content])
  }
  await rm(join(folder, '440HD.img'))
  const gone = await provisioning.fileFor({ kind: 'firmware', model: '440HD' }, asker)
  expect(gone).toMatchObject({ kind: 'refuse', status: 404 })
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

const region = (id: string, fields: Partial<Scope>): Scope => ({
  ...{ ...SYSTEM, id, name: id, kind: 'region', parent: 'system' },
  ...fields,
})
const approved = { ...newPhone(mac, 0), approval: 'approved', model: '440HD', owner: 'anna' } as const

test('a phone whose user is elsewhere keeps the clock of there: its own file says so after the shared one', async () => {
  const { provisioning, store } = await provisioningWith({
    zone: 'Europe/Berlin',
    scopes: [region('Tokyo', { timeZone: 'Asia/Tokyo' })],
  })
  const anna = { ...newUser('anna', 0), phoneNumber: '4711, 4712', authName: 'a.a' }
  await store.commit([put(users, 'anna', anna), put(phones, mac, approved)], { durable: true })
  const here = (await textOf(await provisioning.fileFor(device(), asker))).split('\n')
  expect(here.filter((line) => line.includes('gmt_offset'))).toEqual([])
  expect(here).toContain('voip/line/0/id=4711')
  expect(here).toContain('voip/line/0/auth_name=a.a')

  const moved = { ...anna, region: 'Tokyo', language: 'Japanese' }
  await store.commit([put(users, 'anna', moved)], { durable: true })
  const there = (await textOf(await provisioning.fileFor(device(), asker))).split('\n')
  expect(there[0]).toMatch(/^include /)
  expect(there).toContain('system/ntp/gmt_offset=+09:00')
  expect(there).toContain('personal_settings/language=Japanese')
  expect(there.indexOf('system/ntp/gmt_offset=+09:00')).toBeLessThan(there.indexOf('voip/line/0/id=4711'))
  await store.commit([put(phones, mac, { ...approved, language: 'Korean', vlanId: '7' })], { durable: true })
  const device2 = await textOf(await provisioning.fileFor(device(), asker))
  expect(device2).toContain('personal_settings/language=Korean')
  expect(device2).toContain('network/lan/vlan/id=7')
})

test('the region of the URL counts where nobody said more', async () => {
  const { provisioning, store } = await provisioningWith({
    scopes: [
      region('Tokyo', { timeZone: 'Asia/Tokyo' }),
      region('Paris', { timeZone: 'Europe/Paris', subnets: ['10.1.0.0/16'] }),
    ],
  })
  const file = { kind: 'global-config', name: 'audiocodes-sip_global.cfg' } as const
  const at = async (request: FileRequest) =>
    /gmt_offset=(.*)/.exec(await textOf(await provisioning.fileFor(request, asker)))?.[1]
  expect(await at(file)).toBe('+01:00')
  expect(await at({ ...file, scope: { kind: 'region', name: 'tokyo' } })).toBe('+09:00')
  expect(await at({ ...file, scope: { kind: 'region', name: 'Atlantis' } })).toBe('+01:00')
  await store.commit([put(phones, mac, { ...approved, scope: 'Paris' })], { durable: true })
  expect(await at(device({ scope: { kind: 'region', name: 'Tokyo' } }))).toBeUndefined()
})

test('an unknown tenant is refused once tenants are defined; a region never is', async () => {
  const nobody = await provisioningWith({ scopes: [region('Acme', {})] })
  const asked = (name: string, kind: 'tenant' | 'region' = 'tenant'): FileRequest => ({
    kind: 'bootstrap',
    scope: { kind, name },
  })
  expect(await nobody.provisioning.fileFor(asked('x'), asker)).toMatchObject({ kind: 'file' })
  const { provisioning } = await provisioningWith({
    scopes: [region('Acme', { kind: 'tenant', id: 't' }), region('b', { name: 'Acme', parent: 't' })],
  })
  expect(await provisioning.fileFor(asked('acme'), asker)).toMatchObject({ kind: 'file' })
  expect(await provisioning.fileFor(asked('x', 'region'), asker)).toMatchObject({ kind: 'file' })
  for (const request of [asked('x'), { ...asked('x'), kind: 'firmware', model: '440HD' } as FileRequest]) {
    expect(await provisioning.fileFor(request, asker)).toEqual({
      ...{ kind: 'refuse', status: 404 },
      reason: 'there is no tenant x',
    })
  }
})
