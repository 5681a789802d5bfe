// SPDX-License-Identifier: Apache-2.0
import { type Ipv4, ipv4FromNumber, ipv4ToNumber } from '#protocols/lib/ipv4'
import { MalformedPacket } from '#protocols/lib/malformed'
import type { OptionValue } from './port.ts'

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

interface OptionKind {
  readonly name: string
  readonly type: OptionValue['type']
}

function kind(name: string, type: OptionValue['type']): OptionKind {
  return { name, type }
}

/** What the options of a phone network are called and how they look; any other one is shown in hex. */
const KINDS: ReadonlyMap<number, OptionKind> = new Map([
  [1, kind('subnet mask', 'ipv4')],
  [2, kind('time offset', 'int32')],
  [3, kind('routers', 'ipv4')],
  [4, kind('time servers', 'ipv4')],
  [6, kind('DNS servers', 'ipv4')],
  [7, kind('log servers', 'ipv4')],
  [12, kind('host name', 'text')],
  [15, kind('domain name', 'text')],
  [26, kind('interface MTU', 'uint16')],
  [28, kind('broadcast address', 'ipv4')],
  [42, kind('NTP servers', 'ipv4')],
  [43, kind('vendor-specific information', 'hex')],
  [50, kind('requested address', 'ipv4')],
  [51, kind('lease time', 'uint32')],
  [52, kind('option overload', 'uint8')],
  [53, kind('message type', 'uint8')],
  [54, kind('server identifier', 'ipv4')],
  [55, kind('parameter request list', 'hex')],
  [56, kind('message', 'text')],
  [57, kind('maximum message size', 'uint16')],
  [58, kind('renewal time (T1)', 'uint32')],
  [59, kind('rebinding time (T2)', 'uint32')],
  [60, kind('vendor class identifier', 'text')],
  [61, kind('client identifier', 'hex')],
  [66, kind('TFTP server name', 'text')],
  [67, kind('boot file name', 'text')],
  [77, kind('user class', 'hex')],
  [81, kind('client FQDN', 'hex')],
  [82, kind('relay agent information', 'hex')],
  [120, kind('SIP servers', 'hex')],
  [121, kind('classless static routes', 'hex')],
  [160, kind('provisioning URL', 'text')],
])

export function optionName(code: number): string {
  return KINDS.get(code)?.name ?? `option ${code}`
}

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
  }
}

/** Reads a value as the kind that its code has; throws MalformedPacket `option-value` if it cannot be one. */
export function decodeOption(code: number, bytes: Uint8Array): OptionValue {
  const type = KINDS.get(code)?.type ?? 'hex'
  switch (type) {
    case 'ipv4':
      return { type, value: readAddresses(code, bytes) }
    case 'text':
      return { type, value: readText(bytes) }
    case 'hex':
      return { type, value: toHex(bytes) }
    case 'uint8':
      return { type, value: readNumber(code, bytes, 1) }
    case 'uint16':
      return { type, value: readNumber(code, bytes, 2) }
    case 'uint32':
      return { type, value: readNumber(code, bytes, 4) }
    case 'int32':
      return { type, value: readNumber(code, bytes, 4) | 0 }
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

function readAddresses(code: number, bytes: Uint8Array): Ipv4[] {
  if (bytes.length === 0 || bytes.length % 4 !== 0) throw badValue(code, `${bytes.length} bytes are no addresses`)
  const list: Ipv4[] = []
  for (let i = 0; i < bytes.length; i += 4) list.push(readAddress(code, bytes.subarray(i, i + 4)))
  return list
}

function badValue(code: number, detail: string): MalformedPacket {
  return new MalformedPacket('option-value', `option ${code} (${optionName(code)}): ${detail}`)
}
