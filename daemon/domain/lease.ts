// SPDX-License-Identifier: Apache-2.0
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'

/** A lease lives in one record under its address, so no two clients can ever hold one address. */
export interface Lease {
  readonly address: Ipv4
  /** `leased`: held by the client; `released`: given back; `declined`: found in use by another host, quarantined. */
  readonly state: 'leased' | 'released' | 'declined'
  readonly clientKey: string
  readonly mac: Mac
  readonly hostname: string
  /** Milliseconds since the epoch. For `declined`: when quarantine ends. */
  readonly expiresAt: number
  readonly updatedAt: number
}

/** Who holds the address of a lease now. */
export function holderOf(lease: Lease | undefined, now: number): Mac | undefined {
  return lease?.state === 'leased' && lease.expiresAt > now ? lease.mac : undefined
}
