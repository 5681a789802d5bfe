// SPDX-License-Identifier: Apache-2.0
import { type BerReader, BerWriter, TAG } from '#protocols/lib/ber'
import { MalformedPacket } from '#protocols/lib/malformed'
import { PDU, type Pdu, type PduKind, type TrapV1, type WireVarbind } from './messages.ts'
import { decodeOid, encodeOid } from './oid.ts'
import { type Oid, SnmpError } from './port.ts'

/** The types of values [RFC3416 §3, RFC2578 §7.1]. */
const VALUE = {
  null: 0x05,
  oid: 0x06,
  ipAddress: 0x40,
  counter32: 0x41,
  gauge32: 0x42,
  timeTicks: 0x43,
  opaque: 0x44,
  counter64: 0x46,
  noSuchObject: 0x80,
  noSuchInstance: 0x81,
  endOfMibView: 0x82,
} as const

const KINDS = new Map<number, PduKind>(Object.entries(PDU).map(([kind, tag]) => [tag, kind as PduKind]))

/** Throws SnmpError `invalid` for a value that its type cannot hold. */
export function writePdu(writer: BerWriter, pdu: Pdu | TrapV1): void {
  const mark = writer.begin(PDU[pdu.kind])
  if (pdu.kind === 'trapV1') {
    writer.octets(encodeOid(pdu.enterprise), VALUE.oid)
    writer.octets(ipAddressBytes(pdu.agentAddress), VALUE.ipAddress)
    writer.integer(int32(pdu.generic))
    writer.integer(int32(pdu.specific))
    writer.octets(unsigned(pdu.timestamp, 32), VALUE.timeTicks)
  } else {
    writer.integer(pdu.requestId)
    writer.integer(pdu.errorStatus)
    writer.integer(pdu.errorIndex)
  }
  const list = writer.begin()
  for (const varbind of pdu.varbinds) writeVarbind(writer, varbind)
  writer.end(list)
  writer.end(mark)
}

/** The length of a varbind on the wire. */
export function varbindLength(varbind: WireVarbind): number {
  const writer = new BerWriter(256)
  writeVarbind(writer, varbind)
  return writer.length
}

function writeVarbind(writer: BerWriter, varbind: WireVarbind): void {
  const mark = writer.begin()
  writer.octets(encodeOid(varbind.oid), VALUE.oid)
  writeValue(writer, varbind)
  writer.end(mark)
}

function writeValue(writer: BerWriter, varbind: WireVarbind): void {
  switch (varbind.type) {
    case 'integer':
      writer.integer(int32(varbind.value))
      break
    case 'octets':
      if (typeof varbind.value === 'string') writer.text(varbind.value)
      else writer.octets(varbind.value)
      break
    case 'oid':
      writer.octets(encodeOid(varbind.value), VALUE.oid)
      break
    case 'ipAddress':
      writer.octets(ipAddressBytes(varbind.value), VALUE.ipAddress)
      break
    case 'counter32':
    case 'gauge32':
    case 'timeTicks':
      writer.octets(unsigned(varbind.value, 32), VALUE[varbind.type])
      break
    case 'counter64':
      writer.octets(unsigned(varbind.value, 64), VALUE.counter64)
      break
    case 'opaque':
      writer.octets(varbind.value, VALUE.opaque)
      break
    default:
      writer.octets(NOTHING, VALUE[varbind.type])
  }
}

/** Throws only MalformedPacket. The varbinds of `ignoring` are passed over: whoever acknowledges sends back our own. */
export function readPdu(reader: BerReader, ignoring?: PduKind): Pdu | TrapV1 {
  const kind = KINDS.get(reader.tag)
  if (!kind) throw new MalformedPacket('unknown-pdu', `PDU tag ${reader.tag}`)
  const inside = reader.enter(PDU[kind])
  if (kind === 'trapV1') {
    return {
      kind,
      enterprise: decodeOid(inside.octets(VALUE.oid)),
      agentAddress: ipAddressText(inside.octets(VALUE.ipAddress)),
      generic: inside.integer(),
      specific: inside.integer(),
      timestamp: Number(readUnsigned(inside.octets(VALUE.timeTicks), 32)),
      varbinds: readVarbinds(inside),
    }
  }
  return {
    kind,
    requestId: inside.integer(),
    errorStatus: inside.integer(),
    errorIndex: inside.integer(),
    varbinds: kind === ignoring ? passOver(inside) : readVarbinds(inside),
  }
}

function passOver(reader: BerReader): [] {
  reader.enter(TAG.sequence)
  end(reader)
  return []
}

function readVarbinds(reader: BerReader): WireVarbind[] {
  const list = reader.enter(TAG.sequence)
  const varbinds: WireVarbind[] = []
  while (list.tag >= 0) {
    const varbind = list.enter(TAG.sequence)
    varbinds.push(readValue(varbind, decodeOid(varbind.octets(VALUE.oid))))
    end(varbind)
  }
  end(reader)
  return varbinds
}

function readValue(reader: BerReader, oid: Oid): WireVarbind {
  switch (reader.tag) {
    case TAG.integer:
      return { oid, type: 'integer', value: reader.integer() }
    case TAG.octets:
      return { oid, type: 'octets', value: new Uint8Array(reader.octets()) }
    case VALUE.oid:
      return { oid, type: 'oid', value: decodeOid(reader.octets(VALUE.oid)) }
    case VALUE.ipAddress:
      return { oid, type: 'ipAddress', value: ipAddressText(reader.octets(VALUE.ipAddress)) }
    case VALUE.counter32:
      return { oid, type: 'counter32', value: Number(readUnsigned(reader.octets(VALUE.counter32), 32)) }
    case VALUE.gauge32:
      return { oid, type: 'gauge32', value: Number(readUnsigned(reader.octets(VALUE.gauge32), 32)) }
    case VALUE.timeTicks:
      return { oid, type: 'timeTicks', value: Number(readUnsigned(reader.octets(VALUE.timeTicks), 32)) }
    case VALUE.opaque:
      return { oid, type: 'opaque', value: new Uint8Array(reader.octets(VALUE.opaque)) }
    case VALUE.counter64:
      return { oid, type: 'counter64', value: readUnsigned(reader.octets(VALUE.counter64), 64) }
    case VALUE.null:
    case VALUE.noSuchObject:
    case VALUE.noSuchInstance:
    case VALUE.endOfMibView:
      return readAbsence(reader, oid)
    default:
      throw new MalformedPacket('unknown-type', `value tag ${reader.tag}`)
  }
}

function readAbsence(reader: BerReader, oid: Oid): WireVarbind {
  const { tag } = reader
  if (reader.octets(tag).byteLength > 0) throw new MalformedPacket('bad-null')
  if (tag === VALUE.noSuchObject) return { oid, type: 'noSuchObject' }
  if (tag === VALUE.noSuchInstance) return { oid, type: 'noSuchInstance' }
  return tag === VALUE.endOfMibView ? { oid, type: 'endOfMibView' } : { oid, type: 'null' }
}

/** Nothing may follow the last field: what a signature or a log shows should be all there is. */
export function end(reader: BerReader): void {
  if (reader.tag >= 0) throw new MalformedPacket('trailing-bytes')
}

const NOTHING = new Uint8Array(0)

function int32(value: number): number {
  if (Number.isInteger(value) && value === (value | 0)) return value
  throw new SnmpError('invalid', `${value} is no INTEGER of 32 bits`)
}

/** The shortest two's complement of a number that is not negative. */
function unsigned(value: number | bigint, bits: 32 | 64): Uint8Array {
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw new SnmpError('invalid', `${value} is no integer`)
  const whole = BigInt(value)
  if (whole < 0n || whole >> BigInt(bits) > 0n) throw new SnmpError('invalid', `${value} is not of ${bits} bits`)
  const digits = whole.toString(16)
  const bytes = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex')
  return (bytes[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes
}

/** Also takes the full size without the zero in front that two's complement needs: many write it so. */
function readUnsigned(bytes: Uint8Array, bits: 32 | 64): bigint {
  const size = bits / 8
  const padded = bytes.byteLength === size + 1 && bytes[0] === 0
  if (bytes.byteLength < 1 || (bytes.byteLength > size && !padded)) {
    throw new MalformedPacket('bad-integer', `${bytes.byteLength} bytes for ${bits} bits`)
  }
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}

function ipAddressBytes(address: string): Uint8Array {
  const parts = address.split('.').map(Number)
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(address) || parts.some((part) => part > 255)) {
    throw new SnmpError('invalid', 'an IpAddress is an IPv4 address')
  }
  return Uint8Array.from(parts)
}

function ipAddressText(bytes: Uint8Array): string {
  if (bytes.byteLength !== 4) throw new MalformedPacket('bad-ip-address')
  return bytes.join('.')
}
