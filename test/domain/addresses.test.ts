// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AddressPool } from '#daemon/domain/address-pool'
import { isLeasableAddress, leasableAddresses, subnetOf } from '#daemon/domain/addresses'
import type { Lease } from '#daemon/domain/lease'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { ip, subnet } from './subnets.ts'

const HOUR = 3_600_000
const HOLD = 30_000

function lease(address: string, clientKey: string, expiresAt: number, state: Lease['state'] = 'leased'): Lease {
  const mac = '00908f000001' as Mac
  return { address: ip(address), state, clientKey, mac, hostname: '', expiresAt, updatedAt: 0 }
}

function poolOf(first: string, last: string, max = 100, leases: readonly Lease[] = []): AddressPool {
  const pool = new AddressPool(subnet('10.99.0.0/24', first, last), { holdMs: HOLD, max })
  for (const each of leases) pool.learn(each.address, each)
  return pool
}

describe('the subnet of a link', () => {
  const wide = subnet('10.0.0.0/8', '10.1.0.1', '10.1.0.9', { name: 'wide' })
  const narrow = subnet('10.99.0.0/24', '10.99.0.1', '10.99.0.9', { name: 'narrow' })

  test.each([
    ['10.99.0.77', 'narrow'],
    ['10.98.0.1', 'wide'],
    ['192.0.2.1', undefined],
  ])('%s lies in %s', (link, name) => {
    expect(subnetOf([wide, narrow], ip(link))?.name).toBe(name)
    expect(subnetOf([narrow, wide], ip(link))?.name).toBe(name)
  })
})

describe('what may be leased', () => {
  const whole = subnet('10.99.0.0/24', '10.99.0.0', '10.99.1.10')

  test('is in a pool and in the subnet, and neither its network, its broadcast, ours nor a router', () => {
    const all = [...leasableAddresses(whole)]
    expect(all).toHaveLength(256 - 4)
    expect(all.at(0)).toBe('10.99.0.2')
    expect(all.at(-1)).toBe('10.99.0.253')
    for (const no of ['10.99.0.0', '10.99.0.1', '10.99.0.254', '10.99.0.255', '10.99.1.5']) {
      expect(isLeasableAddress(whole, ip(no))).toBe(false)
    }
  })

  test('[RFC3021] may be both addresses of a /31', () => {
    expect([...leasableAddresses(subnet('10.99.8.0/31', '10.99.8.0', '10.99.8.1'))]).toEqual(['10.99.8.0', '10.99.8.1'])
  })
})

describe('[RFC2131 §4.3.1] which address is offered', () => {
  test('the same again while the offer waits', () => {
    const pool = poolOf('10.99.0.10', '10.99.0.20')
    expect([pool.offer('a', undefined, 0), pool.offer('b', undefined, 1), pool.offer('a', undefined, 2)]).toEqual([
      '10.99.0.10',
      '10.99.0.11',
      '10.99.0.10',
    ])
  })

  test('the client’s own, running or over', () => {
    const leases = [lease('10.99.0.15', 'a', HOUR), lease('10.99.0.16', 'b', HOUR, 'released')]
    const pool = poolOf('10.99.0.10', '10.99.0.20', 100, leases)
    expect([pool.offer('a', ip('10.99.0.12'), 2 * HOUR), pool.offer('b', undefined, 2 * HOUR)]).toEqual([
      '10.99.0.15',
      '10.99.0.16',
    ])
  })

  test('the one it wishes, if that is free', () => {
    const pool = poolOf('10.99.0.10', '10.99.0.20', 100, [lease('10.99.0.15', 'a', HOUR)])
    expect(pool.offer('b', ip('10.99.0.15'), 0)).toBe('10.99.0.10')
    expect(pool.offer('c', ip('10.99.0.17'), 0)).toBe('10.99.0.17')
    expect(pool.offer('d', ip('10.99.0.17'), 0)).toBe('10.99.0.11')
    expect(pool.offer('e', ip('10.99.0.99'), 0)).toBe('10.99.0.12')
  })

  test('never used ones before used ones, then the one that has been over for longest', () => {
    const pool = poolOf('10.99.0.10', '10.99.0.13', 100, [
      lease('10.99.0.10', 'a', 3 * HOUR),
      lease('10.99.0.11', 'b', HOUR),
      lease('10.99.0.12', 'c', 2 * HOUR, 'released'),
    ])
    const now = 4 * HOUR
    const offered = ['v', 'w', 'x', 'y', 'z'].map((client) => pool.offer(client, undefined, now))
    expect(offered).toEqual(['10.99.0.13', '10.99.0.11', '10.99.0.12', '10.99.0.10', undefined])
  })

  test('none that is in quarantine, until that is over', () => {
    const pool = poolOf('10.99.0.10', '10.99.0.10', 100, [lease('10.99.0.10', 'a', HOUR, 'declined')])
    expect(pool.offer('a', ip('10.99.0.10'), HOUR - 1)).toBeUndefined()
    expect(pool.offer('b', undefined, HOUR - 1)).toBeUndefined()
    expect(pool.offer('b', undefined, HOUR)).toBe('10.99.0.10')
    expect(pool.leaseOf('a')).toBeUndefined()
  })

  test('one that was offered in vain comes back after its time, used before or not', () => {
    const pool = poolOf('10.99.0.10', '10.99.0.11', 100, [lease('10.99.0.11', 'old', 0)])
    expect([pool.offer('a', undefined, 0), pool.offer('b', undefined, 0), pool.offer('c', undefined, 0)]).toEqual([
      '10.99.0.10',
      '10.99.0.11',
      undefined,
    ])
    expect([pool.offer('c', undefined, HOLD), pool.offer('d', undefined, HOLD)]).toEqual(['10.99.0.10', '10.99.0.11'])
  })

  test('no more than the table may hold', () => {
    const pool = poolOf('10.99.0.10', '10.99.0.99', 2)
    expect(['a', 'b', 'c', 'a'].map((client) => pool.offer(client, undefined, 0))).toEqual([
      '10.99.0.10',
      '10.99.0.11',
      undefined,
      '10.99.0.10',
    ])
    pool.settle('b')
    expect(pool.offer('c', undefined, 0)).toBe('10.99.0.12')
  })

  test('one whose record was removed', () => {
    const pool = poolOf('10.99.0.10', '10.99.0.10', 100, [lease('10.99.0.10', 'a', HOUR)])
    expect(pool.offer('b', undefined, 0)).toBeUndefined()
    pool.learn(ip('10.99.0.10'), undefined)
    expect(pool.leaseOf('a')).toBeUndefined()
    expect(pool.offer('b', undefined, 0)).toBe('10.99.0.10')
  })

  test('none outside of the pools, though there is an old record', () => {
    const pool = poolOf('10.99.0.10', '10.99.0.10', 100, [lease('10.99.0.50', 'a', 0), lease('10.99.0.51', 'b', 0)])
    pool.learn(ip('10.99.0.51'), undefined)
    expect(pool.offer('a', undefined, HOUR)).toBe('10.99.0.10')
    expect(pool.offer('b', undefined, HOUR)).toBeUndefined()
  })
})

test('of two leases of a client the longer one is its own', () => {
  const pool = poolOf('10.99.0.10', '10.99.0.20', 100, [
    lease('10.99.0.10', 'a', HOUR),
    lease('10.99.0.11', 'a', 2 * HOUR),
    lease('10.99.0.10', 'a', 0, 'released'),
  ])
  expect(pool.leaseOf('a')?.address).toBe('10.99.0.11')
})

/** What can happen to a pool, in any order and at any pace. */
const steps = fc.array(
  fc.record({
    client: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    act: fc.constantFrom('discover', 'discover', 'take', 'take', 'release', 'decline', 'leave', 'delete'),
    wish: fc.option(fc.integer({ min: 8, max: 16 }), { nil: undefined }),
    wait: fc.constantFrom(0, 1, HOLD, HOUR / 2, HOUR),
  }),
  { minLength: 20, maxLength: 60 },
)

test('whatever clients do, no address has two holders, and none is lost', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const pool = poolOf('10.99.0.10', '10.99.0.14', 100)
      const size = 5
      const records = new Map<Ipv4, Lease>()
      const offers = new Map<string, { address: Ipv4; until: number }>()
      const write = (record: Lease) => {
        records.set(record.address, record)
        pool.learn(record.address, record)
      }
      const holdsAnother = (client: string, address: Ipv4, now: number) => {
        const record = records.get(address)
        if (record && record.expiresAt > now && (record.clientKey !== client || record.state === 'declined'))
          return true
        return [...offers].some(([other, offer]) => other !== client && offer.address === address && offer.until > now)
      }
      let now = 0
      for (const { client, act, wish, wait } of list) {
        now += wait
        const own = pool.leaseOf(client)
        if (act === 'discover') {
          const address = pool.offer(client, wish === undefined ? undefined : ip(`10.99.0.${wish}`), now)
          offers.delete(client)
          if (address) {
            expect(holdsAnother(client, address, now)).toBe(false)
            offers.set(client, { address, until: now + HOLD })
          } else {
            const free = Array.from({ length: size }, (_, i) => ip(`10.99.0.${10 + i}`))
            expect(free.filter((each) => !holdsAnother(client, each, now))).toEqual([])
          }
        } else if (act === 'take') {
          const address = offers.get(client)?.address ?? own?.address
          if (address && pool.isFreeFor(client, address, now)) {
            expect(holdsAnother(client, address, now)).toBe(false)
            write(lease(address, client, now + HOUR))
            pool.settle(client)
            offers.delete(client)
          }
        } else if (act === 'leave') {
          pool.settle(client)
          offers.delete(client)
        } else if (own?.clientKey === client && own.state === 'leased') {
          if (act === 'release') write({ ...own, state: 'released', expiresAt: now })
          if (act === 'decline') write({ ...own, state: 'declined', expiresAt: now + HOUR })
          if (act === 'delete') {
            records.delete(own.address)
            pool.learn(own.address, undefined)
          }
        }
      }
    }),
    { numRuns: 2_000 },
  )
})
