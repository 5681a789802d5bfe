// SPDX-License-Identifier: Apache-2.0
import { type Change, type CommitOptions, Conflict, type Notice, type Store, type Stored, type Table } from './store.ts'

interface Layer {
  /** Undefined: taken away. */
  readonly record: Stored<unknown> | undefined
}

interface Watcher {
  readonly table: string
  readonly listener: (notice: Notice<unknown>) => void
}

/**
 * A store as it would be after changes that are only thought of: what is written stays here, and what is not comes from the
 * store below, which is never written to. Services can be given it to see what they would do.
 */
export class OverlayStore implements Store {
  readonly #below: Store
  readonly #tables = new Map<string, Map<string, Layer>>()
  readonly #watchers = new Set<Watcher>()
  #revision = Number.MAX_SAFE_INTEGER - 2 ** 40

  constructor(below: Store) {
    this.#below = below
  }

  async open(): Promise<void> {}

  async close(): Promise<void> {
    this.#watchers.clear()
  }

  get<T>(table: Table<T>, key: string): Stored<T> | undefined {
    const layer = this.#tables.get(table.name)?.get(key)
    return layer ? (layer.record as Stored<T> | undefined) : this.#below.get(table, key)
  }

  *entries<T>(table: Table<T>): IterableIterator<Stored<T>> {
    const own = this.#tables.get(table.name)
    for (const stored of this.#below.entries(table)) if (!own?.has(stored.key)) yield stored
    for (const { record } of [...(own?.values() ?? [])]) if (record) yield record as Stored<T>
  }

  count(table: Table<unknown>): number {
    let count = this.#below.count(table)
    for (const [key, { record }] of this.#tables.get(table.name) ?? []) {
      const below = this.#below.get(table, key) !== undefined
      count += Number(record !== undefined) - Number(below)
    }
    return count
  }

  async commit(changes: readonly Change[], _options: CommitOptions): Promise<number> {
    const revision = this.#revision + 1
    const written = new Map<string, Map<string, Layer>>()
    for (const change of changes) {
      const { table: name, key, value, expect } = change
      const now = written.get(name)?.get(key) ?? { record: this.get({ name }, key) }
      const found = now.record?.revision
      if (expect !== undefined && (expect === 'absent' ? found !== undefined : found !== expect)) {
        throw new Conflict(change, found)
      }
      const table = written.get(name) ?? new Map<string, Layer>()
      table.set(key, { record: value === undefined ? undefined : { key, value, revision } })
      written.set(name, table)
    }
    this.#revision = revision
    for (const [name, records] of written) {
      const own = this.#tables.get(name) ?? new Map<string, Layer>()
      this.#tables.set(name, own)
      for (const [key, layer] of records) own.set(key, layer)
    }
    for (const [name, records] of written) {
      for (const [key, { record }] of records) this.#tell(name, { key, value: record?.value, revision })
    }
    return revision
  }

  watch<T>(table: Table<T>, from: number | 'now', listener: (notice: Notice<T>) => void): () => void {
    const watcher: Watcher = { table: table.name, listener: listener as (notice: Notice<unknown>) => void }
    if (from !== 'now') {
      const newer = Array.from(this.entries(table)).filter(({ revision }) => revision > from)
      for (const stored of newer.sort((a, b) => a.revision - b.revision)) listener(stored)
    }
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  /** What was written, as changes that would write the same to the store below. */
  written(): readonly Change[] {
    return [...this.#tables].flatMap(([table, records]) =>
      Array.from(records, ([key, { record }]) => ({ table, key, value: record?.value })),
    )
  }

  trouble(): undefined {
    return undefined
  }

  #tell(table: string, notice: Notice<unknown>): void {
    for (const watcher of [...this.#watchers]) if (watcher.table === table) watcher.listener(notice)
  }
}
