// SPDX-License-Identifier: Apache-2.0

import { type BerReader, type BerWriter, TAG } from '#protocols/lib/ber'
import { MalformedPacket } from '#protocols/lib/malformed'
import { readFilter, writeFilter } from './codec-filter.ts'
import type { BindRequest, CompareRequest, ExtendedRequest, LdapRequest, Scope, SearchRequest } from './messages.ts'

/** Application tags of the requests [RFC4511 §4.2–4.12]. */
const REQUEST = {
  bind: 0x60,
  unbind: 0x42,
  search: 0x63,
  modify: 0x66,
  add: 0x68,
  delete: 0x4a,
  modifyDn: 0x6c,
  compare: 0x6e,
  abandon: 0x50,
  extended: 0x77,
} as const
const SIMPLE = 0x80
const SASL = 0xa3
const EXTENDED = { oid: 0x80, value: 0x81 } as const

/** `children` is the draft's subordinate scope, which OpenLDAP speaks too. */
const SCOPES: readonly Scope[] = ['base', 'one', 'sub', 'children']

/** Undefined when the next element is no request; throws only MalformedPacket. */
export function readRequest(reader: BerReader): LdapRequest | undefined {
  const { tag } = reader
  switch (tag) {
    case REQUEST.bind:
      return readBind(reader.enter(tag))
    case REQUEST.unbind:
      reader.skip()
      return { kind: 'unbind' }
    case REQUEST.search:
      return readSearch(reader.enter(tag))
    case REQUEST.compare:
      return readCompare(reader.enter(tag))
    case REQUEST.abandon:
      return { kind: 'abandon', id: reader.integer(tag) }
    case REQUEST.extended:
      return readExtended(reader.enter(tag))
    case REQUEST.modify:
      return { kind: 'modify', body: reader.octets(tag) }
    case REQUEST.add:
      return { kind: 'add', body: reader.octets(tag) }
    case REQUEST.delete:
      return { kind: 'delete', body: reader.octets(tag) }
    case REQUEST.modifyDn:
      return { kind: 'modifyDn', body: reader.octets(tag) }
    default:
      return undefined
  }
}

function readBind(reader: BerReader): BindRequest {
  const version = reader.integer()
  const name = reader.text()
  const { tag } = reader
  if (tag === SIMPLE) {
    return { kind: 'bind', version, name, authentication: { kind: 'simple', password: reader.octets(tag) } }
  }
  if (tag === SASL) {
    return { kind: 'bind', version, name, authentication: { kind: 'sasl', mechanism: reader.enter(tag).text() } }
  }
  if (tag < 0) throw new MalformedPacket('truncated', 'a bind without authentication')
  return { kind: 'bind', version, name, authentication: { kind: 'unknown' } }
}

function readSearch(reader: BerReader): SearchRequest {
  const base = reader.text()
  const scope = SCOPES[reader.integer(TAG.enumerated)]
  const derefAliases = reader.integer(TAG.enumerated)
  const sizeLimit = reader.integer()
  const timeLimit = reader.integer()
  if (!scope || sizeLimit < 0 || timeLimit < 0) throw new MalformedPacket('bad-search', 'scope or limit out of range')
  const typesOnly = reader.boolean()
  const filter = readFilter(reader)
  const list = reader.enter(TAG.sequence)
  const attributes: string[] = []
  while (list.tag >= 0) attributes.push(list.text())
  return { kind: 'search', base, scope, derefAliases, sizeLimit, timeLimit, typesOnly, filter, attributes }
}

function readCompare(reader: BerReader): CompareRequest {
  const entry = reader.text()
  const assertion = reader.enter(TAG.sequence)
  return { kind: 'compare', entry, attribute: assertion.text(), value: assertion.text() }
}

function readExtended(reader: BerReader): ExtendedRequest {
  const oid = reader.text(EXTENDED.oid)
  const value = reader.tag === EXTENDED.value ? reader.octets(EXTENDED.value) : undefined
  return { kind: 'extended', oid, value }
}

export function writeRequest(writer: BerWriter, op: LdapRequest): void {
  switch (op.kind) {
    case 'unbind':
      writer.octets(new Uint8Array(), REQUEST.unbind)
      break
    case 'abandon':
      writer.integer(op.id, REQUEST.abandon)
      break
    case 'bind':
      writeBind(writer, op)
      break
    case 'search':
      writeSearch(writer, op)
      break
    case 'compare':
      writeCompare(writer, op)
      break
    case 'extended':
      writeExtended(writer, op)
      break
    default:
      writer.octets(op.body, REQUEST[op.kind])
  }
}

function writeBind(writer: BerWriter, { version, name, authentication }: BindRequest): void {
  const mark = writer.begin(REQUEST.bind)
  writer.integer(version)
  writer.text(name)
  if (authentication.kind === 'simple') writer.octets(authentication.password, SIMPLE)
  else if (authentication.kind === 'sasl') {
    const sasl = writer.begin(SASL)
    writer.text(authentication.mechanism)
    writer.end(sasl)
  }
  writer.end(mark)
}

function writeSearch(writer: BerWriter, op: SearchRequest): void {
  const mark = writer.begin(REQUEST.search)
  writer.text(op.base)
  writer.integer(SCOPES.indexOf(op.scope), TAG.enumerated)
  writer.integer(op.derefAliases, TAG.enumerated)
  writer.integer(op.sizeLimit)
  writer.integer(op.timeLimit)
  writer.boolean(op.typesOnly)
  writeFilter(writer, op.filter)
  const list = writer.begin()
  for (const attribute of op.attributes) writer.text(attribute)
  writer.end(list)
  writer.end(mark)
}

function writeCompare(writer: BerWriter, op: CompareRequest): void {
  const mark = writer.begin(REQUEST.compare)
  writer.text(op.entry)
  const assertion = writer.begin()
  writer.text(op.attribute)
  writer.text(op.value)
  writer.end(assertion)
  writer.end(mark)
}

function writeExtended(writer: BerWriter, op: ExtendedRequest): void {
  const mark = writer.begin(REQUEST.extended)
  writer.text(op.oid, EXTENDED.oid)
  if (op.value) writer.octets(op.value, EXTENDED.value)
  writer.end(mark)
}
