// SPDX-License-Identifier: Apache-2.0
import type { Endpoint } from '#protocols/lib/exchange'
import { type Header, header, headerList, type SipRequest, type SipResponse } from './codec.ts'
import { type Essentials, readUri, type Via } from './fields.ts'

export const ALLOWED = 'OPTIONS, SUBSCRIBE'
export const EVENT = 'ua-profile'
export const PROFILE_TYPE = 'application/url'

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  416: 'Unsupported URI Scheme',
  420: 'Bad Extension',
  481: 'Call/Transaction Does Not Exist',
  489: 'Bad Event',
  500: 'Server Internal Error',
  503: 'Service Unavailable',
}
const NO_BODY = new Uint8Array()
const DEFAULT_PORT = 5060

export interface Answer {
  readonly status: number
  readonly headers?: readonly Header[]
}

/** What the rules of SIP alone decide; undefined: a SUBSCRIBE for a profile, which the port decides. */
export function screen(request: SipRequest): Answer | undefined {
  if (!readUri(request.uri)) return { status: 416 } // [RFC 3261 §8.2.2.1]
  const required = headerList(request, 'require')
  if (required.length > 0) return { status: 420, headers: [['unsupported', required.join(', ')]] } // [RFC 3261 §8.2.2.3]
  switch (request.method) {
    case 'OPTIONS':
      return { status: 200, headers: capabilities() }
    case 'SUBSCRIBE':
      return screenSubscribe(request)
    case 'CANCEL':
      return { status: 481 } // [RFC 3261 §9.2]
    default:
      return { status: 405, headers: [['allow', ALLOWED]] } // [RFC 3261 §8.2.1]
  }
}

/** [RFC 6665 §4.2.1]; other events are for other servers, who are asked by name and not by everybody's address. */
function screenSubscribe(request: SipRequest): Answer | undefined {
  const event = header(request, 'event') ?? ''
  if (event.split(';')[0]?.trim().toLowerCase() !== EVENT) return { status: 489, headers: [['allow-events', EVENT]] }
  const accepted = headerList(request, 'accept').map((type) => type.split(';')[0]?.trim().toLowerCase() ?? '')
  const takesUrls =
    accepted.length === 0 || accepted.some((type) => [PROFILE_TYPE, 'application/*', '*/*'].includes(type))
  return takesUrls ? undefined : { status: 406, headers: [['accept', PROFILE_TYPE]] }
}

/** [RFC 3261 §11.2] */
function capabilities(): Header[] {
  return [
    ['allow', ALLOWED],
    ['accept', PROFILE_TYPE],
    ['allow-events', EVENT],
    ['supported', ''],
  ]
}

/** A response copies what ties it to its request, and names its end of the dialog [RFC 3261 §8.2.6.2]. */
export function response(
  request: SipRequest,
  { status, headers = [] }: Answer,
  peer: Endpoint,
  tag: string,
): SipResponse {
  return {
    kind: 'response',
    status,
    reason: REASONS[status] ?? 'Answer',
    headers: [...tied(request.headers, peer, tag), ['server', 'Offhook'], ...headers],
    body: NO_BODY,
  }
}

/** The 400 to a request of which only the headers could be read; undefined when they do not tell whom to answer. */
export function badRequest(
  headers: readonly Header[],
  reason: string,
  peer: Endpoint,
  tag: string,
): SipResponse | undefined {
  const names = ['via', 'from', 'to', 'call-id', 'cseq']
  if (!names.every((name) => headers.some(([other]) => other === name))) return undefined
  const phrase = reason.replaceAll(/[^ -~]/g, '?').slice(0, 80)
  return {
    kind: 'response',
    status: 400,
    reason: `Bad Request - ${phrase}`,
    headers: tied(headers, peer, tag),
    body: NO_BODY,
  }
}

/** Via with where the request really came from [RFC 3261 §18.2.1, RFC 3581 §4], and To with our tag. */
function tied(headers: readonly Header[], { address, port }: Endpoint, tag: string): Header[] {
  let isTop = true
  return headers.flatMap(([name, value]): Header[] => {
    if (name === 'to') return [[name, /;\s*tag\s*=/i.test(value) ? value : `${value};tag=${tag}`]]
    if (name === 'from' || name === 'call-id' || name === 'cseq') return [[name, value]]
    if (name !== 'via') return []
    const top = isTop
    isTop = false
    return [[name, top ? received(value, address, port) : value]]
  })
}

function received(via: string, address: string, port: number): string {
  const [first = '', ...more] = via.split(',')
  const withPort = first.replace(/;\s*rport\s*(?=;|$)/i, `;rport=${port}`)
  return [`${withPort};received=${address}`, ...more].join(',')
}

/** Where a response goes over UDP: to its source, at the port it asks for [RFC 3261 §18.2.2, RFC 3581 §4]. */
export function destination({ via }: Pick<Essentials, 'via'>, peer: Endpoint): Endpoint {
  return { address: peer.address, port: via.parameters.has('rport') ? peer.port : (via.port ?? DEFAULT_PORT) }
}

/** What makes a repeat the same request [RFC 3261 §17.2.3]. */
export function transactionKey({ via, callId, cseq, from }: Essentials, peer: Endpoint): string {
  const branch = via.parameters.get('branch') ?? ''
  const sentBy = sentByOf(via)
  const own = branch.startsWith('z9hG4bK')
    ? branch
    : `${branch} ${callId} ${from.parameters.get('tag') ?? ''} ${cseq.number}`
  return [cseq.method, own, sentBy, peer.address].join('\n')
}

function sentByOf({ host, port }: Via): string {
  return `${host.toLowerCase()}:${port ?? DEFAULT_PORT}`
}
