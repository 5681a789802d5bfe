// SPDX-License-Identifier: Apache-2.0
import type { Ipv4 } from './ipv4.ts'
import type { Mac } from './mac.ts'

/** A transport address. `address` is a string because a peer may be IPv6. */
export interface Endpoint {
  readonly address: string
  readonly port: number
}

/** How a request ended: answered, refused with the protocol's own code, left unanswered, undecodable, or our fault. */
export type Ending = 'reply' | 'refuse' | 'ignore' | 'malformed' | 'fault'

/** What one request reveals about the phone that sent it. Every field is the sender's claim, not a fact. */
export interface Evidence {
  readonly mac?: Mac
  readonly address?: Ipv4
  readonly hostname?: string
  /** DHCP option 60, and 77 as text. */
  readonly vendorClass?: string
  readonly userClass?: string
  readonly userAgent?: string
  /** The path or TFTP file name asked for, and what kind of file we took it for. */
  readonly file?: string
  readonly fileKind?: string
  readonly model?: string
  readonly firmware?: string
  /** The status word of a keep-alive. */
  readonly status?: string
}

/**
 * One request and how it ended: the single event that a protocol server reports. The journal turns it into a log
 * line, a metric, a step in the phone's timeline and a live update.
 */
export interface Exchange {
  /** The server's name: `dhcp`, `tftp`, `http`, … */
  readonly protocol: string
  /** What was asked, in the protocol's words: `DISCOVER`, `RRQ`, `GET`. */
  readonly operation: string
  readonly peer: Endpoint
  readonly ending: Ending
  /** What was answered, in the protocol's words: `OFFER`, `200`, `ERROR 1`. */
  readonly answer?: string
  /** Why it was refused, ignored or malformed. A stable code for `malformed`, a sentence otherwise. */
  readonly reason?: string
  readonly micros: number
  readonly bytes?: number
  readonly evidence: Evidence
}

/** Called once for each request, after the answer left. It never throws and never waits. */
export type Observe = (exchange: Exchange) => void
