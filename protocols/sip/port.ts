// SPDX-License-Identifier: Apache-2.0
import type { Endpoint, Evidence } from '#protocols/lib/exchange'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Outcome } from '#protocols/server'

/** A user agent that asks where its profile is [RFC 6080 §5.1]. */
export interface ProfileQuery {
  readonly peer: Endpoint
  /** `profile-type` of the event: `application` from AudioCodes' phones, `device` from others. */
  readonly profileType: string
  /** `vendor`, `model` and `version` of the event; empty where it does not tell. */
  readonly vendor: string
  readonly model: string
  readonly version: string
  readonly userAgent: string
  /** The user part of From: other vendors put the MAC there. */
  readonly fromUser: string
}

export interface Profile {
  /** In the grammar of DHCP option 160. */
  readonly url: string
  /** Our address as this user agent reaches it. */
  readonly server: Ipv4
  /**
   * True where NOTIFY carries From and To as the SUBSCRIBE had them, as AudioCodes' phones expect; else they change places
   * [RFC 6665 §4.4.1]. The other order is tried when the phone answers 481.
   */
  readonly keepsOrder: boolean
}

export interface ProfileAnswer {
  /** `ignore` leaves the user agent to another server; `refuse` carries a SIP status. */
  readonly outcome: Outcome<Profile>
  readonly evidence: Evidence
}

/** Name and password for a phone that asks for them [RFC 3261 §22]. */
export interface Credentials {
  readonly user: string
  readonly password: string
}

/** A request of ours to a phone, outside any dialog. */
export interface SipCall {
  readonly method: 'NOTIFY' | 'MESSAGE'
  readonly to: Endpoint
  /** The user part of the phone's address; may be empty. */
  readonly user: string
  /** Our address as the phone reaches it. */
  readonly from: Ipv4
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string
  /** Given only when the phone asks, as a digest. */
  readonly credentials?: Credentials | undefined
}

export type SipOutcome =
  | { readonly kind: 'answered'; readonly status: number; readonly reason: string }
  /** No answer within 32 s. */
  | { readonly kind: 'silent' }
  /** It was not sent, or we are stopping; a sentence says why. */
  | { readonly kind: 'not sent'; readonly reason: string }

/** What the SIP server does for the daemon. */
export interface SipCaller {
  /** Never rejects. */
  call(call: SipCall): Promise<SipOutcome>
}

/** What the SIP server asks of its owner. */
export interface SipPort {
  profileFor(query: ProfileQuery): Promise<ProfileAnswer>
}
