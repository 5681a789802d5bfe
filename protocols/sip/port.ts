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

/** What the SIP server asks of its owner. */
export interface SipPort {
  profileFor(query: ProfileQuery): Promise<ProfileAnswer>
}
