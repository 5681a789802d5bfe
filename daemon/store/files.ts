// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:fs'
import { copyFile, cp, link, mkdir, mkdtemp, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { reasonOf, StoreUnavailable } from './errors.ts'

// <folder>/db            LevelDB's files
// <folder>/witness       see witness.ts
// <folder>/aside-XXXXXX  other LevelDB files, only while the store is opened, inspected or rebuilt
// <folder>/replaced      LevelDB's former files, only while it is rebuilt

const ASIDE = 'aside-'
const REPLACED = 'replaced'

/** LevelDB keeps its lock and its own text log under these names; they hold no data. */
const NO_DATA = new Set(['LOCK', 'LOG', 'LOG.old'])

export function levelFolder(folder: string): string {
  return join(folder, 'db')
}

/** Creates the folder if its parent is there, and makes sure that files can be made in it. */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    for (const path of [folder, levelFolder(folder)]) {
      await mkdir(path, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error
      })
    }
    await rm(await mkdtemp(join(folder, ASIDE)), { recursive: true })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw unusable(`${folder} cannot be created, because there is no ${dirname(folder)}`, error)
    if (code === 'ENOTDIR') throw unusable(`${folder} is not a folder`, error)
    throw folderUnusable(folder, error)
  }
}

/** The operating system refused something in the folder. */
export function folderUnusable(folder: string, error: unknown): StoreUnavailable {
  return unusable(`${folder} cannot be used: ${reasonOf(error)}`, error)
}

function unusable(what: string, error: unknown): StoreUnavailable {
  return new StoreUnavailable('STORE_FOLDER', `the store's folder ${what}`, error)
}

export async function hasLevelFolder(folder: string): Promise<boolean> {
  return exists(levelFolder(folder))
}

/** Whether LevelDB was ever opened here: it creates CURRENT before it creates any log or table. */
export async function hasLevelFiles(level: string): Promise<boolean> {
  const names = await readdir(level).catch(() => [])
  return names.some((name) => name === 'CURRENT' || /\.(log|ldb|sst)$/.test(name))
}

/** Copies LevelDB's files into a folder, which it makes unless it is given, and returns it. */
export async function copyAside(folder: string, into?: string): Promise<string> {
  const aside = into ?? (await mkdtemp(join(folder, ASIDE)))
  const level = levelFolder(folder)
  for (const name of await dataFiles(level)) await copyOrLink(join(level, name), join(aside, name))
  return aside
}

/** Brings LevelDB's files back to the state that was copied aside; CURRENT, which makes them valid, comes last. */
export async function putBack(aside: string, folder: string): Promise<void> {
  const level = levelFolder(folder)
  const kept = await dataFiles(aside)
  for (const name of kept.sort((a, b) => Number(a === 'CURRENT') - Number(b === 'CURRENT'))) {
    await rename(join(aside, name), join(level, name))
  }
  for (const name of await dataFiles(level)) if (!kept.includes(name)) await rm(join(level, name))
}

/** Removes what interrupted work left behind. Only for the holder of the lock. */
export async function removeLeftovers(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(ASIDE) || name === REPLACED)
  for (const name of names) await rm(join(folder, name), { recursive: true, force: true })
}

/** An empty folder that shares the lock of the store: LevelDB opens it only while no process has the store open. */
export async function lockedFolder(folder: string): Promise<string> {
  const aside = await mkdtemp(join(folder, ASIDE))
  const lock = join(levelFolder(folder), 'LOCK')
  await (await open(lock, 'a')).close()
  await link(lock, join(aside, 'LOCK'))
  return aside
}

/** Copies the whole folder except `except`; what was copied before it failed is removed again. */
export async function copyFolder(folder: string, copy: string, except: string): Promise<void> {
  if (await exists(copy)) throw new StoreUnavailable('STORE_FOLDER', `${copy} exists already`)
  try {
    await cp(folder, copy, { recursive: true, filter: (path) => path !== except })
  } catch (error) {
    await rm(copy, { recursive: true, force: true })
    throw new StoreUnavailable('STORE_FOLDER', `the store cannot be copied to ${copy}: ${reasonOf(error)}`, error)
  }
}

/** Puts `rebuilt` in the place of LevelDB's folder. */
export async function swapIn(rebuilt: string, folder: string): Promise<void> {
  const level = levelFolder(folder)
  const replaced = join(folder, REPLACED)
  await rm(replaced, { recursive: true, force: true })
  await rename(level, replaced)
  await rename(rebuilt, level)
  await syncFolder(folder)
  await rm(replaced, { recursive: true })
}

/** Whether swapIn stopped between its two renames. */
export async function swapInterrupted(folder: string): Promise<boolean> {
  return (await exists(join(folder, REPLACED))) && !(await exists(join(levelFolder(folder), 'CURRENT')))
}

/** Goes back to before an interrupted swapIn. */
export async function undoSwap(folder: string): Promise<void> {
  if (!(await swapInterrupted(folder))) return
  await rm(levelFolder(folder), { recursive: true, force: true })
  await rename(join(folder, REPLACED), levelFolder(folder))
}

/** Puts new and renamed entries of a folder on disk. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder)
  await handle.sync().finally(() => handle.close())
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function dataFiles(level: string): Promise<string[]> {
  const entries = await readdir(level, { withFileTypes: true })
  return entries.filter((entry) => entry.isFile() && !NO_DATA.has(entry.name)).map((entry) => entry.name)
}

/** A link costs no space, but with a damaged MANIFEST LevelDB may overwrite tables, and then both names show it. */
async function copyOrLink(from: string, to: string): Promise<void> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Deleted meanwhile by a process that runs on this folder: the lock will stop us.
    if (code === 'ENOENT') return
    if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error
    await rm(to, { force: true })
    await link(from, to)
  }
}
