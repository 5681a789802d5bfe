// SPDX-License-Identifier: Apache-2.0

/** What one client, or all of them, may take. Times are in milliseconds, sizes in bytes. */
export interface LdapLimits {
  /** Open connections in all, and from one address: many phones may stand behind one NAT. */
  readonly connections: number
  readonly connectionsPerPeer: number
  /** Operations of one connection that wait for their turn; beyond it we read no further until some are done. */
  readonly operations: number
  readonly messageBytes: number
  /** A connection without an operation is closed after this. */
  readonly idleMs: number
  /** How long one message, a TLS handshake, or an answer that the client does not take may last. */
  readonly stallMs: number
  /** Bytes of an answer that may wait for a slow reader before we stop making more. */
  readonly writeBytes: number
  /** Entries of one answer, whatever the client asks; a page or a window may have as many. */
  readonly entries: number
  readonly searchMs: number
  /** Entries that may be sorted for one search, searches being sorted at a time, and sorted lists kept for the next. */
  readonly sortedEntries: number
  readonly sorts: number
  readonly sortedLists: number
  /** Entries that are kept encoded, at most six times over. */
  readonly encodedEntries: number
  /** How long `stop` waits for operations under way. */
  readonly drainMs: number
}

/** Room for a fleet whose phones keep their connections, and little for anyone else. */
export const DEFAULT_LIMITS: LdapLimits = {
  connections: 4_096,
  connectionsPerPeer: 256,
  operations: 32,
  messageBytes: 65_536,
  idleMs: 300_000,
  stallMs: 20_000,
  writeBytes: 262_144,
  entries: 1_000,
  searchMs: 10_000,
  sortedEntries: 200_000,
  sorts: 4,
  sortedLists: 4,
  encodedEntries: 8_192,
  drainMs: 3_000,
}
