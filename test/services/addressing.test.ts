// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { completePlan } from '#daemon/domain/dhcp/ready-made'
import type { Subnet } from '#daemon/domain/subnet'
import { Addressing } from '#daemon/services/addressing/addressing'
import { LevelStore } from '#daemon/store/level-store'
import { put, type Store } from '#daemon/store/store'
import { leases } from '#daemon/store/tables'
import { identify } from '#daemon/vendors/audiocodes/identify'
import type { LeaseAnswer, LeaseQuery } from '#protocols/dhcp/port'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { ip, subnet } from '#test/domain/subnets'
import { freshStore } from '#test/support/store'

const VOICE = subnet('10.99.0.0/24', '10.99.0.10', '10.99.0.19')
const BRANCH = subnet('10.99.1.0/24', '10.99.1.10', '10.99.1.19', { name: 'branch', serverAddress: ip('10.99.1.1') })
const HOUR = 3_600_000
const DAY = 24 * HOUR

/** What the client `n` says; a relay in VOICE speaks for it. */
function query(n: number, kind: LeaseQuery['kind'], change: Partial<LeaseQuery> = {}): LeaseQuery {
  const mac = `020000${n.toString(16).padStart(6, '0')}` as Mac
  return {
    ...{ kind, mac, clientKey: mac, link: ip('10.99.0.254'), address: undefined, leaseSeconds: undefined },
    ...{ server: undefined, wanted: [], vendorClass: undefined, userClass: undefined, hostname: undefined },
    ...{ circuitId: undefined, remoteId: undefined, peer: { address: '10.99.0.254', port: 67 } },
    ...change,
  }
}

class Office {
  readonly store: Store
  readonly addressing: Addressing
  readonly clock: { now: number }

  constructor(store: Store, subnets: readonly Subnet[], clock = { now: 1_000_000 }) {
    this.store = store
    this.clock = clock
    this.addressing = new Addressing({ store, plan: completePlan({ subnets }), identify, now: () => clock.now })
    this.addressing.start()
  }

  static async open(...subnets: readonly Subnet[]): Promise<Office> {
    return new Office(await freshStore(), subnets.length > 0 ? subnets : [VOICE, BRANCH])
  }

  ask(n: number, kind: LeaseQuery['kind'], change?: Partial<LeaseQuery>): Promise<LeaseAnswer> {
    return this.addressing.leaseFor(query(n, kind, change))
  }

  /** DISCOVER and REQUEST; returns the address. */
  async bind(n: number, change: Partial<LeaseQuery> = {}): Promise<Ipv4> {
    const address = addressIn(await this.ask(n, 'discover', change))
    const ack = await this.ask(n, 'selecting', { ...change, address, server: VOICE.serverAddress })
    expect(addressIn(ack)).toBe(address)
    return address
  }

  leaseAt(address: string) {
    return this.store.get(leases, address)?.value
  }
}

function addressIn(answer: LeaseAnswer): Ipv4 {
  if (answer.kind !== 'lease' || !answer.address) throw new Error(`no address: ${JSON.stringify(answer)}`)
  return answer.address
}

describe('DISCOVER and REQUEST', () => {
  test('give an address with the subnet’s options, and a record of it', async () => {
    const office = await Office.open()
    const offer = await office.ask(1, 'discover', { hostname: 'desk-17' })
    expect(offer).toEqual({
      kind: 'lease',
      address: '10.99.0.10',
      leaseSeconds: 3_600,
      server: '10.99.0.1',
      boot: {},
      options: [
        { code: 1, value: { type: 'ipv4', value: ['255.255.255.0'] }, source: 'subnet voice' },
        { code: 3, value: { type: 'ipv4', value: ['10.99.0.254'] }, source: 'subnet voice' },
        { code: 6, value: { type: 'ipv4', value: ['10.99.0.3'] }, source: 'subnet voice' },
        { code: 15, value: { type: 'text', value: 'voice.example.com' }, source: 'subnet voice' },
        { code: 42, value: { type: 'ipv4', value: ['10.99.0.5'] }, source: 'subnet voice' },
      ],
    })
    expect(office.store.count(leases)).toBe(0)
    const change = { address: ip('10.99.0.10'), server: VOICE.serverAddress, hostname: 'desk-17' }
    expect(await office.ask(1, 'selecting', change)).toEqual(offer)
    expect(office.leaseAt('10.99.0.10')).toEqual({
      ...{ address: '10.99.0.10', state: 'leased', clientKey: '020000000001', mac: '020000000001' },
      ...{ hostname: 'desk-17', expiresAt: 1_000_000 + HOUR, updatedAt: 1_000_000 },
    })
  })

  test('the link picks the subnet, and so its server identifier; the own link is the first one', async () => {
    const office = await Office.open()
    expect(await office.ask(1, 'discover', { link: ip('10.99.1.1') })).toMatchObject({
      address: '10.99.1.10',
      server: '10.99.1.1',
    })
    expect(await office.ask(2, 'discover', { link: undefined })).toMatchObject({ address: '10.99.0.10' })
    expect(await office.ask(3, 'discover', { link: ip('192.0.2.1') })).toEqual({
      kind: 'silent',
      reason: 'no subnet of ours holds 192.0.2.1',
    })
  })

  test('[RFC2131 §4.3.2] a client that chose another server frees its offer and hears nothing', async () => {
    const office = await Office.open(subnet('10.99.0.0/24', '10.99.0.10', '10.99.0.10'))
    await office.ask(1, 'discover')
    expect(await office.ask(2, 'discover')).toMatchObject({
      kind: 'silent',
      reason: expect.stringContaining('no free'),
    })
    const chosen = await office.ask(1, 'selecting', { address: ip('10.99.0.77'), server: ip('10.99.0.2') })
    expect(chosen).toEqual({ kind: 'silent', reason: 'the client chose server 10.99.0.2' })
    expect(await office.ask(2, 'discover')).toMatchObject({ address: '10.99.0.10' })
  })

  test('[RFC5107 §4] a request to the identifier that the relay gave us is to us', async () => {
    const office = await Office.open()
    const address = addressIn(await office.ask(1, 'discover'))
    expect(await office.ask(1, 'selecting', { address, server: undefined })).toMatchObject({ kind: 'lease', address })
  })

  test('an address that another client holds or was offered is refused', async () => {
    const office = await Office.open()
    const held = await office.bind(1)
    const offered = addressIn(await office.ask(2, 'discover'))
    for (const address of [held, offered]) {
      expect(await office.ask(3, 'selecting', { address, server: VOICE.serverAddress })).toMatchObject({
        kind: 'nak',
        reason: `${address} is not free`,
      })
    }
  })

  test('a client that takes another free address than the one offered frees that one at once', async () => {
    const office = await Office.open(subnet('10.99.0.0/24', '10.99.0.10', '10.99.0.11'))
    const offered = addressIn(await office.ask(1, 'discover'))
    await office.ask(1, 'selecting', { address: ip('10.99.0.11'), server: VOICE.serverAddress })
    expect(addressIn(await office.ask(2, 'discover'))).toBe(offered)
  })

  test('an address is not offered while its lease is on its way to the disk', async () => {
    const office = await Office.open()
    const [taken, offered] = await Promise.all([
      office.ask(1, 'renewing', { address: ip('10.99.0.15') }),
      office.ask(2, 'discover', { address: ip('10.99.0.15') }),
    ])
    expect([addressIn(taken), addressIn(offered)]).toEqual(['10.99.0.15', '10.99.0.10'])
  })

  test('an offer outlives a restart of ours: nobody else has the address, so the client gets it', async () => {
    const office = await Office.open()
    const address = addressIn(await office.ask(1, 'discover'))
    const restarted = new Office(office.store, [VOICE], office.clock)
    expect(await restarted.ask(1, 'selecting', { address, server: VOICE.serverAddress })).toMatchObject({ address })
  })

  test('a thousand clients at once get a thousand addresses, and one more gets none', async () => {
    const office = await Office.open(subnet('10.99.0.0/16', '10.99.2.0', '10.99.5.231'))
    const addresses = await Promise.all(Array.from({ length: 1_000 }, (_, n) => office.bind(n)))
    expect(new Set(addresses).size).toBe(1_000)
    expect(office.store.count(leases)).toBe(1_000)
    expect(await office.ask(1_000, 'discover')).toEqual({ kind: 'silent', reason: 'no free address in subnet voice' })
  })
})

describe('[RFC2131 §4.3.2] INIT-REBOOT', () => {
  const reboot = (office: Office, n: number, address: string) => office.ask(n, 'init-reboot', { address: ip(address) })

  test('confirms the client’s address', async () => {
    const office = await Office.open()
    const address = await office.bind(1)
    office.clock.now += HOUR / 2
    expect(await reboot(office, 1, address)).toMatchObject({ kind: 'lease', address })
    expect(office.leaseAt(address)?.expiresAt).toBe(office.clock.now + HOUR)
  })

  test('refuses another address than the client’s', async () => {
    const office = await Office.open()
    const address = await office.bind(1)
    expect(await reboot(office, 1, '10.99.0.15')).toMatchObject({
      kind: 'nak',
      reason: `the client's address is ${address}`,
    })
  })

  test('refuses one whose lease is over and has gone to another', async () => {
    const office = await Office.open(subnet('10.99.0.0/24', '10.99.0.10', '10.99.0.10'))
    const address = await office.bind(1)
    office.clock.now += HOUR
    await office.bind(2)
    expect(await reboot(office, 1, address)).toMatchObject({ kind: 'silent' })
    expect(await office.ask(1, 'renewing', { address: ip(address), link: ip(address) })).toMatchObject({ kind: 'nak' })
  })

  test('refuses an address of another network, from anybody', async () => {
    const office = await Office.open()
    expect(await reboot(office, 9, '192.168.1.5')).toMatchObject({
      kind: 'nak',
      reason: '192.168.1.5 is not in subnet voice',
    })
  })

  test('is silent to a client of whom there is no record', async () => {
    const office = await Office.open()
    expect(await reboot(office, 9, '10.99.0.15')).toMatchObject({ kind: 'silent' })
    await office.bind(1)
    expect(await reboot(office, 9, '10.99.0.10')).toMatchObject({ kind: 'silent' })
  })
})

describe('[RFC2131 §4.3.2] RENEWING and REBINDING', () => {
  test.each(['renewing', 'rebinding'] as const)('%s extends the lease', async (kind) => {
    const office = await Office.open()
    const address = await office.bind(1)
    office.clock.now += HOUR / 2
    expect(await office.ask(1, kind, { address, link: address })).toMatchObject({ address, leaseSeconds: 3_600 })
    expect(office.leaseAt(address)?.expiresAt).toBe(office.clock.now + HOUR)
  })

  test.each(['renewing', 'rebinding'] as const)('%s an address of another client is refused', async (kind) => {
    const office = await Office.open()
    const address = await office.bind(1)
    await office.bind(2)
    expect(await office.ask(2, kind, { address, link: address })).toMatchObject({ kind: 'nak' })
    expect(await office.ask(3, kind, { address, link: address })).toMatchObject({ kind: 'nak' })
    expect(office.leaseAt(address)?.clientKey).toBe('020000000001')
  })

  test('a client with a lease elsewhere in the subnet is refused', async () => {
    const office = await Office.open()
    await office.bind(1)
    expect(await office.ask(1, 'rebinding', { address: ip('10.99.0.15') })).toMatchObject({ kind: 'nak' })
  })

  test('an unknown client: taken on when it asks us alone, not when it asks everybody', async () => {
    const office = await Office.open()
    expect(await office.ask(1, 'rebinding', { address: ip('10.99.0.15') })).toMatchObject({ kind: 'silent' })
    expect(await office.ask(1, 'renewing', { address: ip('10.99.0.15') })).toMatchObject({ address: '10.99.0.15' })
    expect(await office.ask(2, 'renewing', { address: ip('10.99.0.200') })).toMatchObject({ kind: 'silent' })
  })

  test('a client that moved is refused by its relay’s network', async () => {
    const office = await Office.open()
    const address = await office.bind(1)
    expect(await office.ask(1, 'rebinding', { address, link: ip('10.99.1.1') })).toMatchObject({ kind: 'nak' })
  })
})

describe('[RFC2131 §4.3.4] RELEASE', () => {
  test('frees the address, which stays the client’s first choice', async () => {
    const office = await Office.open()
    const address = await office.bind(1)
    expect(await office.ask(1, 'release', { address, server: VOICE.serverAddress })).toMatchObject({ kind: 'silent' })
    expect(office.leaseAt(address)).toMatchObject({ state: 'released', expiresAt: office.clock.now })
    expect(addressIn(await office.ask(2, 'discover'))).not.toBe(address)
    expect(addressIn(await office.ask(1, 'discover'))).toBe(address)
  })

  test('of another client’s address, or to another server, changes nothing', async () => {
    const office = await Office.open()
    const address = await office.bind(1)
    await office.ask(2, 'release', { address, server: VOICE.serverAddress })
    await office.ask(1, 'release', { address, server: ip('10.99.0.2') })
    expect(office.leaseAt(address)?.state).toBe('leased')
  })
})

describe('[RFC2131 §4.3.3] DECLINE', () => {
  test('keeps the address from everybody for a day', async () => {
    const office = await Office.open(subnet('10.99.0.0/24', '10.99.0.10', '10.99.0.10'))
    const address = await office.bind(1)
    await office.ask(1, 'decline', { address, server: VOICE.serverAddress })
    expect(office.leaseAt(address)).toMatchObject({ state: 'declined', expiresAt: office.clock.now + DAY })
    office.clock.now += DAY - 1
    for (const n of [1, 2]) expect(await office.ask(n, 'discover')).toMatchObject({ kind: 'silent' })
    expect(await office.ask(1, 'renewing', { address, link: address })).toMatchObject({ kind: 'nak' })
    office.clock.now += 1
    expect(await office.ask(2, 'discover')).toMatchObject({ address })
  })

  test('of an address that the client does not hold changes nothing', async () => {
    const office = await Office.open()
    const address = await office.bind(1)
    await office.ask(2, 'decline', { address, server: VOICE.serverAddress })
    await office.ask(2, 'decline', { address: ip('10.99.0.15'), server: VOICE.serverAddress })
    expect(office.leaseAt(address)?.state).toBe('leased')
    expect(office.store.count(leases)).toBe(1)
  })
})

test('[RFC2131 §4.3.5] INFORM gets options, no address and no record', async () => {
  const office = await Office.open()
  const inform = { address: ip('10.99.0.77'), link: ip('10.99.0.77') }
  expect(await office.ask(1, 'inform', inform)).toMatchObject({
    kind: 'lease',
    address: undefined,
    leaseSeconds: undefined,
  })
  expect(office.store.count(leases)).toBe(0)
})

test('an address whose lease is over goes to another client only when there is no other', async () => {
  const office = await Office.open(subnet('10.99.0.0/24', '10.99.0.10', '10.99.0.12'))
  const first = await office.bind(1)
  office.clock.now += HOUR / 2
  const second = await office.bind(2)
  office.clock.now += HOUR
  expect([await office.bind(3), await office.bind(4)]).toEqual(['10.99.0.12', first])
  expect(await office.ask(5, 'discover')).toMatchObject({ address: second })
  expect(office.leaseAt(first)?.clientKey).toBe('020000000004')
})

describe('options', () => {
  const phone = { vendorClass: '440HD', userClass: '440HD' }
  const optionsOf = (answer: LeaseAnswer) =>
    answer.kind === 'lease' ? Object.fromEntries(answer.options.map((option) => [option.code, option])) : {}

  test('a phone gets 160, 66, 67 and 42 whether it asks or not, and the boot fields', async () => {
    const office = await Office.open()
    const answer = await office.ask(1, 'discover', phone)
    expect(optionsOf(answer)).toMatchObject({
      160: { value: { value: VOICE.provisioningUrl }, source: 'class phone', always: true },
      66: { value: { value: '10.99.0.1' }, source: 'class phone', always: true },
      67: { value: { value: '440HD.img' }, source: 'class phone', always: true },
      42: { value: { value: ['10.99.0.5'] }, source: 'subnet voice', always: true },
      1: { source: 'subnet voice' },
    })
    expect(answer).toMatchObject({ boot: { siaddr: '10.99.0.1', sname: '10.99.0.1', file: '440HD.img' } })
  })

  test('a phone of unknown model fills in its own, which a boot loader cannot', async () => {
    const office = await Office.open()
    const mac = '00908f123456' as Mac
    const answer = await office.ask(1, 'discover', { mac })
    expect(optionsOf(answer)[67]?.value).toEqual({ type: 'text', value: '<MODEL>.img' })
    expect(answer).toHaveProperty('boot', { siaddr: '10.99.0.1', sname: '10.99.0.1' })
  })

  test('other clients never get 160, 66 or 67', async () => {
    const office = await Office.open()
    for (const vendorClass of [undefined, 'udhcp 1.35.0', 'MS-UC-Client', 'yealink']) {
      const answer = await office.ask(1, 'discover', { vendorClass, wanted: [66, 67, 160] })
      expect(Object.keys(optionsOf(answer))).toEqual(['1', '3', '6', '15', '42'])
      expect(answer).toHaveProperty('boot', {})
    }
  })

  test('a TFTP server given as a URL is named by its host in the fixed header', async () => {
    const far = subnet('10.99.0.0/24', '10.99.0.10', '10.99.0.10', { tftpServer: 'tftp://files.example.com:6969/x' })
    const office = await Office.open(far)
    expect(await office.ask(1, 'discover', phone)).toMatchObject({
      boot: { siaddr: '10.99.0.1', sname: 'files.example.com' },
    })
  })

  test('what the subnet does not have is not sent', async () => {
    const bare = { routers: [], dnsServers: [], ntpServers: [], domainName: '', tftpServer: '', provisioningUrl: '' }
    const office = await Office.open(subnet('10.99.0.0/24', '10.99.0.10', '10.99.0.10', bare))
    expect(Object.keys(optionsOf(await office.ask(1, 'discover', phone)))).toEqual(['1', '67'])
  })
})

describe('the store', () => {
  test('an ACK comes only after its lease is on disk, and a restart finds it there', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'offhook-addressing-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    const synced: boolean[] = []
    const store = new LevelStore({ folder: join(folder, 'store'), onGroup: (group) => synced.push(group.synced) })
    await store.open()
    const office = new Office(store, [VOICE])
    const address = await office.bind(1)
    expect(synced).toEqual([true])
    await store.close()

    const again = new LevelStore({ folder: join(folder, 'store') })
    await again.open()
    onTestFinished(() => again.close())
    const restarted = new Office(again, [VOICE], office.clock)
    expect(addressIn(await restarted.ask(2, 'discover', { address }))).not.toBe(address)
    expect(addressIn(await restarted.ask(1, 'discover'))).toBe(address)
  })

  test('a lease that another writer gave is respected', async () => {
    const office = await Office.open()
    const address = await office.bind(1)
    const lease = office.leaseAt(address)
    if (!lease) throw new Error('no lease')
    await office.store.commit([put(leases, address, { ...lease, clientKey: 'another' })], { durable: true })
    expect(addressIn(await office.ask(1, 'discover'))).not.toBe(address)
    expect(await office.ask(1, 'renewing', { address, link: address })).toMatchObject({ kind: 'nak' })
  })

  test('a store that cannot write makes the port reject', async () => {
    const office = await Office.open(subnet('10.99.0.0/24', '10.99.0.10', '10.99.0.10'))
    const address = addressIn(await office.ask(1, 'discover'))
    await office.store.close()
    await expect(office.ask(1, 'selecting', { address, server: VOICE.serverAddress })).rejects.toThrow(/not open/)
  })
})
