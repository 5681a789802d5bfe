// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import { decode, encode } from '#protocols/dhcp/codec'
import { decodeOption } from '#protocols/dhcp/options'
import type { LeaseAnswer, LeaseQuery } from '#protocols/dhcp/port'
import { messageLimit, respond } from '#protocols/dhcp/reply'
import { MalformedPacket } from '#protocols/lib/malformed'
import { section } from '#test/support/golden'
import { allGoldens, decodedGolden, goldenMessage, goldenPacket, queryOf, requestOf } from './messages.ts'

describe.each(allGoldens())('$name', (golden) => {
  const packet = goldenPacket(golden)
  const expected = goldenMessage(golden)
  const limit = 'limit' in golden.sections ? Number(section(golden, 'limit')) : undefined
  // A client may send more zeros than the BOOTP minimum asks for; the encoder does not.
  const unpadded = packet.subarray(0, Math.max(300, packet.lastIndexOf(255) + 1))

  test('parses to its message', () => {
    expect(decode(packet)).toEqual(expected)
  })

  test('its options read as the values beside them', () => {
    const rows = [...decode(packet).options].map(([code, bytes]) => {
      const { type, value } = decodeOption(code, bytes)
      return [code, type, value]
    })
    expect(rows).toEqual(JSON.parse(section(golden, 'message')).options)
  })

  test('is generated from its message', () => {
    expect(encode(expected, limit)).toEqual(unpadded)
  })

  test('mirrors: what was decoded encodes to the same bytes', () => {
    expect(encode(decode(packet), limit)).toEqual(unpadded)
  })

  test('truncated at any byte it is malformed, or shorter by whole options', () => {
    let malformed = 0
    for (let length = 0; length < packet.length; length++) {
      try {
        const cut = decode(packet.subarray(0, length))
        expect(length).toBeGreaterThanOrEqual(240)
        for (const [code, value] of cut.options) {
          expect(expected.options.get(code)?.subarray(0, value.length)).toEqual(new Uint8Array(value))
        }
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedPacket)
        malformed++
      }
    }
    expect(malformed).toBeGreaterThan(240)
  })
})

const requests = allGoldens().filter(({ sections }) => 'query' in sections)
test.each(requests)('$name asks what it should', (golden) => {
  const expected: LeaseQuery = JSON.parse(section(golden, 'query'))
  const query = queryOf(decode(goldenPacket(golden)), expected.peer, 'unicast')
  expect(JSON.parse(JSON.stringify(query))).toEqual(expected)
})

const answers = allGoldens().filter(({ sections }) => 'answer' in sections)
test.each(answers)('$name is what we answer', (golden) => {
  const request = requestOf(decodedGolden(section(golden, 'request').trim()))
  const answer: LeaseAnswer = JSON.parse(section(golden, 'answer'))
  const outcome = respond(request, answer)
  if (outcome.kind !== 'reply') throw new Error(outcome.reason)
  expect(encode(outcome.reply, messageLimit(request.message))).toEqual(goldenPacket(golden))
})

test('there are requests and answers among them', () => {
  expect(requests.length).toBeGreaterThan(5)
  expect(answers.length).toBeGreaterThan(5)
})
