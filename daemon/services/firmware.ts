// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs'
import { lstat, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { FileAnswer } from '#protocols/provisioning/port'

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

  async find(asked: string): Promise<FileAnswer> {
    const model = asked.toUpperCase()
    const path = join(this.#folder, `${model}.img`)
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
}
