// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { ClientRate } from '#daemon/domain/dhcp/client-rate'
import { Alarms } from '#daemon/services/alarms/alarms'
import { DhcpWatch } from '#daemon/services/watch/dhcp-watch'
import type { LeaseQuery } from '#protocols/dhcp/port'
import type { Mac } from '#protocols/lib/mac'
import { ip } from '#test/domain/subnets'
import { freshStore } from '#test/support/store'

const MAC = '00908f000001' as Mac

async function watching() {
  const clock = { now: 1_000_000 }
  const alarms = new Alarms(
    await freshStore(),
    () => clock.now,
    () => {},
  )
  const watch = new DhcpWatch(alarms, () => clock.now)
  const names = () => alarms.active().map(({ name, source }) => `${name} ${source}`)
  return { clock, alarms, watch, names }
}

function said(wanted: readonly number[], kind: LeaseQuery['kind'] = 'discover', mac = MAC): LeaseQuery {
  return {
    ...{ kind, mac, clientKey: mac, link: undefined, address: undefined, leaseSeconds: undefined, server: undefined },
    ...{ wanted, vendorClass: '440HD', userClass: undefined, hostname: undefined, circuitId: undefined },
    ...{ remoteId: undefined, peer: { address: '0.0.0.0', port: 68 } },
  }
}

test('a phone that repeats DISCOVER for boot files every five seconds is in recovery, until it asks for 160', async () => {
  const { clock, watch, names, alarms } = await watching()
  for (let n = 0; n < 4; n++) {
    expect(names()).toEqual([])
    watch.heard(said([1, 3, 66, 67]), '440HD')
    watch.heard(said([1, 3, 66, 67]), '440HD') // the same one by a second relay
    clock.now += 5_000
  }
  expect(names()).toEqual([`phone in recovery mode IPPhone/${MAC}`])
  expect(alarms.active()[0]?.remedy).toContain('440HD.img')
  watch.heard(said([1, 66, 67, 160], 'selecting'), '440HD')
  expect(names()).toEqual([])
})

test.each([
  ['asks for 160, too', [66, 67, 160], 5_000],
  ['asks for no boot file', [1, 3], 5_000],
  ['repeats now and then', [66, 67], 60_000],
])('a phone that %s is not', async (_, wanted, pause) => {
  const { clock, watch, names } = await watching()
  for (let n = 0; n < 10; n++) {
    watch.heard(said(wanted), '440HD')
    clock.now += pause
  }
  expect(names()).toEqual([])
})

test('a pool is exhausted until it is not; a flood of such events is one alarm, counted now and then', async () => {
  const { watch, alarms, names, clock } = await watching()
  for (let n = 0; n < 1_000; n++) watch.exhausted('voice')
  expect(alarms.active()).toMatchObject([{ name: 'DHCP pool exhausted', source: 'subnet/voice', count: 1 }])
  clock.now += 60_000
  watch.exhausted('voice')
  expect(alarms.active()).toMatchObject([{ count: 2 }])
  watch.available('voice')
  expect(names()).toEqual([])
})

test('an address in quarantine is told by name, until it is not in quarantine any more', async () => {
  const { watch, names, clock } = await watching()
  watch.quarantined(ip('10.1.0.7'), MAC)
  watch.quarantined(ip('10.1.0.8'), MAC)
  watch.sweep(() => true)
  expect(names()).toHaveLength(2)
  clock.now += 60_000
  watch.sweep((address) => address === '10.1.0.8')
  expect(names()).toEqual(['address in quarantine address/10.1.0.8'])
})

test('another server is told by its address; liars can raise a few alarms, not thousands', async () => {
  const { watch, names, clock } = await watching()
  watch.foreignServer(ip('10.1.0.66'), MAC)
  expect(names()).toEqual(['foreign DHCP server server/10.1.0.66'])
  for (let n = 0; n < 200; n++) watch.foreignServer(ip(`10.2.0.${n}`), MAC)
  expect(names()).toHaveLength(16)
  clock.now += 86_400_001
  watch.foreignServer(ip('10.1.0.66'), MAC)
  watch.sweep(() => false)
  expect(names()).toEqual(['foreign DHCP server server/10.1.0.66'])
})

test('each client has its own rate, and made-up clients do not fill the memory', () => {
  const rate = new ClientRate(3, 2)
  const heard = (client: string, now: number) =>
    Array.from({ length: 5 }, () => rate.allows(client, now)).filter(Boolean)
  expect([heard('a', 0).length, heard('b', 10).length, heard('a', 999).length]).toEqual([3, 3, 0])
  expect(heard('c', 999)).toHaveLength(5) // not counted: the table is full
  expect(heard('a', 1_000)).toHaveLength(3)
})
