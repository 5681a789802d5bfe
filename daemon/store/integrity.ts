// SPDX-License-Identifier: Apache-2.0
import { Unreadable } from './errors.ts'
import { decodeHead, HEAD_KEY, type Head } from './head.ts'
import { type Row, rowOf } from './memory.ts'
import { decodeRecord, parseDiskKey } from './records.ts'
import { compareSeals, Seal } from './seal.ts'

/** Keys and values of LevelDB, in chunks. */
export type Entries = AsyncIterable<readonly [string, Buffer][]>

export type Tables = Map<string, Map<string, Row>>

/** All that a store's files hold, and what is wrong with it. */
export interface Examination {
  readonly tables: Tables
  readonly seal: Seal
  /** Undefined when it is absent or damaged. */
  readonly head: Head | undefined
  /** LevelDB has nothing at all, and no trouble in saying so. */
  readonly empty: boolean
  /** Sentences; empty when everything written is there and intact. */
  readonly findings: readonly string[]
}

/** Reads everything and holds it against its head record and the least sequence that it must have reached. */
export async function examine(entries: Entries, leastSequence: number): Promise<Examination> {
  const tables: Tables = new Map()
  const seal = new Seal()
  const damaged = new Map<string, string[]>()
  const findings: string[] = []
  let head: Head | undefined
  let entryCount = 0
  try {
    for await (const chunk of entries) {
      entryCount += chunk.length
      for (const [key, bytes] of chunk) {
        if (key === HEAD_KEY) head = decodeHead(bytes)
        else if (!take(key, bytes, tables, seal)) note(damaged, key)
      }
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    findings.push(...error.findings)
  }
  const empty = entryCount === 0 && findings.length === 0
  for (const [table, keys] of damaged) findings.push(`${table}: ${keys.length} damaged (${sample(keys)})`)
  if (head) findings.push(...compareSeals(head.tables, seal.lines()))
  else findings.push('the head record, which says how many records there must be, is missing or damaged')
  if (head && head.sequence < leastSequence) {
    findings.push(
      `the newest writes are missing: the last one found is ${head.sequence}, the last one written ${leastSequence}`,
    )
  }
  return { tables, seal, head, empty, findings }
}

function take(diskKey: string, bytes: Buffer, tables: Tables, seal: Seal): boolean {
  const place = parseDiskKey(diskKey)
  const record = place && decodeRecord(diskKey, bytes)
  if (!record) return false
  const row = rowOf(place.key, record.json, record.revision, record.checksum)
  const rows = tables.get(place.table) ?? new Map<string, Row>()
  tables.set(place.table, rows.set(place.key, row))
  seal.replace(place.table, undefined, row)
  return true
}

function note(damaged: Map<string, string[]>, diskKey: string): void {
  const place = parseDiskKey(diskKey)
  const table = place?.table ?? 'unknown table'
  const keys = damaged.get(table) ?? []
  damaged.set(table, keys)
  keys.push(place?.key ?? diskKey)
}

function sample(keys: readonly string[]): string {
  const shown = keys.slice(0, 3).map((key) => JSON.stringify(key.slice(0, 64)))
  return keys.length > shown.length ? `${shown.join(', ')}, …` : shown.join(', ')
}
