// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Engine, type Operation } from '#daemon/store/engine'
import { LevelStore } from '#daemon/store/level-store'
import { put, remove, type Table } from '#daemon/store/store'
import { readTestimony, Witness } from '#daemon/store/witness'
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
    await expect(open(folder)).rejects.toThrow(`the store's folder ${folder} cannot be used: read-only file system`)
  })

  test('with files of another user is one clear sentence', async () => {
    const folder = await madeStore()
    const nobody = 65534
    chownSync(folder, nobody, nobody)
    chownSync(dirname(folder), nobody, nobody)
    const script = `import { LevelStore } from '#daemon/store/level-store'
      process.setuid?.(${nobody})
      await new LevelStore({ folder: ${JSON.stringify(folder)} }).open().catch((error) => console.log(error.code, error.message))`
    const args = ['--import', 'tsx', '--conditions=source', '--input-type=module', '--eval', script]
    const printed = execFileSync(process.execPath, args, { encoding: 'utf8' })
    expect(printed.trim()).toBe(`STORE_FOLDER the store's folder ${folder} cannot be used: permission denied`)
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
    const args = ['--import', 'tsx', '--conditions=source', CHILD, folder, '1']
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const gone = once(child, 'exit')
    onTestFinished(() => {
      child.kill('SIGKILL')
    })
    await new Promise<void>((resolve, reject) => {
      child.stdout.on('data', (chunk) => String(chunk).includes('opened') && resolve())
      gone.then(() => reject(new Error('the first process ended by itself')), reject)
    })
    await expect(open(folder)).rejects.toMatchObject({
      code: 'STORE_LOCKED',
      message: `another Offhook is using ${folder}`,
    })
    expect(readdirSync(folder).sort()).toEqual(['db', 'witness'])
    child.kill('SIGKILL')
    await gone
    await openStore({ folder })
  })
})

describe('a new store', () => {
  test('killed at any moment of its making opens as new', async () => {
    const folder = join(freshFolder(), 'store')
    const moments: [string, () => unknown][] = [
      ['the folder is made', () => mkdirSync(folder)],
      ['LevelDB’s folder is made', () => mkdirSync(join(folder, 'db'))],
      ['LevelDB has begun', () => writeFileSync(join(folder, 'db', 'MANIFEST-000001'), 'half')],
      ['LevelDB is complete', () => withLevel(folder, async () => {})],
      ['the witness is empty', () => writeFileSync(join(folder, 'witness'), '')],
    ]
    for (const [moment, make] of moments) {
      await make()
      const store = await openStore({ folder: snapshot(folder) })
      expect(store.count(phones), moment).toBe(0)
      await store.commit([put(phones, 'a', { n: 1 })], durable)
    }
  })
})

describe('what is noticed', () => {
  test('LevelDB’s folder is gone', async () => {
    const folder = await madeStore()
    rmSync(join(folder, 'db'), { recursive: true })
    const findings = expect.arrayContaining(['LevelDB cannot open its files: CURRENT is missing'])
    await expect(open(folder)).rejects.toMatchObject({ code: 'STORE_DAMAGED', findings })
  })

  test('LevelDB’s folder was replaced by an empty one', async () => {
    const folder = await madeStore()
    rmSync(join(folder, 'db'), { recursive: true })
    await withLevel(folder, async () => {})
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
    replaceLevel(folder, older)
    await expect(open(folder)).rejects.toMatchObject({
      findings: ['the newest writes are missing: the last one found is 2, the last one written 5'],
    })
  })

  test.each([[true], [false]])('the end of the log is gone after a kill (commit durable: %s)', async (isDurable) => {
    const folder = await madeStore()
    const store = await openStore({ folder })
    const before = snapshot(folder)
    await store.commit([put(phones, 'a', { n: 2 })], { durable: isDurable })
    const killed = snapshot(folder)
    replaceLevel(killed, before)
    await expect(open(killed)).rejects.toMatchObject({
      findings: ['the newest writes are missing: the last one found is 2, the last one written 3'],
    })
  })

  test('after a power cut, writes that were not durable may be missing', async () => {
    const folder = await madeStore()
    const store = await openStore({ folder })
    const before = snapshot(folder)
    await store.commit([put(phones, 'a', { n: 2 })], { durable: false })
    const cut = snapshot(folder)
    replaceLevel(cut, before)
    await pretendReboot(cut)
    expect((await openStore({ folder: cut })).get(phones, 'a')?.value).toEqual({ n: 1 })
  })

  test.each<[string, (level: Engine, old: ReadonlyMap<string, Buffer>) => Promise<unknown>, string]>([
    ['a lost record', (level) => level.write([del('k1')], true), 'phones: only 4 of 5 records are intact'],
    [
      'a revived record',
      (level, old) => level.write([set('k9', old.get('k9'))], true),
      'phones: 6 records are there, but 5 were written',
    ],
    [
      'an older version of a record',
      (level, old) => level.write([set('k2', old.get('k2'))], true),
      'phones: all 5 records are there, but some are not the last ones written',
    ],
    [
      'two records swapped',
      (level, old) => level.write([set('k1', old.get('k3')), set('k3', old.get('k1'))], true),
      'phones: 2 damaged ("k1", "k3"); phones: only 3 of 5 records are intact',
    ],
    [
      'one flipped bit in a value',
      (level, old) => level.write([set('k3', withFlippedBit(old.get('k3')))], true),
      'phones: 1 damaged ("k3"); phones: only 4 of 5 records are intact',
    ],
    [
      'a key that is none of ours',
      (level) => level.write([{ key: 'who/knows', bytes: Buffer.from('x') }], true),
      'unknown table: 1 damaged ("who/knows")',
    ],
    [
      'a lost head record',
      (level) => level.write([{ key: 'm/head', bytes: undefined }], true),
      'the head record, which says how many records there must be, is missing or damaged',
    ],
  ])('%s', async (_what, tamper, finding) => {
    const folder = join(freshFolder(), 'store')
    const store = await openStore({ folder })
    for (const key of ['k1', 'k2', 'k3', 'k4', 'k5', 'k9']) await store.commit([put(phones, key, { n: 1 })], durable)
    const old = new Map<string, Buffer>()
    await withLevel(snapshot(folder), async (level) => {
      for await (const chunk of level.chunks())
        for (const [key, bytes] of chunk) old.set(key.slice(PREFIX.length), bytes)
    })
    await store.commit([put(phones, 'k2', { n: 2 }), remove(phones, 'k9')], durable)
    await store.close()
    await withLevel(folder, (level) => tamper(level, old))
    await expect(open(folder)).rejects.toMatchObject({ code: 'STORE_DAMAGED', message: finding })
  })

  test('a refused store is refused again, and opens when its files are put right', async () => {
    const folder = await madeStore()
    const good = snapshot(folder)
    await withLevel(folder, (level) => level.write([set('a', undefined)], true))
    for (let i = 0; i < 3; i++) await expect(open(folder)).rejects.toMatchObject({ code: 'STORE_DAMAGED' })
    replaceLevel(folder, good)
    expect((await openStore({ folder })).count(phones)).toBe(1)
  })
})

const PREFIX = 'r/phones/'

function set(key: string, bytes: Buffer | undefined): Operation {
  return { key: PREFIX + key, bytes }
}

function del(key: string): Operation {
  return set(key, undefined)
}

function withFlippedBit(bytes: Buffer | undefined): Buffer {
  const copy = Buffer.from(bytes ?? [])
  copy.writeUInt8(copy.readUInt8(copy.length - 3) ^ 1, copy.length - 3)
  return copy
}

async function withLevel(folder: string, use: (level: Engine) => Promise<unknown>): Promise<void> {
  const level = await Engine.open(join(folder, 'db'), true)
  await use(level).finally(() => level.close())
}

/** LevelDB's files of `folder` become those of `other`. */
function replaceLevel(folder: string, other: string): void {
  rmSync(join(folder, 'db'), { recursive: true })
  cpSync(join(other, 'db'), join(folder, 'db'), { recursive: true })
}

/** The witness speaks of a machine that was started another time. */
async function pretendReboot(folder: string): Promise<void> {
  const testimony = await readTestimony(folder)
  if (!testimony) throw new Error('no witness')
  const onFault = (error: unknown) => {
    throw error
  }
  await (await Witness.open(folder, { ...testimony, boot: 'another' }, { create: true, onFault })).close()
}
