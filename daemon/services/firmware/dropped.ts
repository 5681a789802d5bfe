// SPDX-License-Identifier: Apache-2.0
import { lstat, mkdir, open, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { imageVersion } from '#daemon/vendors/audiocodes/firmware-image'
import type { FileAnswer } from '#protocols/provisioning/port'
import type { FolderImage } from '#web/ports/firmware'
import { PieceCache } from './piece-cache.ts'
import type { FirmwareRequest, FirmwareSource } from './source.ts'

/** The header of an image, and some room. */
const HEADER_BYTES = 4_096
/** What a model may look like; nothing else becomes part of a path. */
const MODEL = /^[A-Z0-9][A-Z0-9-]{0,31}$/
/** Files of the folder that are looked at. */
const MOST_FILES = 200
/** Files up to this length are kept in memory, so many of them, for phones that all ask at once. */
const SMALL = 64 * 1024
const MOST_KEPT = 32
/** Bytes of larger files that are kept, where nobody says otherwise. */
const PIECES = 16 * 2 ** 20

interface Found {
  readonly size: number
  readonly modified: Date
  readonly tag: string
  /** Nanoseconds since the epoch. */
  readonly mtimeNs: bigint
}

/**
 * Images that an admin laid into the firmware folder, `<MODEL>.img` each: what phones get where nothing was chosen.
 * Nothing is remembered of them but what their headers say, so they may be replaced at any time.
 */
export class FirmwareFiles implements FirmwareSource {
  readonly #folder: string
  readonly #pieces: PieceCache
  /** By model and the file's size and time. */
  readonly #versions = new Map<string, { readonly of: string; readonly version: string }>()
  /** Looks at files that have begun: who asks meanwhile gets the same answer. */
  readonly #looks = new Map<string, Promise<Found | undefined>>()
  /** Small files by model. */
  readonly #kept = new Map<string, { readonly of: string; readonly bytes: Uint8Array }>()

  constructor(folder: string, pieces = new PieceCache(PIECES)) {
    this.#folder = folder
    this.#pieces = pieces
  }

  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true })
  }

  /** Bytes of a model's image; undefined if there is none. */
  async size(model: string): Promise<number | undefined> {
    return (await this.#stat(model.toUpperCase()))?.size
  }

  /** Undefined when there is none. */
  async image(asked: string): Promise<FolderImage | undefined> {
    const model = asked.toUpperCase()
    const found = await this.#stat(model)
    if (!found) return undefined
    const { size, tag, modified } = found
    const known = this.#versions.get(model)
    const version = known?.of === tag ? known.version : await this.#versionOf(model)
    this.#versions.set(model, { of: tag, version })
    return { model, size, version, since: modified.getTime() }
  }

  /** All of them, by model. */
  async list(): Promise<FolderImage[]> {
    const names = await readdir(this.#folder).catch((): string[] => [])
    const models = names.filter((name) => name.endsWith('.img') && MODEL.test(name.slice(0, -4)))
    for (const model of this.#versions.keys()) if (!models.includes(`${model}.img`)) this.#versions.delete(model)
    const images = await Promise.all(models.slice(0, MOST_FILES).map((name) => this.image(name.slice(0, -4))))
    return images.filter((image) => image !== undefined).sort((a, b) => (a.model < b.model ? -1 : 1))
  }

  fileFor({ model }: FirmwareRequest): Promise<FileAnswer> {
    return this.find(model)
  }

  async find(asked: string): Promise<FileAnswer> {
    const model = asked.toUpperCase()
    const found = await this.#stat(model)
    if (!found) return { kind: 'refuse', status: 404, reason: `there is no firmware for ${model}` }
    const path = this.path(model)
    const bytes = found.size <= SMALL ? await this.#bytesOf(model, found) : undefined
    return {
      kind: 'file',
      resource: {
        contentType: 'application/octet-stream',
        size: found.size,
        etag: `"${found.tag}"`,
        modified: found.modified,
        open: (start, end) => bytes?.subarray(start, end + 1) ?? this.#pieces.stream({ path, ...found }, start, end),
      },
    }
  }

  /** `model` must be one that `image` gave. */
  path(model: string): string {
    return join(this.#folder, `${model}.img`)
  }

  #stat(model: string): Promise<Found | undefined> {
    const begun = this.#looks.get(model)
    if (begun) return begun
    const look = this.#look(model).finally(() => this.#looks.delete(model))
    this.#looks.set(model, look)
    return look
  }

  /** Undefined when the file is not any more what it was when it was looked at. */
  async #bytesOf(model: string, { tag, size }: Found): Promise<Uint8Array | undefined> {
    const kept = this.#kept.get(model)
    if (kept?.of === tag) return kept.bytes
    const bytes = await readFile(this.path(model)).catch(() => undefined)
    const now = await this.#look(model)
    if (bytes?.length !== size || now?.tag !== tag) return undefined
    const oldest = this.#kept.keys().next().value
    if (this.#kept.size >= MOST_KEPT && oldest !== undefined) this.#kept.delete(oldest)
    this.#kept.set(model, { of: tag, bytes })
    return bytes
  }

  async #look(model: string): Promise<Found | undefined> {
    const found = MODEL.test(model) ? await lstat(this.path(model), { bigint: true }).catch(() => undefined) : undefined
    // A link could lead out of the folder: only plain files are served.
    if (!found?.isFile()) return undefined
    const tag = `${found.size.toString(36)}-${found.mtimeNs.toString(36)}`
    return { size: Number(found.size), modified: found.mtime, mtimeNs: found.mtimeNs, tag }
  }

  async #versionOf(model: string): Promise<string> {
    const handle = await open(this.path(model)).catch(() => undefined)
    if (!handle) return ''
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0)
      return imageVersion(buffer.subarray(0, bytesRead)) ?? ''
    } finally {
      await handle.close()
    }
  }
}
