// SPDX-License-Identifier: Apache-2.0
import { readdirSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Engine } from '#daemon/store/engine'
import { Memory } from '#daemon/store/memory'
import { openVerified } from '#daemon/store/opening'
import { type Change, put, remove, type Table } from '#daemon/store/store'
import { Watchers } from '#daemon/store/watchers'
import { type GroupWritten, Writer } from '#daemon/store/writer'
import { freshFolder, openStore } from '#test/store/folder'
import { Random } from '#test/store/random'

// Of no table of the product, whose records its migrations would change.
const things: Table<unknown> = { name: 'things' }

function fail(error: unknown): never {
  throw error
}

describe('LevelDB’s change of logs', () => {
  test('never leaves unsynced writes behind in the old log', async () => {
    const folder = join(freshFolder(), 'store')
    const groups: GroupWritten[] = []
    const store = await openStore({ folder, onGroup: (group) => groups.push(group) })
    const random = new Random(1)
    const newestLog = () =>
      readdirSync(join(folder, 'db'))
        .filter((name) => name.endsWith('.log'))
        .sort()
        .at(-1)
    let log = newestLog()
    let changes = 0
    for (let n = 0; changes < 4; n++) {
      const large = random.below(40) === 0
      const sizes = Array.from({ length: 1 + random.below(30) }, () => random.below(large ? 200_000 : 3000))
      const records = sizes.map((size, i) => put(things, `k${n}-${i}`, 'x'.repeat(size)))
      await store.commit(records, { durable: false })
      const before = log
      log = newestLog()
      if (log === before) continue
      // This group went to the new log; the one before it was the old log's last.
      changes += 1
      expect(groups.at(-2)?.synced, `group ${groups.length - 1} of ${groups.length}`).toBe(true)
    }
    const synced = groups.filter((group) => group.synced).length
    expect(synced).toBeLessThan(groups.length / 2)
  })
})

/** A writer upon a real LevelDB, of which `write` can be made to fail. */
async function writerOn(folder: string): Promise<{
  commit(changes: readonly Change[], durable?: boolean): Promise<number>
  failNext(how: 'before writing' | 'after writing'): void
  writer: Writer
  memory: Memory
  close(): Promise<void>
}> {
  const opened = await openVerified(folder, 0, fail)
  const { engine, head } = opened
  const memory = new Memory(opened.tables, head.revision)
  const watchers = new Watchers(head.revision, fail)
  const shared = { ...opened, folder, memory, watchers, sequence: head.sequence, schema: 0 }
  const writer = new Writer({ ...shared, now: () => 0, onGroup: () => {} })
  const write = engine.write.bind(engine)
  const close = async () => {
    await engine.close()
    await opened.witness.close()
  }
  onTestFinished(close)
  return {
    writer,
    memory,
    close,
    commit: async (changes, durable = true) => {
      const { revision, steps } = memory.apply(changes)
      return writer.enqueue(revision, steps, durable)
    },
    failNext: (how) => {
      engine.write = async (...args: Parameters<Engine['write']>) => {
        engine.write = write
        if (how === 'after writing') await write(...args)
        throw new Error('IO error: 000003.log: Input/output error')
      }
    },
  }
}

describe('a group whose write failed', () => {
  for (const how of ['before writing', 'after writing'] as const) {
    test(`${how} is not there after the next success`, async () => {
      const folder = join(freshFolder(), 'store')
      const { commit, failNext, writer, close } = await writerOn(folder)
      await commit([put(things, 'kept', 1), put(things, 'changed', 1), put(things, 'removed', 1)])
      failNext(how)
      const failing = [put(things, 'changed', 2), remove(things, 'removed'), put(things, 'new', 2)]
      await expect(commit(failing)).rejects.toMatchObject({ code: 'STORE_WRITE' })
      expect(writer.trouble()).toContain('input/output error')
      await commit([put(things, 'next', 3)])
      expect(writer.trouble()).toBeUndefined()
      await close()
      const store = await openStore({ folder })
      const found = Object.fromEntries([...store.entries(things)].map(({ key, value }) => [key, value]))
      expect(found).toEqual({ kept: 1, changed: 1, removed: 1, next: 3 })
    })

    test(`${how} twice in a row, then commits that touch the same records`, async () => {
      const folder = join(freshFolder(), 'store')
      const { commit, failNext, close } = await writerOn(folder)
      await commit([put(things, 'a', 1), put(things, 'b', 1)])
      for (const n of [2, 3]) {
        failNext(how)
        await expect(commit([put(things, 'a', n), put(things, `only-${n}`, n)])).rejects.toThrow()
      }
      await Promise.all([
        commit([put(things, 'a', 4)]),
        commit([remove(things, 'b')]),
        commit([put(things, 'b', 5, 'absent')]),
      ])
      await close()
      const store = await openStore({ folder })
      const found = Object.fromEntries([...store.entries(things)].map(({ key, value }) => [key, value]))
      expect(found).toEqual({ a: 4, b: 5 })
    })
  }

  test('with a kill before the next success: the files are whole, with or without it', async () => {
    const folder = join(freshFolder(), 'store')
    const { commit, failNext, close } = await writerOn(folder)
    await commit([put(things, 'a', 1)])
    failNext('after writing')
    await expect(commit([put(things, 'a', 2)])).rejects.toThrow()
    await close()
    const store = await openStore({ folder })
    expect([1, 2]).toContain(store.get(things, 'a')?.value)
  })

  test('is trouble to stay when LevelDB meanwhile lost what it had written; reads go on', async () => {
    const folder = join(freshFolder(), 'store')
    const { commit, failNext, writer, memory } = await writerOn(folder)
    for (let n = 1; n <= 20; n++) await commit([put(things, 'a', n)])
    failNext('before writing')
    await expect(commit([put(things, 'a', 21)])).rejects.toThrow()
    const log = readdirSync(join(folder, 'db')).find((name) => name.endsWith('.log')) ?? 'no log'
    truncateSync(join(folder, 'db', log), 500)
    for (let n = 0; n < 2; n++) {
      await expect(commit([put(things, 'a', 22)])).rejects.toThrow(/LevelDB lost records that it had written/)
      expect(writer.trouble()).toContain('LevelDB lost records')
      expect(memory.row('things', 'a')?.stored.value).toBe(20)
    }
  })
})
