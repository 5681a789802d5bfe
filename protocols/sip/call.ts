// SPDX-License-Identifier: Apache-2.0
import type { Endpoint } from '#protocols/lib/exchange'
import type { Header, SipRequest, SipResponse } from './codec.ts'
import { answerChallenges } from './digest.ts'
import type { SipCall } from './port.ts'

/** What ties the tries of one call together. */
export interface CallParts {
  readonly local: Endpoint
  readonly callId: string
  readonly tag: string
  readonly branch: string
  readonly sequence: number
}

/** The request of a call [RFC 3261 §8.1.1]; control characters are left out of everything that is a header. */
export function requestOf(call: SipCall, parts: CallParts, more: readonly Header[] = []): SipRequest {
  const { method, to, user, headers, body } = call
  const sentBy = `${parts.local.address}:${parts.local.port}`
  const uri = `sip:${user === '' ? '' : `${escaped(user)}@`}${to.address}:${to.port}`
  return {
    kind: 'request',
    method,
    uri,
    headers: [
      ['via', `SIP/2.0/UDP ${sentBy};branch=${parts.branch};rport`],
      ['max-forwards', '70'],
      ['from', `<sip:offhook@${parts.local.address}>;tag=${parts.tag}`],
      ['to', `<${uri}>`],
      ['call-id', parts.callId],
      ['cseq', `${parts.sequence} ${method}`],
      ['contact', `<sip:${sentBy}>`],
      ['user-agent', 'Offhook'],
      ...[...headers, ...more].map(([name, value]): Header => [name, value.replaceAll(/\p{Cc}+/gu, ' ')]),
    ],
    body: Buffer.from(body, 'utf8'),
  }
}

/** The header that answers the phone's challenge; undefined when there is none to give. */
export function authorizationFor(
  call: SipCall,
  request: SipRequest,
  response: SipResponse,
  cnonce: string,
): Header | undefined {
  const byProxy = response.status === 407
  const name = byProxy ? 'proxy-authenticate' : 'www-authenticate'
  if (!call.credentials || (response.status !== 401 && !byProxy)) return undefined
  const challenges = response.headers.filter(([other]) => other === name).map(([, value]) => value)
  const { method, uri, body } = request
  const value = answerChallenges(challenges, call.credentials, { method, uri, body, cnonce })
  return value === undefined ? undefined : [byProxy ? 'proxy-authorization' : 'authorization', value]
}

/** A user part holds no separators [RFC 3261 §25.1]. */
function escaped(user: string): string {
  return encodeURIComponent(user).slice(0, 128)
}
