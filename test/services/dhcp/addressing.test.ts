// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import type { Reservation, Subnet } from '#daemon/domain/dhcp/model'
import { completePlan } from '#daemon/domain/dhcp/ready-made'
import { Addressing } from '#daemon/services/addressing/addressing'
import { Alarms } from '#daemon/services/alarms/alarms'
import { DhcpWatch } from '#daemon/services/watch/dhcp-watch'
import { leases } from '#daemon/store/tables'
import { identify } from '#daemon/vendors/audiocodes/identify'
import type { LeaseQuery } from '#protocols/dhcp/port'
import { type Ipv4, ipv4ToNumber } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { ip, subnet } from '#test/domain/subnets'
import { freshStore } from '#test/support/store'

const SERVER = ip('10.99.0.1')

function range(first: string, last = first) {
  return { first: ipv4ToNumber(ip(first)), last: ipv4ToNumber(ip(last)) }
}

function voice(change: Partial<Subnet> = {}): Subnet {
  return subnet('10.99.0.0/24', '10.99.0.10', '10.99.0.12', change)
}

async function officeOf(place: Subnet, mode: 'server' | 'options-only' = 'server') {
  const store = await freshStore()
  const clock = { now: 1_000_000 }
  const now = () => clock.now
  const alarms = new Alarms(store, now, () => {})
  const watch = new DhcpWatch(alarms, now)
  const addressing = new Addressing({ store, mode, plan: completePlan({ subnets: [place] }), identify, now, watch })
  addressing.start()
  const ask = (n: number, kind: LeaseQuery['kind'], change: Partial<LeaseQuery> = {}) => {
    const mac = `020000${n.toString(16).padStart(6, '0')}` as Mac
    return addressing.leaseFor({
      ...{ kind, mac, clientKey: mac, link: ip('10.99.0.254'), address: undefined, leaseSeconds: undefined },
      ...{ server: undefined, wanted: [], vendorClass: undefined, userClass: undefined, hostname: undefined },
      ...{ circuitId: undefined, remoteId: undefined, peer: { address: '10.99.0.254', port: 67 } },
      ...change,
    })
  }
  const bind = async (n: number, change: Partial<LeaseQuery> = {}): Promise<Ipv4 | undefined> => {
    const offer = await ask(n, 'discover', change)
    if (offer.kind !== 'lease') return undefined
    const ack = await ask(n, 'selecting', { ...change, address: offer.address, server: SERVER })
    return ack.kind === 'lease' ? ack.address : undefined
  }
  return { store, clock, addressing, alarms, ask, bind }
}

test('excluded addresses are leased to nobody', async () => {
  const { bind, ask } = await officeOf(
    voice({
      pools: [
        { ...range('10.99.0.10', '10.99.0.14'), exclude: [range('10.99.0.10'), range('10.99.0.12', '10.99.0.13')] },
      ],
    }),
  )
  expect([await bind(1), await bind(2), await bind(3)]).toEqual(['10.99.0.11', '10.99.0.14', undefined])
  expect(await ask(4, 'selecting', { address: ip('10.99.0.12'), server: SERVER })).toMatchObject({ kind: 'nak' })
})

test('a pool for phones is theirs: others neither get an address there nor keep one', async () => {
  const phone = { vendorClass: '440HD' }
  const { bind, ask } = await officeOf(
    voice({ pools: [{ ...range('10.99.0.10', '10.99.0.11'), classes: ['phone'] }, range('10.99.0.20')] }),
  )
  expect([await bind(1), await bind(2), await bind(3, phone)]).toEqual(['10.99.0.20', undefined, '10.99.0.10'])
  expect(await ask(3, 'renewing', { address: ip('10.99.0.10') })).toMatchObject({ kind: 'nak' })
  expect(await ask(3, 'renewing', { address: ip('10.99.0.10'), ...phone })).toMatchObject({ kind: 'lease' })
})

const RESERVED: Reservation = {
  by: { kind: 'circuitId', hex: '0a' },
  address: ip('10.99.0.11'),
  options: [{ code: 12, value: { type: 'text', value: 'lobby' } }],
}

test('a reserved address waits for its client, in or out of the pools', async () => {
  const outside: Reservation = {
    by: { kind: 'mac', mac: '020000000063' as Mac },
    address: ip('10.99.0.99'),
    options: [],
  }
  const { bind, ask } = await officeOf(voice({ reservations: [RESERVED, outside] }))
  expect([await bind(1), await bind(2), await bind(3)]).toEqual(['10.99.0.10', '10.99.0.12', undefined])
  expect(await ask(3, 'selecting', { address: ip('10.99.0.11'), server: SERVER })).toMatchObject({ kind: 'nak' })
  expect(await bind(4, { circuitId: '0a' })).toBe('10.99.0.11')
  expect(await bind(0x63)).toBe('10.99.0.99')
  expect(await ask(4, 'renewing', { circuitId: '0a', address: ip('10.99.0.11') })).toMatchObject({
    options: expect.arrayContaining([expect.objectContaining({ code: 12, source: 'reservation circuitId 0a' })]),
  })
})

test('a client that was given a reservation moves to it when it renews', async () => {
  const { bind, ask } = await officeOf(voice({ reservations: [RESERVED] }))
  const address = await bind(1)
  expect(await ask(1, 'renewing', { address, circuitId: '0a' })).toMatchObject({
    kind: 'nak',
    reason: '10.99.0.11 is reserved for this client',
  })
})

test('[RFC4039 §3.1] rapid commit: the lease is made at once', async () => {
  const { ask, store } = await officeOf(voice())
  expect(await ask(1, 'discover', { rapidCommit: true })).toMatchObject({
    ...{ kind: 'lease', address: '10.99.0.10', committed: true },
  })
  expect(store.get(leases, '10.99.0.10')?.value.state).toBe('leased')
})

test('options-only answers INFORM, and never offers or refuses an address', async () => {
  const { ask, store } = await officeOf(voice(), 'options-only')
  const address = ip('10.99.0.10')
  expect(await ask(1, 'inform', { address, vendorClass: '440HD' })).toMatchObject({ kind: 'lease', address: undefined })
  for (const kind of ['discover', 'selecting', 'init-reboot', 'renewing', 'rebinding', 'release', 'decline'] as const) {
    expect(await ask(1, kind, { address: ip('192.0.2.1'), server: SERVER })).toMatchObject({ kind: 'silent' })
  }
  expect(store.count(leases)).toBe(0)
})

test('a flood of clients that never answer does not keep addresses from one that does', async () => {
  const { ask, bind, clock, alarms } = await officeOf(voice())
  for (let n = 0; n < 100; n++) await ask(1_000 + n, 'discover')
  expect(await bind(1)).toBeUndefined()
  expect(alarms.active()).toMatchObject([{ name: 'DHCP pool exhausted' }])
  clock.now += 4_000
  for (let n = 0; n < 2; n++) await ask(2_000 + n, 'discover')
  expect(await bind(1)).toMatch(/^10\.99\.0\.1[0-2]$/)
  expect(alarms.active()).toEqual([])
})

test('one client that floods is not heard, others are', async () => {
  const { ask, clock } = await officeOf(voice())
  const answers = await Promise.all(Array.from({ length: 100 }, () => ask(1, 'discover')))
  expect(answers.filter(({ kind }) => kind === 'lease')).toHaveLength(30)
  expect(await ask(2, 'discover')).toMatchObject({ kind: 'lease' })
  clock.now += 1_000
  expect(await ask(1, 'discover')).toMatchObject({ kind: 'lease' })
})

test('a declined address and a foreign server raise alarms, and use counts the addresses', async () => {
  const { ask, bind, alarms, addressing } = await officeOf(voice())
  const address = await bind(1)
  await bind(2)
  await ask(1, 'decline', { address, server: SERVER })
  await ask(3, 'discover')
  await ask(4, 'selecting', { address: ip('10.99.0.50'), server: ip('10.99.0.66') })
  expect(
    alarms
      .active()
      .map(({ name }) => name)
      .sort(),
  ).toEqual(['address in quarantine', 'foreign DHCP server'])
  expect(Object.fromEntries(addressing.use())).toEqual({ voice: { size: 3, leased: 1, offered: 1, quarantined: 1 } })
})
