// SPDX-License-Identifier: Apache-2.0
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, brotliDecompress } from 'node:zlib'
import type { Mac } from '#protocols/lib/mac'

const compress = promisify(brotliCompress)
const decompress = promisify(brotliDecompress)

/** Work that waits; what comes on top is not kept, and its page says so. */
const MOST_WAITING = 20_000
/** Bytes of all texts of one phone, unpacked. */
const LARGEST = 64 * 1024 * 1024

/**
 * Masked texts of what phones were served, one file for each phone: its texts are so alike that together they are hardly
 * larger than one. They are no one's only copy of anything, so nothing waits for the disk.
 */
export class ServedTexts {
  readonly #folder: string
  readonly #onFault: (error: unknown) => void
  #waiting = 0
  #last: Promise<void> = Promise.resolve()

  constructor(folder: string, onFault: (error: unknown) => void) {
    this.#folder = folder
    this.#onFault = onFault
  }

  /** Adds a text, and forgets those whose hashes are not in `keep`. Written in the background, one after the other. */
  put(mac: Mac, hash: string, text: string, keep: readonly string[]): void {
    this.#queue(async () => {
      const all = await this.#read(mac)
      if (Object.hasOwn(all, hash)) return
      const kept = Object.entries({ ...all, [hash]: text }).filter(([one]) => keep.includes(one))
      const bytes = await compress(JSON.stringify(Object.fromEntries(kept)))
      const path = this.#path(mac)
      await mkdir(dirname(path), { recursive: true, mode: 0o700 })
      await writeFile(`${path}.new`, bytes, { mode: 0o600 })
      await rename(`${path}.new`, path)
    })
  }

  async get(mac: Mac, hash: string): Promise<string | undefined> {
    await this.#last
    const all = await this.#read(mac)
    return Object.hasOwn(all, hash) ? all[hash] : undefined
  }

  forget(mac: Mac): void {
    this.#queue(() => rm(this.#path(mac), { force: true }))
  }

  /** Resolves when all that was put is written. */
  settled(): Promise<void> {
    return this.#last
  }

  #queue(work: () => Promise<void>): void {
    if (this.#waiting >= MOST_WAITING) return
    this.#waiting += 1
    this.#last = this.#last
      .then(work)
      .catch((error: unknown) => this.#onFault(error))
      .finally(() => {
        this.#waiting -= 1
      })
  }

  /** A file that is not there or was cut short holds nothing. */
  async #read(mac: Mac): Promise<Readonly<Record<string, string>>> {
    try {
      const json = await decompress(await readFile(this.#path(mac)), { maxOutputLength: LARGEST })
      return JSON.parse(json.toString('utf8')) as Readonly<Record<string, string>>
    } catch {
      return {}
    }
  }

  #path(mac: Mac): string {
    return join(this.#folder, mac.slice(-2), `${mac}.br`)
  }
}
