// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import { decode } from '#protocols/snmp/codec-message'
import { FLAG, type V3Message } from '#protocols/snmp/messages'
import { acknowledged, informOf, NOTIFICATION, ours, receiver } from './receivers.ts'
import { ENGINE, PRIVATE, target } from './support.ts'

describe('bounds', () => {
  test('more informs than may wait are refused as busy at once, and the others go on', async () => {
    let seen = 0
    const port = await receiver((bytes, send) => {
      seen++
      send(acknowledged(informOf(bytes)))
    })
    const one = ours({ maxInFlight: 4, maxWaiting: 10 })
    const all = Array.from({ length: 30 }, () =>
      one.send(target(port), NOTIFICATION).then(
        () => 'sent',
        ({ code }) => code,
      ),
    )
    const fates = await Promise.all(all)
    expect(fates.filter((fate) => fate === 'sent')).toHaveLength(14)
    expect(fates.filter((fate) => fate === 'busy')).toHaveLength(16)
    expect(seen).toBe(14)
  })

  test('no more informs are on their way than may be', async () => {
    let waiting: (() => void)[] = []
    let most = 0
    const port = await receiver((bytes, send) => {
      waiting.push(() => send(acknowledged(informOf(bytes))))
      most = Math.max(most, waiting.length)
      setImmediate(() => setImmediate(() => setImmediate(() => waiting.splice(0, 1)[0]?.())))
    })
    const one = ours({ maxInFlight: 8 })
    await Promise.all(Array.from({ length: 100 }, () => one.send(target(port), NOTIFICATION)))
    expect(most).toBeLessThanOrEqual(8)
    waiting = []
  })

  test('the target that was idle longest makes room for a new one', async () => {
    const port = await receiver((bytes, send) => send(acknowledged(informOf(bytes))))
    const one = ours({ maxSessions: 3 })
    for (let i = 0; i < 20; i++) await one.send(target(port, { community: `c${i}` }), NOTIFICATION)
    const silent = await receiver(() => {})
    const busy = [0, 1, 2].map((i) =>
      one.send(target(silent, { community: `s${i}`, timeoutMillis: 200 }), NOTIFICATION).catch(({ code }) => code),
    )
    await expect(one.send(target(port), NOTIFICATION)).rejects.toMatchObject({ code: 'busy' })
    await Promise.all(busy)
    await one.send(target(port), NOTIFICATION)
  })

  test('close rejects what waits, and what comes later', async () => {
    const silent = await receiver(() => {})
    const one = ours()
    const informs = [
      ...Array.from({ length: 100 }, () => one.send(target(silent), NOTIFICATION)),
      one.send(target(silent, { user: PRIVATE }), NOTIFICATION),
    ].map((inform) => inform.catch(({ code }) => code))
    await one.close()
    expect(new Set(await Promise.all(informs))).toEqual(new Set(['closed']))
    await expect(one.send(target(silent), NOTIFICATION)).rejects.toMatchObject({ code: 'closed' })
    await one.close()
  })
})

describe('what cannot be sent is invalid, and says why without a secret', () => {
  const secret = 'thesecretcommunity'

  test.each([
    ['a name as address', { address: 'nms.example' }, /IPv4/],
    ['an IPv6 address', { address: '::1' }, /IPv4/],
    ['port 0', { port: 0 }, /port/],
    ['an inform of version 1', { version: '1' as const }, /no informs/],
    ['no timeout', { timeoutMillis: 0 }, /timeout/],
    ['no user', { version: '3' as const }, /user/],
    ['a short key', { version: '3' as const, user: { ...PRIVATE, authKey: 'short' } }, /8 characters/],
    [
      'privacy without a key',
      { version: '3' as const, user: { name: 'x', level: 'authPriv' as const } },
      /authenticat/,
    ],
    ['a long user name', { version: '3' as const, user: { ...PRIVATE, name: 'x'.repeat(33) } }, /32 bytes/],
  ])('%s', async (_, more, message) => {
    const sending = ours().send({ ...target(162, { community: secret }), ...more }, NOTIFICATION)
    const error = await sending.catch((reason: Error) => reason)
    expect(error).toMatchObject({ name: 'SnmpError', code: 'invalid', message: expect.stringMatching(message) })
    expect(String(error)).not.toContain(secret)
    expect(String(error)).not.toContain(PRIVATE.privKey)
  })

  test.each([
    ['no OID', { oid: 'x' }],
    ['an OID above 2', { oid: '3.1' }],
    ['a number of 2^32', { oid: '1.3.4294967296' }],
    ['a fraction', { varbinds: [{ oid: '1.3', type: 'integer' as const, value: 0.5 }] }],
    ['an integer of 33 bits', { varbinds: [{ oid: '1.3', type: 'integer' as const, value: 2 ** 31 }] }],
    ['a negative counter', { varbinds: [{ oid: '1.3', type: 'counter32' as const, value: -1 }] }],
    ['a counter of 65 bits', { varbinds: [{ oid: '1.3', type: 'counter64' as const, value: 2n ** 64n }] }],
    ['no address', { varbinds: [{ oid: '1.3', type: 'ipAddress' as const, value: '1.2.3.256' }] }],
    ['70,000 bytes', { varbinds: [{ oid: '1.3', type: 'octets' as const, value: 'x'.repeat(70_000) }] }],
  ])('%s', async (_, more) => {
    for (const inform of [false, true]) {
      const sending = ours().send(target(162, { inform }), { ...NOTIFICATION, ...more })
      await expect(sending).rejects.toMatchObject({ code: 'invalid' })
    }
  })
})

test('every trap of version 3 has our engine, its boots, and a salt of its own', async () => {
  const seen: V3Message[] = []
  let done: () => void = () => {}
  const all = new Promise<void>((resolve) => {
    done = resolve
  })
  const port = await receiver((bytes) => {
    if (seen.push(decode(bytes) as V3Message) === 50) done()
  })
  const one = ours()
  for (let i = 0; i < 50; i++) await one.send(target(port, { user: PRIVATE, inform: false }), NOTIFICATION)
  await all
  for (const { security, flags } of seen) {
    expect(Buffer.compare(security.engineId, ENGINE.id)).toBe(0)
    expect(security.boots).toBe(ENGINE.boots)
    expect(flags).toBe(FLAG.auth | FLAG.priv)
  }
  expect(new Set(seen.map(({ security }) => Buffer.from(security.privacy).toString('hex'))).size).toBe(50)
})
