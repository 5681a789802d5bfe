// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Framer } from '#protocols/ldap/framing'
import { MalformedPacket } from '#protocols/lib/malformed'

function sequence(length: number): Buffer {
  const head = length < 0x80 ? [0x30, length] : [0x30, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), Buffer.alloc(length, 0x61)])
}

function drain(framer: Framer): Uint8Array[] {
  const messages: Uint8Array[] = []
  for (let message = framer.next(); message; message = framer.next()) messages.push(message)
  return messages
}

test('however a stream is cut, the same messages come out [RFC4511 §5.2]', () => {
  const lengths = fc.array(fc.nat(400), { minLength: 1, maxLength: 8 })
  fc.assert(
    fc.property(lengths, fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1 }), (sizes, steps) => {
      const stream = Buffer.concat(sizes.map(sequence))
      const framer = new Framer(1_000)
      const seen: Uint8Array[] = []
      for (let at = 0, i = 0; at < stream.length; i++) {
        const step = steps[i % steps.length] ?? 1
        framer.push(stream.subarray(at, at + step))
        seen.push(...drain(framer))
        at += step
      }
      expect(Buffer.concat(seen).equals(stream)).toBe(true)
      expect(seen.map((message) => message.length)).toEqual(sizes.map((size) => sequence(size).length))
      expect(framer.waiting).toBe(false)
    }),
    { numRuns: 300 },
  )
})

test.each([
  ['1 GB', '3084400000000201', 'too-large'],
  ['one byte more than allowed', '308203e5', 'too-large'],
  ['the indefinite form', '3080', 'indefinite-length'],
  ['a length of five bytes', '30850000000001', 'length-too-long'],
  ['HTTP', Buffer.from('GET / HTTP/1.1\r\n').toString('hex'), 'not-ldap'],
  ['TLS', '16030100', 'not-ldap'],
])('%s is refused before anything is kept for it', (_, hex, code) => {
  const framer = new Framer(1_000)
  framer.push(Buffer.from(hex, 'hex'))
  const error = catchError(() => framer.next())
  expect(error).toBeInstanceOf(MalformedPacket)
  expect(error).toMatchObject({ code })
})

test('the largest message allowed comes through byte by byte', () => {
  const message = sequence(996)
  const framer = new Framer(1_000)
  for (const byte of message.subarray(0, -1)) {
    framer.push(Uint8Array.of(byte))
    expect(framer.next()).toBeUndefined()
    expect(framer.waiting).toBe(true)
  }
  framer.push(message.subarray(-1))
  expect(message.equals(framer.next() ?? Buffer.alloc(0))).toBe(true)
})

test('what is pushed while messages wait is not lost', () => {
  const framer = new Framer(1_000)
  framer.push(Buffer.concat([sequence(5), sequence(6)]))
  expect(framer.next()).toEqual(sequence(5))
  framer.push(sequence(7))
  expect(drain(framer)).toEqual([sequence(6), sequence(7)])
})

function catchError(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}
