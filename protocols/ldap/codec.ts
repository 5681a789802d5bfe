// SPDX-License-Identifier: Apache-2.0

import { BerReader, BerWriter, integerSize, TAG } from '#protocols/lib/ber'
import { MalformedPacket } from '#protocols/lib/malformed'
import { readRequest, writeRequest } from './codec-request.ts'
import { isResponse, readResponse, writeResponse } from './codec-response.ts'
import type { Control, LdapMessage, LdapOperation, LdapRequest, LdapResponse } from './messages.ts'

const CONTROLS = 0xa0

/** Largest message id; 0 is for what a server says unasked [RFC4511 §4.1.1.1]. */
const MAX_ID = 2 ** 31 - 1

/**
 * One whole LDAPMessage [RFC4511 §4.1.1]. Elements behind the known ones are passed over [RFC4511 §4].
 * Throws only MalformedPacket.
 */
export function decode(bytes: Uint8Array): LdapMessage {
  return read(bytes, (reader) => readRequest(reader) ?? readResponse(reader))
}

/** The same for what a client may send: anything else is malformed. */
export function decodeRequest(bytes: Uint8Array): LdapMessage<LdapRequest> {
  const message = read(bytes, readRequest)
  if (message.id === 0) throw new MalformedPacket('bad-message-id', 'a request of id 0')
  return message
}

export function decodeResponse(bytes: Uint8Array): LdapMessage<LdapResponse> {
  return read(bytes, readResponse)
}

function read<Op extends LdapOperation>(
  bytes: Uint8Array,
  readOperation: (reader: BerReader) => Op | undefined,
): LdapMessage<Op> {
  const message = new BerReader(bytes).enter(TAG.sequence)
  const id = message.integer()
  if (id < 0 || id > MAX_ID) throw new MalformedPacket('bad-message-id', `${id}`)
  const op = readOperation(message)
  if (!op) throw new MalformedPacket('unknown-operation', `tag ${message.tag}`)
  const controls = message.tag === CONTROLS ? readControls(message.enter(CONTROLS)) : []
  return { id, op, controls }
}

export function encode(message: LdapMessage): Uint8Array {
  const writer = new BerWriter()
  encodeInto(writer, message)
  return writer.done()
}

/** Appends to `writer`, so that a whole search result leaves in few pieces. */
export function encodeInto(writer: BerWriter, { id, op, controls }: LdapMessage): void {
  const mark = writer.begin()
  writer.integer(id)
  if (isResponse(op)) writeResponse(writer, op)
  else writeRequest(writer, op)
  if (controls.length > 0) writeControls(writer, controls)
  writer.end(mark)
}

/** Appends an operation that is encoded already, without controls. */
export function wrapInto(writer: BerWriter, id: number, operation: Uint8Array): void {
  writer.head(2 + integerSize(id) + operation.byteLength)
  writer.integer(id)
  writer.raw(operation)
}

/** [RFC4511 §4.1.11] */
function readControls(reader: BerReader): Control[] {
  const controls: Control[] = []
  while (reader.tag >= 0) {
    const control = reader.enter(TAG.sequence)
    const oid = control.text()
    const critical = control.tag === TAG.boolean ? control.boolean() : false
    const value = control.tag === TAG.octets ? control.octets() : undefined
    controls.push({ oid, critical, value })
  }
  return controls
}

function writeControls(writer: BerWriter, controls: readonly Control[]): void {
  const all = writer.begin(CONTROLS)
  for (const { oid, critical, value } of controls) {
    const mark = writer.begin()
    writer.text(oid)
    if (critical) writer.boolean(true)
    if (value) writer.octets(value)
    writer.end(mark)
  }
  writer.end(all)
}
