// SPDX-License-Identifier: Apache-2.0
import { appendFile, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Mac } from '#protocols/lib/mac'

export interface LogLimits {
  /** Bytes of one phone's log, and of all together. */
  readonly perPhone: number
  readonly total: number
}

/** Lines of one phone, and of all, that wait to be written. */
const WAITING_PER_PHONE = 64 * 1024
const WAITING = 8 * 1024 * 1024
const NAME = /^([0-9a-f]{12})\.(log|old)$/

interface Waiting {
  text: string
  bytes: number
}

/**
 * The phones' logs, two files for each: the one being written and the one before it. The log that was written to longest
 * ago makes room for others. Lines wait in memory for the next `flush`.
 */
export class LogFiles {
  readonly #folder: string
  readonly #limits: LogLimits
  /** Bytes of both files of each phone, the one written last at the end. */
  readonly #sizes = new Map<Mac, { log: number; old: number }>()
  readonly #waiting = new Map<Mac, Waiting>()
  readonly #leftOut = new Map<Mac, number>()
  #waitingBytes = 0
  #total = 0
  #flushing: Promise<void> = Promise.resolve()

  constructor(folder: string, limits: LogLimits) {
    this.#folder = folder
    this.#limits = limits
  }

  /** Makes the folder and learns what is there. */
  async open(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const found: { mac: Mac; kind: 'log' | 'old'; size: number; at: number }[] = []
    for (const name of await readdir(this.#folder)) {
      const [, mac, kind] = NAME.exec(name) ?? []
      if (!mac) continue
      const { size, mtimeMs } = await stat(join(this.#folder, name))
      found.push({ mac: mac as Mac, kind: kind === 'old' ? 'old' : 'log', size, at: mtimeMs })
    }
    for (const { mac, kind, size } of found.sort((a, b) => a.at - b.at)) {
      const sizes = this.#touch(mac)
      sizes[kind] = size
      this.#total += size
    }
  }

  /** One line, without its end. False when it found no room. */
  add(mac: Mac, line: string): boolean {
    const waiting = this.#waiting.get(mac) ?? { text: '', bytes: 0 }
    const bytes = Buffer.byteLength(line) + 1
    const most = Math.min(WAITING_PER_PHONE, this.#limits.perPhone / 4)
    if (waiting.bytes + bytes > most || this.#waitingBytes + bytes > WAITING) {
      this.#leftOut.set(mac, this.leftOut(mac) + 1)
      return false
    }
    waiting.text += `${line}\n`
    waiting.bytes += bytes
    this.#waitingBytes += bytes
    this.#waiting.set(mac, waiting)
    return true
  }

  leftOut(mac: Mac): number {
    return this.#leftOut.get(mac) ?? 0
  }

  get bytes(): number {
    return this.#total
  }

  /** Writes what waits. Rejects when the disk refuses; those lines are lost then. */
  flush(): Promise<void> {
    const flushed = this.#flushing.then(() => this.#write())
    this.#flushing = flushed.catch(() => {})
    return flushed
  }

  /** The last lines, oldest first. */
  async last(mac: Mac, limit: number): Promise<string[]> {
    await this.flush().catch(() => {})
    const texts = await Promise.all(
      ['old', 'log'].map((kind) => readFile(this.#path(mac, kind), 'utf8').catch(() => '')),
    )
    return texts.join('').split('\n').slice(0, -1).slice(-limit)
  }

  async #write(): Promise<void> {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    this.#waitingBytes = 0
    let fault: unknown
    for (const [mac, { text, bytes }] of waiting) {
      try {
        await this.#append(mac, text, bytes)
      } catch (error) {
        fault ??= error
      }
    }
    await this.#makeRoom()
    if (fault !== undefined) throw fault
  }

  async #append(mac: Mac, text: string, bytes: number): Promise<void> {
    const sizes = this.#touch(mac)
    if (sizes.log > 0 && sizes.log + bytes > this.#limits.perPhone / 2) {
      await rename(this.#path(mac, 'log'), this.#path(mac, 'old'))
      this.#total -= sizes.old
      sizes.old = sizes.log
      sizes.log = 0
    }
    await appendFile(this.#path(mac, 'log'), text, { mode: 0o600 })
    sizes.log += bytes
    this.#total += bytes
  }

  async #makeRoom(): Promise<void> {
    for (const [mac, { log, old }] of this.#sizes) {
      if (this.#total <= this.#limits.total) return
      await Promise.all(['log', 'old'].map((kind) => rm(this.#path(mac, kind), { force: true })))
      this.#sizes.delete(mac)
      this.#total -= log + old
    }
  }

  #touch(mac: Mac): { log: number; old: number } {
    const sizes = this.#sizes.get(mac) ?? { log: 0, old: 0 }
    this.#sizes.delete(mac)
    this.#sizes.set(mac, sizes)
    return sizes
  }

  #path(mac: Mac, kind: string): string {
    return join(this.#folder, `${mac}.${kind}`)
  }
}
