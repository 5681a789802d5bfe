// SPDX-License-Identifier: Apache-2.0
import { chown, lstat, mkdir, open, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isInUse } from '#daemon/store/rescue'
import { isLeftOut } from './contents.ts'

// A restored data folder is put in place inside the old one, because the folder itself may be a mount, and its parent
// not ours:  everything old → <data>/before-restore-<time>/ ;  everything of <data>/restoring-<time>/ → <data>/
// The file `restore-pending` says how far that is. A daemon that finds it at its start goes on from there.

export const PENDING = 'restore-pending'

interface Pending {
  readonly staged: string
  readonly aside: string
  /** `out`: the old things are moved away; `in`: the new ones are moved to their place. */
  readonly phase: 'out' | 'in'
}

/** Names below the data folder for one restoring; `now` is in milliseconds since the epoch. */
export function placesOf(folder: string, now: number): { readonly staged: string; readonly aside: string } {
  const stamp = new Date(now).toISOString().replaceAll(/[-:]|\.\d+/g, '')
  return { staged: join(folder, `restoring-${stamp}`), aside: join(folder, `before-restore-${stamp}`) }
}

/** From here on the next start of the daemon, or `putInPlace`, brings the staged data in. */
export async function plan(folder: string, { staged, aside }: ReturnType<typeof placesOf>): Promise<void> {
  await forget(folder)
  await giveTo(folder, staged)
  const below = (path: string) => path.slice(folder.length + 1)
  await note(folder, { staged: below(staged), aside: below(aside), phase: 'out' })
}

/**
 * Ends what `plan` began, also after it was interrupted; only while no daemon uses the folder. Returns the folder with
 * the old data, undefined when nothing was pending; it is gone when there were none.
 */
export async function putInPlace(folder: string): Promise<string | undefined> {
  let pending = await pendingOf(folder)
  if (!pending) {
    await removeUnplanned(folder)
    return undefined
  }
  if (await isInUse(join(folder, 'store'))) throw new Error(`another Offhook is using ${folder}`)
  const { staged, aside } = pending
  if (pending.phase === 'out') {
    await mkdir(join(folder, aside), { recursive: true, mode: 0o700 })
    const stays = (name: string) => name !== 'store' && (isLeftOut(name) || name === staged || name === aside)
    for (const name of await readdir(folder)) {
      if (!stays(name)) await rename(join(folder, name), join(folder, aside, name))
    }
    await giveTo(folder, join(folder, aside))
    pending = { ...pending, phase: 'in' }
    await note(folder, pending)
  }
  for (const name of await readdir(join(folder, staged)).catch(unlessAbsent)) {
    await rename(join(folder, staged, name), join(folder, name))
  }
  await syncFolder(folder)
  await rm(join(folder, PENDING))
  await removeUnplanned(folder)
  await rmdir(join(folder, aside)).catch(() => {})
  return join(folder, aside)
}

/** What a restore that was cut off had unpacked. */
async function removeUnplanned(folder: string): Promise<void> {
  const staged = (await readdir(folder)).filter((name) => /^restoring-\d{8}T\d{6}Z$/.test(name))
  for (const name of staged) await rm(join(folder, name), { recursive: true, force: true })
}

/** Takes back what was planned, before it began. */
export async function forget(folder: string): Promise<boolean> {
  const pending = await pendingOf(folder)
  if (pending?.phase !== 'out') return false
  await rm(join(folder, PENDING))
  await rm(join(folder, pending.staged), { recursive: true, force: true })
  return true
}

async function pendingOf(folder: string): Promise<Pending | undefined> {
  const file = join(folder, PENDING)
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const { staged, aside, phase } = parsed(text)
  const isPlace = (name: unknown, start: string) =>
    typeof name === 'string' && /^[\w-]+$/.test(name) && name.startsWith(start)
  if (!isPlace(staged, 'restoring-') || !isPlace(aside, 'before-restore-') || (phase !== 'out' && phase !== 'in')) {
    throw new Error(`${file} is not readable: remove it, and restore again`)
  }
  return { staged: String(staged), aside: String(aside), phase }
}

function parsed(text: string): Partial<Record<keyof Pending, unknown>> {
  try {
    return JSON.parse(text) as Partial<Record<keyof Pending, unknown>>
  } catch {
    return {}
  }
}

async function note(folder: string, pending: Pending): Promise<void> {
  const fresh = join(folder, `.${PENDING}`)
  await writeFile(fresh, `${JSON.stringify(pending)}\n`, { mode: 0o600, flush: true })
  await giveTo(folder, fresh)
  await rename(fresh, join(folder, PENDING))
  await syncFolder(folder)
}

/** What root makes belongs to whom the data folder belongs to. */
export async function giveTo(folder: string, path: string): Promise<void> {
  const [owner, about] = [await stat(folder), await lstat(path)]
  if (about.uid !== owner.uid || about.gid !== owner.gid) await chown(path, owner.uid, owner.gid)
  if (!about.isDirectory()) return
  for (const name of await readdir(path)) {
    const inner = await lstat(join(path, name))
    if (!inner.isSymbolicLink()) await giveTo(folder, join(path, name))
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder)
  await handle.sync().finally(() => handle.close())
}

function unlessAbsent(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return []
  throw error
}
