// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest'
import { destination } from '#protocols/dhcp/destination'
import type { LeaseAnswer } from '#protocols/dhcp/port'
import { respond } from '#protocols/dhcp/reply'
import type { Endpoint } from '#protocols/lib/exchange'
import {
  CLIENT,
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

const NAK: LeaseAnswer = { kind: 'nak', server: ip('10.99.0.1'), reason: 'taken' }
const RELAY = { address: '192.0.2.9', port: 40_067 }
const RELAYED = { giaddr: ip('192.0.2.7') }
const BOUND = { ciaddr: ip('10.99.0.50') }
const ASKED: OptionRow = [50, 'ipv4', ['10.99.0.50']]
const SOURCE_PORT: OptionRow = [82, 'hex', '1300']

function goesTo(
  fields: MessageFields,
  options: readonly OptionRow[],
  answer: LeaseAnswer,
  peer: Endpoint = CLIENT,
): string {
  const request = requestOf(message(fields, options), peer)
  const outcome = respond(request, answer)
  if (outcome.kind !== 'reply') throw new Error(outcome.reason)
  const { address, port } = destination(request, outcome.reply, { client: 68, relay: 67 })
  return `${address}:${port}`
}

test('[RFC2131 §4.1] with giaddr: to port 67 of the relay', () => {
  expect(goesTo(RELAYED, [DISCOVER], LEASE, RELAY)).toBe('192.0.2.7:67')
  expect(goesTo({ ...RELAYED, ...BOUND }, [REQUEST], LEASE, RELAY)).toBe('192.0.2.7:67')
  expect(goesTo(RELAYED, [REQUEST, ASKED], NAK, RELAY)).toBe('192.0.2.7:67')
})

test('[RFC8357] to the relay’s source port if it asks for that', () => {
  expect(goesTo(RELAYED, [DISCOVER, SOURCE_PORT], LEASE, RELAY)).toBe('192.0.2.7:40067')
})

test('[RFC8357] nobody but a relay may ask for that', () => {
  expect(goesTo({}, [DISCOVER, SOURCE_PORT], LEASE, RELAY)).toBe('255.255.255.255:68')
})

test('[RFC2131 §4.1] with ciaddr: to port 68 of the client', () => {
  expect(goesTo(BOUND, [REQUEST], LEASE)).toBe('10.99.0.50:68')
  expect(goesTo(BOUND, [INFORM], LEASE)).toBe('10.99.0.50:68')
})

test('[RFC2131 §4.1] a NAK without giaddr goes to everybody, even with ciaddr', () => {
  expect(goesTo(BOUND, [REQUEST], NAK)).toBe('255.255.255.255:68')
})

test('[RFC2131 §4.1] with the broadcast flag: to everybody', () => {
  expect(goesTo({ flags: 0x8000 }, [DISCOVER], LEASE)).toBe('255.255.255.255:68')
})

test('without it, too: a frame to a host that has no address yet is beyond a UDP socket', () => {
  expect(goesTo({ flags: 0 }, [DISCOVER], LEASE)).toBe('255.255.255.255:68')
})
