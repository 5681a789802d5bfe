// SPDX-License-Identifier: Apache-2.0
import type { DraftChange } from '#daemon/domain/provisioning/revision'
import type { Stored, Table } from '#daemon/store/store'
import type { Reader } from './renderer.ts'

/** The tables as they would be after changes. Their revisions are made up. */
export function withChanges(reader: Reader, changes: readonly DraftChange[]): Reader {
  const changed = new Map<string, Map<string, unknown>>()
  for (const { table, key, value } of changes) {
    const records = changed.get(table) ?? new Map<string, unknown>()
    changed.set(table, records.set(key, value))
  }
  return {
    get<T>(table: Table<T>, key: string): Stored<T> | undefined {
      const records = changed.get(table.name)
      return records?.has(key) ? stored<T>(key, records.get(key)) : reader.get(table, key)
    },
    *entries<T>(table: Table<T>): IterableIterator<Stored<T>> {
      const records = changed.get(table.name)
      for (const entry of reader.entries(table)) if (!records?.has(entry.key)) yield entry
      for (const [key, value] of records ?? []) {
        const entry = stored<T>(key, value)
        if (entry) yield entry
      }
    },
  }
}

function stored<T>(key: string, value: unknown): Stored<T> | undefined {
  return value === undefined ? undefined : { key, value: value as T, revision: 0 }
}
