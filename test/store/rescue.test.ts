// SPDX-License-Identifier: Apache-2.0
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Engine } from '#daemon/store/engine'
import { LevelStore } from '#daemon/store/level-store'
import { acceptLoss, inspect } from '#daemon/store/rescue'
import { put, type Table } from '#daemon/store/store'
import { freshFolder, openStore } from '#test/store/folder'

const phones: Table<{ n: number; filler: string }> = { name: 'phones' }
const leases: Table<{ n: number }> = { name: 'leases' }
const now = () => Date.UTC(2026, 0, 2, 3, 4, 5)

/** A store as a kill leaves it, all in LevelDB's log: 300 phones in 300 batches, one lease. */
async function killedStore(): Promise<string> {
  const live = join(freshFolder(), 'store')
  const store = await openStore({ folder: live })
  await store.commit([put(leases, '10.0.0.1', { n: 1 })], { durable: true })
  for (let n = 0; n < 300; n++) {
    await store.commit([put(phones, `p${n}`, { n, filler: 'x'.repeat(600) })], { durable: false })
  }
  const folder = join(freshFolder(), 'store')
  cpSync(live, folder, { recursive: true })
  return folder
}

function logOf(folder: string): string {
  const logs = readdirSync(join(folder, 'db')).filter((name) => name.endsWith('.log'))
  return join(folder, 'db', logs.sort().at(-1) ?? 'no log')
}

function flipFourBytes(path: string, at: (size: number) => number): void {
  const bytes = readFileSync(path)
  const start = at(bytes.length)
  for (let i = start; i < start + 4; i++) bytes.writeUInt8(bytes.readUInt8(i) ^ 0x5a, i)
  writeFileSync(path, bytes)
}

function count(folder: string): Promise<number> {
  const store = new LevelStore({ folder })
  return store.open().then(async () => {
    const found = store.count(phones)
    await store.close()
    return found
  })
}

describe('four flipped bytes in the middle of LevelDB’s log', () => {
  test('are no error to LevelDB, which serves fewer records: why the store checks for itself', async () => {
    const folder = await killedStore()
    flipFourBytes(logOf(folder), (size) => size >> 1)
    const level = await Engine.open(join(folder, 'db'), false)
    let entries = 0
    for await (const chunk of level.chunks()) entries += chunk.length
    await level.close()
    expect(entries).toBeGreaterThan(0)
    // 301 records and the head record were written.
    expect(entries).toBeLessThan(302 - 1)
  })

  test('are noticed at open, named by table with counts, and nothing is served', async () => {
    const folder = await killedStore()
    flipFourBytes(logOf(folder), (size) => size >> 1)
    const store = new LevelStore({ folder })
    const error = await store.open().catch((reason: unknown) => reason)
    expect(error).toMatchObject({
      code: 'STORE_DAMAGED',
      message: expect.stringMatching(/^phones: only \d+ of 300 records are intact$/),
    })
    expect(() => store.count(phones)).toThrow(/not open/)
  })

  test('leave the evidence in place: LevelDB alone would have deleted the log', async () => {
    const folder = await killedStore()
    flipFourBytes(logOf(folder), (size) => size >> 1)
    const before = readFileSync(logOf(folder))
    await expect(count(folder)).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
    expect(readFileSync(logOf(folder)).equals(before)).toBe(true)
    const { findings } = await inspect(folder)
    expect(findings).toHaveLength(1)
    await expect(count(folder)).rejects.toMatchObject({ findings })
  })

  test('cost one batch, not the rest of the log’s block, when the loss is accepted', async () => {
    const folder = await killedStore()
    flipFourBytes(logOf(folder), (size) => size >> 1)
    const { copy, tables, findings } = await acceptLoss(folder, now)
    expect(tables.get('phones')).toBe(299)
    expect(tables.get('leases')).toBe(1)
    expect(findings).toEqual(['phones: only 299 of 300 records are intact'])
    expect(copy).toBe(`${folder}.damaged-20260102T030405Z`)
    expect(statSync(copy).mode & 0o777).toBe(0o700)
    expect(await count(folder)).toBe(299)
    expect((await inspect(folder)).findings).toEqual([])
    await expect(count(copy)).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
  })
})

describe('inspect', () => {
  test('finds a good store good, and counts', async () => {
    const folder = await killedStore()
    const inspection = await inspect(folder)
    expect(inspection.findings).toEqual([])
    expect(inspection.sequence).toBe(302)
    expect([...inspection.tables].sort()).toEqual([
      ['leases', 1],
      ['phones', 300],
    ])
    expect(readdirSync(folder).sort()).toEqual(['db', 'witness'])
  })

  test('where there is no store is one clear sentence', async () => {
    const folder = join(freshFolder(), 'store')
    await expect(inspect(folder)).rejects.toThrow(`there is no store in ${folder}`)
    await expect(acceptLoss(folder, now)).rejects.toThrow(`there is no store in ${folder}`)
  })
})

describe('accepting a loss', () => {
  test('goes on with higher revisions and sequences, and with migrations where they were', async () => {
    const folder = await killedStore()
    rmSync(join(folder, 'witness'))
    await acceptLoss(folder, now)
    const store = await openStore({ folder })
    expect(store.get(phones, 'p7')).toEqual({ key: 'p7', value: { n: 7, filler: 'x'.repeat(600) }, revision: 9 })
    expect(await store.commit([put(leases, '10.0.0.2', { n: 2 })], { durable: true })).toBe(302)
  })

  test('of a whole store loses nothing', async () => {
    const folder = await killedStore()
    expect((await acceptLoss(folder, now)).findings).toEqual([])
    expect(await count(folder)).toBe(300)
  })

  test('works without MANIFEST, CURRENT and witness', async () => {
    const folder = await killedStore()
    const names = readdirSync(join(folder, 'db')).filter((name) => /^(MANIFEST|CURRENT)/.test(name))
    for (const name of names) rmSync(join(folder, 'db', name))
    rmSync(join(folder, 'witness'))
    await acceptLoss(folder, now)
    expect(await count(folder)).toBe(300)
  })

  test('reads a table whose index is gone block by block', async () => {
    const folder = await killedStore()
    // Opening turns the log into a table.
    expect(await count(folder)).toBe(300)
    const table = readdirSync(join(folder, 'db')).find((name) => name.endsWith('.ldb')) ?? 'no table'
    flipFourBytes(join(folder, 'db', table), (size) => size - 48)
    await expect(count(folder)).rejects.toMatchObject({
      findings: expect.arrayContaining([`LevelDB's table ${table} is damaged`]),
    })
    await acceptLoss(folder, now)
    expect(await count(folder)).toBe(300)
  })

  test('with nothing left is refused and says what else to do', async () => {
    const folder = await killedStore()
    for (const name of readdirSync(join(folder, 'db'))) writeFileSync(join(folder, 'db', name), 'rubbish')
    await expect(acceptLoss(folder, now)).rejects.toThrow(
      `nothing readable is left in ${folder}; restore a snapshot, or move the folder away to begin anew`,
    )
    expect(readdirSync(folder).sort()).toEqual(['db', 'witness'])
  })

  test('never overwrites an earlier copy', async () => {
    const folder = await killedStore()
    await acceptLoss(folder, now)
    await expect(acceptLoss(folder, now)).rejects.toThrow(/damaged-20260102T030405Z exists already$/)
    expect(await count(folder)).toBe(300)
  })

  test('stopped half-way is refused at opening, and can be done again', async () => {
    const folder = await killedStore()
    renameSync(join(folder, 'db'), join(folder, 'replaced'))
    for (const db of ['absent', 'empty']) {
      if (db === 'empty') mkdirSync(join(folder, 'db'))
      await expect(count(folder)).rejects.toMatchObject({ findings: ['accepting a loss was interrupted: do it again'] })
    }
    await acceptLoss(folder, now)
    expect(await count(folder)).toBe(300)
    expect(existsSync(join(folder, 'replaced'))).toBe(false)
    expect(readdirSync(dirname(folder)).sort()).toEqual([
      basename(folder),
      `${basename(folder)}.damaged-20260102T030405Z`,
    ])
  })
})
