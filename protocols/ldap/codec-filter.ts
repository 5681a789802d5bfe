// SPDX-License-Identifier: Apache-2.0

import { type BerReader, type BerWriter, TAG } from '#protocols/lib/ber'
import { MalformedPacket } from '#protocols/lib/malformed'
import type { Filter } from './filter.ts'

/** Filters within filters, and items in all: more than any phone or person writes. */
export const FILTER_DEPTH = 32
export const FILTER_ITEMS = 512

/** Context tags of the choices [RFC4511 §4.5.1]. */
const CHOICE = {
  and: 0xa0,
  or: 0xa1,
  not: 0xa2,
  equal: 0xa3,
  substrings: 0xa4,
  greaterOrEqual: 0xa5,
  lessOrEqual: 0xa6,
  present: 0x87,
  approx: 0xa8,
  extensible: 0xa9,
} as const
const SUBSTRING = { initial: 0x80, any: 0x81, final: 0x82 } as const
const EXTENSIBLE = { rule: 0x81, attribute: 0x82, value: 0x83, dnAttributes: 0x84 } as const

/** Throws only MalformedPacket: `filter-too-deep`, `filter-too-long`, `empty-not`, `bad-substrings`, `unknown-filter`. */
export function readFilter(reader: BerReader): Filter {
  return read(reader, { depth: 0, items: 0 })
}

interface Size {
  depth: number
  items: number
}

function read(reader: BerReader, size: Size): Filter {
  if (++size.items > FILTER_ITEMS) throw new MalformedPacket('filter-too-long')
  const { tag } = reader
  switch (tag) {
    case CHOICE.and:
    case CHOICE.or:
      return { kind: tag === CHOICE.and ? 'and' : 'or', filters: readAll(reader.enter(tag), size) }
    case CHOICE.not: {
      const [filter] = readAll(reader.enter(tag), size)
      if (!filter) throw new MalformedPacket('empty-not')
      return { kind: 'not', filter }
    }
    case CHOICE.equal:
      return { kind: 'equal', ...readAssertion(reader.enter(tag)) }
    case CHOICE.greaterOrEqual:
      return { kind: 'greaterOrEqual', ...readAssertion(reader.enter(tag)) }
    case CHOICE.lessOrEqual:
      return { kind: 'lessOrEqual', ...readAssertion(reader.enter(tag)) }
    case CHOICE.approx:
      return { kind: 'approx', ...readAssertion(reader.enter(tag)) }
    case CHOICE.present:
      return { kind: 'present', attribute: reader.text(tag) }
    case CHOICE.substrings:
      return readSubstrings(reader.enter(tag))
    case CHOICE.extensible:
      return readExtensible(reader.enter(tag))
    default:
      throw new MalformedPacket('unknown-filter', `tag ${tag}`)
  }
}

/** Also takes none: `(&)` is true and `(|)` is false [RFC4526]. */
function readAll(reader: BerReader, size: Size): Filter[] {
  if (++size.depth > FILTER_DEPTH) throw new MalformedPacket('filter-too-deep')
  const filters: Filter[] = []
  while (reader.tag >= 0) filters.push(read(reader, size))
  size.depth--
  return filters
}

function readAssertion(reader: BerReader): { attribute: string; value: string } {
  return { attribute: reader.text(), value: reader.text() }
}

/** One `initial` at the beginning, one `final` at the end, at least one part in all [RFC4511 §4.5.1.7.2]. */
function readSubstrings(reader: BerReader): Filter {
  const attribute = reader.text()
  const parts = reader.enter(TAG.sequence)
  const initial = parts.tag === SUBSTRING.initial ? parts.text(SUBSTRING.initial) : undefined
  const any: string[] = []
  while (parts.tag === SUBSTRING.any) any.push(parts.text(SUBSTRING.any))
  const final = parts.tag === SUBSTRING.final ? parts.text(SUBSTRING.final) : undefined
  const none = initial === undefined && any.length === 0 && final === undefined
  if (none || parts.tag >= 0) throw new MalformedPacket('bad-substrings')
  return { kind: 'substrings', attribute, initial, any, final }
}

function readExtensible(reader: BerReader): Filter {
  const rule = reader.tag === EXTENSIBLE.rule ? reader.text(EXTENSIBLE.rule) : undefined
  const attribute = reader.tag === EXTENSIBLE.attribute ? reader.text(EXTENSIBLE.attribute) : undefined
  const value = reader.text(EXTENSIBLE.value)
  const dnAttributes = reader.tag === EXTENSIBLE.dnAttributes ? reader.boolean(EXTENSIBLE.dnAttributes) : false
  return { kind: 'extensible', rule, attribute, value, dnAttributes }
}

export function writeFilter(writer: BerWriter, filter: Filter): void {
  if (filter.kind === 'present') {
    writer.text(filter.attribute, CHOICE.present)
    return
  }
  const mark = writer.begin(CHOICE[filter.kind])
  switch (filter.kind) {
    case 'and':
    case 'or':
      for (const part of filter.filters) writeFilter(writer, part)
      break
    case 'not':
      writeFilter(writer, filter.filter)
      break
    case 'substrings':
      writeSubstrings(writer, filter)
      break
    case 'extensible':
      if (filter.rule !== undefined) writer.text(filter.rule, EXTENSIBLE.rule)
      if (filter.attribute !== undefined) writer.text(filter.attribute, EXTENSIBLE.attribute)
      writer.text(filter.value, EXTENSIBLE.value)
      if (filter.dnAttributes) writer.boolean(true, EXTENSIBLE.dnAttributes)
      break
    default:
      writer.text(filter.attribute)
      writer.text(filter.value)
  }
  writer.end(mark)
}

function writeSubstrings(writer: BerWriter, filter: Filter & { kind: 'substrings' }): void {
  writer.text(filter.attribute)
  const parts = writer.begin()
  if (filter.initial !== undefined) writer.text(filter.initial, SUBSTRING.initial)
  for (const part of filter.any) writer.text(part, SUBSTRING.any)
  if (filter.final !== undefined) writer.text(filter.final, SUBSTRING.final)
  writer.end(parts)
}
