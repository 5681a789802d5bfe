// SPDX-License-Identifier: Apache-2.0

/** A value as the tables hold it. Values are plain JSON data and frozen by convention: replace, never mutate. */
export interface Stored<T> {
  readonly key: string
  readonly value: T
  /** Grows with every write to the store; unique to this version of this record. */
  readonly revision: number
}

/** A typed handle to one table; `T` is a promise that the only writers of this table keep. */
export interface Table<T> {
  readonly name: string
  /** Never set: carries the type. */
  readonly __row?: T
}

export type Expectation = number | 'absent'

/** Put (`value` given) or delete (`value` undefined) one record, optionally only if its revision is as expected. */
export interface Change {
  readonly table: string
  readonly key: string
  readonly value: unknown
  readonly expect?: Expectation
}

export interface CommitOptions {
  /** Resolve only when the change is on disk (fsync), not merely written. */
  readonly durable: boolean
}

/** A record's new state, or its removal, after it was written. */
export interface Notice<T> {
  readonly key: string
  readonly value: T | undefined
  readonly revision: number
}

/**
 * Tables in memory, written through to disk. Reads see a commit as soon as `commit` is called; its promise tells
 * when it is written. A commit is atomic, but nothing may depend on that: each invariant lives in one record.
 */
export interface Store {
  open(): Promise<void>
  close(): Promise<void>
  get<T>(table: Table<T>, key: string): Stored<T> | undefined
  entries<T>(table: Table<T>): IterableIterator<Stored<T>>
  count(table: Table<unknown>): number
  /**
   * Rejects with a Conflict when an expectation fails (then nothing of it is written) and with `code` STORE_WRITE and
   * the disk's error as its cause when the write fails (then memory is as before). Returns the revision given to its
   * records. Later changes of one commit see the earlier ones.
   */
  commit(changes: readonly Change[], options: CommitOptions): Promise<number>
  /**
   * Replays every record newer than `from` in revision order (0: all; `now`: none), then follows; returns the way to
   * stop. Removals are not replayed. Notices come after the write, and before its commit resolves.
   */
  watch<T>(table: Table<T>, from: number | 'now', listener: (notice: Notice<T>) => void): () => void
  /** Undefined while writes succeed; the sentence to show while they do not. */
  trouble(): string | undefined
}

/** Everything that is written, at one moment. */
export interface StoreSnapshot {
  /** Counts the groups of writes, so that two states of one store can be told apart. */
  readonly sequence: number
  /** The last revision given out. */
  readonly revision: number
  /** The last migration applied. */
  readonly schema: number
  readonly tables: ReadonlyMap<string, readonly Stored<unknown>[]>
}

export interface Snapshots {
  /** Takes no copy of the values: they never change. What is not written yet is not in it. */
  snapshot(): StoreSnapshot
}

/** Another writer was first: the record's revision is not the expected one. */
export class Conflict extends Error {
  override readonly name = 'Conflict'
  readonly code = 'STORE_CONFLICT'
  readonly change: Change

  constructor(change: Change, found: number | undefined) {
    super(`${change.table}/${change.key}: expected ${change.expect}, found ${found ?? 'absent'}`)
    this.change = change
  }
}

/** The store's files are not what was written: it refuses to open. */
export class StoreDamaged extends Error {
  override readonly name = 'StoreDamaged'
  readonly code = 'STORE_DAMAGED'
  /** What is wrong, table by table, in sentences. */
  readonly findings: readonly string[]

  constructor(findings: readonly string[]) {
    super(findings.join('; '))
    this.findings = findings
  }
}

/** A put with the table's own type checked. */
export function put<T>(table: Table<T>, key: string, value: T, expect?: Expectation): Change {
  return expect === undefined ? { table: table.name, key, value } : { table: table.name, key, value, expect }
}

export function remove(table: Table<unknown>, key: string, expect?: Expectation): Change {
  const change = { table: table.name, key, value: undefined }
  return expect === undefined ? change : { ...change, expect }
}
