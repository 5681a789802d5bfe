// SPDX-License-Identifier: Apache-2.0

/** DHCP message types [RFC 2132 §9.6]. */
export const DISCOVER = 1
export const OFFER = 2
export const REQUEST = 3
export const ACK = 5

export interface RelayedRequest {
  readonly type: number
  /** 12 hex digits. */
  readonly mac: string
  readonly giaddr: string
  readonly xid?: number
  /** An address in the client's network, where giaddr is not [RFC 3527]. */
  readonly selection?: string
  /** More options, as code, length and value in turn. */
  readonly options?: readonly number[]
}

/**
 * A client's message as a relay agent passes it on. The relay wants the answer at its own source port [RFC 8357], so
 * a test needs no port below 1024. Bytes by hand, not by our codec: a test of the server must not share its mistakes.
 */
export function relayed({ type, mac, giaddr, xid = 1, options = [], selection }: RelayedRequest): Buffer {
  const head = Buffer.alloc(240)
  head.set([1, 1, 6, 1], 0)
  head.writeUInt32BE(xid, 4)
  head.set(octets(giaddr), 24)
  head.set(Buffer.from(mac, 'hex'), 28)
  head.set([0x63, 0x82, 0x53, 0x63], 236)
  const agent = [19, 0, ...(selection === undefined ? [] : [5, 4, ...octets(selection)])]
  return Buffer.concat([head, Buffer.from([53, 1, type, ...options, 82, agent.length, ...agent, 255])])
}

export function octets(address: string): number[] {
  return address.split('.').map(Number)
}

export interface Reply {
  readonly type: number
  readonly xid: number
  readonly yiaddr: string
}

/** What a test wants to know of a BOOTREPLY; undefined when it is none. */
export function readReply(bytes: Buffer): Reply | undefined {
  if (bytes.length < 243 || bytes[0] !== 2) return undefined
  const yiaddr = [...bytes.subarray(16, 20)].join('.')
  for (let at = 240; at + 2 < bytes.length && bytes[at] !== 255; at += 2 + (bytes[at + 1] ?? 0)) {
    if (bytes[at] === 53) return { type: bytes[at + 2] ?? 0, xid: bytes.readUInt32BE(4), yiaddr }
  }
  return undefined
}
