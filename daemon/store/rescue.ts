// SPDX-License-Identifier: Apache-2.0
import { rm } from 'node:fs/promises'
import { Engine, type Operation } from './engine.ts'
import { StoreUnavailable, Unreadable } from './errors.ts'
import { copyAside, copyFolder, hasLevelFolder, levelFolder, lockedFolder, swapIn, undoSwap } from './files.ts'
import { encodeHead, HEAD_KEY, type Head } from './head.ts'
import type { Examination } from './integrity.ts'
import { salvage } from './leveldb/salvage.ts'
import { latestSchema, MIGRATIONS } from './migrations.ts'
import { examineEntries, examineSalvage, refuseDamagedTables, refuseNewer } from './opening.ts'
import { diskKey, encodeRecord } from './records.ts'
import { Seal } from './seal.ts'
import { StoreDamaged, type StoreSnapshot } from './store.ts'
import { NOTHING_YET, readTestimony, type Testimony, Witness } from './witness.ts'

export interface Inspection {
  /** Groups of writes so far; undefined when the head record is lost. */
  readonly sequence: number | undefined
  /** Intact records per table. */
  readonly tables: ReadonlyMap<string, number>
  /** What is wrong, in sentences; empty when the store is whole. */
  readonly findings: readonly string[]
}

export interface Acceptance extends Inspection {
  /** Where the folder was copied as it was. */
  readonly copy: string
}

/**
 * Examines a store that nobody has open and leaves it as it is. Rejects with StoreUnavailable when there is none or
 * a process uses it. The process that has the store open must not call it: that would release its lock.
 */
export async function inspect(folder: string): Promise<Inspection> {
  await requireStore(folder)
  const aside = await lockedFolder(folder)
  try {
    await copyAside(folder, aside)
    await refuseDamagedTables(folder)
    const engine = await Engine.open(aside, false)
    try {
      return inspectionOf(await examineEntries(folder, engine.chunks()))
    } finally {
      await engine.close()
    }
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error
    return inspectionOf(await examineSalvage(folder, error))
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}

/**
 * What a stopped store holds, leaving it as it is and running no migration. Rejects with StoreDamaged, or with
 * StoreUnavailable when there is none or a process uses it.
 */
export async function snapshotOf(folder: string): Promise<StoreSnapshot> {
  await requireStore(folder)
  const aside = await lockedFolder(folder)
  try {
    await copyAside(folder, aside)
    await refuseDamagedTables(folder)
    const engine = await Engine.open(aside, false)
    try {
      const { head, tables, findings } = await examineEntries(folder, engine.chunks())
      if (!head || findings.length > 0) throw new StoreDamaged(findings)
      const rows = [...tables].map(
        ([name, found]) => [name, Array.from(found.values(), ({ stored }) => stored)] as const,
      )
      return { sequence: head.sequence, revision: head.revision, schema: head.schema, tables: new Map(rows) }
    } finally {
      await engine.close()
    }
  } catch (error) {
    if (error instanceof Unreadable) throw new StoreDamaged(error.findings)
    throw error
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}

/** How many groups of writes a store has seen, damaged or not; undefined when its witness is lost, too. */
export async function lastSequence(folder: string): Promise<number | undefined> {
  const testimony = await readTestimony(folder).catch(() => undefined)
  return testimony && Math.max(testimony.durable, testimony.written)
}

/** Whether a process has the store open, or may be about to. */
export async function isInUse(folder: string): Promise<boolean> {
  if (!(await hasLevelFolder(folder))) return false
  const aside = await lockedFolder(folder)
  try {
    await (await Engine.open(aside, true)).close()
    return false
  } catch (error) {
    if (error instanceof StoreUnavailable && error.code === 'STORE_LOCKED') return true
    throw error
  } finally {
    await rm(aside, { recursive: true, force: true })
  }
}

/**
 * Makes a damaged store usable with what is left of it: copies the folder to `<folder>.damaged-<time>`, then builds
 * LevelDB's files anew from the intact records and seals them. What the findings name as lost stays lost. `now` is in
 * milliseconds since the epoch. Rejects with StoreUnavailable when nothing is left or a process uses the folder.
 */
export async function acceptLoss(folder: string, now: () => number): Promise<Acceptance> {
  await undoSwap(folder)
  await requireStore(folder)
  const rebuilt = await lockedFolder(folder)
  const engine = await Engine.open(rebuilt, true).catch(async (error) => {
    await rm(rebuilt, { recursive: true, force: true })
    throw error
  })
  try {
    const survivors = await examineEntries(folder, salvage(levelFolder(folder)))
    if (survivors.tables.size === 0 && !survivors.head) {
      const sentence = `nothing readable is left in ${folder}; restore a snapshot, or move the folder away to begin anew`
      throw new StoreUnavailable('STORE_FOLDER', sentence)
    }
    if (survivors.head) refuseNewer(folder, survivors.head, Number.POSITIVE_INFINITY)
    const copy = `${folder}.damaged-${new Date(now()).toISOString().replaceAll(/[-:]|\.\d+/g, '')}`
    await copyFolder(folder, copy, rebuilt)
    const testimony = await readTestimony(folder)
    const head = await writeAnew(engine, survivors, testimony)
    await engine.close()
    await swapIn(rebuilt, folder)
    const witness = await Witness.open(folder, testimony ?? NOTHING_YET, { create: !testimony, onFault: () => {} })
    await witness.saw(head.sequence, true, head.schema)
    await witness.close()
    return { ...inspectionOf(survivors), copy }
  } finally {
    await engine.close()
    await rm(rebuilt, { recursive: true, force: true })
  }
}

async function requireStore(folder: string): Promise<void> {
  if (!(await hasLevelFolder(folder))) throw new StoreUnavailable('STORE_FOLDER', `there is no store in ${folder}`)
}

async function writeAnew(engine: Engine, survivors: Examination, testimony: Testimony | undefined): Promise<Head> {
  const seal = new Seal()
  let revision = survivors.head?.revision ?? 0
  for (const [table, rows] of survivors.tables) {
    const operations: Operation[] = []
    for (const { stored } of rows.values()) {
      const key = diskKey(table, stored.key)
      const { bytes, checksum } = encodeRecord(key, stored.revision, JSON.stringify(stored.value))
      seal.replace(table, undefined, { revision: stored.revision, checksum })
      revision = Math.max(revision, stored.revision)
      operations.push({ key, bytes })
    }
    while (operations.length > 0) await engine.write(operations.splice(-500), false)
  }
  const sequence = 1 + Math.max(survivors.head?.sequence ?? 0, testimony?.durable ?? 0, testimony?.written ?? 0)
  const schema = survivors.head?.schema ?? testimony?.schema ?? latestSchema(MIGRATIONS)
  const head: Head = { format: 1, sequence, revision, schema, tables: seal.lines() }
  await engine.write([{ key: HEAD_KEY, bytes: encodeHead(head) }], true)
  return head
}

function inspectionOf({ head, tables, findings }: Examination): Inspection {
  return { sequence: head?.sequence, tables: new Map([...tables].map(([name, rows]) => [name, rows.size])), findings }
}
