// SPDX-License-Identifier: Apache-2.0
import { Engine, type Operation } from './engine.ts'
import { StoreUnavailable } from './errors.ts'
import { hasLevelFiles, levelFolder, prepareFolder } from './files.ts'
import { encodeHead, HEAD_KEY } from './head.ts'
import { latestSchema, MIGRATIONS } from './migrations.ts'
import { diskKey, encodeRecord } from './records.ts'
import { Seal } from './seal.ts'
import type { Stored, StoreSnapshot } from './store.ts'
import { NOTHING_YET, Witness } from './witness.ts'

/** Records written in one batch. */
const BATCH = 500

/** A store that is made from records, such as those of a backup, with the revisions they had. */
export class StoreBuilder {
  readonly #folder: string
  readonly #from: Omit<StoreSnapshot, 'tables'>
  readonly #engine: Engine
  readonly #seal = new Seal()
  #waiting: Operation[] = []

  private constructor(folder: string, from: Omit<StoreSnapshot, 'tables'>, engine: Engine) {
    this.#folder = folder
    this.#from = from
    this.#engine = engine
  }

  /**
   * Begins in a folder that has no store yet. Rejects with StoreUnavailable when there is one, or when the records
   * are of a newer version than this one knows.
   */
  static async begin(folder: string, from: Omit<StoreSnapshot, 'tables'>): Promise<StoreBuilder> {
    if (from.schema > latestSchema(MIGRATIONS)) {
      const sentence = `the records are of a newer Offhook (version ${from.schema}, this one knows up to ${latestSchema(MIGRATIONS)})`
      throw new StoreUnavailable('STORE_NEWER', sentence)
    }
    await prepareFolder(folder)
    if (await hasLevelFiles(levelFolder(folder))) {
      throw new StoreUnavailable('STORE_FOLDER', `there is a store in ${folder} already`)
    }
    return new StoreBuilder(folder, from, await Engine.open(levelFolder(folder), true))
  }

  /** Throws a TypeError or RangeError for a record that no store could hold. */
  async add(table: string, { key, value, revision }: Stored<unknown>): Promise<void> {
    if (!Number.isSafeInteger(revision) || revision < 0 || revision > this.#from.revision) {
      throw new RangeError(`${table}: a record has a revision that was never given out`)
    }
    const json = JSON.stringify(value)
    if (json === undefined) throw new TypeError(`${table}: a record without a value`)
    const at = diskKey(table, key)
    const { bytes, checksum } = encodeRecord(at, revision, json)
    this.#seal.replace(table, undefined, { revision, checksum })
    this.#waiting.push({ key: at, bytes })
    if (this.#waiting.length >= BATCH) await this.#engine.write(this.#waiting.splice(0), false)
  }

  /** Seals it; afterwards a LevelStore opens it. */
  async finish(): Promise<void> {
    const { sequence, revision, schema } = this.#from
    const witness = await Witness.open(this.#folder, NOTHING_YET, { create: true, onFault: () => {} })
    try {
      const head = { format: 1, sequence, revision, schema, tables: this.#seal.lines() } as const
      await this.#engine.write([...this.#waiting.splice(0), { key: HEAD_KEY, bytes: encodeHead(head) }], true)
      await witness.saw(sequence, true, schema)
    } finally {
      await witness.close()
      await this.#engine.close()
    }
  }

  /** Gives up; what was written stays in the folder, without a seal. */
  async abandon(): Promise<void> {
    await this.#engine.close()
  }
}
