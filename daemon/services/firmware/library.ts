// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream'
import type { Firmware } from '#daemon/domain/firmware'
import type { Announce } from '#daemon/messages'
import { put, remove, type Store, type Stored } from '#daemon/store/store'
import { firmwares } from '#daemon/store/tables'
import type { Resource } from '#protocols/http/port'
import type { FieldError, Saved } from '#web/ports/saved'
import type { Actor } from '#web/ports/scopes'
import { type ImageFiles, NotTaken, type Received } from './image-files.ts'
import { judge, type Statement } from './judge.ts'

export const MOST_IMAGES = 300
/** Files received at a time. */
const AT_ONCE = 2
export const LONGEST_DESCRIPTION = 500
const LONGEST_NAME = 200

export interface LibraryOptions {
  readonly store: Store
  readonly files: ImageFiles
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly announce: Announce
  /** Bytes of a file. */
  readonly mostBytes: () => number
}

type NewImage = Statement & { readonly description: string }

/** Firmware images: their files, and what is known of them. Each is a record of its own, under the hash of its bytes. */
export class ImageLibrary {
  readonly #options: LibraryOptions
  /** Images whose file is not there, or has another size. */
  readonly #lost = new Set<string>()
  #receiving = 0
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: LibraryOptions) {
    this.#options = options
  }

  /** Compares folder and store, once both are open: what a power cut parted is brought together again. */
  async start(): Promise<void> {
    const { files, announce, store } = this.#options
    const { here, hidden } = await files.list()
    for (const id of hidden) await (this.get(id) ? files.restore(id) : files.erase(id))
    for (const id of here.keys()) if (!this.get(id)) await this.#enterFound(id)
    for (const { key, value } of store.entries(firmwares)) {
      if ((await files.size(key)) === value.size) continue
      this.#lost.add(key)
      announce('firmware.lost', { image: key, file: value.fileName, version: value.version })
    }
  }

  /** The newest first. */
  images(): readonly Stored<Firmware>[] {
    return [...this.#options.store.entries(firmwares)].sort((a, b) => b.value.uploadedAt - a.value.uploadedAt)
  }

  get(id: string): Stored<Firmware> | undefined {
    return this.#options.store.get(firmwares, id)
  }

  isLost(id: string): boolean {
    return this.#lost.has(id)
  }

  /** The image of a model that says it is this version; the newest, if several do. */
  ofVersion(model: string, version: string): Firmware | undefined {
    const wanted = version.toUpperCase()
    return this.images().find(
      ({ value }) => value.models.includes(model) && value.version !== '' && value.version.toUpperCase() === wanted,
    )?.value
  }

  /** One after the other: what makes an image, uses it or takes it away must not cross. */
  exclusive<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => {})
    return result
  }

  /** Writes a file that comes to disk. Throws NotTaken; what it gives must be kept or dropped. */
  async receive(source: AsyncIterable<Uint8Array>): Promise<Received> {
    if (this.#receiving >= AT_ONCE)
      throw new NotTaken('busy', 'Others are uploading firmware just now. Try again soon.')
    this.#receiving++
    try {
      return await this.#options.files.receive(source, this.#options.mostBytes())
    } finally {
      this.#receiving--
    }
  }

  async drop(received: Received): Promise<void> {
    await this.#options.files.drop(received)
  }

  /** Keeps a received file as an image; otherwise it is gone. The same bytes are one image, however often they come. */
  async keep(received: Received, said: NewImage, by: Actor): Promise<Saved<Stored<Firmware>>> {
    try {
      return await this.exclusive(() => this.#keep(received, said, by))
    } finally {
      await this.#options.files.drop(received)
    }
  }

  async #keep(received: Received, said: NewImage, by: Actor): Promise<Saved<Stored<Firmware>>> {
    const { files, store, now, announce } = this.#options
    const { id, size } = received
    const known = this.get(id)
    if (known) {
      // Its file may have been lost: these are its bytes.
      await files.keep(received)
      this.#lost.delete(id)
      return { kind: 'saved', value: known }
    }
    const others = this.images().map(({ value }) => value)
    const verdict = judge(received.inspection, size, said, others)
    const errors = [...(verdict.kind === 'refused' ? verdict.errors : []), ...this.#problems(said.description)]
    if (verdict.kind === 'refused' || errors.length > 0) return { kind: 'refused', errors }
    const image: Firmware = {
      ...{ id, size, ...verdict.facts, fileName: shown(said.fileName), description: said.description.trim() },
      ...{ uploadedAt: now(), by },
    }
    await files.keep(received)
    await store.commit([put(firmwares, id, image, 'absent')], { durable: true }).catch(async (error: unknown) => {
      await files.hide(id)
      await files.erase(id)
      throw error
    })
    const { models, version, doubts } = image
    announce('firmware.added', { image: id, models: models.join(' '), version, size, doubts: doubts.length, by })
    return this.#saved(id)
  }

  /** `revision` is that of the image whose description was read. */
  async describe(id: string, description: string, revision: number): Promise<Saved<Stored<Firmware>>> {
    const errors = this.#describing(description)
    if (errors.length > 0) return { kind: 'refused', errors }
    const stored = this.get(id)
    if (stored?.revision !== revision) return { kind: 'conflict' }
    const value = { ...stored.value, description: description.trim() }
    await this.#options.store.commit([put(firmwares, id, value, revision)], { durable: true })
    return this.#saved(id)
  }

  /** The caller has made sure that nothing uses it. */
  async remove(id: string, by: Actor): Promise<void> {
    const { files, store, announce } = this.#options
    const { fileName, version } = this.get(id)?.value ?? {}
    await files.hide(id)
    try {
      await store.commit([remove(firmwares, id)], { durable: true })
    } catch (error) {
      await files.restore(id)
      throw error
    }
    await files.erase(id)
    this.#lost.delete(id)
    announce('firmware.removed', { image: id, file: fileName, version, by })
  }

  /** As phones fetch it; undefined when its file is not as it was uploaded. */
  async resource(id: string, modified: Date): Promise<Resource | undefined> {
    const { files } = this.#options
    const image = this.get(id)?.value
    if (!image) return undefined
    if ((await files.size(id)) !== image.size) {
      if (!this.#lost.has(id)) {
        this.#lost.add(id)
        this.#options.announce('firmware.lost', { image: id, file: image.fileName, version: image.version })
      }
      return undefined
    }
    this.#lost.delete(id)
    return {
      contentType: 'application/octet-stream',
      size: image.size,
      etag: `"${id}"`,
      modified,
      open: (start, end) => files.read(id, image.size, start, end),
    }
  }

  /** As people download it. */
  async download(id: string): Promise<{ readonly size: number; readonly bytes: () => Readable } | undefined> {
    const resource = await this.resource(id, new Date(0))
    return (
      resource && {
        size: resource.size,
        bytes: () => this.#options.files.read(id, resource.size, 0, resource.size - 1),
      }
    )
  }

  #problems(description: string): FieldError[] {
    const full = this.#options.store.count(firmwares) >= MOST_IMAGES
    const room = full ? [{ field: 'file', message: `There are ${MOST_IMAGES} images already: remove some first.` }] : []
    return [...room, ...this.#describing(description)]
  }

  #describing(description: string): FieldError[] {
    if (description.trim().length > LONGEST_DESCRIPTION) {
      return [{ field: 'description', message: `At most ${LONGEST_DESCRIPTION} characters are possible.` }]
    }
    const field = 'description'
    return /\p{Cc}/u.test(description.trim()) ? [{ field, message: 'It holds a control character.' }] : []
  }

  async #enterFound(id: string): Promise<void> {
    const { files, store, now, announce } = this.#options
    const size = (await files.size(id)) ?? 0
    const said = { fileName: `${id}.img`, model: '', version: '', insist: true }
    const inspection = await files.inspect(id)
    if (!inspection) return announce('firmware.found', { image: id, reason: 'its name is not the hash of its bytes' })
    const verdict = judge(inspection, size, said, [])
    // Without a model nothing could choose it; the file is left as it is.
    if (verdict.kind === 'refused') return announce('firmware.found', { image: id, reason: verdict.errors[0]?.message })
    const about = { fileName: said.fileName, description: '', uploadedAt: now(), by: 'found in the folder' }
    await store.commit([put(firmwares, id, { id, size, ...verdict.facts, ...about }, 'absent')], { durable: true })
    announce('firmware.found', { image: id, version: verdict.facts.version })
  }

  #saved(id: string): Saved<Stored<Firmware>> {
    const stored = this.get(id)
    return stored ? { kind: 'saved', value: stored } : { kind: 'conflict' }
  }
}

/** What a browser calls a file is hostile text: shortened, without folders and control characters. */
function shown(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? ''
  return last.replaceAll(/\p{C}/gu, '\ufffd').slice(0, LONGEST_NAME) || 'firmware.img'
}
