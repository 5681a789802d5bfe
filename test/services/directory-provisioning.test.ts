// SPDX-License-Identifier: Apache-2.0
import { tmpdir } from 'node:os'
import { buffer } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { builtInPlaceholders, shippedTemplates } from '#config/templates'
import type { Lease } from '#daemon/domain/lease'
import { newPhone, newUser } from '#daemon/domain/phone'
import { FirmwareFiles } from '#daemon/services/firmware/dropped'
import { Programs } from '#daemon/services/provisioning/programs'
import { Provisioning } from '#daemon/services/provisioning/provisioning'
import { put } from '#daemon/store/store'
import { leases, phones, users } from '#daemon/store/tables'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { phoneAccess } from '#test/support/phone-access'
import { unlockedVault } from '#test/support/vault'
import { BASE, freshDesk } from './directory-desk.ts'

const mac = '00908f123456' as Mac
const NOW = 1_700_000_000_000

async function house() {
  const { desk, store, scopes } = await freshDesk()
  const vault = unlockedVault()
  const provisioning = new Provisioning({
    vault,
    access: phoneAccess(store, vault, () => NOW, { ownAddress: 'report', personalUrls: false }).access,
    ...{ store, now: () => NOW, identify: () => ({ model: '420HD', firmware: '2.2.16' }), subnets: [] },
    ofAddress: (tree, address) => scopes.ofAddressIn(tree, address),
    ...{ serverAddress: '10.1.0.2' as Ipv4, ports: { files: 8080, keepAlive: 8081 }, keepAliveMinutes: 60 },
    ...{
      shipped: shippedTemplates(),
      programs: new Programs(),
      builtIn: builtInPlaceholders(),
      firmware: new FirmwareFiles(tmpdir()),
    },
    directory: desk.phones,
  })
  await provisioning.start()
  onTestFinished(() => provisioning.stop())
  /** The LDAP lines of the phone's own file, asked for from an address. */
  const lines = async (address = '10.1.2.3') => {
    const asker = { peer: { address, port: 4_000 }, transport: 'http' as const, userAgent: undefined }
    const answer = await provisioning.fileFor({ kind: 'device-config', mac }, asker)
    if (answer.kind !== 'file') throw new Error(answer.reason)
    const opened = answer.resource.open(0, answer.resource.size - 1)
    const text = (opened instanceof Uint8Array ? Buffer.from(opened) : await buffer(opened)).toString('utf8')
    return text.split('\n').filter((line) => line.startsWith('system/ldap/'))
  }
  const phone = (change: object) =>
    store.commit([put(phones, mac, { ...newPhone(mac, NOW), ...change })], { durable: false })
  return { desk, store, scopes, lines, phone }
}

test('phones are told the directory of their place; who is only waiting to be let in gets no password', async () => {
  const { desk, store, scopes, lines, phone } = await house()
  const berlin = await scopes.add(
    { ...{ kind: 'region', name: 'Berlin', parent: 'system', timeZone: '' }, subnets: [], description: '' },
    'test',
  )
  if (berlin.kind !== 'done') throw new Error('no Berlin')
  await desk.phones.save('', { active: '1', userName: `cn=phones,ou=accounts,${BASE}`, password: 'very secret' }, false)
  await desk.phones.save('Berlin', { countryCode: '49', areaCode: '30' }, false)
  await phone({ address: '10.1.2.3' })
  const waiting = await lines()
  expect(waiting).toContain('system/ldap/enabled=1')
  expect(waiting).toContain('system/ldap/server_address=10.1.0.2')
  expect(waiting).toContain('system/ldap/name_filter=(|(sn=%)(givenname=%)(displayname=%))')
  expect(waiting).toContain('system/ldap/country_code=')
  expect(waiting.join()).not.toContain('secret')

  await store.commit([put(users, 'ann', { ...newUser('ann', NOW), region: berlin.scope.id })], { durable: false })
  await phone({ approval: 'approved', externalAddress: '10.1.2.3', owner: 'ann' })
  const approved = await lines()
  expect(approved).toContain('system/ldap/country_code=49')
  expect(approved).toContain('system/ldap/password=very secret')
})

test('the password goes to the phone’s own address and nowhere else', async () => {
  const { desk, store, lines, phone } = await house()
  await desk.phones.save('', { active: '1', password: 'very secret' }, false)
  await phone({ approval: 'approved', address: '10.1.2.3', externalAddress: '198.51.100.7' })
  const has = async (address: string) => (await lines(address)).join().includes('very secret')
  expect([await has('10.1.2.3'), await has('198.51.100.7'), await has('10.1.2.4')]).toEqual([false, true, false])
  const lease = {
    ...{ clientKey: 'x', hostname: '', updatedAt: NOW, state: 'leased' },
    expiresAt: NOW + 1_000,
  } as const
  const hold = (address: string, holder: string, more: Partial<Lease> = {}) =>
    store.commit([put(leases, address, { ...lease, address: address as Ipv4, mac: holder as Mac, ...more })], {
      durable: false,
    })
  await hold('10.1.2.3', '00908f999999')
  await hold('10.1.2.9', mac)
  expect([await has('10.1.2.3'), await has('10.1.2.9')]).toEqual([false, true])
  await hold('10.1.2.9', mac, { expiresAt: NOW - 1 })
  expect(await has('10.1.2.9')).toBe(false)
})

test('LDAP that is switched off is one line, and none while nobody has said anything', async () => {
  const { desk, lines } = await house()
  await desk.phones.save('', { active: '0' }, false)
  expect(await lines()).toEqual(['system/ldap/enabled=0'])
})

test('a value cannot add a line', async () => {
  const { desk, lines } = await house()
  const answer = await desk.phones.save('', { active: '1', userName: 'cn=x\nsystem/password=y' }, false)
  expect(answer.kind).toBe('refused')
  expect((await lines()).some((line) => line.includes('password'))).toBe(false)
})
