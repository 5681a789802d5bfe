// SPDX-License-Identifier: Apache-2.0
import { type Ipv4, UNSPECIFIED } from '#protocols/lib/ipv4'
import { MalformedPacket } from '#protocols/lib/malformed'
import type { DhcpMessage } from './codec.ts'
import { OPTION, readAddress } from './options.ts'

/** Sub-options of option 82. */
export const RELAY = {
  circuitId: 1, // RFC 3046 §3.1
  remoteId: 2, // RFC 3046 §3.2
  linkSelection: 5, // RFC 3527
  serverOverride: 11, // RFC 5107
  sourcePort: 19, // RFC 8357
} as const

/** What a relay tells of the client's place. */
export interface RelayInformation {
  readonly circuitId: Uint8Array | undefined
  readonly remoteId: Uint8Array | undefined
  /** An address in the client's subnet, when that is not where giaddr is. */
  readonly linkSelection: Ipv4 | undefined
  /** The server identifier that clients shall see, so that their renewals pass the relay. */
  readonly serverOverride: Ipv4 | undefined
  /** Answer to the UDP port that the request came from, instead of 67. */
  readonly sourcePort: boolean
}

const NONE: RelayInformation = {
  circuitId: undefined,
  remoteId: undefined,
  linkSelection: undefined,
  serverOverride: undefined,
  sourcePort: false,
}

export function isRelayed(message: DhcpMessage): boolean {
  return message.giaddr !== UNSPECIFIED
}

/**
 * Reads option 82; throws MalformedPacket `relay-information`. The sub-options that steer the answer (5, 11, 19)
 * count only in a relayed message: without giaddr the client itself, or a switch, may have written them.
 */
export function relayInformation(message: DhcpMessage): RelayInformation {
  const bytes = message.options.get(OPTION.relayInformation)
  if (!bytes) return NONE
  const found = subOptions(bytes)
  const circuitId = found.get(RELAY.circuitId)
  const remoteId = found.get(RELAY.remoteId)
  if (!isRelayed(message)) return { ...NONE, circuitId, remoteId }
  return {
    circuitId,
    remoteId,
    linkSelection: addressIn(found.get(RELAY.linkSelection)),
    serverOverride: addressIn(found.get(RELAY.serverOverride)),
    sourcePort: found.has(RELAY.sourcePort),
  }
}

function addressIn(bytes: Uint8Array | undefined): Ipv4 | undefined {
  if (!bytes) return undefined
  const address = readAddress(OPTION.relayInformation, bytes)
  return address === UNSPECIFIED ? undefined : address
}

/** The first of each code; sub-options have no PAD and no END [RFC 3046 §2.0]. */
function subOptions(bytes: Uint8Array): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>()
  let at = 0
  while (at < bytes.length) {
    const code = bytes[at] ?? 0
    const length = bytes[at + 1]
    const start = at + 2
    if (length === undefined || start + length > bytes.length) {
      throw new MalformedPacket('relay-information', `sub-option ${code} of option 82 runs past its end`)
    }
    at = start + length
    if (!found.has(code)) found.set(code, bytes.subarray(start, at))
  }
  return found
}
