// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import { layOut } from '#protocols/dhcp/area'
import { decode, encode, HEADER_LENGTH } from '#protocols/dhcp/codec'
import { decodeOption, messageName, optionName, readText } from '#protocols/dhcp/options'
import { MalformedPacket } from '#protocols/lib/malformed'
import { DISCOVER, message } from './messages.ts'

/** A packet whose options field (and file, sname) are the bytes given. */
function packet(options: readonly number[], { file = [] as number[], sname = [] as number[] } = {}): Uint8Array {
  const bytes = new Uint8Array(HEADER_LENGTH + options.length)
  bytes.set([1, 1, 6, 0])
  bytes.set(sname, 44)
  bytes.set(file, 108)
  bytes.set([0x63, 0x82, 0x53, 0x63], 236)
  bytes.set(options, HEADER_LENGTH)
  return bytes
}

function codeOf(bytes: Uint8Array): string {
  try {
    decode(bytes)
    return 'decoded'
  } catch (error) {
    return error instanceof MalformedPacket ? error.code : String(error)
  }
}

describe('malformed packets have stable codes', () => {
  const op = packet([])
  op[0] = 3
  const hlen = packet([])
  hlen[2] = 17
  const cookie = packet([])
  cookie[236] = 0
  test.each([
    ['an empty datagram', new Uint8Array(), 'truncated'],
    ['a BOOTP header without the cookie', packet([]).subarray(0, 236), 'truncated'],
    ['an unknown op', op, 'op'],
    ['a hardware address longer than its field', hlen, 'hlen'],
    ['another cookie', cookie, 'cookie'],
    ['an option without its length', packet([53]), 'option-truncated'],
    ['an option longer than what is left', packet([53, 200, 1]), 'option-truncated'],
    ['an overload of 0', packet([52, 1, 0, 255]), 'overload'],
    ['an overload of 4', packet([52, 1, 4, 255]), 'overload'],
    ['an overload of two bytes', packet([52, 2, 1, 1, 255]), 'overload'],
    ['an overloaded field that is cut off', packet([52, 1, 1, 255], { file: Array(128).fill(9) }), 'option-truncated'],
  ])('%s: %3$s', (_, bytes, code) => {
    expect(codeOf(bytes)).toBe(code)
  })
})

describe('[RFC2131 §4.1] the options field', () => {
  test('PAD is skipped, END ends it, bytes behind END are not read', () => {
    const { options } = decode(packet([0, 0, 53, 1, 1, 0, 12, 1, 65, 255, 60, 200]))
    expect([...options.keys()]).toEqual([53, 12])
  })

  test('a missing END is forgiven', () => {
    expect([...decode(packet([53, 1, 1])).options]).toEqual([[53, Uint8Array.of(1)]])
  })

  test('an empty option is kept', () => {
    expect(decode(packet([80, 0, 255])).options.get(80)).toEqual(new Uint8Array())
  })

  test.each([
    [1, ['f'], '', 'sname'],
    [2, ['s'], 'file', ''],
    [3, ['f', 's'], '', ''],
  ])('[RFC2132 §9.3] option 52 = %i adds the options of %j', (overload, expected, file, sname) => {
    const asText = (text: string) => [...Buffer.from(text)]
    const areas = {
      file: file === '' ? [15, 1, 0x66, 255] : asText(file),
      sname: sname === '' ? [66, 1, 0x73, 255] : asText(sname),
    }
    const decoded = decode(packet([52, 1, overload, 53, 1, 1, 255], areas))
    const texts = [15, 66].flatMap((code) => readText(decoded.options.get(code) ?? new Uint8Array()) || [])
    expect(texts).toEqual(expected)
    expect(decoded).toMatchObject({ file, sname })
    expect(decoded.options.has(52)).toBe(false)
  })
})

test('[RFC3396 §7] pieces are joined: options field first, then file, then sname', () => {
  const areas = { file: [43, 1, 2, 255], sname: [43, 1, 3, 255] }
  expect(decode(packet([43, 1, 1, 52, 1, 3, 255], areas)).options.get(43)).toEqual(Uint8Array.of(1, 2, 3))
})

test('[RFC3396 §6] a value of more than 255 bytes is sent in pieces, one behind the other', () => {
  const value = '7a'.repeat(256)
  const bytes = encode(message({}, [DISCOVER, [43, 'hex', value]]))
  expect(bytes[HEADER_LENGTH + 3]).toBe(43)
  expect(bytes[HEADER_LENGTH + 4]).toBe(255)
  expect([...bytes.subarray(HEADER_LENGTH + 5 + 255, HEADER_LENGTH + 5 + 255 + 3)]).toEqual([43, 1, 0x7a])
})

test('[RFC1542 §2.1] no message is shorter than 300 bytes', () => {
  expect(encode(message({}, [DISCOVER]))).toHaveLength(300)
})

test('[RFC3046 §2.2] option 82 never goes into file or sname', () => {
  const relay = new Uint8Array(40)
  const options = new Map([
    [43, new Uint8Array(200)],
    [82, relay],
    [15, new Uint8Array(100)],
  ])
  const layout = layOut(options, 308, true, true)
  expect(layout && { main: [...layout.main.keys()], file: [...layout.file.keys()] }).toEqual({
    main: [43, 82],
    file: [15],
  })
})

test('names longer than their fields are cut, and names that fill them have no terminator', () => {
  const long = message({ sname: 's'.repeat(70), file: 'f'.repeat(128) }, [DISCOVER])
  expect(decode(encode(long))).toMatchObject({ sname: 's'.repeat(64), file: 'f'.repeat(128) })
})

describe('option values', () => {
  test.each([
    [1, [255, 255]],
    [3, [10, 0, 0, 1, 10]],
    [6, []],
    [51, [1]],
    [53, [1, 1]],
    [57, [2]],
  ])('option %i of %j is malformed', (code, bytes) => {
    expect(() => decodeOption(code, Uint8Array.from(bytes))).toThrow(MalformedPacket)
  })

  test('text ends at NUL; controls become blanks, broken UTF-8 becomes U+FFFD', () => {
    expect(readText(Buffer.from('440HD\0junk'))).toBe('440HD')
    expect(readText(Buffer.from('a\nb\x1b[0m'))).toBe('a b [0m')
    expect(readText(Uint8Array.of(0xc3, 0xbc, 0xff))).toBe('ü\ufffd')
  })

  test('an unknown option reads as hex, and has a name to show', () => {
    expect(decodeOption(224, Uint8Array.of(0xab))).toEqual({ type: 'hex', value: 'ab' })
    expect([optionName(160), optionName(224)]).toEqual(['provisioning URL', 'option 224'])
    expect([messageName(0), messageName(5), messageName(99)]).toEqual(['BOOTP', 'ACK', 'UNKNOWN'])
  })
})
