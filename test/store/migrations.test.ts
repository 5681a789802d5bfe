// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { LevelStore } from '#daemon/store/level-store'
import { latestSchema, MIGRATIONS, type Migration } from '#daemon/store/migrations'
import { put, remove, type Table } from '#daemon/store/store'
import { freshFolder, openStore } from '#test/store/folder'

const users: Table<unknown> = { name: 'users' }
const people: Table<unknown> = { name: 'people' }

const rename: Migration = {
  to: 1,
  description: 'users become people',
  migrate: (rows) => [...rows('users')].flatMap(({ key, value }) => [remove(users, key), put(people, key, value)]),
}

const number: Migration = {
  to: 2,
  description: 'people get numbers',
  migrate: (rows) => [...rows('people')].map(({ key, value }, i) => put(people, key, { name: value, number: i })),
}

async function contents(folder: string, migrations: readonly Migration[]): Promise<unknown[]> {
  const store = new LevelStore({ folder, migrations })
  await store.open()
  const found = [...store.entries(users), ...store.entries(people)].map(({ key, value }) => [key, value])
  await store.close()
  return found
}

async function storeOfVersion0(): Promise<string> {
  const folder = join(freshFolder(), 'store')
  const store = await openStore({ folder, migrations: [] })
  await store.commit([put(users, 'tom', 'Tom')], { durable: true })
  await store.close()
  return folder
}

describe('migrations', () => {
  test('run in order, once', async () => {
    const folder = await storeOfVersion0()
    expect(await contents(folder, [rename, number])).toEqual([['tom', { name: 'Tom', number: 0 }]])
    const never = { ...number, migrate: () => expect.unreachable('a migration ran twice') }
    expect(await contents(folder, [rename, never])).toEqual([['tom', { name: 'Tom', number: 0 }]])
  })

  test('a later one runs upon what the earlier one left on disk', async () => {
    const folder = await storeOfVersion0()
    expect(await contents(folder, [rename])).toEqual([['tom', 'Tom']])
    expect(await contents(folder, [rename, number])).toEqual([['tom', { name: 'Tom', number: 0 }]])
  })

  test('a new store needs none', async () => {
    const never = { ...rename, migrate: () => expect.unreachable('a new store was migrated') }
    expect(await contents(join(freshFolder(), 'store'), [never])).toEqual([])
  })

  test('one that fails leaves the store as it was, and says which', async () => {
    const folder = await storeOfVersion0()
    const broken: Migration = {
      to: 2,
      description: 'break something',
      migrate: () => {
        throw new Error('a mistake in the test')
      },
    }
    await expect(contents(folder, [rename, broken])).rejects.toMatchObject({
      code: 'STORE_MIGRATION',
      message: 'the store could not be brought to version 2 (break something): a mistake in the test',
    })
    expect(await contents(folder, [rename, number])).toEqual([['tom', { name: 'Tom', number: 0 }]])
  })

  test('a store of a newer version is refused in one sentence and stays as it is', async () => {
    const folder = await storeOfVersion0()
    await contents(folder, [rename, number])
    await expect(contents(folder, [rename])).rejects.toMatchObject({
      code: 'STORE_NEWER',
      message: `the store in ${folder} was written by a newer Offhook (version 2, this one knows up to 1): start that one`,
    })
    expect(await contents(folder, [rename, number])).toEqual([['tom', { name: 'Tom', number: 0 }]])
  })

  test('versions ascend', async () => {
    expect(() => latestSchema([number, rename])).toThrow(RangeError)
    expect(() => latestSchema([rename, rename])).toThrow(RangeError)
    expect(latestSchema([rename, number])).toBe(2)
    latestSchema(MIGRATIONS)
  })
})
