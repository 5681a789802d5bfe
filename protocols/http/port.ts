// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream'
import type { Endpoint, Evidence } from '#protocols/lib/exchange'

/** A phone's request as a handler sees it: the target reduced to a clean absolute path, the body read and bounded. */
export interface PhoneRequest {
  readonly method: string
  /** Percent-decoded, `//` collapsed, without dot segments, query or authority; always begins with `/`. */
  readonly path: string
  /** The raw query without `?`; empty when there is none. */
  readonly query: string
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Empty unless the method carries one; never longer than the handler's `bodyLimit`. */
  readonly body: Uint8Array
  readonly peer: Endpoint
  /** The local address and port that took the connection. */
  readonly local: Endpoint
  readonly secure: boolean
  /** Who the client's certificate says it is (common name), where one was checked. */
  readonly clientName?: string | undefined
}

/** A stored file or rendered text with the validators that RFC 9110 §8.8 wants. */
export interface Resource {
  readonly contentType: string
  /** Length in bytes. */
  readonly size: number
  /** A strong entity tag with its quotes. */
  readonly etag: string
  readonly modified: Date
  /** For one client alone: no cache on the way may keep it. */
  readonly confidential?: boolean
  /** The bytes from `start` to `end` inclusive; the front calls it at most once for one request. */
  open(start: number, end: number): Uint8Array | Readable
}

export type HttpReply =
  /** A whole body; sent with Content-Length, never chunked. */
  | {
      readonly kind: 'body'
      readonly status: number
      readonly contentType: string
      readonly body: Uint8Array
      readonly headers?: Readonly<Record<string, string>>
    }
  /** A resource; the front answers HEAD, Range and conditional requests for it. */
  | { readonly kind: 'resource'; readonly resource: Resource }
  | { readonly kind: 'redirect'; readonly status: 301 | 302 | 307; readonly location: string }

/** What a handler says: the answer, why (when it refused), and what the request tells about the phone. */
export interface HandlerAnswer {
  readonly reply: HttpReply
  readonly reason?: string
  readonly evidence: Evidence
}

/** One kind of phone-facing HTTP traffic. The front asks each handler in turn and gives the request to the first. */
export interface HttpHandler {
  /** The exchange's `protocol`: `provisioning`, `keepalive`. */
  readonly name: string
  /** Bytes of body accepted; a longer one is answered 413 before it is read. */
  readonly bodyLimit: number
  matches(method: string, path: string): boolean
  handle(request: PhoneRequest): Promise<HandlerAnswer>
}
