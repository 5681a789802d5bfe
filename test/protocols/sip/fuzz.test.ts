// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MalformedPacket } from '#protocols/lib/malformed'
import { decode, encode, type Header, type SipMessage, splitList } from '#protocols/sip/codec'
import { essentials, readNameAddress, readParameters, readUri, readVia } from '#protocols/sip/fields'
import { contactOf } from '#protocols/sip/notify'

function onlyMalformed(work: () => unknown): void {
  try {
    work()
  } catch (error) {
    expect(error).toBeInstanceOf(MalformedPacket)
  }
}

function readAll(bytes: Uint8Array): void {
  onlyMalformed(() => {
    const message = decode(bytes)
    onlyMalformed(() => essentials(message))
    if (message.kind === 'request') onlyMalformed(() => contactOf(message))
  })
}

const seed = readFileSync(join(import.meta.dirname, 'golden/subscribe-440hd.txt'))

test('whatever comes, reading throws MalformedPacket or nothing', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), readAll))
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => readAll(Buffer.from(text))))
})

test('a real message with bytes changed anywhere throws MalformedPacket or nothing', () => {
  const change = fc.tuple(fc.nat(seed.length - 1), fc.integer({ min: 0, max: 255 }))
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
      const bytes = Buffer.from(
        seed.toString('latin1').split('--- message\n')[1]?.replaceAll('\n', '\r\n') ?? '',
        'latin1',
      )
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte
      readAll(bytes)
    }),
  )
})

test('header values of any text are read in time that grows with their length', () => {
  for (const unit of ['"\\', ';a=', '<', ' ', ',', ';"', 'a;', '\t;']) {
    const text = unit.repeat(30_000)
    const since = performance.now()
    for (const read of [readVia, readNameAddress, readUri, readParameters, splitList]) onlyMalformed(() => read(text))
    expect(performance.now() - since).toBeLessThan(2_000)
  }
})

const token = fc.stringMatching(/^[A-Za-z0-9\-.!%*_+`'~]{1,12}$/)
const value = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/)
const message: fc.Arbitrary<SipMessage> = fc.record({
  kind: fc.constant('request' as const),
  method: token,
  uri: fc.stringMatching(/^sip:[a-z0-9.]{1,20}$/),
  headers: fc.array(fc.tuple(fc.stringMatching(/^x-[a-z]{1,8}$/), value) as fc.Arbitrary<Header>, { maxLength: 8 }),
  body: fc.uint8Array({ maxLength: 50 }),
})

test('encode and decode are each other’s mirror', () => {
  fc.assert(
    fc.property(message, (given) => {
      const { headers, body, ...rest } = decode(encode(given))
      expect({ ...rest, headers: headers.slice(0, -1), body: [...body] }).toEqual({ ...given, body: [...given.body] })
    }),
  )
})
