// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { BerReader, BerWriter, TAG } from '#protocols/lib/ber'
import { MalformedPacket } from '#protocols/lib/malformed'

function read(hex: string): BerReader {
  return new BerReader(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
}

function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof MalformedPacket) return error.code
    throw error
  }
  return 'no error'
}

describe('BerReader', () => {
  test.each([
    ['02 01 00', 0],
    ['02 01 7f', 127],
    ['02 01 80', -128],
    ['02 02 00 80', 128],
    ['02 04 7f ff ff ff', 2 ** 31 - 1],
    ['02 81 01 05', 5],
    ['02 84 00 00 00 01 05', 5],
  ])('%s is %i, whatever the form of its length [X.690 §8.1.3]', (hex, value) => {
    expect(read(hex).integer()).toBe(value)
  })

  test.each([
    ['an empty integer', '02 00', 'bad-integer'],
    ['an integer of five bytes', '02 05 00 00 00 00 01', 'bad-integer'],
    ['the indefinite form', '02 80 01 00 00', 'indefinite-length'],
    ['a length of five bytes', '02 85 00 00 00 00 01 01', 'length-too-long'],
    ['a length of 127 bytes', '02 ff 01', 'length-too-long'],
    ['more length than there is', '02 02 01', 'truncated'],
    ['1 GB that is not there', '02 84 40 00 00 00 01', 'truncated'],
    ['a length cut off', '02 82 01', 'truncated'],
    ['a tag and nothing', '02', 'truncated'],
    ['nothing', '', 'truncated'],
    ['another tag', '04 01 01', 'wrong-tag'],
  ])('%s is malformed [RFC4511 §5.1]', (_, hex, code) => {
    expect(codeOf(() => read(hex).integer())).toBe(code)
  })

  test('a child cannot reach beyond its parent', () => {
    // A sequence of three bytes, in which a string claims four; the bytes behind it belong to the next element.
    const parent = read('30 03 04 04 61 02 01 05').enter(TAG.sequence)
    expect(codeOf(() => parent.text())).toBe('truncated')
  })

  test('a tag of more than one byte is malformed, even to be passed over', () => {
    expect(codeOf(() => read('1f 81 01 01 00').skip())).toBe('high-tag')
  })

  test.each(['01 00', '01 02 00 00'])('%s is no boolean', (hex) => {
    expect(codeOf(() => read(hex).boolean())).toBe('bad-boolean')
  })

  test('any bytes: reading on either succeeds or is malformed, and always comes to an end', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        let steps = 0
        const walk = (reader: BerReader) => {
          while (reader.tag >= 0) {
            expect(++steps).toBeLessThanOrEqual(64)
            if (reader.tag & 0x20) walk(reader.enter(reader.tag))
            else reader.octets(reader.tag)
          }
        }
        expect(['no error', 'truncated', 'indefinite-length', 'length-too-long', 'high-tag']).toContain(
          codeOf(() => walk(new BerReader(bytes))),
        )
      }),
      { numRuns: 1_500 },
    )
  })
})

describe('BerWriter', () => {
  test.each([0, 1, 127, 128, 255, 256, 65_535, 65_536, 100_000])('%i bytes get the shortest length', (size) => {
    const writer = new BerWriter(16)
    const mark = writer.begin()
    writer.octets(Buffer.alloc(size, 0x61))
    writer.end(mark)
    const lengthBytes = (length: number) => (length < 0x80 ? 1 : length < 0x100 ? 2 : length < 0x1_0000 ? 3 : 5)
    const inner = 1 + lengthBytes(size) + size
    expect(writer.length).toBe(1 + lengthBytes(inner) + inner)
    const contents = new BerReader(writer.done()).enter(TAG.sequence).octets()
    expect(Buffer.alloc(size, 0x61).equals(contents)).toBe(true)
  })

  test.each([0, 1, 127, 128, 255, 256, 65_535, 65_536])(
    'a length of %i known before is told as one found later',
    (size) => {
      const [known, found] = [new BerWriter(8), new BerWriter(8)]
      known.head(size)
      known.raw(Buffer.alloc(size))
      const mark = found.begin()
      found.raw(Buffer.alloc(size))
      found.end(mark)
      expect(known.done().equals(found.done())).toBe(true)
    },
  )

  test.each([
    ...[
      [0, '00'],
      [127, '7f'],
      [128, '0080'],
      [-128, '80'],
      [-129, 'ff7f'],
      [32_767, '7fff'],
      [32_768, '008000'],
    ],
    ...[
      [8_388_607, '7fffff'],
      [8_388_608, '00800000'],
      [-8_388_608, '800000'],
      [-8_388_609, 'ff7fffff'],
    ],
    ...[
      [2_147_483_647, '7fffffff'],
      [-2_147_483_648, '80000000'],
    ],
  ] as [number, string][])('%i gets as few bytes as can be [X.690 §8.3.2]', (value, hex) => {
    const writer = new BerWriter(8)
    writer.integer(value)
    expect(writer.done().toString('hex')).toBe(`020${hex.length / 2}${hex}`)
  })

  test('texts of any length and language, integers and booleans come back as they were', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 300 })
    const integer = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
    fc.assert(
      fc.property(fc.array(text), integer, fc.boolean(), (texts, number, flag) => {
        const writer = new BerWriter(8)
        const mark = writer.begin()
        for (const each of texts) writer.text(each)
        writer.integer(number)
        writer.boolean(flag)
        writer.end(mark)
        const reader = new BerReader(writer.done()).enter(TAG.sequence)
        for (const each of texts) expect(reader.text()).toBe(each)
        expect([reader.integer(), reader.boolean(), reader.tag]).toEqual([number, flag, -1])
      }),
      { numRuns: 300 },
    )
  })
})
