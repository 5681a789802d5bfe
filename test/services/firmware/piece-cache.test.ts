// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { mkdtemp, rename, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import fc from 'fast-check'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { PieceCache, type TaggedFile } from '#daemon/services/firmware/piece-cache'

const BYTES = randomBytes(900_000)
const LAST = BYTES.length - 1
let file: TaggedFile

beforeEach(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'offhook-pieces-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  file = await laid(join(folder, 'image'), BYTES)
})

async function laid(path: string, bytes: Uint8Array): Promise<TaggedFile> {
  await writeFile(path, bytes)
  const { mtimeNs } = await stat(path, { bigint: true })
  return { path, tag: String(mtimeNs), size: bytes.length, mtimeNs }
}

test('any range is what stands in the file, from the disk and from memory, however small the cache is', async () => {
  const position = fc.integer({ min: 0, max: LAST })
  await fc.assert(
    fc.asyncProperty(position, position, fc.constantFrom(1, 600_000, 2_000_000), async (a, b, most) => {
      const [start, end] = [Math.min(a, b), Math.max(a, b)]
      const cache = new PieceCache(most)
      for (let round = 0; round < 2; round++) {
        const got = await buffer(cache.stream(file, start, end))
        expect(got.equals(BYTES.subarray(start, end + 1))).toBe(true)
      }
    }),
    { numRuns: 40 },
  )
})

test('many who read at once read it once', async () => {
  const cache = new PieceCache(2_000_000)
  const all = await Promise.all(Array.from({ length: 20 }, () => buffer(cache.stream(file, 0, LAST))))
  for (const one of all) expect(one.equals(BYTES)).toBe(true)
  await rm(file.path)
  expect((await buffer(cache.stream(file, 0, LAST))).equals(BYTES)).toBe(true)
  await expect(buffer(new PieceCache(2_000_000).stream(file, 0, LAST))).rejects.toThrow('ENOENT')
})

test('who began to read gets the file it began with, though another takes its name', async () => {
  const stream = new PieceCache(1).stream(file, 0, LAST)
  const first = await new Promise<Buffer>((resolve) => stream.once('data', (bytes) => resolve(stream.pause() && bytes)))
  await writeFile(`${file.path}.new`, randomBytes(BYTES.length))
  await rename(`${file.path}.new`, file.path)
  expect(Buffer.concat([first, await buffer(stream)]).equals(BYTES)).toBe(true)
})

test('a file that was replaced before it was opened, or cut while it is read, is an error and no mixture', async () => {
  const cache = new PieceCache(1)
  const stream = cache.stream(file, 0, LAST)
  // It may come before anybody reads on.
  stream.on('error', () => {})
  await new Promise<void>((resolve) => stream.once('data', () => resolve(void stream.pause())))
  await truncate(file.path, 10)
  await expect(buffer(stream)).rejects.toThrow(/shorter|replaced/)
  await writeFile(file.path, BYTES)
  const again = await laid(file.path, BYTES)
  const reading = cache.stream(again, 0, LAST)
  reading.on('error', () => {})
  await new Promise<void>((resolve) => reading.once('data', () => resolve(void reading.pause())))
  await writeFile(file.path, randomBytes(BYTES.length), { flag: 'r+' })
  await expect(buffer(reading)).rejects.toThrow('replaced')
  await writeFile(file.path, randomBytes(BYTES.length))
  await expect(buffer(cache.stream(file, 0, LAST))).rejects.toThrow('replaced')
  const fresh = await laid(file.path, BYTES)
  expect((await buffer(cache.stream(fresh, 0, LAST))).equals(BYTES)).toBe(true)
})

test('one who leaves takes nothing from those who wait for the same bytes', async () => {
  const cache = new PieceCache(2_000_000)
  const leaving = cache.stream(file, 0, LAST)
  leaving.read(0)
  const staying = buffer(cache.stream(file, 0, LAST))
  leaving.destroy()
  expect((await staying).equals(BYTES)).toBe(true)
})
