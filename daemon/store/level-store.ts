// SPDX-License-Identifier: Apache-2.0
import { StoreUnavailable } from './errors.ts'
import { Memory } from './memory.ts'
import { latestSchema, MIGRATIONS, type Migration } from './migrations.ts'
import { type Opened, openVerified } from './opening.ts'
import type { Change, CommitOptions, Notice, Snapshots, Store, Stored, StoreSnapshot, Table } from './store.ts'
import { Watchers } from './watchers.ts'
import { type GroupWritten, Writer } from './writer.ts'

export interface LevelStoreOptions {
  /** Created if its parent exists; belongs to the store alone. */
  readonly folder: string
  readonly migrations?: readonly Migration[]
  /** Milliseconds; only differences are used. */
  readonly now?: () => number
  /** Called after each write to disk, for metrics. */
  readonly onGroup?: (group: GroupWritten) => void
  /** Called when something failed that costs nobody their data: a listener that threw, a witness that lags. */
  readonly onFault?: (error: unknown) => void
}

interface Running extends Opened {
  readonly memory: Memory
  readonly watchers: Watchers
  readonly writer: Writer
}

/** The Store in memory and LevelDB: see docs/decisions/0002-store.md. */
export class LevelStore implements Store, Snapshots {
  readonly #folder: string
  readonly #migrations: readonly Migration[]
  readonly #now: () => number
  readonly #onGroup: (group: GroupWritten) => void
  readonly #onFault: (error: unknown) => void
  #state: 'closed' | 'opening' | 'open' | 'closing' = 'closed'
  #running: Running | undefined
  #opening: Promise<Running> | undefined
  #closing: Promise<void> | undefined

  constructor(options: LevelStoreOptions) {
    this.#folder = options.folder
    this.#migrations = options.migrations ?? MIGRATIONS
    this.#now = options.now ?? Date.now
    this.#onFault = options.onFault ?? (() => {})
    this.#onGroup = (group) => {
      try {
        options.onGroup?.(group)
      } catch (error) {
        this.#onFault(error)
      }
    }
  }

  /** Rejects with StoreDamaged, or with StoreUnavailable and one sentence; may then be tried again. */
  async open(): Promise<void> {
    if (this.#state !== 'closed') throw new StoreUnavailable('STORE_CLOSED', `the store is ${this.#state} already`)
    this.#state = 'opening'
    try {
      this.#opening = this.#start()
      this.#running = await this.#opening
      this.#state = 'open'
    } catch (error) {
      this.#state = 'closed'
      throw error
    }
  }

  /** Waits for commits under way. Everything is on disk afterwards, durable or not, if the disk allows. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#stop().finally(() => {
      this.#closing = undefined
    })
    return this.#closing
  }

  get<T>(table: Table<T>, key: string): Stored<T> | undefined {
    return this.#ready().memory.row(table.name, key)?.stored as Stored<T> | undefined
  }

  /** The records at the time of the call, in no particular order. */
  entries<T>(table: Table<T>): IterableIterator<Stored<T>> {
    return Array.from(this.#ready().memory.rows(table.name), ({ stored }) => stored as Stored<T>).values()
  }

  count(table: Table<unknown>): number {
    return this.#ready().memory.count(table.name)
  }

  async commit(changes: readonly Change[], options: CommitOptions): Promise<number> {
    const { memory, writer } = this.#ready()
    const { revision, steps } = memory.apply(changes)
    return writer.enqueue(revision, steps, options.durable)
  }

  /** Replays before it returns. The listener is told after the write and before its commit resolves. */
  watch<T>(table: Table<T>, from: number | 'now', listener: (notice: Notice<T>) => void): () => void {
    const { watchers, writer } = this.#ready()
    return watchers.add(table.name, from, writer.writtenRows(table.name), (notice) => listener(notice as Notice<T>))
  }

  trouble(): string | undefined {
    return this.#running?.writer.trouble()
  }

  snapshot(): StoreSnapshot {
    const { memory, writer } = this.#ready()
    const rows = (table: string) => Array.from(writer.writtenRows(table), ({ stored }) => stored)
    const tables = new Map(memory.tableNames().map((table) => [table, rows(table)]))
    return { ...writer.position(), tables }
  }

  #ready(): Running {
    if (this.#state === 'open' && this.#running) return this.#running
    throw new StoreUnavailable('STORE_CLOSED', `the store is not open: it is ${this.#state}`)
  }

  async #start(): Promise<Running> {
    const schema = latestSchema(this.#migrations)
    const opened = await openVerified(this.#folder, schema, this.#onFault)
    const memory = new Memory(opened.tables, opened.head.revision)
    const watchers = new Watchers(opened.head.revision, this.#onFault)
    const { sequence } = opened.head
    const parts = { ...opened, sequence, schema: opened.head.schema, memory, watchers }
    const writer = new Writer({ ...parts, folder: this.#folder, now: this.#now, onGroup: this.#onGroup })
    const running = { ...opened, memory, watchers, writer }
    try {
      await migrate(running, this.#migrations)
      return running
    } catch (error) {
      await release(running)
      throw error
    }
  }

  async #stop(): Promise<void> {
    // An opening under way is not aborted: it ends within a second or two.
    await this.#opening?.catch(() => {})
    const running = this.#running
    if (!running) return
    this.#state = 'closing'
    try {
      await running.writer.drain()
      await release(running)
    } finally {
      this.#running = undefined
      this.#state = 'closed'
    }
  }
}

async function migrate({ head, memory, writer }: Running, migrations: readonly Migration[]): Promise<void> {
  for (const { to, description, migrate } of migrations.filter((migration) => migration.to > head.schema)) {
    try {
      const changes = migrate((table) => Array.from(memory.rows(table), (row) => row.stored))
      const { revision, steps } = memory.apply(changes)
      await writer.enqueue(revision, steps, true, to)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      const sentence = `the store could not be brought to version ${to} (${description}): ${reason}`
      throw new StoreUnavailable('STORE_MIGRATION', sentence, error)
    }
  }
}

async function release({ engine, witness }: Running): Promise<void> {
  await engine.close().finally(() => witness.close())
}
