// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs'
import { lstat, mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { imageVersion } from '#daemon/vendors/audiocodes/firmware-image'
import type { FileAnswer } from '#protocols/provisioning/port'

/** The header of an image, and some room. */
const HEADER_BYTES = 4_096
/** What a model may look like; nothing else becomes part of a path. */
const MODEL = /^[A-Z0-9][A-Z0-9-]{0,31}$/

/** The firmware images in one folder, `<MODEL>.img` each, streamed from disk and never whole in memory. */
export class FirmwareFiles {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  async prepare(): Promise<void> {
    await mkdir(this.#folder, { recursive: true })
  }

  /** Bytes of a model's image; undefined if there is none. */
  async size(model: string): Promise<number | undefined> {
    const found = await this.find(model)
    return found.kind === 'file' ? found.resource.size : undefined
  }

  /** The version that a model's image says it is, and since when it is there; undefined if it says none. */
  async image(model: string): Promise<{ readonly version: string; readonly since: number } | undefined> {
    const found = await this.find(model)
    if (found.kind !== 'file') return undefined
    const handle = await open(this.#path(model.toUpperCase())).catch(() => undefined)
    if (!handle) return undefined
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(HEADER_BYTES), 0, HEADER_BYTES, 0)
      const version = imageVersion(buffer.subarray(0, bytesRead))
      return version === undefined ? undefined : { version, since: found.resource.modified.getTime() }
    } finally {
      await handle.close()
    }
  }

  async find(asked: string): Promise<FileAnswer> {
    const model = asked.toUpperCase()
    const path = this.#path(model)
    const found = MODEL.test(model) ? await lstat(path, { bigint: true }).catch(() => undefined) : undefined
    // A link could lead out of the folder: only plain files are served.
    if (!found?.isFile()) return { kind: 'refuse', status: 404, reason: `there is no firmware for ${model}` }
    return {
      kind: 'file',
      resource: {
        contentType: 'application/octet-stream',
        size: Number(found.size),
        etag: `"${found.size.toString(36)}-${found.mtimeNs.toString(36)}"`,
        modified: found.mtime,
        open: (start, end) => createReadStream(path, { start, end, highWaterMark: 256 * 1024 }),
      },
    }
  }

  #path(model: string): string {
    return join(this.#folder, `${model}.img`)
  }
}
