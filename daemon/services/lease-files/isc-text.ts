// SPDX-License-Identifier: Apache-2.0
import type { Lease } from '#daemon/domain/lease'
import { formatMac } from '#protocols/lib/mac'
import { escapeText } from './isc-tokens.ts'
import { identifierOf, NEVER, nameOf } from './lease-file.ts'

/** `free` keeps what dhcpd knows of the last client, who so gets the address again. */
const STATES: Readonly<Record<Lease['state'], string>> = { leased: 'active', released: 'free', declined: 'abandoned' }

/** A file that ISC dhcpd loads at its start. */
export function* writeIsc(leases: Iterable<Lease>): Generator<string> {
  yield '# A dhcpd.leases file, written by Offhook. Times are UTC.\nauthoring-byte-order little-endian;\n'
  for (const lease of leases) yield block(lease)
}

function block(lease: Lease): string {
  const state = STATES[lease.state]
  const started = Math.floor(lease.updatedAt / 1000)
  // A client must not lose the last part of a second.
  const ends = lease.expiresAt >= NEVER ? 'never' : dateText(Math.max(started, Math.ceil(lease.expiresAt / 1000)))
  const statements = [
    `starts ${dateText(started)}`,
    `ends ${ends}`,
    `cltt ${dateText(started)}`,
    `binding state ${state}`,
    `next binding state free`,
  ]
  if (lease.state !== 'declined') {
    statements.push(`hardware ethernet ${formatMac(lease.mac)}`)
    const identifier = Buffer.from(identifierOf(lease), 'hex').toString('latin1')
    if (identifier !== '') statements.push(`uid "${escapeText(identifier)}"`)
  }
  const hostname = escapeText(Buffer.from(nameOf(lease.hostname)).toString('latin1'))
  if (hostname !== '') statements.push(`client-hostname "${hostname}"`)
  return `lease ${lease.address} {\n${statements.map((statement) => `  ${statement};\n`).join('')}}\n`
}

function dateText(seconds: number): string {
  const date = new Date(seconds * 1000)
  const [day = '', time = ''] = date.toISOString().split('T')
  return `${date.getUTCDay()} ${day.replaceAll('-', '/')} ${time.slice(0, 8)}`
}
