// SPDX-License-Identifier: Apache-2.0
import { lstat, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { FileEntry } from './archive.ts'

/** Part of the data folder that is in no backup: the store has its own way, the rest is made anew or may be lost. */
const LEFT_OUT =
  /^(?:store|store\.damaged-.*|backups|local-api|one-time-password|phone-logs|restore-pending|restoring-.*|before-restore-.*|rehearsal-.*|support-bundles?|lost\+found)$/
/** What is not finished yet. */
const UNFINISHED = /(?:^\.|\.(?:part|partial|tmp|upload)$)/

const MOST_FILES = 100_000
const MOST_DEPTH = 16

/** True for names of the data folder's top level that backups and restoring leave alone. */
export function isLeftOut(name: string): boolean {
  return LEFT_OUT.test(name)
}

/** Every plain file below the data folder that a backup holds; links, other things and the folder `except` are passed over. */
export async function filesOf(folder: string, except = ''): Promise<FileEntry[]> {
  const found: FileEntry[] = []
  await walk(folder, '', 0, except, found)
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

async function walk(folder: string, below: string, depth: number, except: string, found: FileEntry[]): Promise<void> {
  if (depth > MOST_DEPTH) throw new Error(`${below} lies deeper than ${MOST_DEPTH} folders`)
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    const name = below === '' ? entry.name : `${below}/${entry.name}`
    if (UNFINISHED.test(entry.name) || (below === '' && isLeftOut(entry.name))) continue
    if (join(folder, name) === except) continue
    if (entry.isDirectory()) await walk(folder, name, depth + 1, except, found)
    else if (entry.isFile()) {
      const about = await lstat(join(folder, name)).catch(() => undefined)
      if (about) {
        found.push({ name, size: about.size, mode: about.mode & 0o777, modified: about.mtimeMs, place: 'data' })
      }
    }
    if (found.length > MOST_FILES) throw new Error(`the data folder has more than ${MOST_FILES} files`)
  }
}

/** The file as it is at this moment, and its bytes; undefined when it is gone. */
export async function openFile(
  folder: string,
  entry: FileEntry,
): Promise<{ entry: FileEntry; bytes: AsyncIterable<Uint8Array> } | undefined> {
  const handle = await open(join(folder, entry.name), 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!handle) return undefined
  const { size, mtimeMs } = await handle.stat()
  if (size === 0) await handle.close()
  // A file that grows meanwhile is kept as long as it was.
  const bytes = size === 0 ? Readable.from([]) : handle.createReadStream({ end: size - 1, highWaterMark: 262_144 })
  return { entry: { ...entry, size, modified: mtimeMs }, bytes }
}
