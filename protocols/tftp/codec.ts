// SPDX-License-Identifier: Apache-2.0
import { ByteReader, ByteWriter } from '#protocols/lib/bytes'
import { MalformedPacket } from '#protocols/lib/malformed'

/** [RFC1350 §5], and 6 of [RFC2347]. */
const OPCODES = { RRQ: 1, WRQ: 2, DATA: 3, ACK: 4, ERROR: 5, OACK: 6 } as const

/** [RFC1350 §5], and 8 of [RFC2347]. */
export const ERROR_CODES = {
  undefined: 0,
  fileNotFound: 1,
  accessViolation: 2,
  illegalOperation: 4,
  unknownTransferId: 5,
  optionNegotiation: 8,
} as const

/** Pairs of name and value in the sender's order and spelling. */
export type TftpOptions = readonly (readonly [name: string, value: string])[]

export interface TftpRequest {
  readonly kind: 'RRQ' | 'WRQ'
  readonly file: string
  /** In lower case: `octet`, `netascii`, `mail`, or whatever the client made up. */
  readonly mode: string
  readonly options: TftpOptions
}

export type TftpPacket =
  | TftpRequest
  | { readonly kind: 'DATA'; readonly block: number; readonly data: Uint8Array }
  | { readonly kind: 'ACK'; readonly block: number }
  | { readonly kind: 'ERROR'; readonly code: number; readonly message: string }
  | { readonly kind: 'OACK'; readonly options: TftpOptions }

/** Bytes before the data of a DATA packet: opcode and block number. */
export const DATA_HEADER = 4

/** The longest request [RFC2347], in bytes. */
const LONGEST_REQUEST = 512

/**
 * Throws only MalformedPacket: `truncated`, `unknown-opcode`, `too-long`, `unterminated`, `no-file-name`,
 * `no-mode`, `option-without-value`.
 */
export function decode(bytes: Uint8Array): TftpPacket {
  const reader = new ByteReader(bytes)
  const opcode = reader.u16()
  switch (opcode) {
    case OPCODES.RRQ:
      return decodeRequest('RRQ', reader)
    case OPCODES.WRQ:
      return decodeRequest('WRQ', reader)
    case OPCODES.DATA:
      return { kind: 'DATA', block: reader.u16(), data: reader.rest() }
    case OPCODES.ACK:
      return { kind: 'ACK', block: reader.u16() }
    case OPCODES.ERROR:
      return { kind: 'ERROR', code: reader.u16(), message: lenientText(reader) }
    case OPCODES.OACK:
      return { kind: 'OACK', options: pairs(texts(reader)) }
    default:
      throw new MalformedPacket('unknown-opcode', `opcode ${opcode}`)
  }
}

export function encode(packet: TftpPacket): Uint8Array {
  const writer = new ByteWriter(64).u16(OPCODES[packet.kind])
  switch (packet.kind) {
    case 'RRQ':
    case 'WRQ':
      writeText(writer, packet.file)
      writeText(writer, packet.mode)
      writeOptions(writer, packet.options)
      break
    case 'DATA':
      writer.u16(packet.block).bytes(packet.data)
      break
    case 'ACK':
      writer.u16(packet.block)
      break
    case 'ERROR':
      writer.u16(packet.code)
      writeText(writer, printable(packet.message))
      break
    case 'OACK':
      writeOptions(writer, packet.options)
  }
  return writer.done()
}

/** The block number of an ACK, or -1 for anything else: what a sender needs thousands of times a second. */
export function acknowledgedBlock(bytes: Uint8Array): number {
  const [high, low, blockHigh, blockLow] = bytes
  if (high !== 0 || low !== OPCODES.ACK || blockHigh === undefined || blockLow === undefined) return -1
  return blockHigh * 256 + blockLow
}

/** Makes a DATA packet of `packet`, whose data already stands behind the header. `block` wraps at 65535. */
export function writeDataHeader(packet: Uint8Array, block: number): void {
  packet[0] = 0
  packet[1] = OPCODES.DATA
  packet[2] = (block >> 8) & 0xff
  packet[3] = block & 0xff
}

/** True for a packet whose opcode says ERROR, however damaged: it must never be answered with another ERROR. */
export function saysError(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === OPCODES.ERROR
}

function decodeRequest(kind: 'RRQ' | 'WRQ', reader: ByteReader): TftpRequest {
  if (reader.offset + reader.remaining > LONGEST_REQUEST) throw new MalformedPacket('too-long')
  const [file, mode, ...options] = texts(reader)
  if (!file) throw new MalformedPacket('no-file-name')
  if (!mode) throw new MalformedPacket('no-mode')
  return { kind, file, mode: mode.toLowerCase(), options: pairs(options) }
}

function pairs(fields: readonly string[]): TftpOptions {
  const options: [string, string][] = []
  for (let i = 0; i < fields.length; i += 2) {
    const [name, value] = [fields[i], fields[i + 1]]
    if (!name) break // some boot loaders pad a request with zeros
    if (value === undefined) throw new MalformedPacket('option-without-value', name)
    options.push([name, value])
  }
  return options
}

const UTF8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** The rest of a packet as fields that each end in a zero byte. */
function texts(reader: ByteReader): string[] {
  const bytes = reader.rest()
  if (bytes.length === 0) return []
  if (bytes.at(-1) !== 0) throw new MalformedPacket('unterminated')
  return UTF8.decode(bytes.subarray(0, -1)).split('\0')
}

/** Takes an error message whose closing zero is missing, as some clients send it. */
function lenientText(reader: ByteReader): string {
  const bytes = reader.rest()
  const end = bytes.indexOf(0)
  return UTF8.decode(end < 0 ? bytes : bytes.subarray(0, end))
}

function writeOptions(writer: ByteWriter, options: TftpOptions): void {
  for (const [name, value] of options) {
    writeText(writer, name)
    writeText(writer, value)
  }
}

function writeText(writer: ByteWriter, value: string): void {
  writer.bytes(Buffer.from(value, 'utf8')).u8(0)
}

/** What we send and log of an error message: netascii [RFC1350 §5], short, without anything that moves a cursor. */
export function printable(message: string): string {
  return message.replaceAll(/[^ -~]/g, '?').slice(0, 120)
}
