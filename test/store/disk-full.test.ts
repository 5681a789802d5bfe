// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process'
import { appendFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type Notice, put, remove, type Store, type Table } from '#daemon/store/store'
import { freshFolder, openStore } from '#test/store/folder'

const phones: Table<{ n: number; filler?: string }> = { name: 'phones' }
const durable = { durable: true }

/** A file system of its own that is soon full. Needs root. */
function tinyDisk(): string {
  const folder = freshFolder()
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', folder])
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', folder])
  })
  return folder
}

/** Takes all the space that is left; returns the way to give it back. */
function fill(disk: string): () => void {
  const ballast = join(disk, 'ballast')
  writeFileSync(ballast, '')
  const { bavail, bsize } = statfsSync(disk)
  appendFileSync(ballast, Buffer.alloc(bavail * bsize))
  expect(statfsSync(disk).bavail).toBe(0)
  return () => rmSync(ballast)
}

/** Commits until one is refused: LevelDB's last page may still have room. */
async function commitUntilRefused(store: Store): Promise<{ accepted: number; error: unknown }> {
  for (let n = 0; n < 100; n++) {
    try {
      await store.commit([put(phones, 'full', { n, filler: 'x'.repeat(3000) })], durable)
    } catch (error) {
      return { accepted: n - 1, error }
    }
  }
  throw new Error('the disk is not full')
}

describe('a full disk', () => {
  test('refuses commits, takes them back in memory, says so, and still answers reads', async () => {
    const disk = tinyDisk()
    const store = await openStore({ folder: join(disk, 'store') })
    await store.commit([put(phones, 'a', { n: 1 }), put(phones, 'b', { n: 1 })], durable)
    const notices: Notice<unknown>[] = []
    store.watch(phones, 0, (notice) => notices.push(notice))
    const before = notices.length

    fill(disk)
    const { accepted, error } = await commitUntilRefused(store)
    expect(error).toMatchObject({ code: 'STORE_WRITE', message: expect.stringContaining('no space left on device') })
    expect(store.trouble()).toBe(`nothing can be written to ${join(disk, 'store')}: no space left on device`)
    expect(store.get(phones, 'full')?.value.n ?? -1).toBe(accepted)
    expect(store.get(phones, 'a')?.value).toEqual({ n: 1 })
    expect(notices).toHaveLength(before + accepted + 1)

    // A pile of commits that build upon each other: all are taken back, newest first.
    const pile = [
      store.commit([put(phones, 'a', { n: 2 }), remove(phones, 'b')], durable),
      store.commit([put(phones, 'a', { n: 3 }), put(phones, 'b', { n: 3 }, 'absent')], { durable: false }),
      store.commit([remove(phones, 'a'), put(phones, 'c', { n: 3 })], durable),
    ]
    expect(store.get(phones, 'c')?.value).toEqual({ n: 3 })
    const results = await Promise.allSettled(pile)
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(store.get(phones, 'a')?.value).toEqual({ n: 1 })
    expect(store.get(phones, 'b')?.value).toEqual({ n: 1 })
    expect(store.get(phones, 'c')).toBeUndefined()
    expect(notices).toHaveLength(before + accepted + 1)
  })

  test('heals with the first commit after space is free again, and reopens whole', async () => {
    const disk = tinyDisk()
    const options = { folder: join(disk, 'store') }
    const store = await openStore(options)
    await store.commit([put(phones, 'a', { n: 1 })], durable)
    const seen: string[] = []
    for (let round = 0; round < 3; round++) {
      const free = fill(disk)
      const { accepted } = await commitUntilRefused(store)
      free()
      const revision = await store.commit([put(phones, `round-${round}`, { n: accepted })], durable)
      seen.push(`round-${round}`)
      expect(store.trouble()).toBeUndefined()
      expect(store.get(phones, `round-${round}`)?.revision).toBe(revision)
    }
    const before = [...store.entries(phones)].map(({ key, value }) => [key, value])
    expect(before.map(([key]) => key)).toEqual(expect.arrayContaining(['a', ...seen]))
    await store.close()
    const reopened = await openStore(options)
    expect([...reopened.entries(phones)].map(({ key, value }) => [key, value]).sort()).toEqual(before.sort())
  })

  test('a kill while the disk is full loses nothing acknowledged', async () => {
    const disk = tinyDisk()
    const store = await openStore({ folder: join(disk, 'store') })
    await store.commit([put(phones, 'a', { n: 1 })], durable)
    fill(disk)
    const { accepted } = await commitUntilRefused(store)
    // What a kill leaves behind: the files as they are now.
    const copy = join(freshFolder(), 'store')
    execFileSync('cp', ['-a', join(disk, 'store'), copy])
    const survivor = await openStore({ folder: copy })
    expect(survivor.get(phones, 'a')?.value).toEqual({ n: 1 })
    expect(survivor.get(phones, 'full')?.value.n ?? -1).toBeGreaterThanOrEqual(accepted)
  })

  test('a store that cannot be created for lack of space says so in one sentence', async () => {
    const disk = tinyDisk()
    fill(disk)
    await expect(openStore({ folder: join(disk, 'store') })).rejects.toMatchObject({
      code: 'STORE_FOLDER',
      message: expect.stringContaining('no space left on device'),
    })
  })
})
