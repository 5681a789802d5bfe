// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import type { Stored } from '#daemon/store/store'
import { BackupRefused } from './header.ts'

// Inside the seal and gzip: lines of JSON, and the bytes of files behind their line.
//   {"file":"firmware/440HD.img","size":123,"mode":384,"modified":1760000000000}  · 123 bytes · {"sha256":"…"}
//   {"table":"leases"}  · ["key",revision,value] for each record
//   {"end":{"records":12,"files":3}}

/** A file below the data folder; `configuration` marks the configuration, which stands elsewhere. */
export interface FileEntry {
  /** Parts with slashes between them. */
  readonly name: string
  readonly size: number
  readonly mode: number
  /** Milliseconds since the epoch. */
  readonly modified: number
  readonly place: 'data' | 'configuration'
}

export interface Totals {
  readonly records: number
  readonly files: number
}

/** Whoever takes a backup apart. */
export interface Sink {
  file(entry: FileEntry, bytes: AsyncIterable<Uint8Array>): Promise<void>
  record(table: string, row: Stored<unknown>): Promise<void>
}

/** Records in one piece of text. */
const PORTION = 200
const MOST_LINE_BYTES = 16 * 1024 * 1024

export function line(value: unknown): string {
  return `${JSON.stringify(value)}\n`
}

/** The records of one table. */
export async function* tableLines(table: string, rows: readonly Stored<unknown>[]): AsyncGenerator<Buffer> {
  yield Buffer.from(line({ table }))
  for (let at = 0; at < rows.length; at += PORTION) {
    const portion = rows.slice(at, at + PORTION)
    yield Buffer.from(portion.map(({ key, revision, value }) => line([key, revision, value])).join(''))
    // Phones are answered in between.
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** One file with its line and its digest. Throws when it has not the size that it was said to have. */
export async function* fileLines(entry: FileEntry, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { name, size, mode, modified, place } = entry
  yield Buffer.from(line({ file: name, size, mode, modified, ...(place === 'configuration' && { place }) }))
  const digest = createHash('sha256')
  let seen = 0
  for await (const piece of bytes) {
    seen += piece.length
    if (seen > size) break
    digest.update(piece)
    yield piece
  }
  if (seen !== size) throw new Error(`${name} changed while it was read`)
  yield Buffer.from(line({ sha256: digest.digest('hex') }))
}

/** Takes everything apart; throws BackupRefused where it is not what we write. */
export async function takeApart(plain: AsyncIterable<Uint8Array>, sink: Sink): Promise<Totals> {
  const reader = new Reader(plain)
  let table: string | undefined
  let records = 0
  let files = 0
  for (;;) {
    const found = parsed(await reader.line())
    if (Array.isArray(found)) {
      const [key, revision, value] = found
      if (table === undefined || typeof key !== 'string' || typeof revision !== 'number') throw strange()
      await sink.record(table, { key, revision, value })
      records += 1
    } else if (typeof found.table === 'string') {
      table = found.table
    } else if (typeof found.file === 'string') {
      const entry = entryOf(found)
      const digest = createHash('sha256')
      await sink.file(
        entry,
        reader.bytes(entry.size, (piece) => digest.update(piece)),
      )
      const { sha256 } = parsed(await reader.line()) as Record<string, unknown>
      if (sha256 !== digest.digest('hex')) throw new BackupRefused(`the checksum of ${entry.name} is wrong`)
      files += 1
    } else {
      const end = found.end as Partial<Totals> | undefined
      if (end?.records !== records || end.files !== files) throw strange()
      await reader.end()
      return { records, files }
    }
  }
}

function entryOf(found: Record<string, unknown>): FileEntry {
  const { file, size, mode, modified, place = 'data' } = found
  const name = String(file)
  const isPlain = (part: string) => part !== '' && part !== '.' && part !== '..' && !/[\\\0]/.test(part)
  if (!name.split('/').every(isPlain) || name.length > 1_000) throw strange()
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(mode) || typeof modified !== 'number') throw strange()
  if (place !== 'data' && place !== 'configuration') throw strange()
  return { name, size: Number(size), mode: Number(mode) & 0o777, modified, place }
}

function parsed(text: string): Record<string, unknown> | unknown[] {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown> | unknown[]
  } catch {
    // As below.
  }
  throw strange()
}

function strange(): BackupRefused {
  return new BackupRefused('what is in it is not what Offhook writes')
}

/** Lines and bytes out of a stream of pieces. */
class Reader {
  readonly #pieces: AsyncIterator<Uint8Array>
  #held: Buffer = Buffer.alloc(0)

  constructor(plain: AsyncIterable<Uint8Array>) {
    this.#pieces = plain[Symbol.asyncIterator]()
  }

  async line(): Promise<string> {
    let from = 0
    for (;;) {
      const at = this.#held.indexOf(10, from)
      if (at >= 0) {
        const text = this.#held.toString('utf8', 0, at)
        this.#held = this.#held.subarray(at + 1)
        return text
      }
      from = this.#held.length
      if (from > MOST_LINE_BYTES || !(await this.#more())) throw strange()
    }
  }

  async *bytes(size: number, see: (piece: Uint8Array) => void): AsyncGenerator<Uint8Array> {
    let left = size
    while (left > 0) {
      if (this.#held.length === 0 && !(await this.#more())) throw strange()
      const piece = this.#held.subarray(0, left)
      this.#held = this.#held.subarray(piece.length)
      left -= piece.length
      see(piece)
      yield piece
    }
  }

  /** Throws unless this is the end; reading so far also checks the end of the seal. */
  async end(): Promise<void> {
    while (this.#held.length === 0) if (!(await this.#more())) return
    throw strange()
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#pieces.next()
    if (done) return false
    this.#held = this.#held.length === 0 ? Buffer.from(value) : Buffer.concat([this.#held, value])
    return true
  }
}
