// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  addressOption,
  type ClientMessage,
  decodeServerMessage,
  encodeClientMessage,
  relayInformation,
  textOption,
} from '#daemon/simulator/dhcp-message'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { MalformedPacket } from '#protocols/lib/malformed'
import { goldens, hexBytes, section } from '#test/support/golden'
import { ACK, lease, OFFER, type ReplyFields, replyTo, type SeenRequest } from './peers/dhcp.ts'

const GOLDENS = goldens(fileURLToPath(new URL('./golden', import.meta.url)))

describe('a phone’s DHCP messages', () => {
  it.each(GOLDENS)('$name is byte for byte what was written by hand', (golden) => {
    const { circuitId, ...message } = JSON.parse(section(golden, 'message')) as ClientMessage & { circuitId?: string }
    const relay =
      circuitId === undefined
        ? {}
        : { relay: { address: '127.99.0.1' as Ipv4, information: relayInformation(circuitId, true) } }
    expect(Buffer.from(encodeClientMessage({ ...message, ...relay })).toString('hex')).toBe(
      Buffer.from(hexBytes(section(golden, 'packet'))).toString('hex'),
    )
  })

  it('an ordinary relay agent, on port 67, announces no source port [RFC 8357], and without more no option 82', () => {
    const discover = {
      type: 'DISCOVER',
      xid: 1,
      secs: 0,
      mac: '020ff4010001' as Mac,
      model: '430HD',
      hostname: 'x',
    } as const
    const relay = { address: '127.99.0.1' as Ipv4, information: relayInformation('', false) }
    const relayed = Buffer.from(encodeClientMessage({ ...discover, relay }))
    expect(relayed.subarray(24, 28)).toEqual(Buffer.from([127, 99, 0, 1]))
    expect(relayed.includes(Buffer.from([160, 255])), 'END follows the last of option 55').toBe(true)
    expect([...relayInformation('a', false)]).toEqual([1, 1, 0x61])
  })
})

describe('a server’s messages', () => {
  const sample: SeenRequest = {
    bytes: Buffer.from(hexBytes(section(GOLDENS.find(({ name }) => name === 'discover') ?? fail(), 'packet'))),
    peer: { address: '127.99.0.1', port: 4000, family: 'IPv4', size: 548 },
    type: 1,
    xid: 0x12345678,
    mac: '020ff4010001',
    giaddr: '127.99.0.1',
    ciaddr: '0.0.0.0',
    hops: 1,
    options: new Map([[82, Buffer.from([19, 0])]]),
  }
  const reply = (fields: ReplyFields) => replyTo(sample, fields)

  it('are read: fields, addresses, text', () => {
    const options = { ...lease(), 160: 'http://127.0.0.1/x\0' }
    const message = decodeServerMessage(reply({ type: OFFER, yiaddr: '127.99.0.77', options }))
    expect(message).toMatchObject({ type: 'OFFER', xid: 0x12345678, mac: '020ff4010001', yiaddr: '127.99.0.77' })
    expect(message.giaddr).toBe('127.99.0.1')
    expect(addressOption(message, 54)).toBe('127.0.0.1')
    expect(textOption(message, 160), 'NULs at the end do not count [RFC 2132 §2]').toBe('http://127.0.0.1/x')
    expect([...(message.options.get(82) ?? [])]).toEqual([19, 0])
  })

  it('a value in several parts is joined [RFC 3396 §5]', () => {
    const long = `http://127.0.0.1/${'a'.repeat(400)}.cfg`
    const message = decodeServerMessage(reply({ type: ACK, options: { 160: long } }))
    expect(textOption(message, 160)).toBe(long)
  })

  it('overloaded file and sname fields hold options too [RFC 2131 §4.1]', () => {
    const bytes = reply({ type: ACK, options: { 52: Buffer.from([3]) } })
    Buffer.from([66, 2, 0x61, 0x62, 255]).copy(bytes, 108)
    Buffer.from([67, 2, 0x63, 0x64, 255]).copy(bytes, 44)
    const message = decodeServerMessage(bytes)
    expect([textOption(message, 66), textOption(message, 67)]).toEqual(['ab', 'cd'])
  })

  it('every truncation is malformed, never a crash', () => {
    const whole = reply({ type: ACK, options: { ...lease(), 160: 'http://127.0.0.1' } })
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeServerMessage(whole.subarray(0, length)), `${length} bytes`).toThrow(MalformedPacket)
    }
  })

  it.each([
    ['a request', 'not-a-reply', 0, 1],
    ['another hardware type', 'not-ethernet', 1, 6],
    ['no DHCP at all', 'no-magic-cookie', 236, 0],
    ['a message type of a client', 'no-message-type', 242, 3],
  ])('%s is thrown away as %s', (_name, code, at, value) => {
    const bytes = reply({ type: ACK })
    bytes[at] = value
    expect(() => decodeServerMessage(bytes)).toThrow(expect.objectContaining({ code }))
  })

  it('random bytes, and a reply with random bytes in it, throw nothing but MalformedPacket', () => {
    const safely = (bytes: Uint8Array) => {
      try {
        decodeServerMessage(bytes)
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedPacket)
      }
    }
    const whole = reply({ type: ACK, options: lease() })
    fc.assert(fc.property(fc.uint8Array({ maxLength: 700 }), safely), { numRuns: 500 })
    fc.assert(
      fc.property(fc.integer({ min: 0, max: whole.length - 1 }), fc.uint8Array({ maxLength: 40 }), (at, noise) => {
        safely(Buffer.concat([whole.subarray(0, at), noise, whole.subarray(at)]))
      }),
      { numRuns: 1000 },
    )
  })
})

function fail(): never {
  throw new Error('the golden is missing')
}
