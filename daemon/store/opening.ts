// SPDX-License-Identifier: Apache-2.0
import { rm } from 'node:fs/promises'
import { Engine } from './engine.ts'
import { isSystemError, reasonOf, StoreUnavailable, Unreadable } from './errors.ts'
import {
  copyAside,
  folderUnusable,
  hasLevelFiles,
  levelFolder,
  prepareFolder,
  putBack,
  removeLeftovers,
  swapInterrupted,
} from './files.ts'
import { encodeHead, HEAD_KEY, type Head } from './head.ts'
import { type Entries, type Examination, examine, type Tables } from './integrity.ts'
import { damagedTables, salvage } from './leveldb/salvage.ts'
import type { Seal } from './seal.ts'
import { StoreDamaged } from './store.ts'
import { bootId, leastSequence, NOTHING_YET, readTestimony, Witness } from './witness.ts'

export interface Opened {
  readonly engine: Engine
  readonly witness: Witness
  readonly tables: Tables
  readonly seal: Seal
  readonly head: Head
}

type OnFault = (error: unknown) => void

/**
 * Opens the folder and proves that everything written is there. When it is not, the files are left exactly as they
 * were found (LevelDB alone would have tidied up the evidence) and this rejects with StoreDamaged.
 */
export async function openVerified(folder: string, schema: number, onFault: OnFault): Promise<Opened> {
  if (await swapInterrupted(folder)) throw new StoreDamaged(['accepting a loss was interrupted: do it again'])
  await prepareFolder(folder)
  try {
    await refuseDamagedTables(folder)
    return await openRestorably(folder, schema, onFault)
  } catch (error) {
    if (error instanceof Unreadable) throw new StoreDamaged((await examineSalvage(folder, error)).findings)
    if (isSystemError(error)) throw folderUnusable(folder, error)
    throw error
  }
}

async function openRestorably(folder: string, schema: number, onFault: OnFault): Promise<Opened> {
  const level = levelFolder(folder)
  const pristine = !(await readTestimony(folder)) && !(await hasLevelFiles(level))
  const aside = await copyAside(folder)
  try {
    const engine = await Engine.open(level, pristine)
    const opened = await verify(folder, engine, schema, onFault).catch(async (error) => {
      await engine.close()
      throw error
    })
    await removeLeftovers(folder).catch(onFault)
    return opened
  } catch (error) {
    // Either error shows that the lock was ours.
    if (error instanceof StoreDamaged || error instanceof Unreadable) await putBack(aside, folder)
    throw error
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}

/** Rejects with Unreadable before LevelDB meets a table that could make it end the process. */
export async function refuseDamagedTables(folder: string): Promise<void> {
  const findings = await damagedTables(levelFolder(folder))
  if (findings.length > 0) throw new Unreadable(findings)
}

/** What is left of a store that LevelDB cannot read, and what LevelDB's trouble is. */
export async function examineSalvage(folder: string, trouble: Unreadable): Promise<Examination> {
  const examination = await examineEntries(folder, salvage(levelFolder(folder)))
  return { ...examination, findings: [...trouble.findings, ...examination.findings] }
}

/** Compares everything there is, as LevelDB or the salvage reads it, with the head record and the witness. */
export async function examineEntries(folder: string, entries: Entries): Promise<Examination> {
  const testimony = await readTestimony(folder)
  const examination = await examine(entries, testimony ? leastSequence(testimony, await bootId()) : 0)
  if (testimony || examination.empty) return examination
  const blind = 'the witness file is missing or damaged, so nobody can tell whether the newest writes are there'
  return { ...examination, findings: [...examination.findings, blind] }
}

async function verify(folder: string, engine: Engine, schema: number, onFault: OnFault): Promise<Opened> {
  const examination = await examineEntries(folder, engine.chunks())
  const { tables, seal, head } = examination
  if (head) refuseNewer(folder, head, schema)
  const testimony = await readTestimony(folder)
  // Killed while it was created: LevelDB is there, but not even the first head record.
  const unborn = examination.empty && (testimony?.durable ?? 0) === 0
  if (unborn) return { engine, tables, seal, ...(await seed(folder, engine, schema, onFault)) }
  if (!head || !testimony || examination.findings.length > 0) throw new StoreDamaged(examination.findings)
  return { engine, tables, seal, head, witness: await Witness.open(folder, testimony, { create: false, onFault }) }
}

/** The first head record of a new store. The witness comes first: a store with records always has one. */
async function seed(
  folder: string,
  engine: Engine,
  schema: number,
  onFault: OnFault,
): Promise<{ head: Head; witness: Witness }> {
  const head = { format: 1, sequence: 1, revision: 0, schema, tables: [] } as const
  const witness = await Witness.open(folder, NOTHING_YET, { create: true, onFault })
  try {
    await engine.write([{ key: HEAD_KEY, bytes: encodeHead(head) }], true)
    await witness.saw(head.sequence, true, schema)
    return { head, witness }
  } catch (error) {
    await witness.close()
    throw new StoreUnavailable('STORE_FOLDER', `the store cannot be created in ${folder}: ${reasonOf(error)}`, error)
  }
}

/** Throws when the store was written by a version that this one does not understand. */
export function refuseNewer(folder: string, head: Head, schema: number): void {
  if (head.format === 1 && head.schema <= schema) return
  const found = head.format === 1 ? `version ${head.schema}, this one knows up to ${schema}` : `layout ${head.format}`
  const sentence = `the store in ${folder} was written by a newer Offhook (${found}): start that one`
  throw new StoreUnavailable('STORE_NEWER', sentence)
}
