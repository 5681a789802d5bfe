// SPDX-License-Identifier: Apache-2.0
import { LevelStore } from '#daemon/store/level-store'
import { Random } from '#test/store/random'

// node --import tsx --conditions=source crash-child.ts <folder> <seed>
// Writes without end and prints a line for each commit that was acknowledged, until it is killed:
//   opened
//   <key> <n>      the record `key` of the table `counters` holds at least n
//   ?<key>         the record `key` is about to be removed
//   -<key>         the record `key` of the table `counters` was removed for good
// Writes to a pipe are synchronous: what was printed was acknowledged before.

const [folder = '', seed = '0'] = process.argv.slice(2)
const random = new Random(Number(seed))
const store = new LevelStore({ folder })
const counters = { name: 'counters' }

process.stdout.write('starting\n')
await store.open()
process.stdout.write('opened\n')
await Promise.all(Array.from({ length: 8 }, (_, writer) => write(writer)))

async function write(writer: number): Promise<never> {
  const own = `writer-${writer}`
  let n = (store.get(counters, own)?.value as { n: number } | undefined)?.n ?? 0
  for (;;) {
    n += 1
    const value = { n, filler: random.text(random.below(2000)) }
    await store.commit([{ table: 'counters', key: own, value }], { durable: random.below(3) > 0 })
    process.stdout.write(`${own} ${n}\n`)
    if (random.below(4) > 0) continue
    const short = `${own}-${n}`
    await store.commit([{ table: 'counters', key: short, value, expect: 'absent' }], { durable: false })
    process.stdout.write(`${short} ${n}\n`)
    if (random.below(2) > 0) continue
    process.stdout.write(`?${short}\n`)
    await store.commit([{ table: 'counters', key: short, value: undefined }], { durable: true })
    process.stdout.write(`-${short}\n`)
  }
}
