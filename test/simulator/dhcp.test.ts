// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, it } from 'vitest'
import { realClock } from '#daemon/simulator/clock'
import { runFleet } from '#daemon/simulator/fleet'
import type { Ipv4 } from '#protocols/lib/ipv4'
import {
  ACK,
  DECLINE,
  DISCOVER,
  ip,
  lease,
  NAK,
  OFFER,
  ordinary,
  RELEASE,
  REQUEST,
  type SeenRequest,
} from './peers/dhcp.ts'
import { type Bench, bench, IMPATIENT, PATIENT } from './peers/fleet.ts'

let open: Bench | undefined

afterEach(async () => {
  await open?.close()
  open = undefined
})

async function set(scripts: Parameters<typeof bench>[0]): Promise<Bench> {
  open = await bench(scripts)
  return open
}

const types = (test: Bench) => test.dhcp.seen.map(({ type }) => type)
/** Enough to reach the end of DHCP; the boot then ends for want of files. */
const offer = { type: OFFER, yiaddr: '127.99.0.77', options: lease() }
const ack = { type: ACK, yiaddr: '127.99.0.77', options: lease() }
const polite = (request: SeenRequest) => [request.type === DISCOVER ? offer : ack]

describe('the DHCP client behind its relay agent', () => {
  it('DISCOVER and REQUEST share xid and relay; the REQUEST names address and server [RFC 2131 §4.4.1]', async () => {
    const test = await set({ dhcp: polite })
    await test.run()
    const [discover, request] = test.dhcp.seen
    expect(types(test)).toEqual([DISCOVER, REQUEST])
    expect(request?.xid).toBe(discover?.xid)
    expect(request?.options.get(50)).toEqual(ip('127.99.0.77'))
    expect(request?.options.get(54)).toEqual(ip('127.0.0.1'))
    for (const seen of test.dhcp.seen) {
      expect(seen).toMatchObject({ giaddr: '127.99.0.1', hops: 1, ciaddr: '0.0.0.0', mac: '020ff4010001' })
      expect(seen.peer.address).toBe('127.99.0.1')
      expect([...(seen.options.get(82) ?? [])]).toEqual([19, 0])
    }
  })

  it('the circuit id tells the port of the switch [RFC 3046 §3.1]', async () => {
    const test = await set({ dhcp: polite })
    await test.run({ phones: 2, circuitId: 'floor-2/%n' })
    const ids = test.dhcp.seen.map(({ options }) => options.get(82)?.toString('latin1'))
    expect(new Set(ids)).toEqual(new Set(['\x01\x09floor-2/1\x13\0', '\x01\x09floor-2/2\x13\0']))
  })

  it('a lost OFFER: the DISCOVER comes again with the same xid; a lost ACK: the REQUEST does', async () => {
    const test = await set({ dhcp: (request, turn) => (turn % 2 === 1 ? [] : polite(request)) })
    await test.run(IMPATIENT)
    expect(types(test)).toEqual([DISCOVER, DISCOVER, REQUEST, REQUEST])
    expect(new Set(test.dhcp.seen.map(({ xid }) => xid)).size).toBe(1)
    expect(test.events.slice(0, 2)).toMatchObject([
      { step: 'discover', outcome: 'ok', retries: 1 },
      { step: 'request', outcome: 'ok', retries: 1 },
    ])
  })

  it('repeated replies do no harm and are counted', async () => {
    const test = await set({ dhcp: (request) => [...polite(request), ...polite(request)] })
    const report = await test.run()
    expect(types(test)).toEqual([DISCOVER, REQUEST])
    expect(report.anomalies.unexpected).toBeGreaterThan(0)
  })

  it('a NAK sends it back to DISCOVER [RFC 2131 §3.1 (4)]', async () => {
    const nak = { type: NAK, options: { 54: ip('127.0.0.1'), 56: 'wrong \x1b[31mnet' } }
    const test = await set({ dhcp: (request, turn) => (turn === 2 ? [nak] : polite(request)) })
    await test.run()
    expect(types(test)).toEqual([DISCOVER, REQUEST, DISCOVER, REQUEST])
    expect(test.outcomes('request'), 'without the escape sequence').toEqual(['failed NAK wrong [31mnet', 'ok'])
    expect(test.dhcp.seen[2]?.xid).not.toBe(test.dhcp.seen[0]?.xid)
  })

  it('NAK upon NAK is no endless circle', async () => {
    const nak = { type: NAK, options: { 54: ip('127.0.0.1') } }
    const test = await set({ dhcp: (request) => [request.type === DISCOVER ? offer : nak] })
    const report = await test.run()
    expect(report).toMatchObject({ booted: 0, failed: 1 })
    expect(report.steps.request).toMatchObject({ count: 6, failed: 6 })
  })

  it('what is not for it is not taken: another server’s ACK, another xid, another relay, a broken packet', async () => {
    const other = { ...ack, yiaddr: '127.99.0.66', options: lease(3600, '127.0.0.9') }
    const xid = { ...ack, yiaddr: '127.99.0.66', spoil: (bytes: Buffer) => bytes.fill(9, 4, 8) }
    const relay = { ...ack, yiaddr: '127.99.0.66', spoil: (bytes: Buffer) => bytes.fill(9, 24, 28) }
    const broken = { ...ack, yiaddr: '127.99.0.66', spoil: (bytes: Buffer) => bytes.subarray(0, 250) }
    const early = { ...ack, yiaddr: '127.99.0.66' }
    const noServer = { ...offer, yiaddr: '127.99.0.66', options: {} }
    const test = await set({
      dhcp: ({ type }) => (type === DISCOVER ? [early, noServer, offer] : [other, xid, relay, broken, ack]),
    })
    const report = await test.run()
    expect(test.dhcp.seen[1]?.options.get(50)).toEqual(ip('127.99.0.77'))
    expect(test.outcomes('request')).toEqual(['ok'])
    expect(report.anomalies).toMatchObject({ malformed: 1, unexpected: 5 })
  })

  it('silence ends the boot after its retransmissions, each later than the one before', async () => {
    const test = await set({ dhcp: () => [] })
    const report = await test.run(IMPATIENT)
    expect(report).toMatchObject({ booted: 0, failed: 1, unfinished: 0 })
    expect(types(test)).toEqual([DISCOVER, DISCOVER, DISCOVER])
    expect(report.steps.discover).toMatchObject({ failed: 1, retries: 2, failures: { 'no OFFER': 1 } })
    expect(report.steps.discover?.p50).toBeGreaterThan(600)
  })

  it('an ACK without a lease time is no lease', async () => {
    const timeless = { ...ack, options: { 54: ip('127.0.0.1') } }
    const test = await set({ dhcp: (request) => [request.type === DISCOVER ? offer : timeless] })
    await test.run()
    expect(test.outcomes('request')).toEqual(['failed ACK without address, lease time or server'])
  })

  it('replies without the option 82 that was sent are counted [RFC 3046 §2.2]', async () => {
    const bare = { 82: '' }
    const test = await set({
      dhcp: (request) => polite(request).map((r) => ({ ...r, options: { ...r.options, ...bare } })),
    })
    expect((await test.run()).anomalies.unechoed).toBe(2)
  })

  it('an address that another phone holds is declined through the relay, and the boot begins anew', async () => {
    const end = new AbortController()
    const test = await set({
      dhcp: (request) => {
        const yiaddr = test.dhcp.seen.some(({ type }) => type === DECLINE) ? '127.99.0.78' : '127.99.0.77'
        return request.type === DECLINE ? [] : polite(request).map((reply) => ({ ...reply, yiaddr }))
      },
    })
    const running = test.run({ phones: 2, stay: true }, end.signal)
    await test.dhcp.until(({ options }) => options.get(50)?.equals(ip('127.99.0.78')) ?? false)
    const decline = await test.dhcp.until(({ type }) => type === DECLINE)
    end.abort()
    const report = await running
    expect(decline).toMatchObject({ giaddr: '127.99.0.1', ciaddr: '0.0.0.0' })
    expect(decline.options.get(50)).toEqual(ip('127.99.0.77'))
    expect(decline.options.has(60)).toBe(false)
    expect(report.anomalies.addressConflicts).toBe(1)
    expect(report.steps.request?.failures).toEqual({ 'address is in use by another phone': 1 })
  })

  it('a phone that stays rebinds before its lease ends: ciaddr, neither option 50 nor 54 [RFC 2131 §4.3.2]', async () => {
    const end = new AbortController()
    const test = await set({ options: () => ({ 59: Buffer.from([0, 0, 0x0e, 0]) }) })
    const running = runFleet(
      { phones: 1, seed: 1, dhcpPort: test.dhcp.port, ...PATIENT, stay: true },
      { signal: end.signal, clock: fast(20_000) },
    )
    const rebinding = await test.dhcp.until(({ ciaddr, type }) => type === REQUEST && ciaddr !== '0.0.0.0')
    end.abort()
    await running
    expect(rebinding).toMatchObject({ ciaddr: '127.99.100.1', giaddr: '127.99.0.1' })
    expect([rebinding.options.has(50), rebinding.options.has(54)]).toEqual([false, false])
  })

  it('a lease of no time at all makes nobody ask without end', async () => {
    const end = new AbortController()
    const test = await set({ options: () => ({ ...lease(0), 59: Buffer.alloc(4) }) })
    const beganAt = performance.now()
    const running = runFleet(
      { phones: 1, dhcpPort: test.dhcp.port, ...PATIENT, stay: true },
      { signal: end.signal, clock: fast(100) },
    )
    await test.dhcp.until(() => test.dhcp.seen.filter(({ ciaddr }) => ciaddr !== '0.0.0.0').length === 2)
    end.abort()
    await running
    expect(performance.now() - beganAt, 'twice ten seconds, a hundred times as fast').toBeGreaterThan(180)
  })

  it('an ACK for another address than the one it holds costs it the lease', async () => {
    const end = new AbortController()
    const test = await set({
      dhcp: (request) => {
        const files = { 160: `${test.http.url}/firmwarefiles;ipp/dhcpoption160.cfg`, 59: Buffer.from([0, 0, 0x0e, 0]) }
        const yiaddr = request.ciaddr === '0.0.0.0' ? '127.99.0.77' : '127.99.0.78'
        return polite(request).map((reply) => ({ ...reply, yiaddr, options: { ...reply.options, ...files } }))
      },
    })
    const running = runFleet(
      { phones: 1, dhcpPort: test.dhcp.port, ...PATIENT, stay: true },
      { signal: end.signal, clock: fast(20_000) },
    )
    await test.dhcp.until(() => types(test).filter((type) => type === DISCOVER).length === 2)
    end.abort()
    const { rebind } = (await running).steps
    expect(rebind?.failures).toEqual({ 'ACK for another address': rebind?.failed })
  })

  it('NAK while rebinding: the address is given up and the phone boots again', async () => {
    const end = new AbortController()
    const nak = { type: NAK, options: { 54: ip('127.0.0.1') } }
    const test = await set({
      dhcp: (request) =>
        request.ciaddr === '0.0.0.0'
          ? ordinary({ 160: `${test.http.url}/firmwarefiles;ipp/dhcpoption160.cfg` })(request)
          : [nak],
    })
    const running = runFleet(
      { phones: 1, seed: 1, dhcpPort: test.dhcp.port, ...PATIENT, stay: true },
      { signal: end.signal, clock: fast(20_000) },
    )
    await test.dhcp.until(({ type }) => type === DISCOVER && types(test).filter((t) => t === DISCOVER).length === 2)
    end.abort()
    const report = await running
    expect(report.steps.rebind?.failures).toEqual({ NAK: report.steps.rebind?.failed })
  })

  it('RELEASE comes from the leased address itself, past the relay', async () => {
    const test = await set({})
    await test.run({ leave: { offline: false, release: true } })
    const release = await test.dhcp.until(({ type }) => type === RELEASE)
    expect(release).toMatchObject({ ciaddr: '127.99.100.1', giaddr: '0.0.0.0', hops: 0 })
    expect(release.peer.address).toBe('127.99.100.1')
    expect(release.options.get(54)).toEqual(ip('127.0.0.1'))
  })

  it('a relay address that is not this machine’s is said in one sentence', async () => {
    const test = await set({})
    await expect(test.run({ relayAddress: '192.0.2.1' as Ipv4 })).rejects.toThrow(
      'UDP 192.0.2.1:0 is not an address of this machine',
    )
  })
})

/** A clock on which `factor` seconds pass in one. */
function fast(factor: number): ReturnType<typeof realClock> {
  const clock = realClock()
  return { now: () => clock.now() * factor, sleep: (ms, signal) => clock.sleep(ms / factor, signal) }
}
