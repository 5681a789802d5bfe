// SPDX-License-Identifier: Apache-2.0
import { mkdir, open, rm, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StoreBuilder } from '#daemon/store/build'
import { inspect } from '#daemon/store/rescue'
import type { FileEntry, Sink, Totals } from './archive.ts'
import { type BackupHeader, BackupRefused, type Keys } from './header.ts'
import { readBackup, readHeader } from './read.ts'

/** A backup that was unpacked and proven. */
export interface Staged {
  readonly header: BackupHeader
  readonly totals: Totals
  /** Records by table. */
  readonly tables: ReadonlyMap<string, number>
  /** The configuration it holds; undefined when it holds none. */
  readonly configuration: string | undefined
}

export interface StageOptions {
  /** Must not exist. */
  readonly folder: string
  readonly file: string
  readonly keys: Keys
  /** Tables that are read and not kept. */
  readonly without?: ReadonlySet<string>
  readonly signal?: AbortSignal | undefined
}

const MOST_CONFIGURATION_BYTES = 4 * 1024 * 1024

/**
 * Makes a data folder out of a backup: every seal and checksum is proven, the store built and examined. When anything
 * is wrong the folder is removed again and this rejects.
 */
export async function stage(options: StageOptions): Promise<Staged> {
  const { folder, file, keys, without = new Set(), signal } = options
  const said = await readHeader(file)
  await mkdir(folder, { mode: 0o700 })
  const store = join(folder, 'store')
  try {
    const builder = await StoreBuilder.begin(store, said)
    const tables = new Map<string, number>()
    let configuration: string | undefined
    const sink: Sink = {
      async file(entry, bytes) {
        if (entry.place === 'configuration') configuration = await textOf(entry, bytes)
        else await write(folder, entry, bytes)
      },
      async record(table, row) {
        tables.set(table, (tables.get(table) ?? 0) + 1)
        if (!without.has(table)) await builder.add(table, row)
      },
    }
    try {
      const { header, totals } = await readBackup(file, keys, sink, signal)
      await builder.finish()
      const { findings } = await inspect(store)
      if (findings.length > 0) throw new Error(`the restored store is not whole: ${findings.join('; ')}`)
      return { header, totals, tables, configuration }
    } finally {
      await builder.abandon()
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

async function write(folder: string, entry: FileEntry, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  const path = join(folder, entry.name)
  if (entry.name.split('/')[0] === 'store') throw new BackupRefused('it holds a file where the store belongs')
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const handle = await open(path, 'wx', entry.mode & 0o700)
  try {
    for await (const piece of bytes) await handle.write(piece)
    await handle.chmod(entry.mode)
    await handle.sync()
  } finally {
    await handle.close()
  }
  // What phones ask by If-Modified-Since is as before.
  await utimes(path, entry.modified / 1_000, entry.modified / 1_000)
}

async function textOf({ size }: FileEntry, bytes: AsyncIterable<Uint8Array>): Promise<string> {
  if (size > MOST_CONFIGURATION_BYTES) throw new BackupRefused('its configuration is larger than any can be')
  const pieces: Uint8Array[] = []
  for await (const piece of bytes) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces).toString('utf8')
}
