// SPDX-License-Identifier: Apache-2.0
import type { Endpoint } from '#protocols/lib/exchange'
import { type Ipv4, UNSPECIFIED } from '#protocols/lib/ipv4'
import { macFromBytes } from '#protocols/lib/mac'
import { BOOTREQUEST, type DhcpMessage, decode } from './codec.ts'
import { MESSAGE, messageName, OPTION, readAddress, readNumber, readText, toHex } from './options.ts'
import type { LeaseQuery, QueryKind } from './port.ts'
import { isRelayed, type RelayInformation, relayInformation } from './relay.ts'

/** How a message reached us; `unknown` on a socket that hears both, as Node does not tell the destination. */
export type Arrival = 'unicast' | 'broadcast' | 'unknown'

/** A client's message that wants a decision. */
export interface ClientRequest {
  readonly message: DhcpMessage
  /** Option 53. */
  readonly type: number
  readonly relay: RelayInformation
  readonly query: LeaseQuery
}

export type Reading =
  | { readonly kind: 'request'; readonly request: ClientRequest }
  | { readonly kind: 'ignore'; readonly reason: string }

const MAC_LENGTH = 6
/** A client identifier is a key of ours: longer ones than one option holds are refused. */
const LONGEST_IDENTIFIER = 255
/** Long texts are of no use to us, only to an attacker. */
const LONGEST_TEXT = 255

/** Option 53, or 0 when it is missing (a BOOTP client). Throws MalformedPacket `option-value`. */
export function messageType(message: DhcpMessage): number {
  const value = message.options.get(OPTION.messageType)
  return value ? readNumber(OPTION.messageType, value, 1) : 0
}

/**
 * Classifies a message. `link` is our address on the link that it came in by, where the socket tells; a client's own
 * address knows better. `packet` is kept for people to look at. Throws MalformedPacket when an option that matters cannot be read.
 */
export function readRequest(
  message: DhcpMessage,
  peer: Endpoint,
  arrival: Arrival,
  link?: Ipv4,
  packet?: Uint8Array,
): Reading {
  if (message.op !== BOOTREQUEST) return ignore('a BOOTREPLY: another server, or an echo of our own')
  const type = messageType(message)
  if (type === 0) return ignore('BOOTP without a DHCP message type is not served')
  if (message.hlen !== MAC_LENGTH) return ignore(`a hardware address of ${message.hlen} bytes is not Ethernet's`)
  if (isNoHost(message.giaddr)) return ignore(`giaddr ${message.giaddr} is no relay's address`)

  const options = message.options
  const identifier = options.get(OPTION.clientIdentifier)
  if (identifier && identifier.length > LONGEST_IDENTIFIER) return ignore('a client identifier of over 255 bytes')
  const requested = addressOption(message, OPTION.requestedAddress)
  const server = addressOption(message, OPTION.serverIdentifier)
  const kind = classify(message, type, arrival, requested, server)
  if (!kind) return ignore(`a ${messageName(type)} in no state of RFC 2131 §4.3`)

  const relay = relayInformation(message)
  const held = message.ciaddr === UNSPECIFIED ? undefined : message.ciaddr
  const leaseTime = options.get(OPTION.leaseTime)
  const query: LeaseQuery = {
    kind,
    // Any identifier is a key as it is, IAID and DUID too, and stands above the hardware address [RFC 4361 §6.3].
    clientKey: identifier && identifier.length > 0 ? toHex(identifier) : macFromBytes(message.chaddr),
    mac: macFromBytes(message.chaddr),
    link: isRelayed(message) ? (relay.linkSelection ?? message.giaddr) : (held ?? link),
    address: asksForAddress(kind) ? requested : held,
    leaseSeconds: leaseTime && readNumber(OPTION.leaseTime, leaseTime, 4),
    server: server === relay.serverOverride ? undefined : server,
    wanted: [...new Set(options.get(OPTION.parameterRequestList))],
    vendorClass: textOption(message, OPTION.vendorClass),
    userClass: readUserClass(options.get(OPTION.userClass)),
    hostname: textOption(message, OPTION.hostname),
    circuitId: relay.circuitId && toHex(relay.circuitId),
    remoteId: relay.remoteId && toHex(relay.remoteId),
    peer,
    rapidCommit: (kind === 'discover' && options.has(OPTION.rapidCommit)) || undefined,
    packet,
  }
  return { kind: 'request', request: { message, type, relay, query } }
}

/** The query as it was, from the packet and what only the socket knew of it. Throws as `decode` and `readRequest` do. */
export function readAgain(packet: Uint8Array, heard: Pick<LeaseQuery, 'kind' | 'link' | 'peer'>): LeaseQuery {
  const reading = readRequest(decode(packet), heard.peer, 'unknown', heard.link, packet)
  if (reading.kind === 'ignore') throw new TypeError(`the packet was no query: ${reading.reason}`)
  return { ...reading.request.query, ...heard }
}

/**
 * [RFC 2131 §4.3.2]: a REQUEST that names a server is SELECTING, one with an address but no ciaddr is INIT-REBOOT, one
 * with ciaddr is RENEWING (unicast) or REBINDING (broadcast, and so the only one that relays pass on). Some clients
 * wrongly name the server when they renew; without option 50 that is what they mean.
 */
function classify(
  message: DhcpMessage,
  type: number,
  arrival: Arrival,
  requested: Ipv4 | undefined,
  server: Ipv4 | undefined,
): QueryKind | undefined {
  const bound = message.ciaddr !== UNSPECIFIED
  switch (type) {
    case MESSAGE.discover:
      return 'discover'
    case MESSAGE.request:
      if (server && requested) return 'selecting'
      if (bound) return isRelayed(message) || arrival === 'broadcast' ? 'rebinding' : 'renewing'
      return requested ? 'init-reboot' : undefined
    case MESSAGE.inform:
      return bound ? 'inform' : undefined
    case MESSAGE.release:
      return bound ? 'release' : undefined
    case MESSAGE.decline:
      return requested ? 'decline' : undefined
    default:
      return undefined
  }
}

function asksForAddress(kind: QueryKind): boolean {
  return kind === 'discover' || kind === 'selecting' || kind === 'init-reboot' || kind === 'decline'
}

/** User classes with their length octets [RFC 3004 §4], joined by commas; else the option as plain text. */
function readUserClass(bytes: Uint8Array | undefined): string | undefined {
  if (!bytes || bytes.length === 0) return undefined
  const classes: string[] = []
  let at = 0
  while (at < bytes.length) {
    const length = bytes[at] ?? 0
    const end = at + 1 + length
    if (length === 0 || end > bytes.length) return limited(readText(bytes))
    classes.push(readText(bytes.subarray(at + 1, end)))
    at = end
  }
  return limited(classes.join(','))
}

function textOption(message: DhcpMessage, code: number): string | undefined {
  const value = message.options.get(code)
  return value && value.length > 0 ? limited(readText(value)) : undefined
}

function addressOption(message: DhcpMessage, code: number): Ipv4 | undefined {
  const value = message.options.get(code)
  if (!value) return undefined
  const address = readAddress(code, value)
  return address === UNSPECIFIED ? undefined : address
}

/** Multicast, reserved and broadcast addresses: an answer sent there would reach a crowd. */
function isNoHost(address: Ipv4): boolean {
  return Number(address.slice(0, address.indexOf('.'))) >= 224
}

function limited(text: string): string {
  return text.length > LONGEST_TEXT ? text.slice(0, LONGEST_TEXT) : text
}

function ignore(reason: string): Reading {
  return { kind: 'ignore', reason }
}
