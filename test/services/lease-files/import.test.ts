// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest'
import { completePlan } from '#daemon/domain/dhcp/ready-made'
import type { Lease } from '#daemon/domain/lease'
import { Addressing } from '#daemon/services/addressing/addressing'
import { importLeases } from '#daemon/services/lease-files/import'
import type { FoundLease } from '#daemon/services/lease-files/lease-file'
import { put } from '#daemon/store/store'
import { leases } from '#daemon/store/tables'
import type { LeaseQuery } from '#protocols/dhcp/port'
import { ipv4FromNumber } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { ip, subnet } from '#test/domain/subnets'
import { freshStore } from '#test/support/store'
import { lease } from './leases.ts'

const VOICE = subnet('10.99.0.0/16', '10.99.0.10', '10.99.60.0')
const OTHER_MAC = '00908f999999' as Mac

async function imported(found: readonly Lease[], ours: readonly Lease[] = [], dryRun = false) {
  const store = await freshStore()
  await store.commit(
    ours.map((one) => put(leases, one.address, one)),
    { durable: false },
  )
  const file = {
    found: found.map((one, index): FoundLease => ({ line: index + 2, lease: one })),
    rejections: [],
    rejected: 0,
  }
  const report = await importLeases(file, store, [VOICE], { dryRun })
  return { report, store, at: (address: string) => store.get(leases, address)?.value }
}

describe('importing leases', () => {
  it('takes a reserved address outside the pools', async () => {
    const address = ip('10.99.200.1')
    const reservations = [{ by: { kind: 'mac', mac: lease().mac } as const, address, options: [] }]
    const file = { found: [{ line: 2, lease: lease({ address }) }], rejections: [], rejected: 0 }
    const report = await importLeases(file, await freshStore(), [{ ...VOICE, reservations }], { dryRun: false })
    expect(report).toMatchObject({ imported: 1, rejected: 0 })
  })

  it('writes thousands of them, in batches', async () => {
    const many = Array.from({ length: 2_500 }, (_, n) => {
      const mac = n.toString(16).padStart(12, '0') as Mac
      return lease({ address: ipv4FromNumber(0x0a63_0100 + n), mac, clientKey: mac })
    })
    const { report, store } = await imported(many)
    expect(report).toMatchObject({ imported: 2_500, kept: 0, rejected: 0 })
    expect(store.count(leases)).toBe(2_500)
  })

  it('a dry run says the same and writes nothing', async () => {
    const { report, store } = await imported([lease(), lease({ address: ip('192.0.2.1') })], [], true)
    expect(report).toMatchObject({ dryRun: true, imported: 1, rejected: 1 })
    expect(store.count(leases)).toBe(0)
  })

  it.each([
    ['192.0.2.1', '192.0.2.1 is in no subnet of the configuration'],
    ['10.99.0.9', '10.99.0.9 is neither in a pool of subnet voice nor reserved'],
    ['10.99.0.1', '10.99.0.1 is neither in a pool of subnet voice nor reserved'],
  ])('rejects %s with its line: %s', async (address, reason) => {
    const { report } = await imported([lease(), lease({ address: ip(address) })])
    expect(report).toMatchObject({ imported: 1, rejected: 1, rejections: [{ line: 3, reason }] })
  })

  it('our newer lease of the address stays; an older one gives way', async () => {
    const theirs = lease({ mac: OTHER_MAC, clientKey: OTHER_MAC })
    const newer = await imported([theirs], [lease({ updatedAt: theirs.updatedAt + 1 })])
    expect(newer.report).toMatchObject({ imported: 0, kept: 1, rejected: 0 })
    expect(newer.at(theirs.address)?.mac).toBe('00908f123456')
    const older = await imported([theirs], [lease({ updatedAt: theirs.updatedAt - 1 })])
    expect(older.report).toMatchObject({ imported: 1, kept: 0 })
    expect(older.at(theirs.address)?.mac).toBe(OTHER_MAC)
  })

  it('a client that has another address of ours since then stays there', async () => {
    const theirs = lease()
    const moved = lease({ address: ip('10.99.0.77'), updatedAt: theirs.updatedAt + 1 })
    const { report } = await imported([theirs], [moved])
    expect(report.keeps).toEqual([{ line: 2, reason: 'the client of 10.99.0.10 has had 10.99.0.77 since' }])
  })

  it('the same file twice changes nothing the second time', async () => {
    const { store } = await imported([lease()])
    const again = await importLeases(
      { found: [{ line: 2, lease: lease() }], rejections: [], rejected: 0 },
      store,
      [VOICE],
      { dryRun: false },
    )
    expect(again).toMatchObject({ imported: 0, kept: 1, rejected: 0 })
  })

  it('the client keeps its address, and nobody else gets it', async () => {
    const theirs = lease({ address: ip('10.99.0.42'), clientKey: '0100908f123456' })
    const { store } = await imported([theirs])
    const now = () => theirs.updatedAt + 1_000
    const plan = completePlan({ subnets: [VOICE] })
    const addressing = new Addressing({ store, plan, identify: () => undefined, now })
    addressing.start()
    const query: LeaseQuery = {
      ...{ kind: 'renewing', mac: theirs.mac, clientKey: theirs.clientKey, link: ip('10.99.0.254') },
      ...{ address: theirs.address, leaseSeconds: undefined, server: undefined, wanted: [], vendorClass: undefined },
      ...{ userClass: undefined, hostname: undefined, circuitId: undefined, remoteId: undefined },
      ...{ peer: { address: '10.99.0.254', port: 67 } },
    }
    expect(await addressing.leaseFor({ ...query, kind: 'discover', address: undefined })).toMatchObject({
      ...{ kind: 'lease', address: '10.99.0.42' },
    })
    expect(await addressing.leaseFor({ ...query, mac: OTHER_MAC, clientKey: OTHER_MAC })).toMatchObject({ kind: 'nak' })
    expect(await addressing.leaseFor(query)).toMatchObject({ kind: 'lease', address: '10.99.0.42' })
    addressing.stop()
  })
})
