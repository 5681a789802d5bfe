// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { completePlan } from '#daemon/domain/dhcp/ready-made'
import { createMetrics } from '#daemon/metrics'
import { dhcpReadings } from '#daemon/readings'
import { Addressing } from '#daemon/services/addressing/addressing'
import { DhcpCounts } from '#daemon/services/dhcp-counts'
import { identify } from '#daemon/vendors/audiocodes/identify'
import type { LeaseQuery } from '#protocols/dhcp/port'
import { ipv4ToNumber } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { ip, subnet } from '#test/domain/subnets'
import { freshStore } from '#test/support/store'

const POOLS = [
  { first: ipv4ToNumber(ip('10.99.0.10')), last: ipv4ToNumber(ip('10.99.0.10')) },
  { first: ipv4ToNumber(ip('10.99.0.20')), last: ipv4ToNumber(ip('10.99.0.29')), exclude: [] },
]

async function office() {
  const counts = new DhcpCounts()
  const plan = completePlan({ subnets: [subnet('10.99.0.0/24', '10.99.0.10', '10.99.0.10', { pools: POOLS })] })
  const addressing = new Addressing({ store: await freshStore(), plan, identify, counts, now: () => 1_000_000 })
  addressing.start()
  const metrics = createMetrics(() => [], dhcpReadings(addressing, counts))
  const ask = (mac: string, kind: LeaseQuery['kind'], change: Partial<LeaseQuery> = {}) =>
    addressing.leaseFor({
      ...{
        kind,
        mac: mac as Mac,
        clientKey: mac,
        link: ip('10.99.0.254'),
        address: undefined,
        leaseSeconds: undefined,
      },
      ...{ server: undefined, wanted: [], vendorClass: undefined, userClass: undefined, hostname: undefined },
      ...{ circuitId: undefined, remoteId: undefined, peer: { address: '10.99.0.254', port: 67 } },
      ...change,
    })
  const lines = async () => (await metrics.expose()).body.split('\n').filter((line) => line.startsWith('offhook_dhcp'))
  return { addressing, ask, lines }
}

test('messages are counted by class and type, and by pool, type and answer', async () => {
  const { ask, lines } = await office()
  const [phone, other] = ['00908f000001', '020000000001']
  await ask(phone, 'discover')
  await ask(phone, 'selecting', { address: ip('10.99.0.10') })
  await ask(other, 'discover')
  await ask(other, 'init-reboot', { address: ip('10.1.1.1') })
  const found = await lines()
  expect(found).toContain('offhook_dhcp_class_messages_total{class="phone",type="discover"} 1')
  expect(found).toContain('offhook_dhcp_class_messages_total{class="phone",type="selecting"} 1')
  const pool = (name: string, type: string, answer: string) =>
    `offhook_dhcp_pool_messages_total{subnet="voice",pool="${name}",type="${type}",answer="${answer}"} 1`
  expect(found).toContain(pool('10.99.0.10-10.99.0.10', 'selecting', 'lease'))
  expect(found).toContain(pool('10.99.0.20-10.99.0.29', 'discover', 'lease'))
  expect(found).toContain(pool('none', 'init-reboot', 'nak'))
})

test('addresses are told by pool, those outside all pools too; a scrape counts nothing twice', async () => {
  const { addressing, ask, lines } = await office()
  await ask('020000000001', 'discover')
  await ask('020000000001', 'selecting', { address: ip('10.99.0.10') })
  await ask('020000000002', 'discover')
  const of = (what: string, pool: string) => `offhook_dhcp_pool_${what}{subnet="voice",pool="${pool}"}`
  await lines()
  const found = await lines()
  expect(found).toContain(`${of('leased', '10.99.0.10-10.99.0.10')} 1`)
  expect(found).toContain(`${of('addresses', '10.99.0.20-10.99.0.29')} 10`)
  expect(found).toContain(`${of('offered', '10.99.0.20-10.99.0.29')} 1`)
  addressing.apply(completePlan({ subnets: [subnet('10.99.0.0/24', '10.99.0.50', '10.99.0.59')] }))
  const after = await lines()
  expect(after).toContain(`${of('leased', 'none')} 1`)
  expect(after.join('\n')).not.toContain('offhook_dhcp_pool_leased{subnet="voice",pool="10.99.0.10')
})
