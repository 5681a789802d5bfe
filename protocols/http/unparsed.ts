// SPDX-License-Identifier: Apache-2.0
import { STATUS_CODES } from 'node:http'
import type { Ending } from '#protocols/lib/exchange'

/** Why octets on a connection did not become a request that a handler could see. */
export interface HeadFault {
  readonly ending: Ending
  /** A stable code. */
  readonly code: string
  readonly status: number
  /** `lost`: the client reset the connection. `tls`: no session came about, so nobody can be answered. */
  readonly kind: 'syntax' | 'timeout' | 'other' | 'lost' | 'tls'
}

/** A client that takes us for a proxy. */
export const TUNNEL: HeadFault = { ending: 'refuse', code: 'no tunnels here', status: 405, kind: 'other' }

/** Sorts what node:http and node:tls report as a client's error. */
export function headFault({ code = '' }: NodeJS.ErrnoException): HeadFault {
  const fault = { ending: 'malformed', code, status: 400 } as const
  if (code === 'HPE_HEADER_OVERFLOW') return { ...fault, code: 'head-too-large', status: 431, kind: 'other' }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return { ...fault, code: 'timeout', status: 408, kind: 'timeout' }
  if (code === 'HPE_INVALID_EOF_STATE') return { ...fault, code: 'incomplete', kind: 'other' }
  if (code.startsWith('HPE_')) return { ...fault, kind: 'syntax' }
  return code.startsWith('ERR_SSL') || code.startsWith('ERR_TLS')
    ? { ...fault, code: 'tls', kind: 'tls' }
    : { ...fault, kind: 'lost' }
}

/** A whole response for a request that has no ServerResponse. `now` is in milliseconds since the epoch. */
export function rawAnswer(status: number, now: number): string {
  const text = `${status} ${STATUS_CODES[status] ?? ''}`
  return [
    `HTTP/1.1 ${text}`,
    `Date: ${new Date(now).toUTCString()}`,
    'Connection: close',
    ...(status === 405 ? ['Allow: GET, HEAD, POST'] : []),
    'Content-Type: text/plain',
    `Content-Length: ${text.length + 1}`,
    '',
    `${text}\n`,
  ].join('\r\n')
}
