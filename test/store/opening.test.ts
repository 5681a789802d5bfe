// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { LevelStore } from '#daemon/store/level-store'
import { put, type Table } from '#daemon/store/store'
import { freshFolder, openStore } from '#test/store/folder'

const phones: Table<{ n: number }> = { name: 'phones' }
const durable = { durable: true }
const CHILD = fileURLToPath(new URL('crash-child.ts', import.meta.url))

/** A closed store with one record. */
async function madeStore(): Promise<string> {
  const folder = join(freshFolder(), 'store')
  const store = new LevelStore({ folder })
  await store.open()
  await store.commit([put(phones, 'a', { n: 1 })], durable)
  await store.close()
  return folder
}

function open(folder: string): Promise<void> {
  return new LevelStore({ folder }).open()
}

/** A copy of the folder as it is now: what `kill -9` at this moment would leave. */
function snapshot(folder: string): string {
  const copy = join(freshFolder(), 'store')
  cpSync(folder, copy, { recursive: true })
  return copy
}

describe('the folder', () => {
  test('is created, for its owner alone, when its parent is there', async () => {
    const folder = join(freshFolder(), 'store')
    await openStore({ folder })
    expect(execFileSync('stat', ['-c', '%a', folder], { encoding: 'utf8' }).trim()).toBe('700')
  })

  test('without a parent is one clear sentence', async () => {
    const folder = join(freshFolder(), 'not', 'there')
    await expect(open(folder)).rejects.toMatchObject({
      code: 'STORE_FOLDER',
      message: `the store's folder ${folder} cannot be created, because there is no ${join(folder, '..')}`,
    })
  })

  test('that is a file is one clear sentence', async () => {
    const folder = join(freshFolder(), 'file')
    writeFileSync(folder, '')
    await expect(open(folder)).rejects.toMatchObject({ message: `the store's folder ${folder} is not a folder` })
  })

  test('on a read-only disk is one clear sentence', async () => {
    const disk = freshFolder()
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk])
    onTestFinished(() => {
      execFileSync('umount', ['--lazy', disk])
    })
    const folder = join(disk, 'store')
    mkdirSync(folder)
    execFileSync('mount', ['-o', 'remount,ro', disk])
    await expect(open(folder)).rejects.toMatchObject({
      code: 'STORE_FOLDER',
      message: `the store's folder ${folder} cannot be used: read-only file system`,
    })
  })

  test('holds nothing but LevelDB’s folder and the witness, open or closed', async () => {
    const folder = await madeStore()
    expect(readdirSync(folder).sort()).toEqual(['db', 'witness'])
    await openStore({ folder })
    expect(readdirSync(folder).sort()).toEqual(['db', 'witness'])
  })
})

describe('a second process', () => {
  test('is refused while the first one runs, and not after it was killed', async () => {
    const folder = join(freshFolder(), 'store')
    const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=source', CHILD, folder, '1'])
    onTestFinished(() => {
      child.kill('SIGKILL')
    })
    for await (const chunk of child.stdout) if (String(chunk).includes('opened')) break
    await expect(open(folder)).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      message: `another Offhook is using ${folder}`,
    })
    expect(readdirSync(folder).sort()).toEqual(['db', 'witness'])
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
    await openStore({ folder })
  })
})

describe('a new store', () => {
  test('killed at any moment of its making opens as new', async () => {
    const made = await madeStore()
    const none = freshFolder()
    const steps: [string, (folder: string) => void][] = [
      ['the folder', () => {}],
      ['LevelDB’s folder', (folder) => mkdirSync(join(folder, 'db'))],
      ['half a LevelDB', (folder) => writeFileSync(join(folder, 'db', 'MANIFEST-000001'), 'half')],
      ['an empty witness', (folder) => writeFileSync(join(folder, 'witness'), '')],
    ]
    const folder = join(none, 'store')
    mkdirSync(folder)
    for (const [what, make] of steps) {
      if (what === 'an empty witness') {
        // LevelDB is complete before the witness is made, and empty before the first head record.
        rmSync(join(folder, 'db'), { recursive: true })
        const { Level } = await import('level')
        const level = new Level(join(folder, 'db'))
        await level.open()
        await level.close()
      }
      make(folder)
      const copy = snapshot(folder)
      const store = await openStore({ folder: copy })
      expect(store.count(phones), what).toBe(0)
      await store.commit([put(phones, 'a', { n: 1 })], durable)
    }
    expect(existsSync(made)).toBe(true)
  })
})

describe('what is noticed', () => {
  test('LevelDB’s folder is gone', async () => {
    const folder = await madeStore()
    rmSync(join(folder, 'db'), { recursive: true })
    await expect(open(folder)).rejects.toMatchObject({
      code: 'STORE_DAMAGED',
      findings: expect.arrayContaining(['LevelDB cannot open its files: CURRENT is missing']),
    })
  })

  test('LevelDB’s folder was replaced by an empty one', async () => {
    const folder = await madeStore()
    rmSync(join(folder, 'db'), { recursive: true })
    const { Level } = await import('level')
    const level = new Level(join(folder, 'db'))
    await level.open()
    await level.close()
    await expect(open(folder)).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
  })

  test('the witness is gone: then nobody could tell an older state from the newest', async () => {
    const folder = await madeStore()
    rmSync(join(folder, 'witness'))
    await expect(open(folder)).rejects.toMatchObject({
      code: 'STORE_DAMAGED',
      message: 'the witness file is missing or damaged, so nobody can tell whether the newest writes are there',
    })
  })

  test('LevelDB’s files are an older state, whole in itself', async () => {
    const folder = await madeStore()
    const older = snapshot(folder)
    const store = await openStore({ folder })
    for (let n = 2; n <= 4; n++) await store.commit([put(phones, 'a', { n })], durable)
    await store.close()
    rmSync(join(folder, 'db'), { recursive: true })
    renameSync(join(older, 'db'), join(folder, 'db'))
    await expect(open(folder)).rejects.toMatchObject({ findings: ['the newest 3 writes are missing (2 of 5)'] })
  })

  test.each([true, false])('the end of the log is gone after a kill (last commits durable: %s)', async (isDurable) => {
    const folder = await madeStore()
    const store = await openStore({ folder })
    const before = snapshot(folder)
    await store.commit([put(phones, 'a', { n: 2 })], { durable: isDurable })
    const killed = snapshot(folder)
    rmSync(join(killed, 'db'), { recursive: true })
    renameSync(join(before, 'db'), join(killed, 'db'))
    await expect(open(killed)).rejects.toMatchObject({ findings: ['the newest 1 writes are missing (2 of 3)'] })
  })

  test.each<[string, (level: RawLevel) => Promise<void>, string]>([
    ['a lost record', (level) => level.del('r/phones/k1'), 'phones: 5 records were written, only 4 are intact'],
    [
      'a revived record',
      async (level) => level.put('r/phones/k9', await level.get('old/r/phones/k9')),
      'phones: 5 records were written, but 6 are there',
    ],
    [
      'an older version of a record',
      async (level) => level.put('r/phones/k2', await level.get('old/r/phones/k2')),
      'phones: all 5 records are there, but some are not the last ones written',
    ],
    [
      'two records swapped',
      async (level) => {
        const [one, two] = [await level.get('r/phones/k1'), await level.get('r/phones/k2')]
        await level.batch([
          { type: 'put', key: 'r/phones/k1', value: two },
          { type: 'put', key: 'r/phones/k2', value: one },
        ])
      },
      'phones: 2 damaged ("k1", "k2")',
    ],
    [
      'one flipped bit in a value',
      async (level) => {
        const bytes = await level.get('r/phones/k3')
        bytes.writeUInt8(bytes.readUInt8(bytes.length - 3) ^ 1, bytes.length - 3)
        await level.put('r/phones/k3', bytes)
      },
      'phones: 1 damaged ("k3")',
    ],
    [
      'a foreign key',
      (level) => level.put('who/knows', Buffer.from('x')),
      'unknown table: 1 damaged ("who/knows")',
    ],
    [
      'a lost head record',
      (level) => level.del('m/head'),
      'the head record, which says how many records there must be, is missing or damaged',
    ],
  ])('%s', async (_what, tamper, finding) => {
    const folder = join(freshFolder(), 'store')
    const store = new LevelStore({ folder })
    await store.open()
    for (const key of ['k1', 'k2', 'k3', 'k4', 'k5', 'k9']) await store.commit([put(phones, key, { n: 1 })], durable)
    const old = await rawEntries(snapshot(folder))
    await store.commit([put(phones, 'k2', { n: 2 }), { table: 'phones', key: 'k9', value: undefined }], durable)
    await store.close()
    await withLevel(folder, async (level) => {
      // Older versions, as LevelDB itself could bring them back.
      const get = level.get.bind(level)
      level.get = async (key: string) => old.get(key.replace(/^old\//, '')) ?? (await get(key))
      if (!_what.includes('older') && !_what.includes('revived')) level.get = get
      await tamper(level)
    })
    await expect(open(folder)).rejects.toMatchObject({
      code: 'STORE_DAMAGED',
      findings: expect.arrayContaining([finding]),
    })
  })
})
