// SPDX-License-Identifier: Apache-2.0
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Engine, Operation } from './engine.ts'
import { reasonOf, StoreUnavailable } from './errors.ts'
import { encodeHead, HEAD_KEY } from './head.ts'
import type { Memory, Row, Step } from './memory.ts'
import { encodeRecord } from './records.ts'
import type { Seal } from './seal.ts'
import type { Watchers } from './watchers.ts'
import type { Witness } from './witness.ts'

/** One write to LevelDB. `synced` when it was followed by an fsync. */
export interface GroupWritten {
  readonly commits: number
  readonly records: number
  readonly synced: boolean
  readonly milliseconds: number
}

export interface WriterParts {
  readonly folder: string
  readonly engine: Engine
  readonly memory: Memory
  readonly seal: Seal
  readonly witness: Witness
  readonly watchers: Watchers
  readonly sequence: number
  readonly schema: number
  readonly now: () => number
  readonly onGroup: (group: GroupWritten) => void
}

/** Callers that go on in one turn of the event loop. */
const PORTION = 64

interface Pending {
  readonly revision: number
  readonly steps: readonly Step[]
  readonly durable: boolean
  /** The schema version that holds from this commit on, when it is a migration's. */
  readonly schema: number | undefined
  resolve(revision: number): void
  reject(error: Error): void
}

/**
 * Group commit: while one group of commits is being written, the next ones wait; then all that wait are written as
 * one batch, with one fsync if any of them is durable. The queue holds one entry per caller that awaits its commit,
 * so callers bound it: whoever accepts work faster than it awaits commits must limit itself.
 */
export class Writer {
  readonly #parts: WriterParts
  #queue: Pending[] = []
  #group: Pending[] = []
  /** How many commits of the group were announced; they count as written from then on. */
  #announced = 0
  #running: Promise<void> | undefined
  #sequence: number
  #written: number
  #schema: number
  #synced = true
  #trouble: string | undefined
  /** Keys of failed groups, whose state on disk is unknown until LevelDB is reopened; undefined: nothing failed. */
  #suspects: Map<string, Step> | undefined

  constructor(parts: WriterParts) {
    this.#parts = parts
    this.#sequence = parts.sequence
    this.#written = parts.sequence
    this.#schema = parts.schema
  }

  trouble(): string | undefined {
    return this.#trouble
  }

  /** How far the writes have come. No record of `writtenRows` has a higher revision. */
  position(): { readonly sequence: number; readonly revision: number; readonly schema: number } {
    return { sequence: this.#written, revision: this.#parts.memory.revision, schema: this.#schema }
  }

  /** Resolves with the revision when the steps, already applied to memory, are written. */
  enqueue(revision: number, steps: readonly Step[], durable: boolean, schema?: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ revision, steps, durable, schema, resolve, reject })
      this.#running ??= this.#run()
    })
  }

  /** The rows of a table as watchers know them: memory without the commits that still wait or fail. */
  *writtenRows(table: string): Iterable<Row> {
    const unwritten = new Map<string, Row | undefined>()
    for (const { steps } of [...this.#group.slice(this.#announced), ...this.#queue].reverse()) {
      for (const step of steps) if (step.table === table) unwritten.set(step.key, step.before)
    }
    for (const row of this.#parts.memory.rows(table)) if (!unwritten.has(row.stored.key)) yield row
    for (const before of unwritten.values()) if (before) yield before
  }

  /** Waits for the queue to empty and leaves everything on disk if the disk allows. */
  async drain(): Promise<void> {
    await this.#running
    if (!this.#synced || this.#suspects) await this.enqueue(this.#parts.memory.revision, [], true).catch(() => {})
  }

  async #run(): Promise<void> {
    // Commits of the same turn of the event loop share a group.
    await Promise.resolve()
    while (this.#queue.length > 0) {
      try {
        await this.#recover()
        this.#group = this.#queue
        this.#queue = []
        await this.#write(this.#group)
      } catch (error) {
        this.#fail(error)
        continue
      }
      // First the disk, then the witness, then the callers: whatever was acknowledged, the witness knows of.
      await this.#parts.witness.saw(this.#written, this.#synced, this.#schema)
      await this.#succeed()
    }
    this.#running = undefined
  }

  /** Builds the batch before its first await, while memory is exactly what the batch makes of the disk. */
  async #write(group: readonly Pending[]): Promise<void> {
    const { engine, memory, seal, now, onGroup } = this.#parts
    const started = now()
    const steps = group.flatMap((commit) => commit.steps)
    const operations = this.#amends()
    for (const step of steps) operations.push({ key: step.diskKey, bytes: step.bytes })
    const schema = group.reduce((version, commit) => commit.schema ?? version, this.#schema)
    const revision = group.at(-1)?.revision ?? memory.revision
    this.#sequence += 1
    const sequence = this.#sequence
    for (const step of steps) seal.replace(step.table, step.before, step.after)
    try {
      const head = { format: 1, sequence, revision, schema, tables: seal.lines() } as const
      operations.push({ key: HEAD_KEY, bytes: encodeHead(head) })
      this.#synced = await engine.write(
        operations,
        group.some((commit) => commit.durable),
      )
    } catch (error) {
      for (const step of steps) seal.replace(step.table, step.after, step.before)
      this.#suspects ??= new Map()
      for (const step of steps) this.#suspects.set(step.diskKey, step)
      throw error
    }
    this.#suspects = undefined
    this.#written = sequence
    this.#schema = schema
    onGroup({ commits: group.length, records: steps.length, synced: this.#synced, milliseconds: now() - started })
  }

  /** A large group's callers go on in portions: their answers leave in between, and not as one burst that none can take. */
  async #succeed(): Promise<void> {
    this.#trouble = undefined
    for (const commit of this.#group) {
      if (this.#announced > 0 && this.#announced % PORTION === 0) await nextTurn()
      this.#announced += 1
      this.#parts.watchers.announce(commit.revision, commit.steps)
      commit.resolve(commit.revision)
    }
    this.#group = []
    this.#announced = 0
  }

  /** Takes back the group and all that was built upon it. */
  #fail(error: unknown): void {
    const reason = reasonOf(error)
    const all = [...this.#group, ...this.#queue]
    this.#group = []
    this.#queue = []
    for (const commit of all.toReversed()) this.#parts.memory.undo(commit.steps)
    this.#trouble = `nothing can be written to ${this.#parts.folder}: ${reason}`
    for (const commit of all) commit.reject(new StoreUnavailable('STORE_WRITE', this.#trouble, error))
  }

  /** After a failed write: opens LevelDB anew and finds out whether the failed group is on disk nevertheless. */
  async #recover(): Promise<void> {
    if (!this.#suspects) return
    await this.#parts.engine.reopen()
    const head = await this.#parts.engine.head()
    if (head?.sequence === this.#written) this.#suspects.clear()
    else if (!head || head.sequence < this.#written) throw new Error('LevelDB lost records that it had written')
  }

  /** Makes the records of failed groups on disk what they are in memory, this group included. */
  #amends(): Operation[] {
    return [...(this.#suspects?.values() ?? [])].map((step) => {
      const row = this.#parts.memory.row(step.table, step.key)
      if (!row) return { key: step.diskKey, bytes: undefined }
      const json = JSON.stringify(row.stored.value)
      return { key: step.diskKey, bytes: encodeRecord(step.diskKey, row.revision, json).bytes }
    })
  }
}
