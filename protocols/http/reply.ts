// SPDX-License-Identifier: Apache-2.0
import { STATUS_CODES } from 'node:http'
import { lastModified, precondition, rangeStillValid } from './conditions.ts'
import type { HttpReply, PhoneRequest, Resource } from './port.ts'
import { type Slice, selectRange } from './range.ts'

/** An answer as it goes on the wire. Every body has a Content-Length; nothing is ever chunked. */
export interface WireReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | number>>
  /** Absent when no body is sent: HEAD, 304, and all that is empty. */
  readonly content?: Uint8Array | (Slice & { readonly resource: Resource })
}

/** A handler's reply to one request, by the rules of RFC 9110. `now` is in milliseconds since the epoch. */
export function toWire(method: string, headers: PhoneRequest['headers'], reply: HttpReply, now: number): WireReply {
  switch (reply.kind) {
    case 'body':
      return wholeBody(method, reply)
    case 'redirect':
      return { status: reply.status, headers: { Location: reply.location, 'Content-Length': 0 } }
    case 'resource':
      return resourceReply(method, headers, reply.resource, now)
  }
}

/** A short plain text that says no more than the status does: what a stranger may know. */
export function statusReply(status: number, headers: Readonly<Record<string, string>> = {}): HttpReply {
  const body = Buffer.from(`${status} ${STATUS_CODES[status] ?? ''}\n`, 'latin1')
  return { kind: 'body', status, contentType: 'text/plain', body, headers }
}

function wholeBody(method: string, reply: HttpReply & { kind: 'body' }): WireReply {
  const { status, contentType, body, headers: more } = reply
  const basic = { 'Content-Type': contentType, 'Content-Length': body.byteLength }
  const headers = more === undefined ? basic : { ...basic, ...more }
  // HEAD gets the headers of GET and no body [RFC9110 §9.3.2].
  return method === 'HEAD' || body.byteLength === 0 ? { status, headers } : { status, headers, content: body }
}

function resourceReply(method: string, headers: PhoneRequest['headers'], resource: Resource, now: number): WireReply {
  switch (precondition(method, headers, resource, now)) {
    case 'not-modified': {
      const { ETag, 'Last-Modified': modified, 'Cache-Control': cache } = describe(resource, now, 0)
      return { status: 304, headers: { ETag, 'Last-Modified': modified, 'Cache-Control': cache } } // [RFC9110 §15.4.5]
    }
    case 'failed':
      return { status: 412, headers: { 'Content-Length': 0 } } // [RFC9110 §15.5.13]
    case 'met':
  }
  const { size } = resource
  // Range means something for GET only [RFC9110 §14.2].
  if (headers.range !== undefined && method === 'GET' && rangeStillValid(headers, resource, now)) {
    const range = selectRange(headers.range, size)
    if (range === 'unsatisfiable') {
      return { status: 416, headers: { 'Content-Range': `bytes */${size}`, 'Content-Length': 0 } } // [RFC9110 §15.5.17]
    }
    if (range !== 'whole') return part(resource, range, now)
  }
  const described = describe(resource, now, size)
  if (method === 'HEAD' || size === 0) return { status: 200, headers: described }
  return { status: 200, headers: described, content: { resource, start: 0, end: size - 1 } }
}

/** [RFC9110 §15.3.7.1] */
function part(resource: Resource, { start, end }: Slice, now: number): WireReply {
  const headers = {
    ...describe(resource, now, end - start + 1),
    'Content-Range': `bytes ${start}-${end}/${resource.size}`,
  }
  return { status: 206, headers, content: { resource, start, end } }
}

function describe(resource: Resource, now: number, length: number) {
  return {
    'Content-Type': resource.contentType,
    'Content-Length': length,
    'Accept-Ranges': 'bytes',
    ETag: resource.etag,
    'Last-Modified': new Date(lastModified(resource, now) * 1_000).toUTCString(),
    // A proxy may keep a copy, but asks us each time whether it is still good and still allowed [RFC9111 §5.2.2.4].
    // What holds secrets is not for them at all [RFC9111 §5.2.2.5].
    'Cache-Control': resource.confidential ? 'no-store' : 'no-cache',
  }
}
