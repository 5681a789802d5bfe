// SPDX-License-Identifier: Apache-2.0

import { BerReader, BerWriter, TAG } from '#protocols/lib/ber'
import { MalformedPacket } from '#protocols/lib/malformed'
import { type Control, type LdapRequest, OID } from './messages.ts'

/** [RFC2696 §2] `cookie` is empty in the first request and in the last response. */
export interface PagedResults {
  readonly size: number
  readonly cookie: string
}

/** One key of the order wanted [RFC2891 §1.1]. */
export interface SortKey {
  readonly attribute: string
  readonly rule: string | undefined
  readonly reverse: boolean
}

/** Which window of the sorted list is wanted (draft-ietf-ldapext-ldapv3-vlv-09 §6.1). Positions begin at 1. */
export interface ListView {
  readonly before: number
  readonly after: number
  readonly target: { readonly offset: number; readonly count: number } | { readonly value: string }
}

export interface ListViewResult {
  readonly position: number
  readonly count: number
  readonly code: number
}

/** The controls of a search that this server heeds. */
export interface SearchControls {
  readonly paged?: PagedResults
  readonly sort?: { readonly keys: readonly SortKey[]; readonly critical: boolean }
  readonly view?: ListView
}

export const SEARCH_CONTROLS: readonly string[] = [OID.pagedResults, OID.sortRequest, OID.vlvRequest]

const KEY = { rule: 0x80, reverse: 0x81 } as const
const MOST_KEYS = 8
const TARGET = { byOffset: 0xa0, byValue: 0x81 } as const

/** The first control that the server must not ignore and does not know for this request [RFC4511 §4.1.11]. */
export function unknownCritical(request: LdapRequest, controls: readonly Control[]): Control | undefined {
  const known = request.kind === 'search' ? SEARCH_CONTROLS : []
  return controls.find(({ oid, critical }) => critical && !known.includes(oid))
}

/** Throws MalformedPacket: `bad-control`, and what the BER reader throws. */
export function readSearchControls(controls: readonly Control[]): SearchControls {
  const paged = find(controls, OID.pagedResults)
  const sort = find(controls, OID.sortRequest)
  const view = find(controls, OID.vlvRequest)
  return {
    ...(paged && { paged: readPaged(contentsOf(paged)) }),
    ...(sort && { sort: { keys: readSortKeys(contentsOf(sort)), critical: sort.critical } }),
    ...(view && { view: readListView(contentsOf(view)) }),
  }
}

function find(controls: readonly Control[], wanted: string): Control | undefined {
  return controls.find(({ oid }) => oid === wanted)
}

function contentsOf({ oid, value }: Control): BerReader {
  if (!value) throw new MalformedPacket('bad-control', `${oid} without a value`)
  return new BerReader(value).enter(TAG.sequence)
}

function readPaged(reader: BerReader): PagedResults {
  const size = reader.integer()
  if (size < 0) throw new MalformedPacket('bad-control', 'a page of negative size')
  return { size, cookie: reader.text() }
}

function readSortKeys(reader: BerReader): SortKey[] {
  const keys: SortKey[] = []
  while (reader.tag >= 0) {
    const key = reader.enter(TAG.sequence)
    const attribute = key.text()
    const rule = key.tag === KEY.rule ? key.text(KEY.rule) : undefined
    const reverse = key.tag === KEY.reverse ? key.boolean(KEY.reverse) : false
    keys.push({ attribute, rule, reverse })
  }
  if (keys.length === 0 || keys.length > MOST_KEYS) throw new MalformedPacket('bad-control', `${keys.length} sort keys`)
  return keys
}

function readListView(reader: BerReader): ListView {
  const before = reader.integer()
  const after = reader.integer()
  if (before < 0 || after < 0) throw new MalformedPacket('bad-control', 'a window of negative size')
  if (reader.tag === TARGET.byValue) return { before, after, target: { value: reader.text(TARGET.byValue) } }
  const target = reader.enter(TARGET.byOffset)
  return { before, after, target: { offset: target.integer(), count: target.integer() } }
}

export function pagedResponse(cookie: string): Control {
  return control(OID.pagedResults, (writer) => {
    writer.integer(0) // the size of the whole result is not known
    writer.text(cookie)
  })
}

/** `attribute` names the key that a code other than 0 is about [RFC2891 §1.2]. */
export function sortResponse(code: number, attribute?: string): Control {
  return control(OID.sortResponse, (writer) => {
    writer.integer(code, TAG.enumerated)
    if (attribute !== undefined) writer.text(attribute, 0x80)
  })
}

export function listViewResponse({ position, count, code }: ListViewResult): Control {
  return control(OID.vlvResponse, (writer) => {
    writer.integer(position)
    writer.integer(count)
    writer.integer(code, TAG.enumerated)
  })
}

function control(oid: string, write: (writer: BerWriter) => void): Control {
  const writer = new BerWriter(64)
  const mark = writer.begin()
  write(writer)
  writer.end(mark)
  return { oid, critical: false, value: writer.done() }
}
