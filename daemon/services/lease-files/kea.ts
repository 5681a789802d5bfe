// SPDX-License-Identifier: Apache-2.0
import type { Lease } from '#daemon/domain/lease'
import { formatMac, parseMac } from '#protocols/lib/mac'
import {
  addressOf,
  clientKeyOf,
  identifierOf,
  LeaseCollector,
  type LeaseFile,
  linesOf,
  NEVER,
  NO_MAC,
  nameOf,
  quoted,
  timeOf,
  Unusable,
} from './lease-file.ts'

/*
 * The file of Kea's memfile backend, `kea-leases4.csv`: a journal, so the last line of an address counts. No field is
 * ever quoted; a comma in a name is written as `&#x2c`. `expire` is in seconds since the epoch, and a lease began
 * `valid_lifetime` seconds before it. A lifetime of 0 removes the lease.
 */

const COLUMNS =
  'address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context'.split(',')
const NEEDED = ['address', 'hwaddr', 'client_id', 'valid_lifetime', 'expire']
/** Kea's numbers: assigned, declined, expired-reclaimed, released (2.6 and later). */
const STATES: Readonly<Record<string, Lease['state']>> = { 0: 'leased', 1: 'declined', 2: 'released', 3: 'released' }
const RECLAIMED = 2
const ENDLESS = 0xffff_ffff
const LONGEST_LINE = 64 * 1024

/** The lines of a file that Kea 2.2 and later load; `subnetId` names the subnet by the number that it has there. */
export function* writeKea(leases: Iterable<Lease>, subnetId: (lease: Lease) => number): Generator<string> {
  yield `${COLUMNS.join(',')}\n`
  for (const lease of leases) {
    const isDeclined = lease.state === 'declined'
    // A client must not lose the last part of a second.
    const began = Math.floor(lease.updatedAt / 1000)
    const lifetime = lease.expiresAt >= NEVER ? ENDLESS : Math.max(1, Math.ceil(lease.expiresAt / 1000) - began)
    const expire = began + lifetime
    const state = isDeclined ? 1 : lease.state === 'released' ? RECLAIMED : 0
    const hardware = isDeclined ? '' : formatMac(lease.mac)
    const identifier = isDeclined ? '' : identifierOf(lease).replaceAll(/(..)(?=.)/g, '$1:')
    const client = [lease.address, hardware, identifier, lifetime, expire, subnetId(lease)]
    yield `${[...client, 0, 0, escapeField(lease.hostname), state, ''].join(',')}\n`
  }
}

export function readKea(text: string): LeaseFile {
  const collector = new LeaseCollector()
  let columns: ReadonlyMap<string, number> | undefined
  for (const { line, text: row } of linesOf(text)) {
    if (row.trim() === '') continue
    try {
      // Several files of one server, one after the other, have a header each.
      if (row.startsWith('address,')) columns = headerOf(row)
      else if (columns) readRow(row, columns, line, collector)
      else throw new Unusable('the file does not begin with the header of kea-leases4.csv')
    } catch (error) {
      if (!(error instanceof Unusable)) throw error
      collector.reject(line, error.message)
      if (!columns) break
    }
  }
  if (text.trim() === '') collector.reject(1, 'the file is empty')
  return collector.done()
}

function headerOf(row: string): ReadonlyMap<string, number> {
  const columns = new Map(row.split(',', 64).map((name, index) => [name.trim(), index]))
  const missing = NEEDED.filter((name) => !columns.has(name))
  if (missing.length > 0) throw new Unusable(`the header has no column ${missing.join(', ')}`)
  return columns
}

function readRow(row: string, columns: ReadonlyMap<string, number>, line: number, collector: LeaseCollector): void {
  if (row.length > LONGEST_LINE) throw new Unusable('the line is too long')
  const fields = row.split(',')
  if (fields.length !== columns.size) throw new Unusable(`${fields.length} fields where the header has ${columns.size}`)
  const field = (name: string) => fields[columns.get(name) ?? -1]?.trim() ?? ''
  const address = addressOf(field('address'))
  const lifetime = numberOf(field('valid_lifetime'), 'valid_lifetime')
  if (lifetime === 0) {
    collector.forget(address)
    return
  }
  const state = STATES[field('state') || '0']
  if (!state) throw new Unusable(`${quoted(field('state'))} is not a state that Kea writes`)
  const mac = state === 'declined' && field('hwaddr') === '' ? NO_MAC : parseMac(field('hwaddr'))
  if (!mac) throw new Unusable(`${quoted(field('hwaddr'))} is not an Ethernet hardware address`)
  const expire = numberOf(field('expire'), 'expire')
  collector.keep(line, {
    address,
    state,
    clientKey: clientKeyOf(field('client_id').replaceAll(':', ''), mac),
    mac,
    hostname: nameOf(unescapeField(field('hostname'))),
    expiresAt: lifetime === ENDLESS ? NEVER : timeOf(expire, 'expire'),
    updatedAt: timeOf(Math.max(0, expire - lifetime), 'expire'),
  })
}

function numberOf(text: string, column: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Unusable(`${column} ${quoted(text)} is not a whole number`)
  return Number(text)
}

/** Also what would end the line or look like an escape itself. */
function escapeField(text: string): string {
  return nameOf(text).replaceAll(/[,&\\]/g, (char) => `&#x${char.charCodeAt(0).toString(16)}`)
}

function unescapeField(text: string): string {
  return text.replaceAll(/\\?&#x([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
