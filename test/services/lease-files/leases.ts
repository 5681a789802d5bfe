// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import type { Lease } from '#daemon/domain/lease'
import type { LeaseFormat } from '#daemon/services/lease-files/formats'
import { NEVER, NO_MAC } from '#daemon/services/lease-files/lease-file'
import { ipv4FromNumber, ipv4ToNumber } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import { ip } from '#test/domain/subnets'

const MAC = '00908f123456' as Mac

/** A running lease of a phone that names no client identifier, from 2026-01-01 10:00 for an hour. */
export function lease(change: Partial<Lease> = {}): Lease {
  const updatedAt = Date.UTC(2026, 0, 1, 10)
  const holder = { state: 'leased', clientKey: change.mac ?? MAC, mac: MAC, hostname: '' } as const
  return { address: ip('10.99.0.10'), ...holder, expiresAt: updatedAt + 3_600_000, updatedAt, ...change }
}

const hex = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((bytes) => Buffer.from(bytes).toString('hex'))

/** Any leases that the daemon could hold, one an address, times to the millisecond, some without end. */
export const anyLeases: fc.Arbitrary<Lease[]> = fc.uniqueArray(
  fc
    .record({
      number: fc.integer({ min: 0x0a63_0001, max: 0x0a63_fffe }),
      state: fc.constantFrom('leased', 'released', 'declined'),
      mac: hex(6, 6) as fc.Arbitrary<Mac>,
      identifier: fc.oneof(fc.constant(''), hex(1, 40)),
      // Whatever a client may call itself, but for control characters, which are not kept.
      hostname: fc.oneof(
        fc.string({ unit: 'binary', maxLength: 40 }),
        fc.constantFrom('a,b', 'C:\\x', '"', '&#x2c', '\\,', 'lease {', '};', 'münchen', '#'),
      ),
      updatedAt: fc.integer({ min: 1_000_000_000_000, max: 2_000_000_000_000 }),
      lasts: fc.oneof(fc.integer({ min: 1000, max: 400 * 86_400_000 }), fc.constant(Number.POSITIVE_INFINITY)),
    })
    .map(
      ({ number, identifier, lasts, hostname, ...rest }): Lease => ({
        ...rest,
        address: ipv4FromNumber(number),
        clientKey: identifier || rest.mac,
        hostname: hostname.replaceAll(/\p{Cc}/gu, '').trim(),
        expiresAt: Math.min(rest.updatedAt + lasts, NEVER),
      }),
    ),
  { selector: ({ address }) => address, maxLength: 20 },
)

/** What a format can tell of a lease: whole seconds, the end never too early, and nobody behind a quarantine. */
export function asTold(format: LeaseFormat, told: Lease): Lease {
  if (format === 'json') return told
  const nobody = told.state === 'declined' && { mac: NO_MAC, clientKey: NO_MAC }
  const updatedAt = Math.floor(told.updatedAt / 1000) * 1000
  const expiresAt = Math.min(Math.ceil(told.expiresAt / 1000) * 1000, NEVER)
  return { ...told, ...nobody, updatedAt, expiresAt }
}

export function inOrder(leases: readonly Lease[]): Lease[] {
  return [...leases].sort((a, b) => ipv4ToNumber(a.address) - ipv4ToNumber(b.address))
}
