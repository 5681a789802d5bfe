// SPDX-License-Identifier: Apache-2.0
import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { LARGEST_PINNED, type PinnedFile, pinnedKey, pinnedName } from '#daemon/domain/pinned'
import { settingOf } from '#daemon/domain/provisioning/device-file'
import type { Announce } from '#daemon/messages'
import type { ChangeLog } from '#daemon/services/provisioning/changes/history'
import type { Vault } from '#daemon/services/vault'
import { type Change, put, remove, type Store } from '#daemon/store/store'
import { phones, pinnedFiles } from '#daemon/store/tables'
import { formatMac, type Mac } from '#protocols/lib/mac'
import type { PinnedPort } from '#web/ports/pinned'
import type { Saved } from '#web/ports/saved'

export interface PinnedFilesOptions {
  readonly store: Store
  readonly vault: Vault
  readonly folder: string
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly announce: Announce
  /** Where it is kept who pinned what; the files themselves are not kept there. */
  readonly history?: Pick<ChangeLog, 'record'>
}

const MOST = 20_000
/** Of a record's key; nothing else becomes part of a path. */
const FILE = /^[0-9a-f]{12}\.(?:cfg|cfx)(?:\.part)?$/

/** Files that people uploaded for single phones: given byte for byte, `.cfg` sealed at rest, `.cfx` as it came. */
export class PinnedFiles implements PinnedPort {
  readonly #options: PinnedFilesOptions

  constructor(options: PinnedFilesOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    const { folder, store } = this.#options
    await mkdir(folder, { recursive: true, mode: 0o700 })
    for (const name of await readdir(folder)) {
      if (FILE.test(name) && !store.get(pinnedFiles, name)) await rm(join(folder, name), { force: true })
    }
  }

  stop(): void {}

  list(): readonly PinnedFile[] {
    return Array.from(this.#options.store.entries(pinnedFiles), ({ value }) => value)
  }

  of(mac: Mac): readonly PinnedFile[] {
    const keys = (['cfg', 'cfx'] as const).map((ending) => pinnedKey({ mac, ending }))
    return keys.flatMap((key) => this.#options.store.get(pinnedFiles, key)?.value ?? [])
  }

  get(mac: Mac, ending: PinnedFile['ending']): PinnedFile | undefined {
    return this.#options.store.get(pinnedFiles, pinnedKey({ mac, ending }))?.value
  }

  /** The bytes as they came; undefined when they are gone, or were sealed with another key or changed on disk. */
  async bytes(file: PinnedFile): Promise<Buffer | undefined> {
    const key = pinnedKey(file)
    try {
      const kept = await readFile(join(this.#options.folder, key))
      const bytes =
        file.ending === 'cfx'
          ? kept
          : Buffer.from(this.#options.vault.open(kept.toString('latin1'), placeOf(key)), 'base64')
      return hashOf(bytes) === file.hash ? bytes : undefined
    } catch {
      return undefined
    }
  }

  async pin(name: string, bytes: Buffer, by: string): Promise<Saved<PinnedFile>> {
    const { store, vault, now, announce } = this.#options
    const refuse = (message: string) => ({ kind: 'refused' as const, errors: [{ field: 'file', message }] })
    const named = pinnedName(name)
    if (!named) return refuse('The file must be called after its phone: 00908f123456.cfg, or .cfx.')
    const wrong = this.#wrong(named, bytes)
    if (wrong !== undefined) return refuse(wrong)
    if (store.count(pinnedFiles) >= MOST) return refuse(`There are ${MOST} pinned files already.`)
    const key = pinnedKey(named)
    const kept = named.ending === 'cfx' ? bytes : Buffer.from(vault.seal(bytes.toString('base64'), placeOf(key)))
    await this.#write(key, kept)
    const file: PinnedFile = { ...named, size: bytes.length, hash: hashOf(bytes), at: now(), by }
    await this.#commit(put(pinnedFiles, key, file), `Pinned ${key}`, file, by)
    announce('pinned.added', { mac: file.mac, file: key, hash: file.hash, by })
    return { kind: 'saved', value: file }
  }

  async unpin(mac: Mac, ending: PinnedFile['ending'], by: string): Promise<boolean> {
    const { store, folder, announce } = this.#options
    const key = pinnedKey({ mac, ending })
    if (!store.get(pinnedFiles, key)) return false
    await this.#commit(remove(pinnedFiles, key), `Unpinned ${key}`, { mac }, by)
    await rm(join(folder, key), { force: true })
    announce('pinned.removed', { mac, file: key, by })
    return true
  }

  async #commit(change: Change, summary: string, { mac }: Pick<PinnedFile, 'mac'>, by: string): Promise<void> {
    const { store, history } = this.#options
    const subject = { kind: 'pinned', key: mac, name: formatMac(mac) } as const
    await store.commit([change, ...(history?.record({ by, summary, subject }, [change]) ?? [])], { durable: true })
  }

  #wrong({ mac, ending }: Pick<PinnedFile, 'mac' | 'ending'>, bytes: Buffer): string | undefined {
    if (bytes.length === 0) return 'The file is empty.'
    if (bytes.length > LARGEST_PINNED) return `The file is larger than ${LARGEST_PINNED / 1024} KB.`
    if (ending === 'cfx') return undefined
    if (!isUtf8(bytes) || bytes.includes(0)) return 'It is not text in UTF-8. An encrypted file ends with .cfx.'
    const settings = bytes
      .toString('utf8')
      .split(/\r\n|\r|\n/)
      .flatMap((line) => settingOf(line) ?? [])
    if (settings.length === 0) return 'It holds no line such as path/name=value.'
    const type = settings.findLast(({ key }) => key === 'system/type')?.value
    const model = this.#options.store.get(phones, mac)?.value.model ?? ''
    if (type === undefined || model === '' || type.toUpperCase() === model.toUpperCase()) return undefined
    return `Its system/type is ${type.slice(0, 40)}, and the phone is a ${model}: it would refuse the file.`
  }

  async #write(key: string, bytes: Buffer): Promise<void> {
    const path = join(this.#options.folder, key)
    const handle = await open(`${path}.part`, 'w', 0o600)
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(`${path}.part`, path)
  }
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

function placeOf(key: string): string {
  return `pinned/${key}`
}
