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
  nameOf,
  quoted,
  Unusable,
} from './lease-file.ts'

/*
 * Our own format: lines of JSON. The first names format and version, each other one is a lease:
 *
 *     {"format":"offhook-leases","version":1}
 *     {"address":"10.1.1.10","state":"leased","mac":"00:90:8f:12:34:56","clientId":"0100908f123456",
 *      "hostname":"phone-7","expiresAt":"2026-01-02T03:04:05.678Z","updatedAt":"2026-01-01T03:04:05.678Z"}
 *
 * (a lease is one line). `clientId` is option 61 in hex, left out by clients that send none. Times are ISO 8601, exact
 * to the millisecond. Readers ignore fields that they do not know.
 */

const HEADER = { format: 'offhook-leases', version: 1 }
const STATES: ReadonlySet<unknown> = new Set<Lease['state']>(['leased', 'released', 'declined'])

export function* writeJson(leases: Iterable<Lease>): Generator<string> {
  yield `${JSON.stringify(HEADER)}\n`
  for (const lease of leases) {
    const { address, state, mac, hostname, expiresAt, updatedAt } = lease
    const identifier = identifierOf(lease)
    const client = identifier === '' ? { mac: formatMac(mac) } : { mac: formatMac(mac), clientId: identifier }
    const times = { expiresAt: new Date(expiresAt).toISOString(), updatedAt: new Date(updatedAt).toISOString() }
    yield `${JSON.stringify({ address, state, ...client, hostname, ...times })}\n`
  }
}

export function readJson(text: string): LeaseFile {
  const collector = new LeaseCollector()
  let isFirst = true
  for (const { line, text: row } of linesOf(text)) {
    if (row.trim() === '') continue
    try {
      if (isFirst) checkHeader(objectIn(row))
      else collector.keep(line, leaseOf(objectIn(row)))
    } catch (error) {
      if (!(error instanceof Unusable)) throw error
      collector.reject(line, error.message)
      if (isFirst) break
    }
    isFirst = false
  }
  if (isFirst && text.trim() === '') collector.reject(1, 'the file is empty')
  return collector.done()
}

type Fields = Readonly<Record<string, unknown>>

function objectIn(row: string): Fields {
  try {
    const value: unknown = JSON.parse(row)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields
  } catch {
    // Told below, like any other thing that is no object.
  }
  throw new Unusable(`${quoted(row)} is not a JSON object`)
}

function checkHeader({ format, version }: Fields): void {
  if (format !== HEADER.format) throw new Unusable(`the first line does not say "format":"${HEADER.format}"`)
  if (version !== HEADER.version) {
    throw new Unusable(`the file has version ${quoted(String(version))}; this program reads version ${HEADER.version}`)
  }
}

function leaseOf(fields: Fields): Lease {
  const address = addressOf(textIn(fields, 'address'))
  const mac = parseMac(textIn(fields, 'mac'))
  if (!mac) throw new Unusable(`"mac" is not a hardware address`)
  if (!STATES.has(fields.state)) throw new Unusable(`"state" is not leased, released or declined`)
  return {
    address,
    state: fields.state as Lease['state'],
    clientKey: clientKeyOf(fields.clientId === undefined ? '' : textIn(fields, 'clientId'), mac),
    mac,
    hostname: nameOf(fields.hostname === undefined ? '' : textIn(fields, 'hostname')),
    expiresAt: timeIn(fields, 'expiresAt'),
    updatedAt: timeIn(fields, 'updatedAt'),
  }
}

function textIn(fields: Fields, name: string): string {
  const value = fields[name]
  if (typeof value !== 'string') throw new Unusable(`"${name}" is not a text`)
  return value
}

function timeIn(fields: Fields, name: string): number {
  const text = textIn(fields, name)
  const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/.test(text) ? Date.parse(text) : Number.NaN
  if (!(time >= 0)) throw new Unusable(`"${name}" is not a time such as 2026-01-02T03:04:05Z`)
  return Math.min(time, NEVER)
}
