// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { type FileHandle, lstat, mkdir, open, readdir, rename, rm, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { ImageInspector, type Inspection } from '#daemon/vendors/audiocodes/firmware-image'
import { PieceCache } from './piece-cache.ts'

const ID = /^[0-9a-f]{64}$/
/** Bytes that must stay free: without room the store cannot write, and no phone gets an address. */
const KEPT_FREE = 128 * 2 ** 20
/** Bytes of images that are kept for all who read them, where nobody says otherwise. */
const PIECES = 16 * 2 ** 20

/** A file that came and was written to disk whole, but under no name that lasts. */
export interface Received {
  readonly path: string
  readonly id: string
  readonly size: number
  readonly inspection: Inspection
}

/** Why a file was not taken; `message` is for the one who sent it. */
export class NotTaken extends Error {
  override readonly name = 'NotTaken'
  readonly why: 'too large' | 'no room' | 'busy' | 'cut off'

  constructor(why: NotTaken['why'], message: string) {
    super(message)
    this.why = why
  }
}

/**
 * The bytes of firmware images: `<sha256>.img` in one folder. A file gets its name only when all of it is on disk, so
 * half an upload or a power cut leaves nothing behind that looks like an image.
 */
export class ImageFiles {
  readonly #folder: string
  readonly #pieces: PieceCache
  readonly #random: (bytes: number) => Uint8Array

  constructor(folder: string, random: (bytes: number) => Uint8Array, pieces = new PieceCache(PIECES)) {
    this.#folder = folder
    this.#pieces = pieces
    this.#random = random
  }

  /** Makes the folder, and clears away what uploads left that were cut off with the power. */
  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true })
    const names = await readdir(this.#folder)
    for (const name of names) if (name.endsWith('.part')) await rm(this.#at(name), { force: true })
  }

  /** Ids of the images that are there, and of those on their way out (see `hide`). */
  async list(): Promise<{ readonly here: ReadonlyMap<string, number>; readonly hidden: readonly string[] }> {
    const here = new Map<string, number>()
    const hidden: string[] = []
    for (const name of await readdir(this.#folder)) {
      const [id = '', ending = '', ...more] = name.split('.')
      if (!ID.test(id) || more.length > 0) continue
      if (ending === 'removed') hidden.push(id)
      const size = ending === 'img' ? await this.size(id) : undefined
      if (size !== undefined) here.set(id, size)
    }
    return { here, hidden }
  }

  /** Writes what comes to disk and looks at it on the way. Throws NotTaken; nothing is left then. */
  async receive(source: AsyncIterable<Uint8Array>, most: number): Promise<Received> {
    const path = this.#at(`${Buffer.from(this.#random(12)).toString('hex')}.part`)
    const handle = await open(
      path,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o640,
    )
    try {
      const received = await this.#write(handle, source, most)
      await handle.sync()
      await handle.close()
      return { path, ...received }
    } catch (error) {
      await handle.close().catch(() => {})
      await rm(path, { force: true })
      throw reasonOf(error)
    }
  }

  /** Gives a received file its lasting name. When it resolves, file and name are on disk. */
  async keep({ path, id }: Received): Promise<void> {
    await rename(path, this.#file(id))
    await this.#syncFolder()
  }

  async drop({ path }: Received): Promise<void> {
    await rm(path, { force: true })
  }

  /** First step of a removal, which `restore` takes back: nobody can open the image any more. */
  async hide(id: string): Promise<void> {
    await rename(this.#file(id), this.#at(`${id}.removed`)).catch(unlessMissing)
    await this.#syncFolder()
  }

  async restore(id: string): Promise<void> {
    await rename(this.#at(`${id}.removed`), this.#file(id)).catch(unlessMissing)
  }

  async erase(id: string): Promise<void> {
    await rm(this.#at(`${id}.removed`), { force: true })
  }

  /** Bytes of an image's file; undefined when it is not there. A link is no file. */
  async size(id: string): Promise<number | undefined> {
    const found = await lstat(this.#file(id)).catch(() => undefined)
    return found?.isFile() ? found.size : undefined
  }

  /** The bytes from `start` to `end` inclusive of an image of `size` bytes, read as they are asked for. */
  read(id: string, size: number, start: number, end: number): Readable {
    return this.#pieces.stream({ path: this.#file(id), tag: id, size }, start, end)
  }

  /** Looks at an image's file as at one that comes; undefined when its bytes are not those that it is named for. */
  async inspect(id: string): Promise<Inspection | undefined> {
    const inspector = new ImageInspector()
    const hash = createHash('sha256')
    for await (const chunk of createReadStream(this.#file(id))) {
      inspector.take(chunk as Buffer)
      hash.update(chunk as Buffer)
    }
    return hash.digest('hex') === id ? inspector.result() : undefined
  }

  async #write(handle: FileHandle, source: AsyncIterable<Uint8Array>, most: number) {
    const inspector = new ImageInspector()
    const hash = createHash('sha256')
    let size = 0
    let checkedAt = -1
    for await (const piece of source) {
      const chunk = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
      if (size + chunk.length > most) {
        throw new NotTaken('too large', `A firmware file may have at most ${Math.floor(most / 2 ** 20)} MB.`)
      }
      if (Math.floor(size / 2 ** 24) > checkedAt) {
        checkedAt = Math.floor(size / 2 ** 24)
        await this.#checkRoom()
      }
      await writeAll(handle, chunk)
      inspector.take(chunk)
      hash.update(chunk)
      size += chunk.length
    }
    return { id: hash.digest('hex'), size, inspection: inspector.result() }
  }

  async #checkRoom(): Promise<void> {
    const { bavail, bsize } = await statfs(this.#folder)
    if (bavail * bsize < KEPT_FREE) throw noRoom()
  }

  async #syncFolder(): Promise<void> {
    const folder = await open(this.#folder, constants.O_RDONLY)
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  }

  #file(id: string): string {
    if (!ID.test(id)) throw new Error('not the id of an image')
    return this.#at(`${id}.img`)
  }

  #at(name: string): string {
    return join(this.#folder, name)
  }
}

async function writeAll(handle: FileHandle, chunk: Buffer): Promise<void> {
  for (let at = 0; at < chunk.length; ) {
    const { bytesWritten } = await handle.write(chunk, at, chunk.length - at)
    at += bytesWritten
  }
}

function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}

function noRoom(): NotTaken {
  return new NotTaken('no room', 'The disk has no room for it. Remove images that nobody uses, or enlarge the disk.')
}

/** What went wrong while receiving: the disk, or the one who sent. */
function reasonOf(error: unknown): unknown {
  if (error instanceof NotTaken) return error
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG') return noRoom()
  const SENDER = ['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ERR_STREAM_PREMATURE_CLOSE', 'ABORT_ERR']
  if (SENDER.includes(String(code)))
    return new NotTaken('cut off', 'The file was cut off on its way. Nothing of it was kept.')
  return error
}
