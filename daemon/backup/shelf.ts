// SPDX-License-Identifier: Apache-2.0
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { BackupRow } from '#web/ports/backup'
import { readHeader } from './read.ts'

/** The folder of backups where the configuration names none. */
export function usualFolder(dataFolder: string): string {
  return join(dataFolder, 'backups')
}

const NAME = /^offhook-\d{8}T\d{6}Z(?:-\d{1,3})?\.backup$/

/** Whether a name can be one of ours; nothing else becomes part of a path. */
export function isBackupName(name: string): boolean {
  return NAME.test(name)
}

/** A name that is not taken yet; `at` is in milliseconds since the epoch. */
export async function freeName(folder: string, at: number): Promise<string> {
  const stamp = new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const taken = new Set(await readdir(folder).catch(() => []))
  for (let n = 1; n < 1_000; n++) {
    const name = `offhook-${stamp}${n === 1 ? '' : `-${n}`}.backup`
    if (!taken.has(name)) return name
  }
  throw new Error(`${folder} has too many backups of the same second`)
}

/** The backups of a folder, the newest first; files that are none are passed over. */
export async function backupsIn(folder: string): Promise<BackupRow[]> {
  const names = (await readdir(folder).catch(() => [])).filter(isBackupName)
  const rows: BackupRow[] = []
  for (const name of names.sort()) {
    const row = await rowOf(folder, name).catch(() => undefined)
    if (row) rows.push(row)
  }
  return rows.sort((a, b) => b.at - a.at || (a.name < b.name ? 1 : -1))
}

async function rowOf(folder: string, name: string): Promise<BackupRow> {
  const path = join(folder, name)
  const { at, why, version, host, records, files } = await readHeader(path)
  return { name, at, why, version, host, records, files, size: (await stat(path)).size }
}

/** Removes what a backup that was cut off left behind. */
export async function removeParts(folder: string): Promise<void> {
  const parts = (await readdir(folder).catch(() => [])).filter((name) => /^\.[0-9a-f]{12}\.part$/.test(name))
  for (const name of parts) await rm(join(folder, name), { force: true })
}
