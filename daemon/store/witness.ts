// SPDX-License-Identifier: Apache-2.0
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { syncFolder } from './files.ts'

// A damaged log can lose its end, newest head record included: what is left looks whole, only older. The witness is
// a file beside LevelDB's that remembers how far it got. It is written after the group it speaks of and never synced,
// so that it may lag behind the disk but is never ahead of it.

export interface Testimony {
  /** Counts the writes of this file; the higher of two slots is the newer. */
  readonly turn: number
  /** The last sequence known to be on disk. */
  readonly durable: number
  /** The last sequence handed to the operating system; it holds while the machine has not been restarted. */
  readonly written: number
  /** The kernel's boot id at that time; empty when there is none. */
  readonly boot: string
  readonly schema: number
}

/** One slot is written while the other stays whole; a page apart, so that no torn page harms both. */
const SLOT_BYTES = 4096
const LINE_BYTES = 256

export const NOTHING_YET: Testimony = { turn: 0, durable: 0, written: 0, boot: '', schema: 0 }

export function witnessFile(folder: string): string {
  return join(folder, 'witness')
}

/** The newest testimony; undefined when the file is absent or neither slot is what was written. */
export async function readTestimony(folder: string): Promise<Testimony | undefined> {
  const bytes = await readFile(witnessFile(folder)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!bytes) return undefined
  const slots = [0, 1].map((slot) =>
    decode(bytes.toString('latin1', slot * SLOT_BYTES, slot * SLOT_BYTES + LINE_BYTES)),
  )
  return slots.filter((slot) => slot !== undefined).sort((a, b) => b.turn - a.turn)[0]
}

/** The sequence that the store must have reached, given that the machine runs since `boot`. */
export function leastSequence(testimony: Testimony, boot: string): number {
  return boot !== '' && boot === testimony.boot ? testimony.written : testimony.durable
}

/** Linux' id of the time since the machine was started; empty elsewhere. */
export async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim()
}

/** Writes the witness of an open store. */
export class Witness {
  readonly #file: FileHandle
  readonly #boot: string
  readonly #onFault: (error: unknown) => void
  #last: Testimony

  private constructor(file: FileHandle, boot: string, last: Testimony, onFault: (error: unknown) => void) {
    this.#file = file
    this.#boot = boot
    this.#last = last
    this.#onFault = onFault
  }

  /** Continues after `last`; with `create`, a new file of which both slots are on disk before this resolves. */
  static async open(
    folder: string,
    last: Testimony,
    options: { create: boolean; onFault: (error: unknown) => void },
  ): Promise<Witness> {
    const file = await open(witnessFile(folder), options.create ? 'w' : 'r+', 0o600)
    const witness = new Witness(file, await bootId(), last, options.onFault)
    if (options.create) {
      await witness.#write(last)
      await witness.#write({ ...last, turn: last.turn + 1 })
      await file.sync()
      await syncFolder(folder)
    }
    return witness
  }

  /** A group was written. Never rejects: a witness that lags is harmless. */
  async saw(sequence: number, durable: boolean, schema: number): Promise<void> {
    const next = {
      turn: this.#last.turn + 1,
      durable: durable ? sequence : this.#last.durable,
      written: sequence,
      boot: this.#boot,
      schema,
    }
    await this.#write(next).catch(this.#onFault)
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  async #write(testimony: Testimony): Promise<void> {
    this.#last = testimony
    const line = Buffer.from(encode(testimony), 'latin1')
    await this.#file.write(line, 0, line.length, (testimony.turn % 2) * SLOT_BYTES)
  }
}

/** `<crc32 in hex> <json>`, filled with blanks: readable with `cat`. */
function encode(testimony: Testimony): string {
  const json = JSON.stringify(testimony).padEnd(LINE_BYTES - 10)
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`
}

function decode(line: string): Testimony | undefined {
  const json = line.slice(9, -1)
  if (line.length !== LINE_BYTES || Number.parseInt(line.slice(0, 8), 16) !== crc32(json)) return undefined
  return JSON.parse(json) as Testimony
}
