// SPDX-License-Identifier: Apache-2.0
import { type FileHandle, open } from 'node:fs/promises'
import { Readable } from 'node:stream'

/** A file and what tells its bytes from others that may come to stand under its name. */
export interface TaggedFile {
  readonly path: string
  readonly tag: string
  /** Length in bytes. */
  readonly size: number
  /** When it was written, in nanoseconds since the epoch; absent where a name never gets other bytes. */
  readonly mtimeNs?: bigint
}

/** Bytes that are read at once and kept. */
const PIECE = 256 * 1024

/**
 * What phones read of large files, in pieces that all of them share: two hundred phones that fetch one image cost one
 * reading of it. The pieces unused for longest give way.
 */
export class PieceCache {
  readonly #most: number
  /** In order of use. */
  readonly #pieces = new Map<string, Uint8Array | Promise<Uint8Array>>()

  /** Keeps up to `mostBytes`, and what is being read. */
  constructor(mostBytes: number) {
    this.#most = Math.max(1, Math.floor(mostBytes / PIECE))
  }

  /** The bytes from `start` to `end` inclusive; ends with an error when the file is not any more what its tag says. */
  stream(file: TaggedFile, start: number, end: number): Readable {
    const reading = new Reading(file)
    let at = start
    const next = (piece: Uint8Array) => {
      const from = at % PIECE
      const bytes = piece.subarray(from, Math.min(piece.length, from + end + 1 - at))
      at += bytes.length
      return bytes
    }
    const pieceAt = (n: number) => this.#piece(file, n, reading)
    return new Readable({
      highWaterMark: PIECE,
      read() {
        const piece = at > end ? undefined : pieceAt(Math.floor(at / PIECE))
        if (piece === undefined) this.push(null)
        else if (piece instanceof Uint8Array) this.push(next(piece))
        else {
          const took = (bytes: Uint8Array) => void (this.destroyed || this.push(next(bytes)))
          piece.then(took, (error: Error) => this.destroy(error))
        }
      },
      destroy(error, done) {
        reading.end()
        done(error)
      },
    })
  }

  #piece(file: TaggedFile, n: number, reading: Reading): Uint8Array | Promise<Uint8Array> {
    const key = `${n} ${file.tag} ${file.path}`
    const known = this.#pieces.get(key)
    if (known) {
      this.#keep(key, known)
      return known
    }
    const coming = reading.piece(n)
    this.#keep(key, coming)
    coming.then(
      (bytes) => {
        if (this.#pieces.get(key) === coming) this.#pieces.set(key, bytes)
      },
      () => {
        if (this.#pieces.get(key) === coming) this.#pieces.delete(key)
      },
    )
    return coming
  }

  #keep(key: string, piece: Uint8Array | Promise<Uint8Array>): void {
    this.#pieces.delete(key)
    this.#pieces.set(key, piece)
    const oldest = this.#pieces.keys().next().value
    if (this.#pieces.size > this.#most && oldest !== undefined) this.#pieces.delete(oldest)
  }
}

/** One opened file: who began to read it may read it to its end, whatever becomes of its name. */
class Reading {
  readonly #file: TaggedFile
  #opened: Promise<FileHandle> | undefined
  #busy = 0
  #isOver = false

  constructor(file: TaggedFile) {
    this.#file = file
  }

  async piece(n: number): Promise<Uint8Array> {
    this.#busy++
    try {
      this.#opened ??= openSame(this.#file)
      const handle = await this.#opened
      const bytes = Buffer.allocUnsafeSlow(Math.min(PIECE, this.#file.size - n * PIECE))
      for (let at = 0; at < bytes.length; ) {
        const { bytesRead } = await handle.read(bytes, at, bytes.length - at, n * PIECE + at)
        if (bytesRead === 0) throw new Error('the file became shorter while it was read')
        at += bytesRead
      }
      // Written over in its place, it would be a mixture of both.
      await mustBe(this.#file, handle)
      return bytes
    } finally {
      this.#busy--
      this.#close()
    }
  }

  /** Others may still wait for a piece of it. */
  end(): void {
    this.#isOver = true
    this.#close()
  }

  #close(): void {
    if (!this.#isOver || this.#busy > 0) return
    this.#opened?.then((handle) => handle.close()).catch(() => {})
    this.#opened = undefined
  }
}

async function openSame(file: TaggedFile): Promise<FileHandle> {
  const handle = await open(file.path)
  try {
    await mustBe(file, handle)
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function mustBe({ size, mtimeNs }: TaggedFile, handle: FileHandle): Promise<void> {
  const found = await handle.stat({ bigint: true })
  const same = found.size === BigInt(size) && (mtimeNs === undefined || found.mtimeNs === mtimeNs)
  if (!same) throw new Error('the file was replaced meanwhile')
}
