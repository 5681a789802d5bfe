// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { lstat, mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import {
  type AuxiliaryFile,
  type AuxiliaryKind,
  KINDS,
  type LevelFiles,
  SLOTS,
  type Slot,
  servedName,
} from '#daemon/domain/auxiliary'
import type { LevelKey } from '#daemon/domain/provisioning/level-settings'
import type { Announce } from '#daemon/messages'
import type { Vault } from '#daemon/services/vault'
import { Conflict, put, remove, type Store } from '#daemon/store/store'
import { auxiliaryFiles, levelFiles } from '#daemon/store/tables'
import type { AuxiliaryPort } from '#web/ports/auxiliary'
import type { Saved } from '#web/ports/saved'
import { checkAuxiliary } from './check.ts'

export interface AuxiliaryFilesOptions {
  readonly store: Store
  readonly vault: Vault
  readonly folder: string
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly random: (bytes: number) => Uint8Array
  readonly announce: Announce
}

const MOST_FILES = 1_000

/** Files beside the configuration: kept under the hash of what is on disk, private keys sealed. */
export class AuxiliaryFiles implements AuxiliaryPort {
  readonly #options: AuxiliaryFilesOptions

  constructor(options: AuxiliaryFilesOptions) {
    this.#options = options
  }

  /** Makes the folder, and clears away what was cut off, or belongs to no record. */
  async start(): Promise<void> {
    const { folder, store } = this.#options
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const known = new Set(Array.from(store.entries(auxiliaryFiles), ({ value }) => value.stored))
    for (const name of await readdir(folder)) {
      if (/^[0-9a-f]{64}(\.part)?$/.test(name) && !known.has(name)) await rm(join(folder, name), { force: true })
    }
  }

  stop(): void {}

  list(): readonly AuxiliaryFile[] {
    const all = Array.from(this.#options.store.entries(auxiliaryFiles), ({ value }) => value)
    return all.sort((a, b) => a.kind.localeCompare(b.kind) || a.name.localeCompare(b.name) || a.at - b.at)
  }

  get(id: string): AuxiliaryFile | undefined {
    return this.#options.store.get(auxiliaryFiles, id)?.value
  }

  assignments(): readonly { readonly level: LevelKey; readonly slot: Slot; readonly file: string }[] {
    return Array.from(this.#options.store.entries(levelFiles)).flatMap(({ key, value }) =>
      Object.entries(value.files).map(([slot, file]) => ({ level: key as LevelKey, slot: slot as Slot, file })),
    )
  }

  async add(kind: AuxiliaryKind, given: string, bytes: Buffer, by: string): Promise<Saved<AuxiliaryFile>> {
    const { store, vault, now, random, announce } = this.#options
    const refuse = (message: string) => ({ kind: 'refused' as const, errors: [{ field: 'file', message }] })
    const checked = checkAuxiliary(kind, given, bytes, now())
    if (checked.kind === 'wrong') return refuse(checked.why)
    const name = servedName(given)
    if (name === '') return refuse('The file needs a name with letters or digits.')
    if (store.count(auxiliaryFiles) >= MOST_FILES) return refuse(`There are ${MOST_FILES} files already.`)
    const id = Buffer.from(random(8)).toString('hex')
    const kept = kind === 'key' ? Buffer.from(vault.seal(bytes.toString('latin1'), placeOf(id))) : bytes
    const stored = createHash('sha256').update(kept).digest('hex')
    await this.#write(stored, kept)
    const { about, expiresAt } = checked
    const file: AuxiliaryFile = { id, kind, name, size: bytes.length, stored, about, expiresAt, at: now(), by }
    await store.commit([put(auxiliaryFiles, id, file, 'absent')], { durable: true })
    announce('file.added', { file: id, name, kind, by })
    return { kind: 'saved', value: file }
  }

  /** Refused while some level uses it. */
  async remove(id: string, by: string): Promise<Saved<undefined>> {
    const { store, folder, announce } = this.#options
    const file = this.get(id)
    if (!file) return { kind: 'conflict' }
    const used = this.assignments().filter((one) => one.file === id)
    if (used.length > 0) {
      const message = `It is used: ${used
        .slice(0, 5)
        .map(({ level, slot }) => `${SLOTS[slot].title} of ${level}`)
        .join(', ')}.`
      return { kind: 'refused', errors: [{ field: 'file', message }] }
    }
    await store.commit([remove(auxiliaryFiles, id)], { durable: true })
    const shared = this.list().some(({ stored }) => stored === file.stored)
    if (!shared) await rm(join(folder, file.stored), { force: true })
    announce('file.removed', { file: id, name: file.name, kind: file.kind, by })
    return { kind: 'saved', value: undefined }
  }

  /** An empty `file` takes the level's own choice back. */
  async assign(level: LevelKey, slot: Slot, file: string, by: string): Promise<Saved<undefined>> {
    const { store, announce } = this.#options
    const chosen = file === '' ? undefined : this.get(file)
    const refuse = (message: string) => ({ kind: 'refused' as const, errors: [{ field: 'file', message }] })
    if (file !== '' && !chosen) return refuse('There is no such file.')
    const { kind, title } = SLOTS[slot]
    if (chosen && chosen.kind !== kind) return refuse(`${title} needs a file of the kind “${KINDS[kind].title}”.`)
    const stored = store.get(levelFiles, level)
    const { [slot]: _, ...others } = stored?.value.files ?? {}
    const files: LevelFiles['files'] = chosen ? { ...others, [slot]: chosen.id } : others
    const expect = stored?.revision ?? 'absent'
    const change =
      Object.keys(files).length > 0
        ? put(levelFiles, level, { files }, expect)
        : stored && remove(levelFiles, level, expect)
    try {
      if (change) await store.commit([change], { durable: true })
    } catch (error) {
      if (error instanceof Conflict) return { kind: 'conflict' }
      throw error
    }
    announce('file.assigned', { level, slot, file: chosen?.name ?? '', by })
    return { kind: 'saved', value: undefined }
  }

  /** The bytes for phones and, but for private keys, for people; undefined when they are not there. */
  async open(file: AuxiliaryFile) {
    const path = join(this.#options.folder, file.stored)
    const found = await lstat(path).catch(() => undefined)
    if (!found?.isFile()) return undefined
    const facts = {
      etag: `"${file.id}"`,
      modified: new Date(file.at),
      size: file.size,
      contentType: 'application/octet-stream',
    }
    if (file.kind !== 'key') {
      return { ...facts, open: (start: number, end: number) => createReadStream(path, { start, end }) }
    }
    const clear = Buffer.from(this.#options.vault.open(await readFile(path, 'latin1'), placeOf(file.id)), 'latin1')
    return { ...facts, confidential: true, open: (start: number, end: number) => clear.subarray(start, end + 1) }
  }

  /** Under its lasting name only when all of it is on disk. */
  async #write(stored: string, bytes: Buffer): Promise<void> {
    const path = join(this.#options.folder, stored)
    const handle = await open(`${path}.part`, 'w', 0o600)
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(`${path}.part`, path)
    const folder = await open(this.#options.folder)
    await folder.sync().finally(() => folder.close())
  }
}

function placeOf(id: string): string {
  return `file/${id}`
}
