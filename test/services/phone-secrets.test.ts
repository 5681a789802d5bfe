// SPDX-License-Identifier: Apache-2.0
import { tmpdir } from 'node:os'
import { buffer } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { builtInPlaceholders, shippedTemplates } from '#config/templates'
import type { CommandState } from '#daemon/domain/command'
import { newPhone, newUser, type Phone, sipPasswordPlace } from '#daemon/domain/phone'
import { accountPlace } from '#daemon/domain/phone-secrets'
import { secretPlace } from '#daemon/domain/provisioning/level-settings'
import type { TrustRules } from '#daemon/domain/trust'
import { FirmwareFiles } from '#daemon/services/firmware/dropped'
import { followResets } from '#daemon/services/phone-secrets/after-reset'
import { Programs } from '#daemon/services/provisioning/programs'
import { Provisioning } from '#daemon/services/provisioning/provisioning'
import { put } from '#daemon/store/store'
import { commands, leases, levels, phoneSecrets, phones, users } from '#daemon/store/tables'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { fileRequest } from '#protocols/provisioning/path'
import type { Asker } from '#protocols/provisioning/port'
import { phoneAccess } from '#test/support/phone-access'
import { freshStore } from '#test/support/store'
import { unlockedVault } from '#test/support/vault'

const mac = '00908f123456' as Mac
const HOME = '10.1.2.3'
const ELSEWHERE = '10.1.2.99'
const SIP = 'Kx7-sip-password'
const WEB = 'Kx7-web-password'

async function house(rules: Partial<TrustRules> = {}) {
  const store = await freshStore()
  const vault = unlockedVault()
  const clock = { now: Date.parse('2026-03-04T05:06:07Z') }
  const now = () => clock.now
  const judge = phoneAccess(store, vault, now, rules)
  const provisioning = new Provisioning({
    ...{ store, vault, now, identify: () => ({ model: '440HD', firmware: '2.2.16' }), subnets: [] },
    ...{ serverAddress: '10.1.0.2' as Ipv4, ports: { files: 8080, keepAlive: 8081 }, keepAliveMinutes: 60 },
    ...{ shipped: shippedTemplates(), builtIn: builtInPlaceholders(), programs: new Programs() },
    ...{ firmware: new FirmwareFiles(tmpdir()), access: judge.access },
    accountPassword: (phone) => vault.derive(accountPlace(phone)),
  })
  await provisioning.start()
  onTestFinished(() => provisioning.stop())

  const phone = (change: Partial<Phone>) =>
    store.commit(
      [put(phones, mac, { ...newPhone(mac, 0), model: '440HD', owner: 'anna', ownerFrom: 'admin', ...change })],
      { durable: false },
    )
  const lease = (address: string, holder: Mac = mac) => {
    const facts = {
      clientKey: 'x',
      hostname: '',
      updatedAt: 0,
      state: 'leased',
      expiresAt: clock.now + 60_000,
    } as const
    return store.commit([put(leases, address, { ...facts, address: address as Ipv4, mac: holder })], { durable: false })
  }
  const anna = { ...newUser('anna', 0), phoneNumber: '4711', sipPassword: vault.seal(SIP, sipPasswordPlace('anna')) }
  const sealed = { IPPhonePassword: vault.seal(WEB, secretPlace('system', 'IPPhonePassword')) }
  await store.commit(
    [put(users, 'anna', anna), put(levels, 'system', { values: {}, sealed, lines: '', template: '' })],
    { durable: false },
  )
  await phone({ approval: 'approved' })
  await lease(HOME)

  /** The file that a URL's path gives to who asks from an address. */
  const get = async (path: string, from: string, more: Partial<Asker> = {}) => {
    const request = fileRequest(path)
    if (!request) throw new Error(`no file has the name ${path}`)
    const asker = { peer: { address: from, port: 4_000 }, transport: 'http', userAgent: undefined, ...more } as const
    const answer = await provisioning.fileFor(request, asker)
    if (answer.kind !== 'file') return { status: answer.status, text: '', confidential: false }
    const { resource } = answer
    const opened = resource.open(0, resource.size - 1)
    const text = (opened instanceof Uint8Array ? Buffer.from(opened) : await buffer(opened)).toString('utf8')
    return { status: 200, text, confidential: resource.confidential === true }
  }
  return { store, vault, clock, get, phone, lease, ...judge }
}

const PLAIN = `/configfiles/${mac}.cfg`

function tokenIn(text: string): string | undefined {
  return /^provisioning\/configuration\/url=http:\/\/10\.1\.0\.2:8080\/configfiles\/t\/([\w-]{24})\/$/m.exec(text)?.[1]
}

function kept(text: string): string[] {
  const found = [
    `auth_password=${SIP}`,
    `system/password=${WEB}`,
    'ems_server/user_password=',
    'configfiles/t/',
    'id=4711',
  ]
  return found.filter((secret) => text.includes(secret))
}

const ALL = 5
const NAMES = ['id=4711']

test('an approved phone is given its secrets and its personal address at its own lease, and nobody else is', async () => {
  const { get, phone } = await house()
  expect(kept((await get(PLAIN, ELSEWHERE)).text)).toEqual(NAMES)
  expect(kept((await get(PLAIN, HOME, { transport: 'tftp' })).text)).toEqual(NAMES)
  const own = await get(PLAIN, HOME)
  expect(kept(own.text)).toHaveLength(ALL)
  expect(own.confidential).toBe(true)
  expect((await get(PLAIN, ELSEWHERE)).confidential).toBe(false)
  for (const approval of ['pending', 'rejected'] as const) {
    await phone({ approval })
    expect(kept((await get(PLAIN, HOME)).text)).toEqual([])
    expect(kept((await get(`/configfiles/t/${tokenIn(own.text)}/${mac}.cfg`, HOME)).text)).toEqual([])
  }
})

test('a phone that only reports from an address, and one whose lease ran out, prove nothing', async () => {
  const { get, phone, clock, lease } = await house()
  await phone({ approval: 'approved', address: ELSEWHERE as Ipv4, externalAddress: ELSEWHERE })
  expect(kept((await get(PLAIN, ELSEWHERE)).text)).toEqual(NAMES)
  clock.now += 120_000
  expect(kept((await get(PLAIN, HOME)).text)).toEqual(NAMES)
  await lease(HOME, '00908f000001' as Mac)
  expect(kept((await get(PLAIN, HOME)).text)).toEqual(NAMES)

  const trusting = await house({ ownAddress: 'report' })
  await trusting.phone({ approval: 'approved', externalAddress: ELSEWHERE })
  expect(kept((await trusting.get(PLAIN, ELSEWHERE)).text)).toHaveLength(ALL)
})

test('the personal address is the same until it is used; then the file by any other tells nothing', async () => {
  const { get, urls, said, alarms } = await house()
  const first = await get(PLAIN, HOME)
  const token = tokenIn(first.text) ?? ''
  expect(token).not.toBe('')
  expect((await get(PLAIN, HOME)).text).toBe(first.text)
  expect(urls.of(mac).state).toBe('offered')

  const own = await get(`/configfiles/t/${token}/${mac}.cfg`, ELSEWHERE)
  expect(own.text).toBe(first.text)
  expect(urls.of(mac).state).toBe('held')
  expect(said).toEqual([])

  for (const path of [PLAIN, `/${mac}.cfg`, `/440HD/${mac}.cfg`, `/configfiles/t/${'x'.repeat(24)}/${mac}.cfg`]) {
    expect(kept((await get(path, HOME)).text)).toEqual([])
  }
  expect(said).toEqual([
    {
      id: 'secrets.withheld',
      fields: expect.objectContaining({ mac, from: HOME, why: 'it asked without its personal address' }),
    },
  ])
  expect(JSON.stringify(said)).not.toContain(token)
  expect(alarms.active().map(({ name }) => name)).toEqual(['PHONE WITHOUT ITS PERSONAL ADDRESS'])
  expect(alarms.active()[0]?.mac).toBe(mac)
  expect(kept((await get(`/configfiles/t/${token}/${mac}.cfg`, HOME)).text)).toHaveLength(ALL)
  expect(alarms.active()).toEqual([])
})

test('one phone’s personal address is not good for another phone', async () => {
  const { get, store } = await house()
  const token = tokenIn((await get(PLAIN, HOME)).text)
  const other = '00908f654321' as Mac
  const known = {
    ...newPhone(other, 0),
    model: '440HD',
    approval: 'approved',
    owner: 'anna',
    ownerFrom: 'admin',
  } as const
  await store.commit([put(phones, other, known)], { durable: false })
  expect(kept((await get(`/configfiles/t/${token}/${other}.cfg`, HOME)).text)).toEqual(NAMES)
})

test('revoked, it is worth nothing, wherever it is replayed; renewed, the phone gets another', async () => {
  const { get, urls } = await house()
  const old = tokenIn((await get(PLAIN, HOME)).text)
  await get(`/configfiles/t/${old}/${mac}.cfg`, HOME)
  await urls.revoke(mac, 'admin')
  for (const path of [PLAIN, `/configfiles/t/${old}/${mac}.cfg`]) {
    expect(kept((await get(path, HOME)).text)).toEqual([])
  }
  await urls.renew(mac, 'admin')
  expect(urls.of(mac)).toMatchObject({ state: 'offered', changedBy: 'admin' })
  expect(kept((await get(`/configfiles/t/${old}/${mac}.cfg`, ELSEWHERE)).text)).toEqual(NAMES)
  const fresh = tokenIn((await get(`/configfiles/t/${old}/${mac}.cfg`, HOME)).text)
  expect(fresh).not.toBe(old)
  expect(kept((await get(`/configfiles/t/${fresh}/${mac}.cfg`, ELSEWHERE)).text)).toHaveLength(ALL)
})

test('a phone that was told to forget everything is given a new personal address when it comes back', async () => {
  const { get, urls, store, clock } = await house()
  const faults: unknown[] = []
  onTestFinished(followResets(store, urls, (error) => void faults.push(error)))
  const old = tokenIn((await get(PLAIN, HOME)).text)
  await get(`/configfiles/t/${old}/${mac}.cfg`, HOME)
  clock.now += 1_000
  const command = {
    ...{ id: 'c1', kind: 'factory reset' as const, text: '', by: 'admin', reason: '', attempts: [] },
    ...{ at: clock.now, since: clock.now, expiresAt: clock.now + 60_000 },
  } as const
  const queue = (state: CommandState) => put(commands, mac, { commands: [{ ...command, state }] })
  await store.commit([queue('waiting')], { durable: false })
  expect(urls.of(mac).state).toBe('held')
  await store.commit([queue('accepted')], { durable: false })
  await expect.poll(() => urls.of(mac)).toMatchObject({ state: 'offered', changedBy: 'factory reset' })
  const fresh = tokenIn((await get(PLAIN, HOME)).text)
  expect(fresh).not.toBe(old)
  clock.now += 1_000
  await get(`/configfiles/t/${fresh}/${mac}.cfg`, HOME)
  await store.commit([queue('confirmed')], { durable: false })
  expect(kept((await get(`/configfiles/t/${fresh}/${mac}.cfg`, HOME)).text)).toHaveLength(ALL)
  expect(faults).toEqual([])
})

test('whose phone it is on its own word alone is told no password of the user', async () => {
  const { get, phone, store, vault } = await house()
  const sealed = { Secret1: vault.seal('of-anna', secretPlace('user/anna', 'Secret1')) }
  const lines = 'voip/line/1/auth_password=written\nvoip/line/1/id=%ITCS_Secret1%'
  await store.commit([put(levels, 'user/anna', { values: {}, sealed, lines, template: '' })], { durable: false })
  for (const claimed of [{ ownerFrom: 'report' }, { owner: '', ownerFrom: '', userName: 'Anna' }] as const) {
    await phone({ approval: 'approved', ...claimed })
    const { text } = await get(PLAIN, HOME)
    expect(kept(text)).toEqual([`system/password=${WEB}`, 'ems_server/user_password=', 'configfiles/t/', 'id=4711'])
    expect(text).not.toMatch(/written|of-anna/)
  }
  await phone({ approval: 'approved' })
  expect((await get(PLAIN, HOME)).text).toMatch(/auth_password=written\nvoip\/line\/1\/id=of-anna/)
})

test('a password that somebody wrote into a template goes into the phone’s own file, never into the shared one', async () => {
  const { get, store } = await house()
  await store.commit(
    [put(levels, 'system', { values: {}, sealed: {}, lines: 'system/password=typed-in', template: '' })],
    { durable: false },
  )
  expect((await get(PLAIN, ELSEWHERE)).text).not.toContain('typed-in')
  expect((await get(PLAIN, HOME)).text).toContain('system/password=typed-in\n')
  expect((await get('/configfiles/440hd-sip_global.cfg', HOME)).text).not.toMatch(/password=./)
})

test('rules that admins may loosen', async () => {
  const tftp = await house({ secretsOverTftp: true })
  expect(kept((await tftp.get(PLAIN, HOME, { transport: 'tftp' })).text)).toHaveLength(ALL)
  expect(kept((await tftp.get(PLAIN, ELSEWHERE, { transport: 'tftp' })).text)).toEqual(NAMES)
  const byMac = await house({ secretsByMac: true })
  expect(kept((await byMac.get(PLAIN, ELSEWHERE)).text)).toHaveLength(ALL - 1)
  const none = await house({ personalUrls: false })
  expect(kept((await none.get(PLAIN, HOME)).text)).toHaveLength(ALL - 1)
})

test('a client certificate of the phone is proof enough, another’s is none', async () => {
  const { get } = await house()
  expect(
    kept((await get(PLAIN, ELSEWHERE, { transport: 'https', clientName: 'Client_00908F123456' })).text),
  ).toHaveLength(ALL)
  for (const clientName of ['Client_00908F999999', '00908F123456', 'Client_00908F123456x', '']) {
    expect(kept((await get(PLAIN, ELSEWHERE, { transport: 'https', clientName })).text)).toEqual(NAMES)
  }
})

test('the region that an old URL named stays in the personal one, while it is short enough', async () => {
  const { get } = await house()
  const named = await get(`/ipp/region/Nord Ost/${mac}.cfg`, HOME)
  const [, path = ''] =
    /^provisioning\/configuration\/url=http:\/\/10\.1\.0\.2:8080(\S+)$/m.exec(
      named.text.split('\n').slice(-3).join('\n'),
    ) ?? []
  expect(path).toMatch(/^\/ipp\/region\/Nord%20Ost\/t\/[\w-]{24}\/$/)
  expect(kept((await get(`${decodeURIComponent(path)}${mac}.cfg`, ELSEWHERE)).text)).toEqual(kept(named.text))
  const long = await (await house()).get(`/ipp/region/${'ö'.repeat(60)}/${mac}.cfg`, HOME)
  expect(tokenIn(long.text)).toBeDefined()
})

test('tokens are sealed at rest, and one that was sealed with another key is replaced', async () => {
  const { get, store } = await house()
  const token = tokenIn((await get(PLAIN, HOME)).text) ?? 'none'
  const record = store.get(phoneSecrets, mac)?.value
  expect(JSON.stringify(record)).not.toContain(token)
  if (!record) throw new Error('no record')
  await store.commit([put(phoneSecrets, mac, { ...record, sealedToken: 'v1:AAAA' })], { durable: false })
  const next = tokenIn((await get(PLAIN, HOME)).text)
  expect(next).toBeDefined()
  expect(next).not.toBe(token)
})

describe('guessing', () => {
  const strange = (index: number) => `/configfiles/00908fee${index.toString(16).padStart(4, '0')}.cfg`

  test('who asks for many phones it is not raises an alarm and waits longer and longer', async () => {
    const { get, paused, alarms } = await house()
    for (let i = 0; i < 30; i++) await get(strange(i), ELSEWHERE)
    expect([paused, alarms.active()]).toEqual([[], []])
    for (let i = 30; i < 60; i++) await get(strange(i), ELSEWHERE)
    expect(paused.slice(0, 3)).toEqual([100, 200, 300])
    expect(Math.max(...paused)).toBe(2_000)
    expect(alarms.active()).toMatchObject([
      { name: 'MAC ENUMERATION', source: `files/${ELSEWHERE}`, remoteHost: ELSEWHERE, severity: 'major' },
    ])
  })

  test('phones that prove to be themselves behind the same address never wait', async () => {
    const { get, paused, lease } = await house()
    for (let i = 0; i < 40; i++) await get(strange(i), HOME)
    paused.length = 0
    const token = tokenIn((await get(PLAIN, HOME)).text)
    await lease(ELSEWHERE, '00908f000009' as Mac)
    await get(`/configfiles/t/${token}/${mac}.cfg`, HOME)
    expect(paused).toEqual([])
  })

  test('asking for one phone again and again is no guessing, and ten minutes later all is forgotten', async () => {
    const { get, paused, clock } = await house()
    for (let i = 0; i < 100; i++) await get(strange(1), ELSEWHERE)
    for (let i = 0; i < 29; i++) await get(strange(i + 2), ELSEWHERE)
    clock.now += 10 * 60_000 + 1
    for (let i = 0; i < 30; i++) await get(strange(i + 50), ELSEWHERE)
    expect(paused).toEqual([])
  })
})
