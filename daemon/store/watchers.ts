// SPDX-License-Identifier: Apache-2.0
import type { Row, Step } from './memory.ts'
import type { Notice } from './store.ts'

export type Listener = (notice: Notice<unknown>) => void

interface Watcher {
  readonly listener: Listener
  /** Notices up to this revision were part of the replay. */
  readonly since: number
}

/** Tells listeners of records as they were written; a listener that throws stops neither the store nor the others. */
export class Watchers {
  readonly #tables = new Map<string, Set<Watcher>>()
  readonly #onFault: (error: unknown) => void
  /** The newest revision that listeners were told of, or would have been. */
  #told: number

  constructor(told: number, onFault: (error: unknown) => void) {
    this.#told = told
    this.#onFault = onFault
  }

  /** `written` are the table's rows as they are on disk, in any order. */
  add(table: string, from: number | 'now', written: Iterable<Row>, listener: Listener): () => void {
    const start = from === 'now' ? Number.POSITIVE_INFINITY : from
    const watcher = { listener, since: from === 'now' ? this.#told : Math.max(from, this.#told) }
    const watchers = this.#tables.get(table) ?? new Set()
    this.#tables.set(table, watchers.add(watcher))
    const replay = [...written].filter((row) => row.revision > start).sort((a, b) => a.revision - b.revision)
    for (const { stored } of replay) this.#tell(watcher, stored)
    return () => {
      watchers.delete(watcher)
    }
  }

  /** A commit was written. Commits come in the order of their revisions. */
  announce(revision: number, steps: readonly Step[]): void {
    this.#told = revision
    for (const { table, key, before, after } of steps) {
      const watchers = this.#tables.get(table)
      if (!watchers || (!before && !after)) continue
      const notice = after?.stored ?? { key, value: undefined, revision }
      for (const watcher of [...watchers]) {
        if (watchers.has(watcher) && revision > watcher.since) this.#tell(watcher, notice)
      }
    }
  }

  #tell(watcher: Watcher, notice: Notice<unknown>): void {
    try {
      watcher.listener(notice)
    } catch (error) {
      this.#onFault(error)
    }
  }
}
