// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { type DhcpMessage, decode } from '#protocols/dhcp/codec'
import { encodeOption, OPTION } from '#protocols/dhcp/options'
import type { LeaseAnswer, LeaseQuery, OptionValue } from '#protocols/dhcp/port'
import { type Arrival, type ClientRequest, readRequest } from '#protocols/dhcp/query'
import type { Endpoint } from '#protocols/lib/exchange'
import { type Ipv4, UNSPECIFIED } from '#protocols/lib/ipv4'
import { type Golden, goldens, hexBytes, section } from '#test/support/golden'

const GOLDEN_FOLDER = join(import.meta.dirname, 'golden')

export type OptionRow = readonly [code: number, type: OptionValue['type'], value: unknown]
export type MessageFields = Partial<Omit<DhcpMessage, 'options' | 'chaddr'>>

/** A message with the fields that matter to a test; options as rows, e.g. `[53, 'uint8', 1]`. */
export function message(fields: MessageFields, options: readonly OptionRow[], chaddr = '00908f123456'): DhcpMessage {
  return {
    ...{ op: 1, htype: 1, hlen: 6, hops: 0, xid: 0x1234, secs: 0, flags: 0, sname: '', file: '' },
    ...{ ciaddr: UNSPECIFIED, yiaddr: UNSPECIFIED, siaddr: UNSPECIFIED, giaddr: UNSPECIFIED },
    ...fields,
    chaddr: Uint8Array.from(Buffer.from(chaddr.padEnd(32, '0'), 'hex')),
    options: new Map(options.map(([code, type, value]) => [code, encodeOption({ type, value } as OptionValue)])),
  }
}

export const DISCOVER: OptionRow = [OPTION.messageType, 'uint8', 1]
export const REQUEST: OptionRow = [OPTION.messageType, 'uint8', 3]
export const INFORM: OptionRow = [OPTION.messageType, 'uint8', 8]
export const CLIENT: Endpoint = { address: '0.0.0.0', port: 68 }

/** The request that a message is; a message that is none fails the test. */
export function requestOf(from: DhcpMessage, peer: Endpoint = CLIENT, arrival: Arrival = 'unknown'): ClientRequest {
  const reading = readRequest(from, peer, arrival)
  if (reading.kind === 'ignore') throw new Error(`ignored: ${reading.reason}`)
  return reading.request
}

export function queryOf(from: DhcpMessage, peer: Endpoint = CLIENT, arrival: Arrival = 'unknown'): LeaseQuery {
  return requestOf(from, peer, arrival).query
}

export function ip(text: string): Ipv4 {
  return text as Ipv4
}

/** The golden's `message` section. */
export function goldenMessage(golden: Golden): DhcpMessage {
  const { options, chaddr, ...fields } = JSON.parse(section(golden, 'message'))
  return message(fields, options, chaddr)
}

export function goldenPacket(golden: Golden): Uint8Array {
  return hexBytes(section(golden, 'packet'))
}

export function allGoldens(): Golden[] {
  return goldens(GOLDEN_FOLDER)
}

/** The packet of the golden of that name, decoded. */
export function decodedGolden(name: string): DhcpMessage {
  const golden = allGoldens().find((each) => each.name === name)
  if (!golden) throw new Error(`no golden ${name}`)
  return decode(goldenPacket(golden))
}

export const LEASE: Extract<LeaseAnswer, { kind: 'lease' }> = {
  kind: 'lease',
  address: ip('10.99.0.50'),
  leaseSeconds: 3600,
  server: ip('10.99.0.1'),
  options: [],
  boot: {},
}
