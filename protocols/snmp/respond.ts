// SPDX-License-Identifier: Apache-2.0
import { varbindLength } from './codec.ts'
import { ERROR_STATUS, type Pdu, type WireVarbind } from './messages.ts'
import type { View } from './view.ts'

export interface ResponseLimits {
  /** Bytes of varbinds that may be answered. */
  readonly bytes: number
  /** The same for a GetBulk, which asks for much with little. */
  readonly bulkBytes: number
  /** Varbinds in one answer. */
  readonly varbinds: number
}

/** The answer to a request, by the rules of RFC 3416 §4.2; undefined for a PDU that is no request. */
export function respond(request: Pdu, view: View, limits: ResponseLimits): Pdu | undefined {
  switch (request.kind) {
    case 'get':
      return each(request, limits, ({ oid }) => view.get(oid))
    case 'getNext':
      return each(request, limits, ({ oid }) => next(view, oid))
    case 'getBulk':
      return bulk(request, view, limits)
    case 'set':
      // Nothing can be written; the first one says so [RFC3416 §4.2.5].
      return failed(request, ERROR_STATUS.notWritable, request.varbinds.length > 0 ? 1 : 0)
    default:
      return undefined
  }
}

/** A response with the request's own varbinds [RFC3416 §4.2]. */
export function failed({ requestId, varbinds }: Pdu, errorStatus: number, errorIndex: number): Pdu {
  return { kind: 'response', requestId, errorStatus, errorIndex, varbinds }
}

/** Too big: no varbinds at all [RFC3416 §4.2.1]. */
export function tooBig({ requestId }: Pdu): Pdu {
  return { kind: 'response', requestId, errorStatus: ERROR_STATUS.tooBig, errorIndex: 0, varbinds: [] }
}

function answer({ requestId }: Pdu, varbinds: readonly WireVarbind[]): Pdu {
  return { kind: 'response', requestId, errorStatus: ERROR_STATUS.noError, errorIndex: 0, varbinds }
}

function next(view: View, oid: string): WireVarbind {
  return view.next(oid)?.varbind ?? { oid, type: 'endOfMibView' }
}

function each(request: Pdu, limits: ResponseLimits, read: (varbind: WireVarbind) => WireVarbind): Pdu {
  if (request.varbinds.length > limits.varbinds) return tooBig(request)
  const varbinds: WireVarbind[] = []
  let room = limits.bytes
  for (const asked of request.varbinds) {
    const varbind = read(asked)
    room -= varbindLength(varbind)
    if (room < 0) return tooBig(request)
    varbinds.push(varbind)
  }
  return answer(request, varbinds)
}

/** GetBulk [RFC3416 §4.2.3]: as much as fits, never an error for being too much. */
function bulk(request: Pdu, view: View, limits: ResponseLimits): Pdu {
  // In the request these two fields stand where a response has its error. Negative ones count as 0.
  const nonRepeaters = Math.min(Math.max(request.errorStatus, 0), request.varbinds.length)
  const repetitions = Math.max(request.errorIndex, 0)
  const varbinds: WireVarbind[] = []
  let room = limits.bulkBytes
  const fits = (varbind: WireVarbind): boolean => {
    room -= varbindLength(varbind)
    if (room < 0 || varbinds.length >= limits.varbinds) return false
    varbinds.push(varbind)
    return true
  }
  for (const { oid } of request.varbinds.slice(0, nonRepeaters)) {
    if (!fits(next(view, oid))) return short(request, varbinds)
  }
  let names = request.varbinds.slice(nonRepeaters).map(({ oid }) => oid)
  for (let i = 0; i < repetitions && names.length > 0; i++) {
    const found = names.map((oid) => next(view, oid))
    for (const varbind of found) if (!fits(varbind)) return short(request, varbinds)
    // A repetition in which all is at its end may be the last one.
    if (found.every(({ type }) => type === 'endOfMibView')) break
    names = found.map(({ oid }) => oid)
  }
  return answer(request, varbinds)
}

/** Not even the first one fits: then it is too big after all. */
function short(request: Pdu, varbinds: readonly WireVarbind[]): Pdu {
  return varbinds.length > 0 ? answer(request, varbinds) : tooBig(request)
}
