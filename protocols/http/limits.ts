// SPDX-License-Identifier: Apache-2.0

/** What one client, or all of them, may take from the front. Times are in milliseconds. */
export interface HttpLimits {
  /** Open connections for each listener; further ones are dropped. */
  readonly connections: number
  /** Requests on one connection before it is closed in good order. */
  readonly requestsPerConnection: number
  /** Requests sent ahead of their answers; a client that sends more is cut off. */
  readonly pipelined: number
  /** Requests at work at a time; the next ones get 503 and when to come again [RFC9110 §15.6.4]. */
  readonly backlog: number
  /** Octets of request line and headers together (431 beyond). */
  readonly headerBytes: number
  /** From the first octet to the end of the headers, and to the end of the body (408 beyond). */
  readonly headersMs: number
  readonly requestMs: number
  /** How long an idle connection is kept. */
  readonly idleMs: number
  /** How long an answer may make no progress. */
  readonly stallMs: number
  /** How long input is thrown away after an answer that closes, so that the client can read it [RFC9112 §9.6]. */
  readonly lingerMs: number
  /** How long `stop` waits for answers under way. */
  readonly drainMs: number
}

/** Room for a fleet of 10,000 phones booting at once, and little for anyone else. */
export const DEFAULT_LIMITS: HttpLimits = {
  connections: 8_192,
  requestsPerConnection: 1_000,
  pipelined: 32,
  backlog: 8_000,
  headerBytes: 16_384,
  headersMs: 10_000,
  requestMs: 30_000,
  idleMs: 5_000,
  stallMs: 60_000,
  lingerMs: 2_000,
  drainMs: 5_000,
}
