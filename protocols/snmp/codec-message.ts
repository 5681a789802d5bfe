// SPDX-License-Identifier: Apache-2.0
import { BerReader, BerWriter, TAG } from '#protocols/lib/ber'
import { MalformedPacket } from '#protocols/lib/malformed'
import { end, readPdu, writePdu } from './codec.ts'
import {
  type CommunityMessage,
  FLAG,
  type Message,
  type PduKind,
  type ScopedPdu,
  type SecurityParameters,
} from './messages.ts'

/** Version numbers on the wire [RFC3584 §5.1]. */
const VERSION = { '1': 0, '2c': 1, '3': 3 } as const
/** The largest engine ID and user name [RFC3411 §5 SnmpEngineID, RFC3414 §2.4]. */
const MAX_ENGINE_ID = 32
const MAX_USER_NAME = 32

export function encodeCommunity(message: CommunityMessage): Buffer {
  const writer = new BerWriter(1024)
  const mark = writer.begin()
  writer.integer(VERSION[message.version])
  writer.octets(message.community)
  writePdu(writer, message.pdu)
  writer.end(mark)
  return writer.done()
}

/** The contents of a ScopedPDU, without the tag and length in front. */
export function encodeScoped({ contextEngineId, contextName, pdu }: ScopedPdu): Buffer {
  const writer = new BerWriter(1024)
  writer.octets(contextEngineId)
  writer.text(contextName)
  writePdu(writer, pdu)
  return writer.done()
}

/** A ScopedPDU as it is encrypted: with tag and length. */
export function wrapScoped(contents: Uint8Array): Buffer {
  const writer = new BerWriter(contents.byteLength + 8)
  writer.octets(contents, TAG.sequence)
  return writer.done()
}

/** The contents of a ScopedPDU that was encrypted; bytes behind it are padding [RFC3414 §8.1.1.2]. */
export function unwrapScoped(element: Uint8Array): Uint8Array {
  return new BerReader(element).octets(TAG.sequence)
}

/** What of a version 3 message stands around its security and its data. */
export interface Header {
  readonly id: number
  readonly maxSize: number
  readonly flags: number
  readonly securityModel: number
}

export interface EncodedV3 {
  readonly bytes: Buffer
  /** Where to put the signature, over the whole message, once it is known. */
  readonly authenticationAt: number
}

export function encodeV3(header: Header, security: SecurityParameters, data: Uint8Array): EncodedV3 {
  const writer = new BerWriter(256 + data.byteLength)
  const message = writer.begin()
  writer.integer(VERSION['3'])
  const global = writer.begin()
  writer.integer(header.id)
  writer.integer(header.maxSize)
  writer.octets(Uint8Array.of(header.flags))
  writer.integer(header.securityModel)
  writer.end(global)
  writer.octets(encodeSecurity(security))
  const encrypted = (header.flags & FLAG.priv) !== 0
  const before = writer.length
  writer.octets(data, encrypted ? TAG.octets : TAG.sequence)
  const dataLength = writer.length - before
  writer.end(message)
  // Counted from the end, since lengths in front move everything behind them. Privacy parameters are 0 or 8 bytes.
  const behind = dataLength + 2 + security.privacy.byteLength + security.authentication.byteLength
  return { bytes: writer.done(), authenticationAt: writer.length - behind }
}

function encodeSecurity(security: SecurityParameters): Buffer {
  const writer = new BerWriter(256)
  const mark = writer.begin()
  writer.octets(security.engineId)
  writer.integer(security.boots)
  writer.integer(security.time)
  writer.text(security.userName)
  writer.octets(security.authentication)
  writer.octets(security.privacy)
  writer.end(mark)
  return writer.done()
}

/** Any version's message; throws only MalformedPacket, `bad-version` for one that is none of ours. See `readPdu`. */
export function decode(bytes: Uint8Array, ignoring?: PduKind): Message {
  const whole = new BerReader(bytes)
  const reader = whole.enter(TAG.sequence)
  end(whole)
  const version = reader.integer()
  if (version === VERSION['3']) return decodeV3(bytes, reader)
  if (version !== VERSION['1'] && version !== VERSION['2c']) throw new MalformedPacket('bad-version', `${version}`)
  const community = new Uint8Array(reader.octets())
  const pdu = readPdu(reader, ignoring)
  end(reader)
  return { version: version === VERSION['1'] ? '1' : '2c', community, pdu }
}

function decodeV3(bytes: Uint8Array, reader: BerReader): Message {
  const global = reader.enter(TAG.sequence)
  const id = global.integer()
  const maxSize = global.integer()
  const flagBytes = global.octets()
  const securityModel = global.integer()
  end(global)
  // [RFC3412 §6.2, §6.3, §6.4]
  if (id < 0 || maxSize < 484 || flagBytes.byteLength !== 1) throw new MalformedPacket('bad-header')
  const flags = flagBytes[0] ?? 0
  if ((flags & FLAG.priv) !== 0 && (flags & FLAG.auth) === 0) throw new MalformedPacket('bad-flags')
  const { security, authenticationAt } = decodeSecurity(bytes, reader.octets())
  const data = reader.octets((flags & FLAG.priv) !== 0 ? TAG.octets : TAG.sequence)
  end(reader)
  return { version: '3', id, maxSize, flags, securityModel, security, data, authenticationAt }
}

function decodeSecurity(bytes: Uint8Array, part: Uint8Array) {
  const whole = new BerReader(part)
  const reader = whole.enter(TAG.sequence)
  end(whole)
  const engineId = new Uint8Array(reader.octets())
  const boots = reader.integer()
  const time = reader.integer()
  const name = reader.octets()
  const authentication = reader.octets()
  const privacy = reader.octets()
  end(reader)
  // [RFC3414 §2.4, §3.2 1]
  if (boots < 0 || time < 0 || engineId.byteLength > MAX_ENGINE_ID || name.byteLength > MAX_USER_NAME) {
    throw new MalformedPacket('bad-security-parameters')
  }
  const security: SecurityParameters = {
    ...{ engineId, boots, time, userName: Buffer.from(name).toString('utf8') },
    ...{ authentication: new Uint8Array(authentication), privacy: new Uint8Array(privacy) },
  }
  return { security, authenticationAt: authentication.byteOffset - bytes.byteOffset }
}

/** The contents of a ScopedPDU in plain bytes; throws only MalformedPacket. */
export function decodeScoped(contents: Uint8Array, ignoring?: PduKind): ScopedPdu {
  const reader = new BerReader(contents)
  const contextEngineId = new Uint8Array(reader.octets())
  const contextName = reader.text()
  const pdu = readPdu(reader, ignoring)
  end(reader)
  if (pdu.kind === 'trapV1') throw new MalformedPacket('unknown-pdu', 'a version 1 trap in version 3')
  return { contextEngineId, contextName, pdu }
}
