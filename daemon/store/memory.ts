// SPDX-License-Identifier: Apache-2.0
import { diskKey, encodeRecord } from './records.ts'
import type { Sealed } from './seal.ts'
import { type Change, Conflict, type Stored } from './store.ts'

/** A live record and the checksum it has on disk. */
export interface Row extends Sealed {
  readonly stored: Stored<unknown>
}

/** One record's way through one commit: what it was, what it becomes, and the bytes that say so on disk. */
export interface Step {
  readonly table: string
  readonly key: string
  readonly diskKey: string
  readonly before: Row | undefined
  readonly after: Row | undefined
  /** Undefined: the record is deleted. */
  readonly bytes: Buffer | undefined
}

/** The tables. Changes apply at once and can be taken back, newest first. */
export class Memory {
  readonly #tables: Map<string, Map<string, Row>>
  /** Given out once and never again, even when its commit is taken back: a reader may have seen it. */
  #revision: number

  constructor(tables: Map<string, Map<string, Row>> = new Map(), revision = 0) {
    this.#tables = tables
    this.#revision = revision
  }

  get revision(): number {
    return this.#revision
  }

  tableNames(): string[] {
    return [...this.#tables.keys()]
  }

  row(table: string, key: string): Row | undefined {
    return this.#tables.get(table)?.get(key)
  }

  rows(table: string): Iterable<Row> {
    return this.#tables.get(table)?.values() ?? []
  }

  count(table: string): number {
    return this.#tables.get(table)?.size ?? 0
  }

  /** Applies all changes in order under one new revision, or none: throws Conflict, TypeError or RangeError. */
  apply(changes: readonly Change[]): { readonly revision: number; readonly steps: readonly Step[] } {
    const revision = this.#revision + 1
    const steps = new Map<string, Step>()
    try {
      for (const change of changes) {
        const step = this.#step(change, revision)
        const earlier = steps.get(step.diskKey)
        steps.set(step.diskKey, earlier ? { ...step, before: earlier.before } : step)
        this.#set(step.table, step.key, step.after)
      }
    } catch (error) {
      this.undo([...steps.values()])
      throw error
    }
    this.#revision = revision
    return { revision, steps: [...steps.values()] }
  }

  undo(steps: readonly Step[]): void {
    for (const { table, key, before } of steps) this.#set(table, key, before)
  }

  #step(change: Change, revision: number): Step {
    const { table, key, value, expect } = change
    const on = diskKey(table, key)
    const before = this.row(table, key)
    if (expect !== undefined && expect !== (before?.revision ?? 'absent')) {
      throw new Conflict(change, before?.revision)
    }
    if (value === undefined) return { table, key, diskKey: on, before, after: undefined, bytes: undefined }
    const json = JSON.stringify(value)
    if (json === undefined) throw new TypeError(`${on}: not a JSON value`)
    const { bytes, checksum } = encodeRecord(on, revision, json)
    return { table, key, diskKey: on, before, after: rowOf(key, json, revision, checksum), bytes }
  }

  #set(table: string, key: string, row: Row | undefined): void {
    const rows = this.#tables.get(table) ?? new Map<string, Row>()
    this.#tables.set(table, rows)
    if (row) rows.set(key, row)
    else rows.delete(key)
  }
}

/** Memory holds what the JSON on disk says, frozen: what is read before a restart equals what is read after it. */
export function rowOf(key: string, json: string, revision: number, checksum: number): Row {
  return { stored: Object.freeze({ key, value: freeze(JSON.parse(json)), revision }), revision, checksum }
}

function freeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  for (const inner of Object.values(value)) freeze(inner)
  return Object.freeze(value)
}
