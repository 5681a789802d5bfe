// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { MalformedPacket } from '#protocols/lib/malformed'
import { decode } from '#protocols/snmp/codec-message'
import { goldens, hexBytes, section } from '#test/support/golden'
import { encode, fromJson, toJson } from './golden-json.ts'

describe.each(goldens(join(import.meta.dirname, 'golden')))('$name', (golden) => {
  const packet = hexBytes(section(golden, 'packet'))
  const text = section(golden, 'message')

  test('parses to its message', () => {
    expect(toJson(decode(packet))).toEqual(JSON.parse(text))
  })

  test('is generated from its message', () => {
    expect(hex(encode(fromJson(text)))).toBe(hex(packet))
  })

  test('mirrors: what was decoded encodes to the same bytes', () => {
    expect(hex(encode(decode(packet)))).toBe(hex(packet))
  })

  test('truncated at any byte, or with one more, it is malformed', () => {
    for (let length = 0; length < packet.length; length++) {
      expect(() => decode(packet.subarray(0, length))).toThrow(MalformedPacket)
    }
    expect(() => decode(Buffer.concat([packet, Buffer.alloc(1)]))).toThrow(MalformedPacket)
  })
})

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
