// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { layOut } from '#protocols/dhcp/area'
import { type DhcpMessage, decode, encode, HEADER_LENGTH } from '#protocols/dhcp/codec'
import { decodeOption, encodeOption } from '#protocols/dhcp/options'
import type { OptionValue } from '#protocols/dhcp/port'
import { readRequest } from '#protocols/dhcp/query'
import { respond } from '#protocols/dhcp/reply'
import { ipv4FromNumber } from '#protocols/lib/ipv4'
import { MalformedPacket } from '#protocols/lib/malformed'
import { allGoldens, CLIENT, goldenPacket, LEASE } from './messages.ts'

const RUNS = { numRuns: 3_000 }
const PACKETS = allGoldens().map(goldenPacket)

/** Runs `use` and lets only a MalformedPacket pass. */
function tolerating(use: () => void): void {
  try {
    use()
  } catch (error) {
    if (!(error instanceof MalformedPacket)) throw error
    expect(error.code).toMatch(/^[a-z-]+$/)
  }
}

/** Everything that a packet from the network goes through, up to the answer's bytes. */
function handle(packet: Uint8Array): void {
  const message = decode(packet)
  for (const [code, value] of message.options) tolerating(() => decodeOption(code, value))
  const reading = readRequest(message, CLIENT, 'unknown')
  if (reading.kind === 'ignore') return
  for (const answer of [LEASE, { kind: 'nak', server: LEASE.server, reason: 'no' }] as const) {
    const outcome = respond(reading.request, answer)
    if (outcome.kind === 'reply') encode(outcome.reply)
  }
}

test('random bytes are malformed or harmless', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), (packet) => tolerating(() => handle(packet))),
    RUNS,
  )
})

test('random options behind a good header are malformed or harmless', () => {
  const header = (PACKETS[0] ?? new Uint8Array()).subarray(0, HEADER_LENGTH)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), (options) => {
      tolerating(() => handle(Buffer.concat([header, Uint8Array.of(53, 1, 3), options])))
    }),
    RUNS,
  )
})

test('real packets with some bytes changed are malformed or harmless', () => {
  const changes = fc.array(fc.tuple(fc.nat(599), fc.nat(255)), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(fc.constantFrom(...PACKETS), changes, (original, edits) => {
      const packet = original.slice()
      for (const [at, byte] of edits) packet[at % packet.length] = byte
      tolerating(() => handle(packet))
    }),
    RUNS,
  )
})

test('thirty thousand pieces of one option are joined in linear time', () => {
  const pieces = new Uint8Array(65_000 - HEADER_LENGTH).fill(0).map((_, i) => [43, 1, 7][i % 3] ?? 0)
  const packet = Buffer.concat([(PACKETS[0] ?? new Uint8Array()).subarray(0, HEADER_LENGTH), pieces])
  const start = performance.now()
  tolerating(() => decode(packet))
  expect(performance.now() - start).toBeLessThan(250)
})

const address = fc.nat(0xffffffff).map(ipv4FromNumber)
const latin = fc.string({
  unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 60,
})
const options = fc
  .uniqueArray(
    fc.tuple(
      fc.integer({ min: 1, max: 254 }).filter((code) => code !== 52),
      fc.uint8Array({ maxLength: 300 }),
    ),
    { maxLength: 8, selector: ([code]) => code },
  )
  .map((rows) => new Map(rows))
const messages: fc.Arbitrary<DhcpMessage> = fc.record({
  op: fc.constantFrom(1, 2),
  htype: fc.nat(255),
  hlen: fc.nat(16),
  hops: fc.nat(255),
  xid: fc.nat(0xffffffff),
  secs: fc.nat(0xffff),
  flags: fc.nat(0xffff),
  ciaddr: address,
  yiaddr: address,
  siaddr: address,
  giaddr: address,
  chaddr: fc.uint8Array({ minLength: 16, maxLength: 16 }),
  sname: fc.oneof(fc.constant(''), latin),
  file: fc.oneof(fc.constant(''), latin),
  options,
})

test('decode takes back what encode wrote', () => {
  fc.assert(
    fc.property(messages, (message) => {
      expect(decode(encode(message, 64_000))).toEqual(message)
    }),
    { numRuns: 1_000 },
  )
})

/** Options of ordinary length and a limit that is too small for them by up to what `file` and `sname` can take. */
const tight = fc
  .tuple(
    messages,
    fc.array(fc.uint8Array({ minLength: 4, maxLength: 60 }), { minLength: 4, maxLength: 12 }),
    fc.nat(240),
  )
  .map(([message, list, missing]) => {
    const some = new Map(list.map((value, i) => [i === 3 ? 82 : 100 + i, value]))
    const size = list.reduce((sum, value) => sum + 2 + value.length, 1)
    return [{ ...message, options: some }, Math.max(HEADER_LENGTH + size - missing, 300)] as const
  })

test('[RFC2131 §4.1] squeezed into less, it keeps every option and the limit', () => {
  let squeezed = 0
  fc.assert(
    fc.property(tight, ([message, limit]) => {
      const layout = layOut(message.options, limit - HEADER_LENGTH, message.file === '', message.sname === '')
      if (!layout) {
        expect(() => encode(message, limit)).toThrow(RangeError)
        return
      }
      if (layout.file.size + layout.sname.size > 0) squeezed++
      const packet = encode(message, limit)
      expect(packet.length).toBeLessThanOrEqual(limit)
      const again = decode(packet)
      expect(again).toEqual({ ...message, options: again.options })
      expect(new Map([...again.options].sort(byCode))).toEqual(new Map([...message.options].sort(byCode)))
    }),
    { numRuns: 1_000 },
  )
  expect(squeezed).toBeGreaterThan(50)
})

function byCode([a]: readonly [number, unknown], [b]: readonly [number, unknown]): number {
  return a - b
}

const values: fc.Arbitrary<readonly [number, OptionValue]> = fc.oneof(
  fc.tuple(fc.constantFrom(1, 3, 6, 42, 54), ipv4s()),
  fc.tuple(fc.constantFrom(12, 15, 60, 66, 160), fc.string({ unit: 'grapheme', maxLength: 60 }).map(textValue)),
  fc.tuple(fc.constantFrom(43, 82, 120, 224), fc.uint8Array().map(hexValue)),
  fc.tuple(
    fc.constant(53),
    fc.nat(255).map((value): OptionValue => ({ type: 'uint8', value })),
  ),
  fc.tuple(
    fc.constant(57),
    fc.nat(0xffff).map((value): OptionValue => ({ type: 'uint16', value })),
  ),
  fc.tuple(
    fc.constant(51),
    fc.nat(0xffffffff).map((value): OptionValue => ({ type: 'uint32', value })),
  ),
  fc.tuple(
    fc.constant(2),
    fc.integer().map((value): OptionValue => ({ type: 'int32', value })),
  ),
)

function ipv4s(): fc.Arbitrary<OptionValue> {
  return fc.array(address, { minLength: 1, maxLength: 5 }).map((value) => ({ type: 'ipv4', value }))
}

function textValue(value: string): OptionValue {
  return { type: 'text', value: Array.from(value, (char) => (char < ' ' || char === '\x7f' ? ' ' : char)).join('') }
}

function hexValue(bytes: Uint8Array): OptionValue {
  return { type: 'hex', value: Buffer.from(bytes).toString('hex') }
}

test('option values survive the wire', () => {
  fc.assert(
    fc.property(values, ([code, value]) => {
      expect(decodeOption(code, encodeOption(value))).toEqual(value)
    }),
    { numRuns: 1_000 },
  )
})
