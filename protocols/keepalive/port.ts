// SPDX-License-Identifier: Apache-2.0
import type { Endpoint } from '#protocols/lib/exchange'
import type { Mac } from '#protocols/lib/mac'

/** A phone's own report of itself, read leniently; empty strings mean that the phone sent none. */
export interface StatusReport {
  /** `init` is sent instead of the first keep-alive by some firmware; the body is the same. */
  readonly operation: 'keep-alive' | 'init'
  readonly mac: Mac
  readonly status: string
  /** The address the phone believes it has; kept as sent, since phones put names and URLs here. */
  readonly ip: string
  readonly subnet: string
  readonly model: string
  readonly firmware: string
  readonly userAgent: string
  readonly userName: string
  readonly userId: string
  readonly phoneNumber: string
  readonly location: string
  readonly vlanId: string
  readonly sipProxy: string
  readonly sessionId: string
  /** Every other key as sent (first 64, each value at most 2,048 characters); credentials are never among them. */
  readonly extra: Readonly<Record<string, string>>
  /** The TCP peer: the phone, or the NAT before it. */
  readonly peer: Endpoint
  /** The path before `rest/v1/…`, split at `/`: customer, profile, token. */
  readonly prefix: readonly string[]
}

export type StatusAnswer =
  /** Commands for the phone, each one the JSON text of a request object; empty most of the time. */
  | { readonly kind: 'accepted'; readonly requests: readonly string[] }
  | { readonly kind: 'refused'; readonly status: 403 | 404 | 503; readonly reason: string }

/** What the keep-alive handler asks of the owner of the fleet. */
export interface KeepalivePort {
  report(status: StatusReport): Promise<StatusAnswer>
}
