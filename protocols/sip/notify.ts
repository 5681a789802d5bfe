// SPDX-License-Identifier: Apache-2.0
import type { Endpoint } from '#protocols/lib/exchange'
import { header, headerList, type SipRequest } from './codec.ts'
import { type NameAddress, readNameAddress, readUri } from './fields.ts'
import type { Profile } from './port.ts'
import { PROFILE_TYPE } from './reply.ts'

export interface NotifyParts {
  /** Our end of the dialog, as it stands in the answer to the SUBSCRIBE. */
  readonly tag: string
  /** Where we are heard. */
  readonly local: Endpoint
  readonly branch: string
  /** 1 for the first try. */
  readonly sequence: number
  readonly keepsOrder: boolean
}

/** The one NOTIFY that answers a SUBSCRIBE for a profile, and ends the subscription [RFC 6665 §4.1.3, RFC 6080 §5.6]. */
export function notifyFor(subscribe: SipRequest, profile: Profile, parts: NotifyParts): SipRequest {
  const { tag, local, branch, sequence, keepsOrder } = parts
  const theirs = header(subscribe, 'from') ?? ''
  const to = header(subscribe, 'to') ?? ''
  const ours = /;\s*tag\s*=/i.test(to) ? to : `${to};tag=${tag}`
  const sentBy = `${local.address}:${local.port}`
  return {
    kind: 'request',
    method: 'NOTIFY',
    uri: contactOf(subscribe).uri,
    headers: [
      ['via', `SIP/2.0/UDP ${sentBy};branch=${branch};rport`],
      ['max-forwards', '70'],
      ['from', keepsOrder ? theirs : ours],
      ['to', keepsOrder ? ours : theirs],
      ['call-id', header(subscribe, 'call-id') ?? ''],
      ['cseq', `${sequence} NOTIFY`],
      ['contact', `<sip:${sentBy}>`],
      ['event', header(subscribe, 'event') ?? ''],
      ['subscription-state', 'terminated;reason=timeout'],
      ['user-agent', 'Offhook'],
      ['content-type', PROFILE_TYPE],
    ],
    body: Buffer.from(profile.url, 'utf8'),
  }
}

/**
 * Where the NOTIFY goes: to the Contact's port, but never to another address than the one that asked: else anybody could
 * have us send to anyone.
 */
export function notifyDestination(subscribe: SipRequest, peer: Endpoint): Endpoint {
  const uri = readUri(contactOf(subscribe).uri)
  return uri?.host === peer.address ? { address: peer.address, port: uri.port ?? 5060 } : peer
}

/** Throws MalformedPacket `contact` when there is none to read. */
export function contactOf(subscribe: SipRequest): NameAddress {
  const [contact = ''] = headerList(subscribe, 'contact')
  return readNameAddress(contact)
}
