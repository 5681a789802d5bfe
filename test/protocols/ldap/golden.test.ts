// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { decode, encode } from '#protocols/ldap/codec'
import { Framer } from '#protocols/ldap/framing'
import { MalformedPacket } from '#protocols/lib/malformed'
import { goldens, hexBytes, section } from '#test/support/golden'
import { fromJson, toJson } from './golden-json.ts'

const all = goldens(join(import.meta.dirname, 'golden'))

describe.each(all)('$name', (golden) => {
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

  test('truncated at any byte it is malformed, and on a stream it is awaited', () => {
    for (let length = 0; length < packet.length; length++) {
      const cut = packet.subarray(0, length)
      expect(() => decode(cut)).toThrow(MalformedPacket)
      const framer = new Framer(65_536)
      framer.push(cut)
      expect(framer.next()).toBeUndefined()
      framer.push(packet.subarray(length))
      expect(hex(framer.next() ?? Buffer.alloc(0))).toBe(hex(packet))
    }
  })
})

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
