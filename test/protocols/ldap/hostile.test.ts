// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { encode } from '#protocols/ldap/codec'
import type { LdapLimits } from '#protocols/ldap/limits'
import { OID } from '#protocols/ldap/messages'
import { goldens, hexBytes, section } from '#test/support/golden'
import { Client, namesIn, search } from './client.ts'
import { BULKY, type House, portOf, STAFF, serve, shelf } from './house.ts'
import { person } from './people.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const ROOT = search({ base: '', scope: 'base' })

function staffHouse(limits: Partial<LdapLimits> = {}): Promise<House> {
  return serve({ port: portOf(shelf(STAFF)), limits })
}

async function clientOf({ port }: House): Promise<Client> {
  const client = await Client.open(port)
  onTestFinished(() => client.close())
  return client
}

describe('bytes that are no LDAP: a notice of disconnection, and the others are served on [RFC4511 §4.1.1, §4.4.1]', () => {
  test.each([
    ['a length of 1 GB', hex('30 84 40 00 00 00 02 01'), 'too-large'],
    ['a message longer than allowed', hex('30 83 01 00 00'), 'too-large'],
    ['an indefinite length', hex('30 80 02 01 01'), 'indefinite-length'],
    ['an overlong length', hex('30 89 00 00 00 00 00 00 00 00 05'), 'length-too-long'],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 'not-ldap'],
    ['a TLS hello in the clear', hex('16 03 01 02 00 01'), 'not-ldap'],
    ['a child longer than its parent', hex('30 05 02 01 01 60 7f'), 'truncated'],
    [
      'a response',
      encode({ id: 1, op: { kind: 'intermediate', oid: '1.2', value: undefined }, controls: [] }),
      'unknown-operation',
    ],
    ['a request of id 0', hex('30 05 02 01 00 42 00'), 'bad-message-id'],
    ['a nested nothing', hex('30 00'), 'truncated'],
  ])('%s', async (_, bytes, reason) => {
    const house = await staffHouse()
    const [client, other] = [await clientOf(house), await clientOf(house)]
    client.bytes(bytes)
    expect(await client.notice()).toMatchObject({ code: 2, message: reason })
    expect(client.received.at(-1)?.op).toMatchObject({ oid: OID.noticeOfDisconnection })
    expect(house.exchanges).toEqual([expect.objectContaining({ operation: 'MESSAGE', ending: 'malformed', reason })])
    expect(await other.code(search({}))).toBe(0)
  })

  test('what was asked before the bad bytes is not answered after them', async () => {
    const client = await clientOf(await staffHouse())
    client.bytes(Buffer.concat([encode({ id: 1, op: search({}), controls: [] }), hex('ff')]))
    await client.notice()
    expect(client.received.at(-1)?.id).toBe(0)
  })
})

describe('patience', () => {
  test('a connection on which nothing happens is closed', async () => {
    const client = await clientOf(await staffHouse({ idleMs: 50 }))
    expect(await client.code(ROOT)).toBe(0)
    expect(await client.notice()).toMatchObject({ code: 52, message: expect.stringContaining('idle') })
  })

  test('a message that comes byte by byte is not awaited for ever', async () => {
    const client = await clientOf(await staffHouse({ stallMs: 300 }))
    const packet = encode({ id: 1, op: search({}), controls: [] })
    let sent = 0
    const drip = (async () => {
      for (; sent < packet.length - 1 && client.received.length === 0; sent++) {
        client.bytes(packet.subarray(sent, sent + 1))
        await pause(30)
      }
    })()
    expect(await client.notice()).toMatchObject({ code: 52, message: expect.stringContaining('too long') })
    expect(sent).toBeLessThan(packet.length - 1)
    await drip
  })

  test('a reader that does not read is cut off, costs little memory, and holds nobody up', async () => {
    const house = await serve({ port: portOf(shelf(BULKY)), limits: { entries: 100_000, stallMs: 500 } })
    const [slow, other] = [await clientOf(house), await clientOf(house)]
    slow.pause()
    slow.send(search({}))
    let slowest = 0
    const gone = new Promise<void>((resolve) => {
      const watch = setInterval(() => {
        if (!house.exchanges.some(({ ending }) => ending === 'ignore')) return
        clearInterval(watch)
        resolve()
      }, 20)
    })
    for (let over = false; !over; ) {
      const since = performance.now()
      expect(await other.code(ROOT)).toBe(0)
      slowest = Math.max(slowest, performance.now() - since)
      over = await Promise.race([gone.then(() => true), pause(20).then(() => false)])
    }
    expect(slowest).toBeLessThan(400)
    const [cut] = house.exchanges.filter(({ ending }) => ending === 'ignore')
    // What left us is what the kernel took, and not the twelve megabytes of the answer.
    expect(cut).toMatchObject({ operation: 'SEARCH', reason: 'abandoned' })
    expect(cut?.bytes).toBeLessThan(11_000_000)
  })
})

test('a search that looks at everything for long lets others go first', async () => {
  const people = Object.fromEntries(Array.from({ length: 4_000 }, (_, i) => [`p${i}`, person(i)]))
  const house = await serve({ port: portOf(shelf(people)) })
  const [heavy, light] = [await clientOf(house), await clientOf(house)]
  const filters = Array.from({ length: 200 }, (_, i) => {
    return { kind: 'substrings', attribute: 'cn', initial: undefined, any: [`${i}`, 'q'], final: undefined } as const
  })
  heavy.send(search({ filter: { kind: 'or', filters } }))
  const order: string[] = []
  const both = [
    heavy.until(() => heavy.received.length > 0, 'the end of the long search').then(() => order.push('heavy')),
    light.code(ROOT).then(() => order.push('light')),
  ]
  await Promise.all(both)
  expect(order).toEqual(['light', 'heavy'])
})

describe('numbers', () => {
  test('one address has so many connections and no more, until one ends', async () => {
    const house = await staffHouse({ connectionsPerPeer: 2 })
    const [first, second] = [await clientOf(house), await clientOf(house)]
    const third = await clientOf(house)
    expect(await third.notice()).toMatchObject({ code: 51 })
    expect(house.exchanges).toEqual([expect.objectContaining({ operation: 'CONNECT', ending: 'refuse' })])
    expect(await first.code(ROOT)).toBe(0)
    second.send({ kind: 'unbind' })
    await second.closed
    second.close()
    let code = 51
    for (let tries = 0; code === 51 && tries < 50; tries++) {
      const next = await clientOf(house)
      code = await next.code(ROOT).catch(() => 51)
      next.close()
    }
    expect(code).toBe(0)
  })

  test('all addresses together have so many connections', async () => {
    const house = await staffHouse({ connections: 1 })
    await clientOf(house)
    expect(await (await clientOf(house)).notice()).toMatchObject({ code: 51 })
  })

  test('hundreds of requests in one segment are answered in order, a few at a time', async () => {
    const house = await staffHouse({ operations: 4 })
    const client = await clientOf(house)
    const ids = Array.from({ length: 300 }, (_, i) => i + 1)
    client.bytes(Buffer.concat(ids.map((id) => encode({ id, op: ROOT, controls: [] }))))
    await client.answers(300)
    expect(client.received.filter(({ op }) => op.kind === 'searchDone').map(({ id }) => id)).toEqual(ids)
  })

  test('a flood of 20,000 small requests is read no faster than it is answered', async () => {
    const client = await clientOf(await staffHouse())
    const packet = encode({ id: 7, op: { kind: 'extended', oid: OID.whoAmI, value: undefined }, controls: [] })
    const before = process.memoryUsage().rss
    const flood = Buffer.concat(Array(2_000).fill(packet))
    for (let i = 0; i < 10; i++) client.bytes(flood)
    await client.until(() => client.received.length === 20_000, '20,000 answers')
    expect(process.memoryUsage().rss - before).toBeLessThan(200e6)
  })
})

describe('leaving', () => {
  test('unbind closes without a word [RFC4511 §4.3]', async () => {
    const client = await clientOf(await staffHouse())
    client.send({ kind: 'unbind' })
    await client.closed
    expect(client.received).toEqual([])
  })

  test('a client that closes its side still gets its answers', async () => {
    const client = await clientOf(await staffHouse({ operations: 2 }))
    const last = Array.from({ length: 20 }, () => client.send(search({}))).at(-1) ?? 0
    client.end()
    expect(namesIn(await client.answers(last))).toHaveLength(7)
    await client.closed
  })

  test('a server that stops tells its clients', async () => {
    const house = await staffHouse()
    const client = await clientOf(house)
    expect(await client.code(ROOT)).toBe(0)
    const stopped = house.server.stop()
    expect(await client.notice()).toMatchObject({ code: 52, message: 'the server is stopping' })
    await stopped
  })
})

test('a live port survives what a fuzzer sends, and still answers', async () => {
  const house = await staffHouse({ stallMs: 1_000 })
  const packets = goldens(join(import.meta.dirname, 'golden')).map((golden) => hexBytes(section(golden, 'packet')))
  const change = fc.tuple(fc.nat(400), fc.nat(255))
  const mutant = fc
    .tuple(fc.constantFrom(...packets), fc.array(change, { maxLength: 5 }), fc.nat(400))
    .map(([packet, changes, cut]) => {
      const bytes = Buffer.from(packet)
      for (const [at, value] of changes) bytes[at % bytes.length] = value
      return cut % 4 === 0 ? bytes.subarray(0, cut % bytes.length) : bytes
    })
  const stream = fc.array(fc.oneof(mutant, fc.uint8Array({ maxLength: 40 })), { minLength: 1, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(stream, async (parts) => {
      const client = await clientOf(house)
      for (const part of parts) client.bytes(part)
      client.end()
      await client.closed
      client.close()
    }),
    { numRuns: 400 },
  )
  expect(house.exchanges.filter(({ ending }) => ending === 'fault')).toEqual([])
  expect(house.server.health().state).toBe('serving')
  expect(await (await clientOf(house)).code(search({}))).toBe(0)
})
