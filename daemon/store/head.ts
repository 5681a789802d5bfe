// SPDX-License-Identifier: Apache-2.0
import { decodeRecord, encodeRecord } from './records.ts'
import type { SealLine } from './seal.ts'

/** LevelDB key of the one record that every group of writes replaces. */
export const HEAD_KEY = 'm/head'

/** What the whole store looks like after one group of writes; written in the same batch as the group. */
export interface Head {
  /** Version of this layout of files and records: 1. */
  readonly format: number
  /** Counts the groups of writes. */
  readonly sequence: number
  /** The last revision given out. */
  readonly revision: number
  /** The last migration applied. */
  readonly schema: number
  readonly tables: readonly SealLine[]
}

export function encodeHead(head: Head): Buffer {
  return encodeRecord(HEAD_KEY, head.sequence, JSON.stringify(head)).bytes
}

/** Undefined when it is absent or not what was written. */
export function decodeHead(bytes: Buffer | undefined): Head | undefined {
  const record = bytes && decodeRecord(HEAD_KEY, bytes)
  return record && (JSON.parse(record.json) as Head)
}
