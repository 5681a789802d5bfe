// SPDX-License-Identifier: Apache-2.0

import { type BerReader, type BerWriter, TAG } from '#protocols/lib/ber'
import { MalformedPacket } from '#protocols/lib/malformed'
import type { Attribute, LdapOperation, LdapResponse, LdapResult, WriteOperation } from './messages.ts'

/** Application tags of the responses [RFC4511 §4.2–4.13]. */
const RESPONSE = {
  bindResponse: 0x61,
  searchEntry: 0x64,
  searchDone: 0x65,
  searchReference: 0x73,
  compareResponse: 0x6f,
  extendedResponse: 0x78,
  intermediate: 0x79,
} as const
const WRITE_RESPONSE: Readonly<Record<WriteOperation, number>> = {
  modify: 0x67,
  add: 0x69,
  delete: 0x6b,
  modifyDn: 0x6d,
}
const REFERRAL = 0xa3
const SASL_CREDENTIALS = 0x87
const EXTENDED = { oid: 0x8a, value: 0x8b } as const
const INTERMEDIATE = { oid: 0x80, value: 0x81 } as const

export function isResponse(op: LdapOperation): op is LdapResponse {
  return op.kind in RESPONSE || op.kind === 'writeResponse'
}

export function writeResponse(writer: BerWriter, op: LdapResponse): void {
  const mark = writer.begin(op.kind === 'writeResponse' ? WRITE_RESPONSE[op.operation] : RESPONSE[op.kind])
  switch (op.kind) {
    case 'searchEntry':
      writer.text(op.dn)
      writeAttributes(writer, op.attributes)
      break
    case 'searchReference':
      for (const uri of op.uris) writer.text(uri)
      break
    case 'intermediate':
      writer.text(op.oid, INTERMEDIATE.oid)
      if (op.value) writer.octets(op.value, INTERMEDIATE.value)
      break
    default:
      writer.integer(op.result.code, TAG.enumerated)
      writer.text(op.result.matchedDn)
      writer.text(op.result.message)
  }
  if (op.kind === 'extendedResponse') {
    if (op.oid !== undefined) writer.text(op.oid, EXTENDED.oid)
    if (op.value) writer.octets(op.value, EXTENDED.value)
  }
  writer.end(mark)
}

function writeAttributes(writer: BerWriter, attributes: readonly Attribute[]): void {
  const list = writer.begin()
  for (const { type, values } of attributes) {
    const attribute = writer.begin()
    writer.text(type)
    const set = writer.begin(TAG.set)
    if (typeof values === 'string') writer.text(values)
    else for (const value of values) writer.text(value)
    writer.end(set)
    writer.end(attribute)
  }
  writer.end(list)
}

/** Undefined when the next element is no response; throws only MalformedPacket. */
export function readResponse(reader: BerReader): LdapResponse | undefined {
  const { tag } = reader
  switch (tag) {
    case RESPONSE.bindResponse:
      return { kind: 'bindResponse', result: readResult(reader.enter(tag)) }
    case RESPONSE.searchEntry:
      return readEntry(reader.enter(tag))
    case RESPONSE.searchDone:
      return { kind: 'searchDone', result: readResult(reader.enter(tag)) }
    case RESPONSE.searchReference:
      return { kind: 'searchReference', uris: readTexts(reader.enter(tag)) }
    case RESPONSE.compareResponse:
      return { kind: 'compareResponse', result: readResult(reader.enter(tag)) }
    case RESPONSE.extendedResponse:
      return readExtended(reader.enter(tag))
    case RESPONSE.intermediate:
      return readIntermediate(reader.enter(tag))
  }
  const operation = (['modify', 'add', 'delete', 'modifyDn'] as const).find((name) => WRITE_RESPONSE[name] === tag)
  return operation && { kind: 'writeResponse', operation, result: readResult(reader.enter(tag)) }
}

function readResult(reader: BerReader): LdapResult {
  const code = reader.integer(TAG.enumerated)
  if (code < 0) throw new MalformedPacket('bad-result', `${code}`)
  const result = { code, matchedDn: reader.text(), message: reader.text() }
  if (reader.tag === REFERRAL || reader.tag === SASL_CREDENTIALS) reader.skip()
  return result
}

function readEntry(reader: BerReader): LdapResponse {
  const dn = reader.text()
  const list = reader.enter(TAG.sequence)
  const attributes: Attribute[] = []
  while (list.tag >= 0) {
    const attribute = list.enter(TAG.sequence)
    attributes.push({ type: attribute.text(), values: readTexts(attribute.enter(TAG.set)) })
  }
  return { kind: 'searchEntry', dn, attributes }
}

function readExtended(reader: BerReader): LdapResponse {
  const result = readResult(reader)
  const oid = reader.tag === EXTENDED.oid ? reader.text(EXTENDED.oid) : undefined
  const value = reader.tag === EXTENDED.value ? reader.octets(EXTENDED.value) : undefined
  return { kind: 'extendedResponse', result, ...(oid !== undefined && { oid }), ...(value && { value }) }
}

function readIntermediate(reader: BerReader): LdapResponse {
  const oid = reader.tag === INTERMEDIATE.oid ? reader.text(INTERMEDIATE.oid) : ''
  const value = reader.tag === INTERMEDIATE.value ? reader.octets(INTERMEDIATE.value) : undefined
  return { kind: 'intermediate', oid, value }
}

function readTexts(reader: BerReader): string[] {
  const texts: string[] = []
  while (reader.tag >= 0) texts.push(reader.text())
  return texts
}
