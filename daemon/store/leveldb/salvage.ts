// SPDX-License-Identifier: Apache-2.0
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readLog } from './log.ts'
import { blockEntries, readTable } from './table.ts'

// Reads LevelDB's files without LevelDB. It is compiled with its assertions on: a damaged table can end the process,
// at opening or at any later compaction. So tables are checked before it sees them, and what is left of a damaged
// store is gathered here.

interface Version {
  readonly sequence: number
  /** Undefined: deleted. */
  readonly value: Buffer | undefined
}

/** Which tables have blocks that are not what was written, in sentences. A table that was never finished is not in use. */
export async function damagedTables(folder: string): Promise<string[]> {
  const findings: string[] = []
  for await (const [name, file] of files(folder, /\.ldb$/)) {
    const { damaged, finished } = readTable(file)
    if (finished && damaged > 0) findings.push(`LevelDB's table ${name} is damaged`)
  }
  return findings
}

/**
 * The newest version of each key that is still whole, in chunks. When the newest was lost, an older one may show, and
 * so may a record whose deletion was lost.
 */
export async function* salvage(folder: string): AsyncGenerator<[string, Buffer][]> {
  const versions = new Map<string, Version>()
  for await (const [, file] of files(folder, /\.ldb$/)) {
    for (const block of readTable(file).good) {
      for (const [key, value] of blockEntries(block)) takeInternal(versions, key, value)
    }
  }
  for await (const [, file] of files(folder, /\.log$/)) {
    for (const { key, value, sequence } of readLog(file)) {
      take(versions, key.toString(), { sequence, value })
    }
  }
  for (const [key, { value }] of versions) if (value) yield [[key, value]]
}

/** A table's keys end in a u64 of which the lowest byte is the type (1: put) and the rest the sequence number. */
function takeInternal(versions: Map<string, Version>, key: Buffer, value: Buffer): void {
  const end = key.length - 8
  if (end < 0) return
  const sequence = key.readUIntLE(end + 1, 6)
  take(versions, key.toString('utf8', 0, end), { sequence, value: key[end] === 1 ? value : undefined })
}

function take(versions: Map<string, Version>, key: string, version: Version): void {
  const known = versions.get(key)
  if (!known || known.sequence <= version.sequence) versions.set(key, version)
}

async function* files(folder: string, pattern: RegExp): AsyncGenerator<readonly [name: string, file: Buffer]> {
  const names = (await readdir(folder)).filter((name) => pattern.test(name)).sort()
  for (const name of names) {
    // A process that runs on this folder may have just deleted it; the lock will stop us.
    const file = await readFile(join(folder, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined
      throw error
    })
    if (file) yield [name, file]
  }
}
