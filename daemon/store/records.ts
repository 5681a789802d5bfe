// SPDX-License-Identifier: Apache-2.0
import { crc32 } from 'node:zlib'

// On disk a record is  key `r/<table>/<key>`  →  checksum u32 · revision u48 · JSON in UTF-8
// The checksum is the CRC-32 of everything else: the key, the revision and the JSON.

const REVISION_AT = 4
const JSON_AT = 10
const RECORD = 'r/'
const TABLE_NAME = /^[a-z][a-z0-9_-]{0,62}$/i
const LONE_SURROGATE = /\p{Cs}/u

/** Far above any record of ours; keeps one bad upload from filling LevelDB's log. */
const MAX_RECORD_BYTES = 4 * 1024 * 1024
const MAX_KEY_LENGTH = 1024

export interface Encoded {
  readonly bytes: Buffer
  readonly checksum: number
}

export interface Decoded {
  readonly json: string
  readonly revision: number
  readonly checksum: number
}

/** The key of a record in LevelDB. Throws a TypeError for a table or key that could not be read back as it is. */
export function diskKey(table: string, key: string): string {
  if (!TABLE_NAME.test(table)) throw new TypeError(`not a table name: ${JSON.stringify(table)}`)
  if (typeof key !== 'string' || key.length > MAX_KEY_LENGTH || LONE_SURROGATE.test(key)) {
    throw new TypeError(`${table}: a key is well-formed text of at most ${MAX_KEY_LENGTH} characters`)
  }
  return `${RECORD}${table}/${key}`
}

/** The inverse of diskKey; undefined when it is no record's key. */
export function parseDiskKey(text: string): { readonly table: string; readonly key: string } | undefined {
  const slash = text.indexOf('/', RECORD.length)
  if (!text.startsWith(RECORD) || slash < 0) return undefined
  const table = text.slice(RECORD.length, slash)
  return TABLE_NAME.test(table) ? { table, key: text.slice(slash + 1) } : undefined
}

/** Throws a RangeError when the record is too large. */
export function encodeRecord(key: string, revision: number, json: string): Encoded {
  const size = JSON_AT + Buffer.byteLength(json)
  if (size > MAX_RECORD_BYTES) throw new RangeError(`${key}: ${size} bytes are more than a record may have`)
  const bytes = Buffer.allocUnsafe(size)
  bytes.writeUIntBE(revision, REVISION_AT, 6)
  bytes.write(json, JSON_AT)
  const checksum = checksumOf(key, bytes)
  bytes.writeUInt32BE(checksum)
  return { bytes, checksum }
}

/** Undefined when the bytes are not what was written under this key. */
export function decodeRecord(key: string, bytes: Buffer): Decoded | undefined {
  if (bytes.length < JSON_AT) return undefined
  const checksum = bytes.readUInt32BE()
  if (checksum !== checksumOf(key, bytes)) return undefined
  return { json: bytes.toString('utf8', JSON_AT), revision: bytes.readUIntBE(REVISION_AT, 6), checksum }
}

function checksumOf(key: string, bytes: Buffer): number {
  return crc32(bytes.subarray(REVISION_AT), crc32(key))
}
