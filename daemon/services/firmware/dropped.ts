// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs'
import { lstat, mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { imageVersion } from '#daemon/vendors/audiocodes/firmware-image'
import type { FileAnswer } from '#protocols/provisioning/port'
import type { FirmwareRequest, FirmwareSource } from './source.ts'

/** The header of an image, and some room. */
const HEADER_BYTES = 4_096
/** What a model may look like; nothing else becomes part of a path. */
const MODEL = /^[A-Z0-9][A-Z0-9-]{0,31}$/
/** Files of the folder that are looked at. */
const MOST_FILES = 200

/** An image that somebody laid into the folder. */
export interface DroppedImage {
  /** As the file is named. */
  readonly model: string
  /** In bytes. */
  readonly size: number
  /** As its header says; empty when it does not. */
  readonly version: string
  /** Milliseconds since the epoch. */
  readonly since: number
}

/**
 * Images that an admin laid into the firmware folder, `<MODEL>.img` each: what phones get where nothing was chosen.
 * Nothing is remembered of them but what their headers say, so they may be replaced at any time.
 */
export class FirmwareFiles implements FirmwareSource {
  readonly #folder: string
  /** By model and the file's size and time. */
  readonly #versions = new Map<string, { readonly of: string; readonly version: string }>()

  constructor(folder: string) {
    this.#folder = folder
  }

  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true })
  }

  /** Bytes of a model's image; undefined if there is none. */
  async size(model: string): Promise<number | undefined> {
    return (await this.#stat(model.toUpperCase()))?.size
  }

  /** Undefined when there is none. */
  async image(asked: string): Promise<DroppedImage | undefined> {
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
  async list(): Promise<DroppedImage[]> {
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
    return {
      kind: 'file',
      resource: {
        contentType: 'application/octet-stream',
        size: found.size,
        etag: `"${found.tag}"`,
        modified: found.modified,
        open: (start, end) => createReadStream(path, { start, end, highWaterMark: 256 * 1024 }),
      },
    }
  }

  /** `model` must be one that `image` gave. */
  path(model: string): string {
    return join(this.#folder, `${model}.img`)
  }

  async #stat(model: string) {
    const found = MODEL.test(model) ? await lstat(this.path(model), { bigint: true }).catch(() => undefined) : undefined
    // A link could lead out of the folder: only plain files are served.
    if (!found?.isFile()) return undefined
    const tag = `${found.size.toString(36)}-${found.mtimeNs.toString(36)}`
    return { size: Number(found.size), modified: found.mtime, tag }
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
