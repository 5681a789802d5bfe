// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import { type DhcpMessage, encode } from '#protocols/dhcp/codec'
import { decodeOption } from '#protocols/dhcp/options'
import type { GivenOption, LeaseAnswer, OptionValue } from '#protocols/dhcp/port'
import { messageLimit, respond } from '#protocols/dhcp/reply'
import {
  DISCOVER,
  INFORM,
  ip,
  LEASE,
  type MessageFields,
  message,
  type OptionRow,
  REQUEST,
  requestOf,
} from './messages.ts'

const ASKED: OptionRow = [50, 'ipv4', ['10.99.0.50']]
const NAK: LeaseAnswer = { kind: 'nak', server: ip('10.99.0.1'), reason: 'taken' }

function given(code: number, value: OptionValue, always = false): GivenOption {
  return { code, value, source: 'test', always }
}

function text(code: number, value: string, always = false): GivenOption {
  return given(code, { type: 'text', value }, always)
}

const MASK = given(1, { type: 'ipv4', value: [ip('255.255.255.0')] })
const ROUTER = given(3, { type: 'ipv4', value: [ip('10.99.0.254')] })

function replyTo(request: DhcpMessage, answer: LeaseAnswer): DhcpMessage {
  const outcome = respond(requestOf(request), answer)
  if (outcome.kind !== 'reply') throw new Error(outcome.reason)
  return outcome.reply
}

function codes(reply: DhcpMessage): number[] {
  return [...reply.options.keys()]
}

function optionOf(reply: DhcpMessage, code: number): unknown {
  const bytes = reply.options.get(code)
  return bytes && decodeOption(code, bytes).value
}

describe('[RFC2131 table 3] the fields of an answer', () => {
  const fields: MessageFields = { xid: 0xabcdef01, secs: 9, hops: 3, flags: 0x8000, giaddr: ip('192.0.2.7') }

  test('an OFFER copies xid, flags, giaddr and chaddr and clears the rest', () => {
    const offer = replyTo(message({ ...fields, ciaddr: ip('10.99.0.9'), yiaddr: ip('1.1.1.1') }, [DISCOVER]), LEASE)
    expect(offer).toMatchObject({ op: 2, xid: 0xabcdef01, secs: 0, hops: 0, flags: 0x8000, giaddr: '192.0.2.7' })
    expect(offer).toMatchObject({ ciaddr: '0.0.0.0', yiaddr: '10.99.0.50', siaddr: '0.0.0.0', sname: '', file: '' })
    expect(offer.chaddr).toEqual(message({}, []).chaddr)
    expect(optionOf(offer, 53)).toBe(2)
  })

  test('an ACK keeps ciaddr', () => {
    const ack = replyTo(message({ ciaddr: ip('10.99.0.50') }, [REQUEST]), LEASE)
    expect(ack).toMatchObject({ ciaddr: '10.99.0.50', yiaddr: '10.99.0.50' })
    expect(optionOf(ack, 53)).toBe(5)
  })

  test('boot fields are those of the answer', () => {
    const boot = { siaddr: ip('10.99.0.1'), sname: 'tftp', file: '440HD.img' }
    expect(replyTo(message({}, [DISCOVER]), { ...LEASE, boot })).toMatchObject(boot)
  })

  test('a NAK has a reason and nothing to configure oneself with', () => {
    const nak = replyTo(message({ ciaddr: ip('10.99.0.9') }, [REQUEST, [55, 'hex', '0103']]), NAK)
    expect(nak).toMatchObject({ ciaddr: '0.0.0.0', yiaddr: '0.0.0.0', siaddr: '0.0.0.0', file: '' })
    expect(codes(nak)).toEqual([53, 54, 56])
    expect(optionOf(nak, 56)).toBe('taken')
  })
})

test('[RFC2131 §4.3.2] a NAK through a relay has the broadcast flag', () => {
  expect(replyTo(message({ giaddr: ip('192.0.2.7') }, [REQUEST, ASKED]), NAK).flags).toBe(0x8000)
  expect(replyTo(message({}, [REQUEST, ASKED]), NAK).flags).toBe(0)
})

describe('[RFC2131 §4.3.5] an INFORM', () => {
  const ack = replyTo(message({ ciaddr: ip('10.99.0.50') }, [INFORM]), { ...LEASE, options: [MASK] })

  test('gets options, but neither an address nor a lease time, even if the port gives them', () => {
    expect(ack).toMatchObject({ ciaddr: '10.99.0.50', yiaddr: '0.0.0.0' })
    expect(codes(ack)).toEqual([53, 54, 1])
  })
})

describe('[RFC2131 §4.4.5] the times', () => {
  test('T1 is half and T2 seven eighths of the lease', () => {
    const offer = replyTo(message({}, [DISCOVER]), LEASE)
    expect([51, 58, 59].map((code) => optionOf(offer, code))).toEqual([3600, 1800, 3150])
  })

  test('a lease without end has none', () => {
    const offer = replyTo(message({}, [DISCOVER]), { ...LEASE, leaseSeconds: 0xffffffff })
    expect(codes(offer)).toEqual([53, 54, 51])
  })
})

describe('which options are sent', () => {
  const options = [text(160, 'http://x', true), text(15, 'example.com'), ROUTER, MASK, text(66, 'tftp')]

  test('[RFC2131 §4.3.1] those of option 55 in its order, then those that are always sent', () => {
    const offer = replyTo(message({}, [DISCOVER, [55, 'hex', '0f03']]), { ...LEASE, options })
    expect(codes(offer).slice(5)).toEqual([15, 3, 160])
  })

  test('[RFC2132 §3.3] the subnet mask before the routers', () => {
    const offer = replyTo(message({}, [DISCOVER, [55, 'hex', '0301']]), { ...LEASE, options })
    expect(codes(offer).slice(5)).toEqual([1, 3, 160])
  })

  test('all of them to a client that sends no list', () => {
    expect(codes(replyTo(message({}, [DISCOVER]), { ...LEASE, options })).slice(5)).toEqual([1, 160, 15, 3, 66])
  })

  test('the first of two with one code, and none of those that are the wire’s own', () => {
    const odd = [
      text(15, 'first'),
      text(15, 'second'),
      text(53, 'x'),
      text(82, 'x'),
      text(0, 'x'),
      text(255, 'x'),
      text(52, 'x'),
    ]
    const offer = replyTo(message({}, [DISCOVER]), { ...LEASE, options: odd })
    expect(codes(offer)).toEqual([53, 54, 51, 58, 59, 15])
    expect(optionOf(offer, 15)).toBe('first')
  })
})

test('[RFC6842 §3] the client identifier comes back in OFFER, ACK and NAK', () => {
  const identifier: OptionRow = [61, 'hex', 'ff0102']
  expect(optionOf(replyTo(message({}, [DISCOVER, identifier]), LEASE), 61)).toBe('ff0102')
  expect(optionOf(replyTo(message({}, [REQUEST, ASKED, identifier]), LEASE), 61)).toBe('ff0102')
  expect(optionOf(replyTo(message({}, [REQUEST, ASKED, identifier]), NAK), 61)).toBe('ff0102')
})

describe('the relay', () => {
  const relay: OptionRow = [82, 'hex', '01036162630b040a6300fe1300']
  const relayed: MessageFields = { giaddr: ip('192.0.2.7') }

  test('[RFC3046 §2.2] gets its option 82 back, unchanged and last', () => {
    const answers = [
      replyTo(message(relayed, [DISCOVER, relay]), LEASE),
      replyTo(message(relayed, [REQUEST, ASKED, relay]), NAK),
    ]
    for (const reply of answers) {
      expect(codes(reply).at(-1)).toBe(82)
      expect(optionOf(reply, 82)).toBe(relay[2])
    }
  })

  test('[RFC5107 §4] is the server identifier if it wants to be', () => {
    expect(optionOf(replyTo(message(relayed, [DISCOVER, relay]), LEASE), 54)).toEqual(['10.99.0.254'])
    expect(optionOf(replyTo(message({}, [DISCOVER, relay]), LEASE), 54)).toEqual(['10.99.0.1'])
  })
})

describe('how long an answer may be', () => {
  const limitOf = (size?: number) => messageLimit(message({}, size === undefined ? [] : [[57, 'uint16', size]]))

  test('[RFC2131 §2] [RFC2132 §9.10] option 57 less the headers, at least 548, at most an Ethernet frame', () => {
    expect([limitOf(), limitOf(100), limitOf(576), limitOf(1000), limitOf(1500), limitOf(65_535)]).toEqual([
      548, 548, 548, 972, 1472, 1472,
    ])
  })

  test('what is too much is given up from the least needed on: asked ones, then those always sent', () => {
    const long = (code: number, always = false) => text(code, 'x'.repeat(140), always)
    const boot = { sname: 'tftp', file: 'image' } // leaves no room outside of the options field
    const options = [long(160, true), long(15), long(66)]
    const offer = replyTo(message({}, [DISCOVER]), { ...LEASE, boot, options })
    expect(codes(offer).slice(5)).toEqual([160])
    expect(encode(offer, 548).length).toBeLessThanOrEqual(548)
    expect(codes(replyTo(message({}, [DISCOVER, [57, 'uint16', 1500]]), { ...LEASE, boot, options })).slice(5)).toEqual(
      [160, 15, 66],
    )
  })

  test('[RFC3046 §2.2] an option 82 that does not fit is left out last of all', () => {
    const request = message({ giaddr: ip('192.0.2.7') }, [
      REQUEST,
      ASKED,
      [61, 'hex', 'ab'.repeat(255)],
      [82, 'hex', `01c8${'cd'.repeat(200)}`],
    ])
    expect(codes(replyTo(request, NAK))).toEqual([53, 54, 61])
  })
})

describe('what has no answer', () => {
  test.each([
    ['silence', message({}, [DISCOVER]), { kind: 'silent', reason: 'not ours' }, 'not ours'],
    ['a NAK to DISCOVER', message({}, [DISCOVER]), NAK, 'a NAK is no answer to DISCOVER'],
    ['a lease to RELEASE', message({ ciaddr: ip('10.99.0.50') }, [[53, 'uint8', 7]]), LEASE, 'RELEASE'],
    ['a lease without an address', message({}, [DISCOVER]), { ...LEASE, address: undefined }, 'without an address'],
  ] as const)('%s', (_, from, answer, reason) => {
    const outcome = respond(requestOf(from), answer)
    expect(outcome).toMatchObject({ kind: 'ignore', reason: expect.stringContaining(reason) })
  })
})
