// SPDX-License-Identifier: Apache-2.0
import type { DraftChange } from '#daemon/domain/provisioning/revision'
import type { Reader } from '#daemon/services/provisioning/renderer'
import type { Stored, Table } from '#daemon/store/store'

/** No record that was written has it. */
const THOUGHT_OF = -1

/** The tables as they would be after changes. What is not changed is read as it is at the time of the question. */
export class Overlay implements Reader {
  readonly #base: Reader
  readonly #changed = new Map<string, Map<string, Stored<unknown> | undefined>>()

  constructor(base: Reader, changes: readonly DraftChange[]) {
    this.#base = base
    for (const { table, key, value } of changes) {
      const records = this.#changed.get(table) ?? new Map<string, Stored<unknown> | undefined>()
      // As the store would hand it out: JSON, and nothing that is undefined.
      const plain: unknown = value === undefined ? undefined : JSON.parse(JSON.stringify(value))
      records.set(key, plain === undefined ? undefined : { key, value: plain, revision: THOUGHT_OF })
      this.#changed.set(table, records)
    }
  }

  get<T>(table: Table<T>, key: string): Stored<T> | undefined {
    const records = this.#changed.get(table.name)
    return records?.has(key) ? (records.get(key) as Stored<T> | undefined) : this.#base.get(table, key)
  }

  /** In the order in which the store would have them. */
  *entries<T>(table: Table<T>): IterableIterator<Stored<T>> {
    const records = this.#changed.get(table.name)
    const seen = new Set<string>()
    for (const stored of this.#base.entries(table)) {
      const { key } = stored
      seen.add(key)
      const now = records?.has(key) ? records.get(key) : stored
      if (now) yield now as Stored<T>
    }
    for (const [key, stored] of records ?? []) if (stored && !seen.has(key)) yield stored as Stored<T>
  }
}
