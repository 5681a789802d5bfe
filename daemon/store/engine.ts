// SPDX-License-Identifier: Apache-2.0
import { dirname } from 'node:path'
import { Level } from 'level'
import { reasonOf, StoreUnavailable, Unreadable } from './errors.ts'
import { decodeHead, HEAD_KEY, type Head } from './head.ts'

/** Put (bytes given) or delete one key. */
export interface Operation {
  readonly key: string
  readonly bytes: Buffer | undefined
}

const WRITE_BUFFER = 4 * 1024 * 1024
/** An iterator hands over entries until either is reached. */
const CHUNK_ENTRIES = 1000
const CHUNK_BYTES = 1024 * 1024

/** What the types of `level` leave out because browsers lack it. */
interface LevelDb extends Level<string, Buffer> {
  getProperty(name: string): string
}

/** LevelDB, narrowed to what the store needs. */
export class Engine {
  readonly #folder: string
  #db: LevelDb

  private constructor(folder: string, db: LevelDb) {
    this.#folder = folder
    this.#db = db
  }

  /** Rejects with StoreUnavailable (in use, no access, no space) or Unreadable (LevelDB cannot make sense of it). */
  static async open(folder: string, create: boolean): Promise<Engine> {
    return new Engine(folder, await openLevel(folder, create))
  }

  async head(): Promise<Head | undefined> {
    return decodeHead(await this.#db.get(HEAD_KEY, { fillCache: false }))
  }

  /** Everything there is. Throws Unreadable where LevelDB cannot read on. */
  async *chunks(): AsyncGenerator<[string, Buffer][]> {
    const iterator = this.#db.iterator({ fillCache: false, highWaterMarkBytes: CHUNK_BYTES })
    try {
      for (;;) {
        const chunk = await iterator.nextv(CHUNK_ENTRIES)
        if (chunk.length === 0) return
        yield chunk
      }
    } catch (error) {
      throw new Unreadable([`LevelDB cannot read all of its files: ${levelReason(this.#folder, error)}`])
    } finally {
      await iterator.close()
    }
  }

  /**
   * Writes all operations or none. True when they, and everything before them, are on disk: if `durable`, and also
   * when LevelDB is about to begin a new log. Else a power cut could lose the end of the old log and keep the new
   * one, which would look like damage.
   */
  async write(operations: readonly Operation[], durable: boolean): Promise<boolean> {
    const sync = durable || this.#fillsLog(operations)
    // Operation by operation into LevelDB's own batch: an array of them would be copied and checked twice on the way.
    const batch = this.#db.batch()
    for (const { key, bytes } of operations) {
      if (bytes) batch.put(key, bytes)
      else batch.del(key)
    }
    await batch.write({ sync })
    return sync
  }

  /** After a failed write LevelDB's log may be out of step with its file: only a new log is safe to write to. */
  async reopen(): Promise<void> {
    await this.#db.close()
    this.#db = await openLevel(this.#folder, false)
  }

  async close(): Promise<void> {
    await this.#db.close()
  }

  /** Whether LevelDB may find its memtable full before the write after this one; rather too often than too seldom. */
  #fillsLog(operations: readonly Operation[]): boolean {
    let size = 8192
    for (const { key, bytes } of operations) size += 128 + 2 * (key.length * 3 + (bytes?.length ?? 0))
    return Number(this.#db.getProperty('leveldb.approximate-memory-usage')) + size > WRITE_BUFFER
  }
}

async function openLevel(folder: string, createIfMissing: boolean): Promise<LevelDb> {
  const encodings = { keyEncoding: 'utf8', valueEncoding: 'buffer' }
  const db = new Level<string, Buffer>(folder, encodings) as LevelDb
  try {
    // Uncompressed, so that what is left of a damaged table can be read without LevelDB.
    await db.open({ createIfMissing, compression: false, writeBufferSize: WRITE_BUFFER, cacheSize: 1024 * 1024 })
    return db
  } catch (error) {
    throw explain(folder, error)
  }
}

const NOT_DAMAGE =
  /no space left|disk quota|permission denied|read-only file system|too many open files|cannot allocate/

function explain(folder: string, error: unknown): Error {
  const reason = reasonOf(error)
  if (error instanceof Error && error.cause instanceof Error && 'code' in error.cause) {
    if (error.cause.code === 'LEVEL_LOCKED') {
      return new StoreUnavailable('STORE_LOCKED', `another Offhook is using ${dirname(folder)}`, error)
    }
  }
  if (NOT_DAMAGE.test(reason)) {
    return new StoreUnavailable('STORE_FOLDER', `the store in ${dirname(folder)} cannot be opened: ${reason}`, error)
  }
  return new Unreadable([`LevelDB cannot open its files: ${levelReason(folder, error)}`])
}

/** LevelDB's own words, with the names of its files but not their folder. */
function levelReason(folder: string, error: unknown): string {
  const innermost = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const message = innermost instanceof Error ? innermost.message : String(innermost)
  return message.includes('(create_if_missing is false)') ? 'CURRENT is missing' : message.replaceAll(`${folder}/`, '')
}
