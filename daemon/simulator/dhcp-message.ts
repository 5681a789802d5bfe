// SPDX-License-Identifier: Apache-2.0
import { ByteReader, ByteWriter } from '#protocols/lib/bytes'
import { type Ipv4, ipv4FromNumber, ipv4ToNumber, UNSPECIFIED } from '#protocols/lib/ipv4'
import { type Mac, macFromBytes, macToBytes } from '#protocols/lib/mac'
import { MalformedPacket } from '#protocols/lib/malformed'

/** The messages a client sends, by their code in option 53 [RFC 2132 §9.6]. */
const CLIENT_TYPE = { DISCOVER: 1, REQUEST: 3, DECLINE: 4, RELEASE: 7 } as const
/** The messages a server sends. */
const SERVER_TYPE: Readonly<Record<number, ServerMessage['type']>> = { 2: 'OFFER', 5: 'ACK', 6: 'NAK' }

const MAGIC_COOKIE = 0x63825363
const PAD = 0
const END = 255

/** A boot loader's frame is 590 bytes: 14 of Ethernet, 20 of IP, 8 of UDP, and this. */
const MESSAGE_BYTES = 548

/** What a phone asks for [RFC 2132 §9.8]: mask, time offset, router, time server, DNS, domain, NTP, vendor, boot, SIP. */
export const PARAMETER_LIST: readonly number[] = [1, 2, 3, 4, 6, 15, 42, 43, 66, 67, 120, 160]

/** A phone's message, before and after a relay agent has touched it. */
export interface ClientMessage {
  readonly type: keyof typeof CLIENT_TYPE
  readonly xid: number
  /** Seconds since the client began. */
  readonly secs: number
  readonly mac: Mac
  /** The address the client holds: renewing, rebinding or releasing only [RFC 2131 table 5]. */
  readonly ciaddr?: Ipv4
  /** Option 50. */
  readonly requested?: Ipv4
  /** Option 54. */
  readonly server?: Ipv4
  /** Options 60 and 77; the phones write their model into both, 77 without RFC 3004's length bytes. */
  readonly model: string
  readonly hostname: string
  /** What the relay agent adds [RFC 3046 §2.1]. */
  readonly relay?: { readonly address: Ipv4; readonly information: Uint8Array }
}

/** A server's message as the phone's side of the relay sees it. */
export interface ServerMessage {
  readonly type: 'OFFER' | 'ACK' | 'NAK'
  readonly xid: number
  readonly mac: Mac
  readonly yiaddr: Ipv4
  readonly giaddr: Ipv4
  /** Parts of one option are joined [RFC 3396 §5]. */
  readonly options: ReadonlyMap<number, Uint8Array>
}

export function encodeClientMessage(message: ClientMessage): Uint8Array {
  const { relay } = message
  const writer = new ByteWriter(MESSAGE_BYTES)
  writer.u8(1).u8(1).u8(6) // BOOTREQUEST, Ethernet, six octets of address
  writer.u8(relay ? 1 : 0) // hops
  writer.u32(message.xid).u16(Math.min(message.secs, 0xffff)).u16(0)
  writer.u32(ipv4ToNumber(message.ciaddr ?? UNSPECIFIED)).zeros(8)
  writer.u32(ipv4ToNumber(relay?.address ?? UNSPECIFIED))
  writer.bytes(macToBytes(message.mac)).zeros(10 + 64 + 128) // rest of chaddr, sname, file
  writer.u32(MAGIC_COOKIE)
  option(writer, 53, Uint8Array.of(CLIENT_TYPE[message.type]))
  if (message.requested) option(writer, 50, addressBytes(message.requested))
  if (message.server) option(writer, 54, addressBytes(message.server))
  // DECLINE and RELEASE must not carry what only a server's answer could use [RFC 2131 table 5].
  if (message.type === 'DISCOVER' || message.type === 'REQUEST') {
    option(writer, 60, text(message.model))
    option(writer, 77, text(message.model))
    option(writer, 12, text(message.hostname))
    option(writer, 55, Uint8Array.from(PARAMETER_LIST))
  }
  // Without anything to say there is no option 82: it has at least one sub-option [RFC 3046 §2.0].
  if (relay && relay.information.length > 0) option(writer, 82, relay.information)
  writer.u8(END)
  if (writer.length < MESSAGE_BYTES) writer.zeros(MESSAGE_BYTES - writer.length)
  return writer.done()
}

/** The relay agent information of option 82 [RFC 3046 §2.0]; `anyPort` asks for replies to our port [RFC 8357]. */
export function relayInformation(circuitId: string, anyPort: boolean): Uint8Array {
  const writer = new ByteWriter(64)
  if (circuitId !== '') option(writer, 1, text(circuitId).subarray(0, 64))
  if (anyPort) option(writer, 19, new Uint8Array(0))
  return writer.done()
}

/** Throws MalformedPacket for anything that a DHCP client would throw away. */
export function decodeServerMessage(bytes: Uint8Array): ServerMessage {
  const reader = new ByteReader(bytes)
  if (reader.u8() !== 2) throw new MalformedPacket('not-a-reply')
  if (reader.u8() !== 1 || reader.u8() !== 6) throw new MalformedPacket('not-ethernet')
  reader.bytes(1)
  const xid = reader.u32()
  reader.bytes(8)
  const yiaddr = ipv4FromNumber(reader.u32())
  reader.bytes(4)
  const giaddr = ipv4FromNumber(reader.u32())
  const mac = macFromBytes(reader.bytes(16))
  const sname = reader.bytes(64)
  const file = reader.bytes(128)
  if (reader.u32() !== MAGIC_COOKIE) throw new MalformedPacket('no-magic-cookie')
  const parts = new Map<number, Uint8Array[]>()
  readOptions(reader.rest(), parts)
  // The reading order of an overloaded packet: options, file, sname [RFC 3396 §5].
  const overload = parts.get(52)?.[0]?.[0] ?? 0
  if (overload & 1) readOptions(file, parts)
  if (overload & 2) readOptions(sname, parts)
  const options = new Map([...parts].map(([code, values]) => [code, Uint8Array.from(Buffer.concat(values))]))
  const type = SERVER_TYPE[options.get(53)?.[0] ?? 0]
  if (type === undefined) throw new MalformedPacket('no-message-type')
  return { type, xid, mac, yiaddr, giaddr, options }
}

/** The first address of an option that holds addresses. */
export function addressOption(message: ServerMessage, code: number): Ipv4 | undefined {
  const value = message.options.get(code)
  return value && value.length >= 4 ? ipv4FromNumber(new ByteReader(value).u32()) : undefined
}

/** An option that counts seconds. */
export function secondsOption(message: ServerMessage, code: number): number | undefined {
  const value = message.options.get(code)
  return value?.length === 4 ? new ByteReader(value).u32() : undefined
}

/** A text option without the NULs that some servers append [RFC 2132 §2]; undefined when absent or empty. */
export function textOption(message: ServerMessage, code: number): string | undefined {
  const value = message.options.get(code)
  return value === undefined ? undefined : Buffer.from(value).toString('utf8').replace(/\0+$/, '').trim() || undefined
}

function readOptions(bytes: Uint8Array, into: Map<number, Uint8Array[]>): void {
  const reader = new ByteReader(bytes)
  for (;;) {
    // A field of options without END is one that was cut off [RFC 2131 §4.1].
    if (reader.remaining === 0) throw new MalformedPacket('no-end')
    const code = reader.u8()
    if (code === END) return
    if (code === PAD) continue
    const value = reader.bytes(reader.u8())
    const values = into.get(code)
    if (values) values.push(value)
    else into.set(code, [value])
  }
}

function option(writer: ByteWriter, code: number, value: Uint8Array): void {
  const short = value.subarray(0, 255)
  writer.u8(code).u8(short.length).bytes(short)
}

function addressBytes(address: Ipv4): Uint8Array {
  return new ByteWriter(4).u32(ipv4ToNumber(address)).done()
}

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}
