// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decode, decodeRequest, decodeResponse, encode } from '#protocols/ldap/codec'
import { FILTER_DEPTH, FILTER_ITEMS } from '#protocols/ldap/codec-filter'
import { compile, evaluate, type Filter } from '#protocols/ldap/filter'
import type { LdapMessage, SearchRequest } from '#protocols/ldap/messages'
import { MalformedPacket } from '#protocols/lib/malformed'
import { goldens, hexBytes, section } from '#test/support/golden'
import { person } from './people.ts'

const packets = goldens(join(import.meta.dirname, 'golden')).map((golden) => hexBytes(section(golden, 'packet')))

/** Gives undefined for what is malformed; anything else that is thrown fails the test. */
function attempt(bytes: Uint8Array, how: (bytes: Uint8Array) => LdapMessage = decode): LdapMessage | undefined {
  try {
    return how(bytes)
  } catch (error) {
    if (error instanceof MalformedPacket) return undefined
    throw error
  }
}

test('any bytes are a message or malformed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      attempt(bytes)
      attempt(Buffer.concat([Buffer.from([0x30, bytes.length, 2, 1, 1]), bytes]))
    }),
    { numRuns: 2_000 },
  )
})

test('goldens with a few bytes changed are messages or malformed; what decodes encodes, and decodes to the same', () => {
  const change = fc.tuple(fc.nat(400), fc.nat(255))
  fc.assert(
    fc.property(fc.constantFrom(...packets), fc.array(change, { minLength: 1, maxLength: 4 }), (packet, changes) => {
      const bytes = Buffer.from(packet)
      for (const [at, value] of changes) bytes[at % bytes.length] = value
      const message = attempt(bytes)
      attempt(bytes, decodeRequest)
      attempt(bytes, decodeResponse)
      if (!message || (message.op.kind === 'bind' && message.op.authentication.kind === 'unknown')) return
      expect(decode(encode(message))).toEqual(message)
      if (message.op.kind === 'search') evaluate(compile(message.op.filter), person(1))
    }),
    { numRuns: 3_000 },
  )
})

test('requests and responses are told apart', () => {
  for (const packet of packets) {
    const kinds = [attempt(packet, decodeRequest), attempt(packet, decodeResponse)]
    expect(kinds.filter((message) => message !== undefined)).toHaveLength(1)
  }
})

function search(filter: Filter): LdapMessage<SearchRequest> {
  const rest = { derefAliases: 0, sizeLimit: 0, timeLimit: 0, typesOnly: false, attributes: [] }
  return { id: 1, op: { kind: 'search', base: '', scope: 'sub', filter, ...rest }, controls: [] }
}

function nested(depth: number): Filter {
  let filter: Filter = { kind: 'present', attribute: 'cn' }
  for (let i = 0; i < depth; i++) filter = { kind: 'not', filter }
  return filter
}

test('filters as deep and as long as allowed decode; one more is malformed', () => {
  const long = (items: number) =>
    search({ kind: 'or', filters: Array(items).fill({ kind: 'present', attribute: 'cn' }) })
  expect(attempt(encode(search(nested(FILTER_DEPTH))))).toEqual(search(nested(FILTER_DEPTH)))
  expect(attempt(encode(search(nested(FILTER_DEPTH + 1))))).toBeUndefined()
  expect(attempt(encode(long(FILTER_ITEMS - 1)))).toEqual(long(FILTER_ITEMS - 1))
  expect(attempt(encode(long(FILTER_ITEMS)))).toBeUndefined()
})

test('a filter 10,000 deep is malformed and uses up no stack', () => {
  // Written from the inside out, as no recursive encoder would.
  let filter = Buffer.from([0x87, 2, 0x63, 0x6e])
  const levels: Buffer[] = []
  for (let i = 0, length = filter.length; i < 10_000; i++) {
    const head = Buffer.from([0xa2, 0x84, 0, length >> 16, (length >> 8) & 0xff, length & 0xff])
    levels.push(head)
    length += head.length
  }
  filter = Buffer.concat([...levels.reverse(), filter])
  const op = Buffer.concat([
    Buffer.from('04000a01020a0100020100020100010100', 'hex'),
    filter,
    Buffer.from('3000', 'hex'),
  ])
  const wrap = (tag: number, body: Buffer) => {
    const head = Buffer.alloc(6)
    head[0] = tag
    head.writeUInt32BE(body.length, 2)
    head[1] = 0x84
    return Buffer.concat([head, body])
  }
  const packet = wrap(0x30, Buffer.concat([Buffer.from('020101', 'hex'), wrap(0x63, op)]))
  expect(() => decode(packet)).toThrow('filter-too-deep')
})

test('elements behind the known ones are passed over [RFC4511 §4]', () => {
  const bind = Buffer.from('30 11 02 01 01 60 0c 02 01 03 04 00 80 00 04 03 6e 65 77'.replaceAll(' ', ''), 'hex')
  expect(decode(bind).op).toMatchObject({ kind: 'bind', version: 3 })
})

test.each([
  ['a negative message id', '30 05 02 01 ff 42 00'],
  ['an operation nobody knows', '30 05 02 01 01 41 00'],
  ['no operation', '30 03 02 01 01'],
  ['scope 9', '30 1b 02 01 01 63 16 04 00 0a 01 09 0a 01 00 02 01 00 02 01 00 01 01 00 87 01 61 30 00'],
  ['a negative size limit', '30 1b 02 01 01 63 16 04 00 0a 01 02 0a 01 00 02 01 ff 02 01 00 01 01 00 87 01 61 30 00'],
  ['(!) of nothing', '30 1a 02 01 01 63 15 04 00 0a 01 02 0a 01 00 02 01 00 02 01 00 01 01 00 a2 00 30 00'],
  [
    'a substring filter without parts',
    '30 1f 02 01 01 63 1a 04 00 0a 01 02 0a 01 00 02 01 00 02 01 00 01 01 00 a4 05 04 01 61 30 00 30 00',
  ],
])('%s is malformed', (_, hex) => {
  expect(attempt(Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toBeUndefined()
})
