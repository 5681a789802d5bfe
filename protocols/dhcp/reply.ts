// SPDX-License-Identifier: Apache-2.0
import { UNSPECIFIED } from '#protocols/lib/ipv4'
import type { Outcome } from '#protocols/server'
import { layOut } from './area.ts'
import { BOOTREPLY, BROADCAST_FLAG, type DhcpMessage, HEADER_LENGTH, LARGEST_MESSAGE } from './codec.ts'
import { encodeOption, MESSAGE, messageName, OPTION, readNumber, uint32 } from './options.ts'
import type { GivenOption, LeaseAnswer } from './port.ts'
import type { ClientRequest } from './query.ts'
import { isRelayed } from './relay.ts'

type Lease = Extract<LeaseAnswer, { kind: 'lease' }>
type Nak = Extract<LeaseAnswer, { kind: 'nak' }>

/** The IP datagram that every client takes [RFC 2131 §2]; option 57 may only raise it [RFC 2132 §9.10]. */
const SMALLEST_DATAGRAM = 576
const IP_AND_UDP_HEADERS = 28
const INFINITE = 0xffffffff
/** Options that only this file writes, whatever the configuration says. */
const OWN: ReadonlySet<number> = new Set([
  OPTION.pad,
  OPTION.leaseTime,
  OPTION.overload,
  OPTION.messageType,
  OPTION.serverIdentifier,
  OPTION.clientIdentifier,
  OPTION.rapidCommit,
  OPTION.relayInformation,
  OPTION.end,
])

/** The message that carries the answer, by the wire rules of RFC 2131 §4.3 and table 3. Pure. */
export function respond(request: ClientRequest, answer: LeaseAnswer): Outcome<DhcpMessage> {
  switch (answer.kind) {
    case 'silent':
      return { kind: 'ignore', reason: answer.reason }
    case 'nak':
      return request.type === MESSAGE.request ? refusal(request, answer) : unasked(request, 'a NAK')
    case 'lease':
      if (request.type === MESSAGE.inform) return grant(request, answer, MESSAGE.ack)
      if (!answer.address) return unasked(request, 'options without an address')
      if (request.type === MESSAGE.discover)
        return grant(request, answer, answer.committed ? MESSAGE.ack : MESSAGE.offer)
      return request.type === MESSAGE.request ? grant(request, answer, MESSAGE.ack) : unasked(request, 'a lease')
  }
}

/** How many bytes the answer may have: option 57 less the headers, at most what an Ethernet frame takes whole. */
export function messageLimit({ options }: DhcpMessage): number {
  const asked = options.get(OPTION.maximumMessageSize)
  const datagram = asked?.length === 2 ? readNumber(OPTION.maximumMessageSize, asked, 2) : 0
  return Math.min(Math.max(datagram, SMALLEST_DATAGRAM) - IP_AND_UDP_HEADERS, LARGEST_MESSAGE)
}

function grant(request: ClientRequest, answer: Lease, type: number): Outcome<DhcpMessage> {
  const informed = request.type === MESSAGE.inform
  const { sname = '', file = '', siaddr = UNSPECIFIED } = answer.boot
  const reply: DhcpMessage = {
    ...header(request.message),
    ciaddr: type === MESSAGE.ack ? request.message.ciaddr : UNSPECIFIED,
    // An INFORM gets neither an address nor a lease time [RFC 2131 §4.3.5].
    yiaddr: informed ? UNSPECIFIED : (answer.address ?? UNSPECIFIED),
    siaddr,
    sname,
    file,
    options: new Map(),
  }
  const options = opening(type, request, answer)
  if (answer.committed) options.set(OPTION.rapidCommit, new Uint8Array(0)) // the client must find it there [RFC 4039 §3.1]
  if (!informed && answer.leaseSeconds !== undefined) addTimes(options, answer.leaseSeconds)
  addIdentifier(options, request)
  const optional = addGiven(options, request.query.wanted, answer.options)
  return finished(request, reply, options, optional)
}

/** [RFC 2131 table 3]: a NAK says why, and nothing that a client could configure itself with. */
function refusal(request: ClientRequest, answer: Nak): Outcome<DhcpMessage> {
  const { message } = request
  const flags = isRelayed(message) ? message.flags | BROADCAST_FLAG : message.flags // §4.3.2: the relay broadcasts it
  const options = opening(MESSAGE.nak, request, answer)
  addIdentifier(options, request)
  options.set(OPTION.message, encodeOption({ type: 'text', value: answer.reason.slice(0, 128) }))
  return finished(request, { ...header(message), flags, options }, options, [OPTION.message])
}

/** What every answer copies, or sets to zero [RFC 2131 table 3]. */
function header(message: DhcpMessage): DhcpMessage {
  return {
    ...message,
    op: BOOTREPLY,
    hops: 0,
    secs: 0,
    ciaddr: UNSPECIFIED,
    yiaddr: UNSPECIFIED,
    siaddr: UNSPECIFIED,
    sname: '',
    file: '',
  }
}

/** The relay may name itself as the server, so that renewals come through it [RFC 5107 §4]. */
function opening(type: number, { relay }: ClientRequest, answer: Lease | Nak): Map<number, Uint8Array> {
  const server = encodeOption({ type: 'ipv4', value: [relay.serverOverride ?? answer.server] })
  return new Map([
    [OPTION.messageType, Uint8Array.of(type)],
    [OPTION.serverIdentifier, server],
  ])
}

/** T1 and T2 at their default fractions [RFC 2131 §4.4.5]; a lease without end has none. */
function addTimes(options: Map<number, Uint8Array>, seconds: number): void {
  options.set(OPTION.leaseTime, uint32(seconds))
  if (seconds === INFINITE) return
  options.set(OPTION.renewalTime, uint32(Math.floor(seconds / 2)))
  options.set(OPTION.rebindingTime, uint32(Math.floor((seconds * 7) / 8)))
}

/** [RFC 6842 §3]: the client sees its own identifier again, in a NAK too. */
function addIdentifier(options: Map<number, Uint8Array>, { message }: ClientRequest): void {
  const identifier = message.options.get(OPTION.clientIdentifier)
  if (identifier) options.set(OPTION.clientIdentifier, identifier)
}

/**
 * Adds what the client asked for in its order, then what is always sent; everything if it sent no list. The subnet
 * mask leads, since it must stand before the routers [RFC 2132 §3.3]. Returns the codes in the order in which they
 * may be given up again, last first.
 */
function addGiven(
  options: Map<number, Uint8Array>,
  wanted: readonly number[],
  given: readonly GivenOption[],
): number[] {
  const always: number[] = []
  const asked: number[] = []
  const add = (option: GivenOption | undefined) => {
    if (!option || OWN.has(option.code) || asked.includes(option.code) || always.includes(option.code)) return
    options.set(option.code, encodeOption(option.value))
    ;(option.always ? always : asked).push(option.code)
  }
  const isAsked = (code: number) => wanted.length === 0 || wanted.includes(code)
  if (isAsked(OPTION.subnetMask)) add(given.find(({ code }) => code === OPTION.subnetMask))
  for (const code of wanted) add(given.find((option) => option.code === code))
  for (const option of given) if (option.always || isAsked(option.code)) add(option)
  return [...always, ...asked]
}

/**
 * Ends the options with the relay's own, unchanged [RFC 3046 §2.2], and gives up the least needed ones as long as the
 * message is too long: given options from the last on, then the relay's (RFC 3046 allows that, too).
 */
function finished(
  request: ClientRequest,
  reply: DhcpMessage,
  options: Map<number, Uint8Array>,
  optional: readonly number[],
): Outcome<DhcpMessage> {
  const relay = request.message.options.get(OPTION.relayInformation)
  if (relay) options.set(OPTION.relayInformation, relay)
  const room = messageLimit(request.message) - HEADER_LENGTH
  const spare = [OPTION.relayInformation, ...optional]
  while (!layOut(options, room, reply.file === '', reply.sname === '')) {
    const code = spare.pop()
    if (code === undefined) return { kind: 'ignore', reason: `no answer fits into ${room} bytes of options` }
    options.delete(code)
  }
  return { kind: 'reply', reply: { ...reply, options } }
}

function unasked({ type }: ClientRequest, what: string): Outcome<DhcpMessage> {
  return { kind: 'ignore', reason: `${what} is no answer to ${messageName(type)}` }
}
