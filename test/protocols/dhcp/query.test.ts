// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest'
import { readRequest } from '#protocols/dhcp/query'
import { MalformedPacket } from '#protocols/lib/malformed'
import {
  CLIENT,
  DISCOVER,
  INFORM,
  ip,
  type MessageFields,
  message,
  type OptionRow,
  queryOf,
  REQUEST,
} from './messages.ts'

const ASKED: OptionRow = [50, 'ipv4', ['10.99.0.50']]
const SERVER: OptionRow = [54, 'ipv4', ['10.99.0.1']]
const BOUND: MessageFields = { ciaddr: ip('10.99.0.50') }
const RELAYED: MessageFields = { giaddr: ip('192.0.2.7') }
const RELAY = { address: '192.0.2.7', port: 40_067 }

function reasonOf(fields: MessageFields, options: readonly OptionRow[]): string {
  const reading = readRequest(message(fields, options), CLIENT, 'unknown')
  return reading.kind === 'ignore' ? reading.reason : 'not ignored'
}

describe('[RFC2131 §4.3.2] a REQUEST tells its state', () => {
  test.each([
    ['selecting', {}, [ASKED, SERVER], 'broadcast'],
    ['init-reboot', {}, [ASKED], 'broadcast'],
    ['renewing', BOUND, [], 'unicast'],
    ['rebinding', BOUND, [], 'broadcast'],
    ['rebinding', { ...BOUND, ...RELAYED }, [], 'unicast'],
    ['renewing', BOUND, [], 'unknown'],
    ['renewing', BOUND, [SERVER], 'unicast'],
  ] as const)('%s: %j with %j by %s', (kind, fields, options, arrival) => {
    expect(queryOf(message(fields, [REQUEST, ...options]), CLIENT, arrival)).toMatchObject({
      kind,
      address: '10.99.0.50',
    })
  })

  test('one that names no address is ignored', () => {
    expect(reasonOf({}, [REQUEST])).toContain('REQUEST in no state')
    expect(reasonOf({}, [REQUEST, SERVER])).toContain('REQUEST in no state')
  })
})

describe('what is not for a server', () => {
  test.each([
    ['a BOOTREPLY', { op: 2 }, [DISCOVER], 'BOOTREPLY'],
    ['BOOTP', {}, [], 'BOOTP'],
    ['an OFFER in a BOOTREQUEST', {}, [[53, 'uint8', 2]], 'OFFER in no state'],
    ['a LEASEQUERY', {}, [[53, 'uint8', 10]], 'UNKNOWN in no state'],
    ['a hardware address that is not Ethernet', { hlen: 8 }, [DISCOVER], '8 bytes'],
    ['an INFORM without an address', {}, [INFORM], 'INFORM in no state'],
    ['a RELEASE without an address', {}, [[53, 'uint8', 7]], 'RELEASE in no state'],
    ['a DECLINE of nothing', {}, [[53, 'uint8', 4]], 'DECLINE in no state'],
    ['a relay with a multicast address', { giaddr: ip('224.0.0.1') }, [DISCOVER], 'giaddr 224.0.0.1'],
    ['a relay with the broadcast address', { giaddr: ip('255.255.255.255') }, [DISCOVER], 'giaddr 255.255.255.255'],
    ['an endless client identifier', {}, [DISCOVER, [61, 'hex', 'ab'.repeat(256)]], 'over 255 bytes'],
  ] as const)('%s is ignored', (_, fields, options, reason) => {
    expect(reasonOf(fields, options)).toContain(reason)
  })

  test.each([
    ['a requested address of two bytes', [DISCOVER, [50, 'hex', '0a63']], 'option-value'],
    ['a message type of two bytes', [[53, 'hex', '0101']], 'option-value'],
    ['a lease time of a byte', [DISCOVER, [51, 'uint8', 1]], 'option-value'],
    ['an option 82 that is cut off', [DISCOVER, [82, 'hex', '0105aa']], 'relay-information'],
  ] as const)('%s is malformed', (_, options, code) => {
    expect(() => readRequest(message({}, options), CLIENT, 'unknown')).toThrow(
      expect.objectContaining({ name: MalformedPacket.name, code }),
    )
  })
})

describe('[RFC2131 §4.2] the client key', () => {
  test('is option 61 if there is one', () => {
    expect(queryOf(message({}, [DISCOVER, [61, 'hex', 'ff00aa']])).clientKey).toBe('ff00aa')
  })

  test('[RFC4361 §6.3] of an IAID and a DUID is the whole identifier, whatever the hardware address', () => {
    const duid = 'ff0a0b0c0d00010001270c0ffe00908f000001'
    const keys = ['00908f123456', '00908f654321'].map(
      (chaddr) => queryOf(message({}, [DISCOVER, [61, 'hex', duid]], chaddr)).clientKey,
    )
    expect(keys).toEqual([duid, duid])
  })

  test('is the hardware address otherwise', () => {
    expect(queryOf(message({}, [DISCOVER])).clientKey).toBe('00908f123456')
    expect(queryOf(message({}, [DISCOVER, [61, 'hex', '']])).clientKey).toBe('00908f123456')
  })
})

describe('the user class', () => {
  test.each([
    ['raw', '3432304844', '420HD'],
    ['[RFC3004 §4] with its length', '053432304844', '420HD'],
    ['[RFC3004 §4] several', '0534323048440161', '420HD,a'],
    ['raw that looks like a length', '0a', ' '],
    ['with a length of zero', '0005', ''],
  ])('%s', (_, hex, text) => {
    expect(queryOf(message({}, [DISCOVER, [77, 'hex', hex]])).userClass).toBe(text)
  })
})

describe('the relay', () => {
  const steering = '0502c0ff' // sub-option 5 of two bytes
  const information = (hex: string): OptionRow => [82, 'hex', hex]

  test('[RFC2131 §4.3.1] giaddr picks the subnet', () => {
    expect(queryOf(message(RELAYED, [DISCOVER]), RELAY)).toMatchObject({ link: '192.0.2.7', peer: RELAY })
  })

  test('[RFC3527] link selection picks it instead', () => {
    expect(queryOf(message(RELAYED, [DISCOVER, information('05040a630000')])).link).toBe('10.99.0.0')
  })

  test('[RFC5107 §4] the identifier that the relay gave us means us', () => {
    const override: OptionRow = information('0b040a6300fe')
    const selected = (server: string) =>
      queryOf(message(RELAYED, [REQUEST, ASKED, [54, 'ipv4', [server]], override])).server
    expect(selected('10.99.0.254')).toBeUndefined()
    expect(selected('10.99.0.1')).toBe('10.99.0.1')
  })

  test('[RFC3046 §2.1] without giaddr option 82 tells where, but steers nothing', () => {
    const all = information('0103666f6f020162' + '05040a630000' + '0b040a6300fe' + '1300')
    const query = queryOf(message({}, [DISCOVER, [54, 'ipv4', ['10.99.0.254']], all]))
    expect(query).toMatchObject({ link: undefined, server: '10.99.0.254', circuitId: '666f6f', remoteId: '62' })
  })

  test('a link selection that is no address is malformed', () => {
    expect(() => queryOf(message(RELAYED, [DISCOVER, information(steering)]))).toThrow(MalformedPacket)
  })
})

test('the subnet of a client that has an address is its address', () => {
  expect(queryOf(message(BOUND, [INFORM])).link).toBe('10.99.0.50')
})

test('texts are cut at 255 characters', () => {
  const { hostname } = queryOf(message({}, [DISCOVER, [12, 'text', 'x'.repeat(400)]]))
  expect(hostname).toHaveLength(255)
})

test('a parameter request list names each option once', () => {
  expect(queryOf(message({}, [DISCOVER, [55, 'hex', '0303010306']])).wanted).toEqual([3, 1, 6])
})
