// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MalformedPacket } from '#protocols/lib/malformed'
import { decode, decodeScoped, encodeCommunity } from '#protocols/snmp/codec-message'
import { ERROR_STATUS, FLAG, type Message, type Pdu, type WireVarbind } from '#protocols/snmp/messages'
import { compareArcs, decodeOid, encodeOid, isBelow, parseOid } from '#protocols/snmp/oid'
import { goldens, hexBytes, section } from '#test/support/golden'
import { encode } from './golden-json.ts'

const packets = goldens(join(import.meta.dirname, 'golden')).map((golden) => hexBytes(section(golden, 'packet')))

/** Gives undefined for what is malformed; anything else that is thrown fails the test. */
function attempt<T>(how: () => T): T | undefined {
  try {
    return how()
  } catch (error) {
    if (error instanceof MalformedPacket) return undefined
    throw error
  }
}

const arc = fc.oneof(fc.nat(200), fc.integer({ min: 0, max: 0xffff_ffff }))
const oid = fc
  .tuple(fc.integer({ min: 0, max: 2 }), fc.nat(39), fc.array(arc, { maxLength: 20 }))
  .map(([first, second, rest]) => [first, second, ...rest].join('.'))
const word = fc.integer({ min: 0, max: 0xffff_ffff })
const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const varbind: fc.Arbitrary<WireVarbind> = oid.chain((name) =>
  fc.oneof(
    int32.map((value): WireVarbind => ({ oid: name, type: 'integer', value })),
    fc.uint8Array({ maxLength: 300 }).map((value): WireVarbind => ({ oid: name, type: 'octets', value })),
    oid.map((value): WireVarbind => ({ oid: name, type: 'oid', value })),
    fc.ipV4().map((value): WireVarbind => ({ oid: name, type: 'ipAddress', value })),
    fc
      .tuple(fc.constantFrom('counter32', 'gauge32', 'timeTicks'), word)
      .map(([type, value]) => ({ oid: name, type, value })),
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value): WireVarbind => ({ oid: name, type: 'counter64', value })),
    fc
      .constantFrom('null', 'noSuchObject', 'noSuchInstance', 'endOfMibView')
      .map((type): WireVarbind => ({ oid: name, type })),
  ),
)
const pdu: fc.Arbitrary<Pdu> = fc.record({
  kind: fc.constantFrom('get', 'getNext', 'response', 'set', 'getBulk', 'inform', 'trap', 'report'),
  requestId: int32,
  errorStatus: fc.oneof(fc.constantFrom(...Object.values(ERROR_STATUS)), int32),
  errorIndex: int32,
  varbinds: fc.array(varbind, { maxLength: 10 }),
})

test('any message of version 2c comes back as it was', () => {
  fc.assert(
    fc.property(pdu, fc.uint8Array({ maxLength: 40 }), (one, community) => {
      expect(decode(encodeCommunity({ version: '2c', community, pdu: one }))).toEqual({
        version: '2c',
        community,
        pdu: one,
      })
    }),
    { numRuns: 300 },
  )
})

test('any bytes are a message or malformed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), fc.constantFrom(0, 1, 2, 3), (bytes, version) => {
      attempt(() => decode(bytes))
      attempt(() => decode(Buffer.concat([Buffer.from([0x30, bytes.length + 3, 2, 1, version]), bytes])))
      attempt(() => decodeScoped(bytes))
      attempt(() => decodeOid(bytes))
    }),
    { numRuns: 2_000 },
  )
})

test('goldens with a few bytes changed are messages or malformed; what decodes encodes, and decodes to the same', () => {
  const change = fc.tuple(fc.nat(400), fc.nat(255))
  const settled = ({ ...message }: Message) => ({ ...message, authenticationAt: 0 })
  fc.assert(
    fc.property(fc.constantFrom(...packets), fc.array(change, { minLength: 1, maxLength: 4 }), (packet, changes) => {
      const bytes = Buffer.from(packet)
      for (const [at, value] of changes) bytes[at % bytes.length] = value
      const message = attempt(() => decode(bytes))
      if (!message) return
      if (message.version === '3' && (message.flags & FLAG.priv) === 0) attempt(() => decodeScoped(message.data))
      // A user name that is no UTF-8 is not written as it came.
      if (message.version === '3' && message.security.userName.includes('\ufffd')) return
      expect(settled(decode(encode(message)))).toEqual(settled(message))
    }),
    { numRuns: 2_500 },
  )
})

describe('object identifiers', () => {
  test('come back as they were', () => {
    fc.assert(
      fc.property(oid, (one) => {
        expect(decodeOid(encodeOid(one))).toBe(one)
      }),
    )
  })

  test.each([
    ['2b 06 01', '1.3.6.1'],
    ['00', '0.0'],
    ['4f', '1.39'],
    ['50', '2.0'],
    ['88 37', '2.999'],
    ['8f ff ff ff 7f', '2.4294967215'],
    ['2b 8f ff ff ff 7f', '1.3.4294967295'],
  ])('%s is %s [X.690 §8.19]', (hex, text) => {
    const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex')
    expect(decodeOid(bytes)).toBe(text)
    expect(Buffer.from(encodeOid(text)).equals(bytes)).toBe(true)
  })

  test.each([
    ['empty', ''],
    ['unfinished', '2b 06 81'],
    ['unfinished in its second number', '2b ff'],
    ['padded', '2b 80 01'],
    ['a number of 2^32', '2b 90 80 80 80 00'],
    ['a number without end', `2b ${'ff '.repeat(500)}01`],
    ['129 numbers', `2b ${'01 '.repeat(127)}`],
  ])('%s is malformed', (_, hex) => {
    expect(() => decodeOid(Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toThrow(MalformedPacket)
  })

  test.each(['', '1', '.1.3', '1.3.', '1..3', '3.1', '0.40', '1.40', '1.3.4294967296', '1.3.-1', '1.3.1e3', ' 1.3'])(
    '%j is none',
    (text) => {
      expect(parseOid(text)).toBeUndefined()
    },
  )

  test('have an order in which a parent comes before its children', () => {
    const sorted = ['0.0', '1.3', '1.3.6', '1.3.6.0', '1.3.6.1', '1.3.10', '2.5']
    const arcs = sorted.map((one) => parseOid(one) ?? [])
    expect(arcs.toReversed().sort(compareArcs)).toEqual(arcs)
    expect(isBelow([1, 3, 6], [1, 3])).toBe(true)
    expect(isBelow([1, 3], [1, 3, 6])).toBe(false)
  })
})

test('a varbind list of 60,000 bytes takes no more than a moment', () => {
  const one: WireVarbind = { oid: '1.3', type: 'null' }
  const varbinds = Array<WireVarbind>(9_000).fill(one)
  const bytes = encodeCommunity({
    ...{ version: '2c', community: new Uint8Array(0) },
    pdu: { kind: 'get', requestId: 1, errorStatus: 0, errorIndex: 0, varbinds },
  })
  const before = performance.now()
  decode(bytes)
  expect(performance.now() - before).toBeLessThan(2_000)
})
