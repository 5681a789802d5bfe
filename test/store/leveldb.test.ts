// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Engine, type Operation } from '#daemon/store/engine'
import { crc32c, masked, runningCrc32c } from '#daemon/store/leveldb/crc32c'
import { readLog } from '#daemon/store/leveldb/log'
import { damagedTables, salvage } from '#daemon/store/leveldb/salvage'
import { blockEntries, readTable } from '#daemon/store/leveldb/table'
import { freshFolder } from '#test/store/folder'
import { Random } from '#test/store/random'

describe('CRC-32C', () => {
  test.each([
    ['32 bytes of zeros', Buffer.alloc(32), 0x8a9136aa],
    ['32 bytes of ones', Buffer.alloc(32, 0xff), 0x62a8ab43],
    ['32 incrementing bytes', Buffer.from(Array.from({ length: 32 }, (_, i) => i)), 0x46dd794e],
    ['32 decrementing bytes', Buffer.from(Array.from({ length: 32 }, (_, i) => 31 - i)), 0x113fdb5c],
    ['nine digits', Buffer.from('123456789'), 0xe3069283],
  ])('[RFC3720 §B.4] of %s', (_what, bytes, expected) => {
    expect(crc32c(bytes)).toBe(expected)
    expect([...runningCrc32c(bytes)].at(-1)).toBe(expected)
  })

  test('is masked so that it differs from itself', () => {
    expect(masked(0)).toBe(0xa282ead8)
    expect(masked(0x8000)).toBe(0xa282ead9)
  })
})

async function entriesOf(entries: AsyncIterable<[string, Buffer][]>): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for await (const chunk of entries) for (const [key, bytes] of chunk) found.set(key, bytes.toString('hex'))
  return found
}

describe('the salvage', () => {
  test('reads what LevelDB reads: values of all sizes, overwritten, deleted, in logs and tables', async () => {
    const folder = join(freshFolder(), 'db')
    const random = new Random(7)
    const key = () => `key-${'x'.repeat(random.below(50))}-${random.below(500)}`
    const bytes = () =>
      Buffer.alloc(random.below(20) === 0 ? random.below(200_000) : random.below(500), random.below(256))
    for (let round = 0; round < 4; round++) {
      const engine = await Engine.open(folder, true)
      for (let batch = 0; batch < 100; batch++) {
        const operations = Array.from(
          { length: random.below(20) },
          (): Operation => ({ key: key(), bytes: random.below(4) === 0 ? undefined : bytes() }),
        )
        await engine.write(operations, false)
      }
      const expected = await entriesOf(engine.chunks())
      expect(expected.size).toBeGreaterThan(100)
      await engine.close()
      expect(await entriesOf(salvage(folder))).toEqual(expected)
      expect(await damagedTables(folder)).toEqual([])
    }
  })

  test('of rubbish is nothing, and never an error', () => {
    const footer = Buffer.from('57fb808b247547db', 'hex')
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.boolean(), (bytes, withFooter) => {
        const file = Buffer.concat([bytes, withFooter ? footer : Buffer.alloc(0)])
        for (const block of readTable(file).good) for (const _ of blockEntries(block));
        for (const _ of blockEntries(file));
        for (const _ of readLog(file));
      }),
      { numRuns: 500 },
    )
  })
})
