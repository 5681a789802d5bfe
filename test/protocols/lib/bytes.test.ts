// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ByteReader, ByteWriter } from '#protocols/lib/bytes'
import { MalformedPacket } from '#protocols/lib/malformed'

const field = fc.oneof(
  fc.record({ kind: fc.constant('u8' as const), value: fc.nat({ max: 0xff }) }),
  fc.record({ kind: fc.constant('u16' as const), value: fc.nat({ max: 0xffff }) }),
  fc.record({ kind: fc.constant('u32' as const), value: fc.nat({ max: 0xffffffff }) }),
  fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array({ maxLength: 40 }) }),
  fc.record({ kind: fc.constant('zeros' as const), value: fc.nat({ max: 40 }) }),
)

describe('ByteWriter and ByteReader', () => {
  it('what is written is read, however often the buffer had to grow', () => {
    fc.assert(
      fc.property(fc.array(field), fc.nat({ max: 64 }), (fields, capacity) => {
        const writer = new ByteWriter(capacity)
        for (const { kind, value } of fields) {
          if (kind === 'bytes') writer.bytes(value)
          else writer[kind](value)
        }
        const reader = new ByteReader(writer.done())
        for (const { kind, value } of fields) {
          if (kind === 'bytes') expect(Uint8Array.from(reader.bytes(value.length))).toEqual(value)
          else if (kind === 'zeros') expect(Uint8Array.from(reader.bytes(value))).toEqual(new Uint8Array(value))
          else expect(reader[kind]()).toBe(value)
        }
        expect([reader.remaining, reader.offset]).toEqual([0, writer.length])
      }),
      { numRuns: 300 },
    )
  })

  it.each([1, 2, 4, 5])('reading %i bytes of a shorter packet is malformed', (length) => {
    const short = new ByteReader(new Uint8Array(length - 1))
    const read = () =>
      length === 1 ? short.u8() : length === 2 ? short.u16() : length === 4 ? short.u32() : short.bytes(5)
    expect(read).toThrow(MalformedPacket)
    expect(() => short.bytes(-1)).toThrow(MalformedPacket)
  })
})
