// SPDX-License-Identifier: Apache-2.0
import { ByteReader, ByteWriter } from '#protocols/lib/bytes'
import { type Ipv4, ipv4FromNumber, ipv4ToNumber, UNSPECIFIED } from '#protocols/lib/ipv4'
import { MalformedPacket } from '#protocols/lib/malformed'
import { layOut, type Options, readOptions, writeOptions } from './area.ts'
import { plain } from './options.ts'

export const BOOTREQUEST = 1
export const BOOTREPLY = 2
/** The one flag: answer by broadcast [RFC 2131 §2, figure 2]. */
export const BROADCAST_FLAG = 0x8000

/** The fixed header with the magic cookie, in bytes [RFC 2131 §2]. */
export const HEADER_LENGTH = 240
/** Relays and clients may drop anything shorter [RFC 1542 §2.1]. */
const BOOTP_MINIMUM = 300
/** What fits an Ethernet frame whole, behind the IP and UDP headers. */
export const LARGEST_MESSAGE = 1472
const COOKIE = 0x63825363

/** A DHCP message as RFC 2131 figure 1 lays it out. */
export interface DhcpMessage {
  readonly op: number
  readonly htype: number
  readonly hlen: number
  readonly hops: number
  readonly xid: number
  /** Seconds since the client began. */
  readonly secs: number
  readonly flags: number
  readonly ciaddr: Ipv4
  readonly yiaddr: Ipv4
  readonly siaddr: Ipv4
  readonly giaddr: Ipv4
  /** All 16 bytes; the first `hlen` are the address. */
  readonly chaddr: Uint8Array
  /** Text up to the first NUL, one character a byte; empty when the field carries options. */
  readonly sname: string
  readonly file: string
  readonly options: Options
}

/** Throws only MalformedPacket: `truncated`, `op`, `hlen`, `cookie`, `option-truncated`, `overload`. */
export function decode(bytes: Uint8Array): DhcpMessage {
  const reader = new ByteReader(plain(bytes))
  const op = reader.u8()
  if (op !== BOOTREQUEST && op !== BOOTREPLY) throw new MalformedPacket('op', `op ${op}`)
  const htype = reader.u8()
  const hlen = reader.u8()
  if (hlen > 16) throw new MalformedPacket('hlen', `hardware address of ${hlen} bytes`)
  const hops = reader.u8()
  const xid = reader.u32()
  const secs = reader.u16()
  const flags = reader.u16()
  const ciaddr = readAddress(reader)
  const yiaddr = readAddress(reader)
  const siaddr = readAddress(reader)
  const giaddr = readAddress(reader)
  const chaddr = reader.bytes(16)
  const snameField = reader.bytes(64)
  const fileField = reader.bytes(128)
  const cookie = reader.u32()
  if (cookie !== COOKIE) throw new MalformedPacket('cookie', `magic cookie ${cookie.toString(16)}`)
  const { options, overload } = readOptions(reader.rest(), fileField, snameField)
  const file = (overload & 1) !== 0 ? '' : readName(fileField)
  const sname = (overload & 2) !== 0 ? '' : readName(snameField)
  return { op, htype, hlen, hops, xid, secs, flags, ciaddr, yiaddr, siaddr, giaddr, chaddr, sname, file, options }
}

/**
 * The message in at most `limit` bytes, padded to the BOOTP minimum. Options that do not fit the options field go
 * into empty `file` and `sname` fields; RangeError when even that is too small (ask `layOut` first).
 */
export function encode(message: DhcpMessage, limit: number = LARGEST_MESSAGE): Uint8Array {
  const { sname, file, options } = message
  const layout = layOut(options, limit - HEADER_LENGTH, file === '', sname === '')
  if (!layout) throw new RangeError(`the options do not fit into ${limit} bytes`)
  const overload = (layout.file.size > 0 ? 1 : 0) | (layout.sname.size > 0 ? 2 : 0)

  const writer = new ByteWriter()
  writer.u8(message.op).u8(message.htype).u8(message.hlen).u8(message.hops)
  writer.u32(message.xid).u16(message.secs).u16(message.flags)
  writer.u32(ipv4ToNumber(message.ciaddr)).u32(ipv4ToNumber(message.yiaddr))
  writer.u32(ipv4ToNumber(message.siaddr)).u32(ipv4ToNumber(message.giaddr))
  writer.bytes(message.chaddr)
  writeField(writer, sname, layout.sname, 64)
  writeField(writer, file, layout.file, 128)
  writer.u32(COOKIE)
  writeOptions(writer, layout.main, overload)
  if (writer.length < BOOTP_MINIMUM) writer.zeros(BOOTP_MINIMUM - writer.length)
  return writer.done()
}

function readAddress(reader: ByteReader): Ipv4 {
  const value = reader.u32()
  return value === 0 ? UNSPECIFIED : ipv4FromNumber(value)
}

function readName(field: Uint8Array): string {
  if (field[0] === 0) return ''
  const nul = field.indexOf(0)
  const text = nul < 0 ? field : field.subarray(0, nul)
  return Buffer.from(text.buffer, text.byteOffset, text.length).toString('latin1')
}

/** A name, or options in its place; either way the field is filled up with zeros. */
function writeField(writer: ByteWriter, name: string, options: Options, length: number): void {
  const start = writer.length
  if (options.size > 0) writeOptions(writer, options, 0)
  else if (name !== '') writer.bytes(Buffer.from(name, 'latin1').subarray(0, length))
  writer.zeros(length - (writer.length - start))
}
