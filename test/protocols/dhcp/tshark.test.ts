// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, onTestFinished, test } from 'vitest'
import { encode } from '#protocols/dhcp/codec'
import type { LeaseAnswer } from '#protocols/dhcp/port'
import { messageLimit, respond } from '#protocols/dhcp/reply'
import { section } from '#test/support/golden'
import { here } from '#test/support/process'
import { allGoldens, DISCOVER, decodedGolden, ip, LEASE, message, requestOf } from './messages.ts'

const MALFORMED = '_ws.malformed'
/** Errors of tshark's experts, too. */
const TROUBLE = `${MALFORMED} || _ws.expert.severity >= error`

/** tshark 4.0 knows no sub-option 19 of option 82 [RFC8357] and calls it an error; we only give it back to its relay. */
function hasSourcePort(packet: Uint8Array): boolean {
  return Buffer.from(packet).includes(Buffer.from([19, 0]))
}

/** A classic pcap of Ethernet frames, UDP 67 → 68. */
function capture(packets: readonly Uint8Array[]): Uint8Array {
  const header = Buffer.alloc(24)
  header.writeUInt32LE(0xa1b2c3d4, 0)
  header.writeUInt16LE(2, 4)
  header.writeUInt16LE(4, 6)
  header.writeUInt32LE(65_535, 16)
  header.writeUInt32LE(1, 20)
  const frames = packets.flatMap((packet) => {
    const frame = Buffer.alloc(42)
    frame.writeUInt16BE(0x0800, 12)
    frame.writeUInt8(0x45, 14)
    frame.writeUInt16BE(28 + packet.length, 16)
    frame.set([64, 17, 0, 0, 10, 99, 0, 1, 255, 255, 255, 255], 22)
    frame.writeUInt16BE(67, 34)
    frame.writeUInt16BE(68, 36)
    frame.writeUInt16BE(8 + packet.length, 38)
    const record = Buffer.alloc(16)
    record.writeUInt32LE(42 + packet.length, 8)
    record.writeUInt32LE(42 + packet.length, 12)
    return [record, frame, packet]
  })
  return Buffer.concat([header, ...frames])
}

async function judged(packets: readonly Uint8Array[], filter: string): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-judge-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = join(folder, 'packets.pcap')
  await writeFile(file, capture(packets))
  const text = await here.must('tshark', ['-n', '-r', file, '-Y', filter])
  return text.split('\n').filter(Boolean)
}

/** What we answer to the request that a golden names. */
function answered(name: string, answer: LeaseAnswer): Uint8Array {
  const request = requestOf(decodedGolden(name))
  const outcome = respond(request, answer)
  if (outcome.kind !== 'reply') throw new Error(outcome.reason)
  return encode(outcome.reply, messageLimit(request.message))
}

test('tshark takes every golden answer for DHCP and finds nothing malformed', async () => {
  const packets = allGoldens()
    .filter(({ sections }) => 'answer' in sections)
    .map((golden) => answered(section(golden, 'request').trim(), JSON.parse(section(golden, 'answer'))))
  expect(packets.length).toBeGreaterThan(5)
  expect(await judged(packets, 'dhcp')).toHaveLength(packets.length)
  expect(await judged(packets, MALFORMED)).toEqual([])
  const known = packets.filter((packet) => !hasSourcePort(packet))
  expect(known.length).toBeGreaterThan(3)
  expect(await judged(known, TROUBLE)).toEqual([])
})

test('the judge would see a fault: an option that runs past its packet', async () => {
  const good = answered('discover-udhcpc', LEASE)
  const bad = Uint8Array.from(good)
  bad.set([12, 200], 240)
  expect(await judged([good, bad.subarray(0, 280)], TROUBLE)).toHaveLength(1)
})

test('property: nothing that the configuration can say makes a malformed answer', async () => {
  const name = fc.stringMatching(/^[a-z]{1,12}(?:\.[a-z]{1,12}){0,2}$/)
  const address = fc.integer({ min: 1, max: 254 }).map((n) => ip(`10.99.0.${n}`))
  const hex = fc.uint8Array({ minLength: 1, maxLength: 20 }).map((bytes) => Buffer.from(bytes).toString('hex'))
  const sub = fc.record({
    code: fc.integer({ min: 1, max: 254 }),
    value: hex.map((value) => ({ type: 'hex' as const, value })),
  })
  const option = fc.oneof(
    fc
      .array(address, { minLength: 1, maxLength: 4 })
      .map((value) => ({ code: 42, value: { type: 'ipv4' as const, value } })),
    fc
      .array(name, { minLength: 1, maxLength: 4 })
      .map((value) => ({ code: 119, value: { type: 'fqdn' as const, value } })),
    fc
      .array(name, { minLength: 1, maxLength: 3 })
      .map((value) => ({ code: 120, value: { type: 'sip' as const, value } })),
    fc
      .array(sub, { minLength: 1, maxLength: 5 })
      .map((value) => ({ code: 224, value: { type: 'tlv' as const, value } })),
    fc.array(sub, { minLength: 1, maxLength: 5 }).map((value) => ({
      ...{ code: 125, value: { type: 'tlv' as const, enterprise: 5003, value } },
    })),
    fc
      .string({ minLength: 1, maxLength: 300 })
      .map((value) => ({ code: 160, value: { type: 'text' as const, value } })),
    fc.tuple(fc.integer({ min: 0, max: 32 }), address).map(([prefix, via]) => ({
      code: 121,
      value: { type: 'routes' as const, value: [{ to: { network: 0x0a000000, broadcast: 0x0a000000, prefix }, via }] },
    })),
  )
  const packets = fc
    .sample(fc.uniqueArray(option, { selector: ({ code }) => code, minLength: 1 }), 200)
    .map((options) => {
      const given = options.map((one) => ({ ...one, source: 'test', always: true }))
      const request = requestOf(message({}, [DISCOVER, [57, 'uint16', 1472]]))
      const outcome = respond(request, { ...LEASE, options: given })
      if (outcome.kind !== 'reply') throw new Error(outcome.reason)
      return encode(outcome.reply, messageLimit(request.message))
    })
  expect(await judged(packets, 'dhcp')).toHaveLength(packets.length)
  expect(await judged(packets, TROUBLE)).toEqual([])
})
