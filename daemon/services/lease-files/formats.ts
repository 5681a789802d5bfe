// SPDX-License-Identifier: Apache-2.0
import { subnetOf } from '#daemon/domain/addresses'
import type { Lease } from '#daemon/domain/lease'
import type { Subnet } from '#daemon/domain/subnet'
import { readIsc } from './isc.ts'
import { writeIsc } from './isc-text.ts'
import { readJson, writeJson } from './json.ts'
import { readKea, writeKea } from './kea.ts'
import type { LeaseFile } from './lease-file.ts'

export const LEASE_FORMATS = ['json', 'kea', 'isc'] as const
export type LeaseFormat = (typeof LEASE_FORMATS)[number]

/** Reads a whole file; what it cannot read is in the result, with line and reason, and nothing is thrown. */
export function readLeases(format: LeaseFormat, text: string): LeaseFile {
  switch (format) {
    case 'json':
      return readJson(text)
    case 'kea':
      return readKea(text)
    case 'isc':
      return readIsc(text)
  }
}

/** The pieces of a file, in order. Kea numbers subnets: ours have the numbers of their order, from 1; 0 is none. */
export function writeLeases(
  format: LeaseFormat,
  leases: Iterable<Lease>,
  subnets: readonly Subnet[],
): Generator<string> {
  switch (format) {
    case 'json':
      return writeJson(leases)
    case 'kea':
      return writeKea(leases, ({ address }) => {
        const subnet = subnetOf(subnets, address)
        return subnet ? subnets.indexOf(subnet) + 1 : 0
      })
    case 'isc':
      return writeIsc(leases)
  }
}
