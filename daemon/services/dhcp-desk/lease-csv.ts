// SPDX-License-Identifier: Apache-2.0
import type { LeaseRow } from '#web/ports/dhcp'

const HEAD = 'address,mac,host,state,subnet,ends,changed'
/** Spreadsheets take a cell that begins so for a formula, and clients choose their host names. */
const FORMULA = /^[=+\-@\t\r]/

/** The leases as a table for people: times in RFC 3339 (UTC), lines end as RFC 4180 §2 says. */
export function* leaseCsv(rows: Iterable<LeaseRow>): Generator<string, undefined> {
  yield `${HEAD}\r\n`
  for (const { lease, state, subnet = '' } of rows) {
    const { address, mac, hostname, expiresAt, updatedAt } = lease
    const times = [expiresAt, updatedAt].map((time) => new Date(time).toISOString())
    yield `${[address, mac, hostname, state, subnet, ...times].map(cell).join(',')}\r\n`
  }
  return undefined
}

function cell(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
