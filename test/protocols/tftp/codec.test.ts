// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MalformedPacket } from '#protocols/lib/malformed'
import { acknowledgedBlock, decode, encode, saysError, type TftpPacket, writeDataHeader } from '#protocols/tftp/codec'
import { goldens, hexBytes, section } from '#test/support/golden'

const all = goldens(new URL('golden', import.meta.url).pathname)
const good = all.filter((golden) => golden.sections.message !== undefined)
const bad = all.filter((golden) => golden.sections.malformed !== undefined)

/** Goldens write data in hex. */
function packetOf(json: string): TftpPacket {
  const message = JSON.parse(json)
  return message.kind === 'DATA' ? { ...message, data: Uint8Array.from(Buffer.from(message.data, 'hex')) } : message
}

function plain(packet: TftpPacket): TftpPacket {
  return packet.kind === 'DATA' ? { ...packet, data: Uint8Array.from(packet.data) } : packet
}

/** Runs the decoder on hostile bytes; anything but a packet or a MalformedPacket fails the test. */
function survive(bytes: Uint8Array): TftpPacket | undefined {
  try {
    return decode(bytes)
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedPacket)
    return undefined
  }
}

function codeOf(bytes: Uint8Array): string | undefined {
  try {
    decode(bytes)
  } catch (error) {
    if (error instanceof MalformedPacket) return error.code
    throw error
  }
  return undefined
}

describe('goldens', () => {
  it('are all of a known sort', () => {
    expect(good.length + bad.length).toBe(all.length)
    expect(good.length).toBeGreaterThan(10)
  })

  describe.each(good)('$name', (golden) => {
    const bytes = hexBytes(section(golden, 'packet'))
    const message = packetOf(section(golden, 'message'))
    it('parses', () => expect(plain(decode(bytes))).toEqual(message))
    it('generates', () => expect(Uint8Array.from(encode(message))).toEqual(bytes))
    it('mirrors', () => expect(Uint8Array.from(encode(decode(bytes)))).toEqual(bytes))
    it('truncated anywhere, is a shorter packet or malformed', () => {
      for (let length = 0; length < bytes.length; length++) survive(bytes.subarray(0, length))
      expect(codeOf(bytes.subarray(0, 1))).toBe('truncated')
    })
  })

  it.each(bad)('$name is malformed', (golden) => {
    expect(codeOf(hexBytes(section(golden, 'packet')))).toBe(section(golden, 'malformed').trim())
  })
})

describe('requests', () => {
  it('TransferModeInAnyCase [RFC1350 §5]', () => {
    expect(decode(Buffer.from('\0\x01a\0NetASCII\0'))).toMatchObject({ mode: 'netascii' })
  })

  it('RequestOf512OctetsIsTheLongest [RFC2347]', () => {
    const request = (length: number) => Buffer.from(`\0\x01${'a'.repeat(length - 9)}\0octet\0`)
    expect(decode(request(512))).toMatchObject({ kind: 'RRQ' })
    expect(codeOf(request(513))).toBe('too-long')
  })

  it('PaddingOfZerosIsNoOption', () => {
    expect(decode(Buffer.from('\0\x01a\0octet\0tsize\x000\0\0\0\0'))).toMatchObject({ options: [['tsize', '0']] })
  })

  it('ErrorWithoutItsClosingZeroIsRead', () => {
    expect(decode(Buffer.from('\0\x05\0\x03full'))).toEqual({ kind: 'ERROR', code: 3, message: 'full' })
  })
})

describe('what is sent', () => {
  it('ErrorMessageIsPrintableAscii [RFC1350 §5]', () => {
    const sent = decode(encode({ kind: 'ERROR', code: 1, message: 'no\0 \x1b[2Jé' }))
    expect(sent).toEqual({ kind: 'ERROR', code: 1, message: 'no? ?[2J?' })
    expect(encode({ kind: 'ERROR', code: 1, message: 'x'.repeat(10_000) }).length).toBeLessThan(200)
  })

  it('block numbers wrap after 65535', () => {
    const packet = new Uint8Array(4)
    for (const [block, wire] of [
      [1, 1],
      [65535, 65535],
      [65536, 0],
      [65537, 1],
      [2 ** 31 + 7, 7],
      [2 ** 40 + 9, 9],
    ] as const) {
      writeDataHeader(packet, block)
      expect(decode(packet)).toMatchObject({ kind: 'DATA', block: wire })
    }
  })
})

describe('fuzz', () => {
  it('any bytes are a packet or malformed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => void survive(bytes)),
      { numRuns: 2_000 },
    )
  })

  it('any bytes behind a real opcode are a packet or malformed, and a packet survives its own encoding', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.uint8Array({ maxLength: 510 }), (opcode, rest) => {
        const packet = survive(Uint8Array.from([0, opcode, ...rest]))
        if (packet && packet.kind !== 'ERROR') expect(plain(decode(encode(packet)))).toEqual(plain(packet))
      }),
      { numRuns: 3_000 },
    )
  })

  it('the quick ACK reader agrees with the decoder', () => {
    const packet = fc.tuple(fc.constant(0), fc.integer({ min: 3, max: 6 }), fc.uint8Array({ maxLength: 6 }))
    fc.assert(
      fc.property(packet, ([high, low, rest]) => {
        const bytes = Uint8Array.from([high, low, ...rest])
        const decoded = survive(bytes)
        expect(acknowledgedBlock(bytes)).toBe(decoded?.kind === 'ACK' ? decoded.block : -1)
        if (decoded) expect(saysError(bytes)).toBe(decoded.kind === 'ERROR')
      }),
      { numRuns: 1_000 },
    )
  })
})
