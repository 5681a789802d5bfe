// SPDX-License-Identifier: Apache-2.0
import { OPTION_KINDS, type OptionValue, optionName, type Route, type SubOption } from '#protocols/lib/dhcp-option'
import { type Ipv4, ipv4FromNumber, ipv4ToNumber, parseIpv4 } from '#protocols/lib/ipv4'
import { MalformedPacket } from '#protocols/lib/malformed'

/** The options this server reads or sends itself [RFC 2132, and the RFC beside each one]. */
export const OPTION = {
  pad: 0,
  subnetMask: 1,
  hostname: 12,
  requestedAddress: 50,
  leaseTime: 51,
  overload: 52,
  messageType: 53,
  serverIdentifier: 54,
  parameterRequestList: 55,
  message: 56,
  maximumMessageSize: 57,
  renewalTime: 58,
  rebindingTime: 59,
  vendorClass: 60,
  clientIdentifier: 61,
  userClass: 77, // RFC 3004
  rapidCommit: 80, // RFC 4039
  relayInformation: 82, // RFC 3046
  end: 255,
} as const

/** Option 53 [RFC 2132 §9.6]. */
export const MESSAGE = {
  discover: 1,
  offer: 2,
  request: 3,
  decline: 4,
  ack: 5,
  nak: 6,
  release: 7,
  inform: 8,
} as const

const MESSAGE_NAMES = ['BOOTP', 'DISCOVER', 'OFFER', 'REQUEST', 'DECLINE', 'ACK', 'NAK', 'RELEASE', 'INFORM']

export function messageName(type: number): string {
  return MESSAGE_NAMES[type] ?? 'UNKNOWN'
}

export { optionName }

/** The value's bytes: numbers in network order, text as UTF-8 without a terminator [RFC 2132 §2]. */
export function encodeOption(option: OptionValue): Uint8Array {
  switch (option.type) {
    case 'ipv4':
      return addresses(option.value)
    case 'text':
      return plain(Buffer.from(option.value, 'utf8'))
    case 'hex':
      return plain(Buffer.from(option.value, 'hex'))
    case 'uint8':
      return Uint8Array.of(option.value)
    case 'uint16':
      return Uint8Array.of(option.value >>> 8, option.value)
    case 'uint32':
    case 'int32':
      return uint32(option.value)
    case 'fqdn':
      return concat(option.value.map(labels))
    case 'sip':
      return sipServers(option.value)
    case 'routes':
      return concat(option.value.map(route))
    case 'tlv':
      return subOptions(option.value, option.enterprise)
  }
}

/** Reads a value as the kind that its code has; throws MalformedPacket `option-value` if it cannot be one. */
export function decodeOption(code: number, bytes: Uint8Array): OptionValue {
  const type = OPTION_KINDS.get(code)?.type ?? 'hex'
  switch (type) {
    case 'ipv4':
      return { type, value: readAddresses(code, bytes) }
    case 'text':
      return { type, value: readText(bytes) }
    case 'uint8':
      return { type, value: readNumber(code, bytes, 1) }
    case 'uint16':
      return { type, value: readNumber(code, bytes, 2) }
    case 'uint32':
      return { type, value: readNumber(code, bytes, 4) }
    case 'int32':
      return { type, value: readNumber(code, bytes, 4) | 0 }
    // What only we send is for people to look at: they get it as it came.
    default:
      return { type: 'hex', value: toHex(bytes) }
  }
}

export function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

/** An unsigned number of exactly `size` bytes. */
export function readNumber(code: number, bytes: Uint8Array, size: 1 | 2 | 4): number {
  if (bytes.length !== size) throw badValue(code, `${bytes.length} bytes where ${size} belong`)
  let value = 0
  for (const byte of bytes) value = value * 256 + byte
  return value
}

/** One address, or the first of several. */
export function readAddress(code: number, bytes: Uint8Array): Ipv4 {
  if (bytes.length < 4) throw badValue(code, `${bytes.length} bytes are no address`)
  return ipv4FromNumber(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0))
}

/** Text up to its first NUL, which some clients append; bytes that are no UTF-8 read as U+FFFD, controls as blanks. */
export function readText(bytes: Uint8Array): string {
  const nul = bytes.indexOf(0)
  const end = nul < 0 ? bytes.length : nul
  let clean = bytes
  for (let i = 0; i < end; i++) {
    const byte = bytes[i] ?? 0
    if (byte >= 0x20 && byte !== 0x7f) continue
    if (clean === bytes) clean = bytes.slice()
    clean[i] = 0x20
  }
  return buffer(clean).toString('utf8', 0, end)
}

export function toHex(bytes: Uint8Array): string {
  return buffer(bytes).toString('hex')
}

/** The same bytes without Buffer's own methods, which are slower to cut. */
export function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** The same bytes as a Buffer, for its fast conversions. */
function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function addresses(list: readonly Ipv4[]): Uint8Array {
  const bytes = new Uint8Array(list.length * 4)
  list.forEach((address, i) => {
    bytes.set(uint32(ipv4ToNumber(address)), i * 4)
  })
  return bytes
}

/** A domain name, its labels behind their lengths, ended by the root's [RFC 1035 §3.1]. */
function labels(name: string): Uint8Array {
  const parts = name.split('.').filter((label) => label !== '')
  return concat([...parts.map((label) => lengthAnd(plain(Buffer.from(label, 'latin1')))), Uint8Array.of(0)])
}

/** Encoding 0 is names, 1 addresses; a list has one of them [RFC 3361 §3]. */
function sipServers(servers: readonly string[]): Uint8Array {
  const found = servers.map(parseIpv4)
  const all = found.filter((address) => address !== undefined)
  if (all.length === servers.length) return concat([Uint8Array.of(1), addresses(all)])
  return concat([Uint8Array.of(0), ...servers.map(labels)])
}

/** The prefix length, as many bytes of the network as it covers, the router [RFC 3442]. */
function route({ to, via }: Route): Uint8Array {
  const network = uint32(to.network).subarray(0, Math.ceil(to.prefix / 8))
  return concat([Uint8Array.of(to.prefix), network, addresses([via])])
}

/** Option 43 [RFC 2132 §8.4]; behind an enterprise number and a length, option 125 [RFC 3925 §4]. */
function subOptions(list: readonly SubOption[], enterprise: number | undefined): Uint8Array {
  const inside = concat(list.flatMap(({ code, value }) => [Uint8Array.of(code), lengthAnd(encodeOption(value))]))
  return enterprise === undefined ? inside : concat([uint32(enterprise), lengthAnd(inside)])
}

/** RangeError for what one length octet cannot tell; the configuration refuses such values. */
function lengthAnd(bytes: Uint8Array): Uint8Array {
  if (bytes.length > 255) throw new RangeError(`${bytes.length} bytes are too many behind one length octet`)
  return concat([Uint8Array.of(bytes.length), bytes])
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return plain(Buffer.concat(parts))
}

function readAddresses(code: number, bytes: Uint8Array): Ipv4[] {
  if (bytes.length === 0 || bytes.length % 4 !== 0) throw badValue(code, `${bytes.length} bytes are no addresses`)
  const list: Ipv4[] = []
  for (let i = 0; i < bytes.length; i += 4) list.push(readAddress(code, bytes.subarray(i, i + 4)))
  return list
}

function badValue(code: number, detail: string): MalformedPacket {
  return new MalformedPacket('option-value', `option ${code} (${optionName(code)}): ${detail}`)
}
