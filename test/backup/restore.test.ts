// SPDX-License-Identifier: Apache-2.0
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { PENDING, placesOf, plan, putInPlace } from '#daemon/backup/restore'

let data: string
let places: ReturnType<typeof placesOf>

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'offhook-restore-'))
  onTestFinished(() => rm(data, { recursive: true, force: true }))
  places = placesOf(data, Date.UTC(2026, 10, 21, 1))
  for (const [name, text] of [
    ['store/db/CURRENT', 'old'],
    ['firmware/a.img', 'old'],
    ['vault-key', 'old'],
    ['gone-since', 'old'],
    ['backups/one.backup', 'kept'],
    ['phone-logs/a.log', 'kept'],
    ['local-api', 'kept'],
  ] as const) {
    await mkdir(join(data, name, '..'), { recursive: true })
    await writeFile(join(data, name), text)
  }
  for (const [name, text] of [
    ['store/db/CURRENT', 'new'],
    ['firmware/b.img', 'new'],
    ['vault-key', 'new'],
  ] as const) {
    await mkdir(join(places.staged, name, '..'), { recursive: true })
    await writeFile(join(places.staged, name), text)
  }
})

const read = (name: string) => readFile(join(data, name), 'utf8')

async function expectRestored(): Promise<void> {
  expect((await readdir(data)).sort()).toEqual(
    ['backups', 'before-restore-20261121T010000Z', 'firmware', 'local-api', 'phone-logs', 'store', 'vault-key'].sort(),
  )
  expect(await Promise.all(['store/db/CURRENT', 'firmware/b.img', 'vault-key'].map(read))).toEqual([
    'new',
    'new',
    'new',
  ])
  expect(await readdir(join(data, 'firmware'))).toEqual(['b.img'])
  expect(await read('backups/one.backup')).toBe('kept')
  const aside = ['store/db/CURRENT', 'firmware/a.img', 'vault-key', 'gone-since'].map((name) =>
    join(places.aside, name),
  )
  expect(await Promise.all(aside.map((file) => readFile(file, 'utf8')))).toEqual(['old', 'old', 'old', 'old'])
}

describe('restored data take the place of the old', () => {
  test('as a whole; the old ones are kept aside, backups and logs stay', async () => {
    await plan(data, places)
    expect(await putInPlace(data)).toBe(places.aside)
    await expectRestored()
    expect(await putInPlace(data)).toBeUndefined()
    await expectRestored()
  })

  test.each(['store', 'firmware', 'vault-key', 'gone-since'])(
    'also when it was killed after %s was moved away',
    async (last) => {
      await plan(data, places)
      await mkdir(places.aside)
      for (const name of ['store', 'firmware', 'vault-key', 'gone-since']) {
        await rename(join(data, name), join(places.aside, name))
        if (name === last) break
      }
      await putInPlace(data)
      await expectRestored()
    },
  )

  test.each([0, 1, 2, 3])('also when it was killed after %i of the new things were in their place', async (count) => {
    await plan(data, places)
    await mkdir(places.aside)
    for (const name of ['store', 'firmware', 'vault-key', 'gone-since']) {
      await rename(join(data, name), join(places.aside, name))
    }
    await writeFile(join(data, PENDING), (await read(PENDING)).replace('"out"', '"in"'))
    for (const name of ['store', 'firmware', 'vault-key'].slice(0, count)) {
      await rename(join(places.staged, name), join(data, name))
    }
    await putInPlace(data)
    await expectRestored()
  })

  test('not yet while it was only unpacked: what was cut off then is cleared away', async () => {
    expect(await putInPlace(data)).toBeUndefined()
    expect(await read('vault-key')).toBe('old')
    expect((await readdir(data)).some((name) => name.startsWith('restoring-'))).toBe(false)
  })

  test('the last of two plans counts, and the first one leaves nothing', async () => {
    await plan(data, places)
    const later = placesOf(data, Date.UTC(2026, 10, 21, 2))
    await mkdir(later.staged)
    await writeFile(join(later.staged, 'vault-key'), 'newest')
    await plan(data, later)
    await putInPlace(data)
    expect(await read('vault-key')).toBe('newest')
    expect((await readdir(data)).filter((name) => name.startsWith('restoring-'))).toEqual([])
  })

  test.each([
    '{',
    '{"staged":"../x","aside":"before-restore-1","phase":"out"}',
    '{"staged":"restoring-1","aside":"/","phase":"in"}',
  ])('a note that is none is refused, and nothing is touched: %s', async (text) => {
    await writeFile(join(data, PENDING), text)
    await expect(putInPlace(data)).rejects.toThrow('is not readable')
    expect(await read('vault-key')).toBe('old')
  })

  test('links are moved as links, and nobody is led out of the folder', async () => {
    await symlink('/etc', join(data, 'link'))
    await plan(data, places)
    await putInPlace(data)
    expect((await readdir(places.aside)).includes('link')).toBe(true)
  })
})
