// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LevelStore } from '#daemon/store/level-store'
import { acceptLoss, inspect } from '#daemon/store/rescue'
import { type Change, StoreDamaged, type Table } from '#daemon/store/store'
import type { Random } from '#test/store/random'

// Builds a store as a killed daemon leaves it, damages one file in one place and opens it: either the store says so,
// or every record is what it was.

const TABLES: readonly Table<unknown>[] = [{ name: 'leases' }, { name: 'phones' }, { name: 'timelines' }]

export interface Specimen {
  readonly folder: string
  /** `table/key` → JSON of the last value. */
  readonly expected: ReadonlyMap<string, string>
  /** Every value that a record ever had. */
  readonly history: ReadonlyMap<string, ReadonlySet<string>>
}

export interface Verdict {
  /** `CURRENT: 4 bytes flipped at 3`. */
  readonly damage: string
  readonly outcome: 'refused' | 'identical'
}

/** A store with tables, a log, overwritten and removed records; copied while it is open, as `kill -9` would leave it. */
export async function makeSpecimen(parent: string, random: Random): Promise<Specimen> {
  const live = mkdtempSync(join(parent, 'live-'))
  const folder = mkdtempSync(join(parent, 'specimen-'))
  const expected = new Map<string, string>()
  const history = new Map<string, Set<string>>()
  let store = new LevelStore({ folder: live })
  await store.open()
  for (let round = 0; round < 60; round++) {
    if (round === 20 || round === 40) {
      await store.close()
      store = new LevelStore({ folder: live })
      await store.open()
    }
    const commits = Array.from({ length: 40 }, () => {
      const change = anyChange(random)
      const id = `${change.table}/${change.key}`
      const json = JSON.stringify(change.value)
      if (json === undefined) expected.delete(id)
      else expected.set(id, json)
      if (json !== undefined) history.set(id, (history.get(id) ?? new Set<string>()).add(json))
      return store.commit([change], { durable: random.below(4) === 0 })
    })
    await Promise.all(commits)
  }
  cpSync(live, folder, { recursive: true })
  await store.close()
  rmSync(live, { recursive: true })
  return { folder, expected, history }
}

function anyChange(random: Random): Change {
  const { name: table } = random.pick(TABLES)
  const key = `k${random.below(700)}`
  if (random.below(6) === 0) return { table, key, value: undefined }
  return { table, key, value: { at: random.below(1e9), text: random.text(100 + random.below(900)) } }
}

/** Damages a copy of the specimen and opens it; throws when the store neither refuses nor is whole. */
export async function trial(specimen: Specimen, random: Random): Promise<Verdict> {
  const parent = mkdtempSync(join(tmpdir(), 'offhook-damage-'))
  const folder = join(parent, 'store')
  try {
    cpSync(specimen.folder, folder, { recursive: true })
    const damage = damageOneFile(folder, random)
    const before = fingerprint(folder)
    const store = new LevelStore({ folder })
    try {
      await store.open()
    } catch (error) {
      if (!(error instanceof StoreDamaged)) throw new Error(`${damage}: not refused as damaged`, { cause: error })
      await checkRefusal(folder, before, damage, error.findings)
      await checkRescue(folder, specimen, damage)
      return { damage, outcome: 'refused' }
    }
    const found = contents(store)
    await store.close()
    if (!sameMap(found, specimen.expected)) {
      throw new Error(
        `${damage}: opened with ${found.size} records instead of ${specimen.expected.size}, or other ones`,
      )
    }
    return { damage, outcome: 'identical' }
  } finally {
    rmSync(parent, { recursive: true, force: true })
  }
}

/** Four bytes flipped, a part zeroed, the end cut off, or the file deleted; at the beginning, in the middle or at the end. */
function damageOneFile(folder: string, random: Random): string {
  const name = random.pick(dataFiles(folder))
  const path = join(folder, name)
  const size = statSync(path).size
  const at = random.pick([
    () => random.below(Math.min(size, 64)),
    () => random.below(size),
    () => size - 1 - random.below(Math.min(size, 400)),
  ])()
  const kind = random.pick(['flip', 'flip', 'flip', 'zero', 'truncate', 'delete'])
  if (kind === 'delete') rmSync(path)
  else if (kind === 'truncate') truncateSync(path, at)
  else {
    const bytes = readFileSync(path)
    const length = kind === 'flip' ? 4 : 1 + random.below(5000)
    for (let i = at; i < Math.min(at + length, size); i++)
      bytes[i] = kind === 'zero' ? 0 : (bytes[i] ?? 0) ^ (1 + random.below(255))
    writeFileSync(path, bytes)
  }
  return `${name} (${size} bytes): ${kind} at ${at}`
}

/** A refusal names what is wrong, leaves the files alone, and says the same when asked again. */
async function checkRefusal(
  folder: string,
  before: string,
  damage: string,
  findings: readonly string[],
): Promise<void> {
  if (findings.length === 0) throw new Error(`${damage}: refused without a finding`)
  if (fingerprint(folder) !== before) throw new Error(`${damage}: the refusal changed files`)
  const again = await inspect(folder)
  if (again.findings.join() !== findings.join())
    throw new Error(`${damage}: ${findings.join()} but then ${again.findings.join()}`)
  if (fingerprint(folder) !== before) throw new Error(`${damage}: the inspection changed files`)
}

/** After the loss was accepted the store opens, and each record is one that was once written. */
async function checkRescue(folder: string, specimen: Specimen, damage: string): Promise<void> {
  const { copy } = await acceptLoss(folder, Date.now)
  if (readdirSync(copy).length === 0) throw new Error(`${damage}: no copy was kept`)
  const store = new LevelStore({ folder })
  await store.open()
  const kept = contents(store)
  await store.commit([{ table: 'phones', key: 'after', value: 1 }], { durable: true })
  await store.close()
  for (const [id, json] of kept) {
    if (!specimen.history.get(id)?.has(json)) throw new Error(`${damage}: ${id} was rescued as something never written`)
  }
}

function contents(store: LevelStore): Map<string, string> {
  const found = new Map<string, string>()
  for (const table of TABLES) {
    for (const { key, value } of store.entries(table)) found.set(`${table.name}/${key}`, JSON.stringify(value))
  }
  return found
}

function sameMap(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  return a.size === b.size && [...a].every(([key, value]) => b.get(key) === value)
}

/** Files that hold data, relative to the store's folder; LevelDB's lock and text log are none of them. */
function dataFiles(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile() && !/^(LOCK|LOG|LOG\.old)$/.test(entry.name))
  return files.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort()
}

function fingerprint(folder: string): string {
  const hash = createHash('sha256')
  for (const name of dataFiles(folder)) hash.update(name).update(readFileSync(join(folder, name)))
  return hash.digest('hex')
}
