// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it, onTestFinished } from 'vitest'
import { LossyUdp, type Mischief } from '#test/support/lossy-udp'
import { download } from './download.ts'
import { noise, serving } from './serving.ts'

const retransmit = { firstMillis: 20, tries: 12 }

async function through(mischief: Mischief, bytes: Uint8Array) {
  const { endpoint } = await serving({ file: bytes }, { retransmit })
  const network = await LossyUdp.before(endpoint, mischief)
  onTestFinished(() => network.close())
  return network
}

describe('a bad network', () => {
  it.each([
    ['loss', { drop: 0.05 }, '512', '1'],
    ['loss', { drop: 0.05 }, '1428', '16'],
    ['loss', { drop: 0.2 }, '1428', '4'],
    ['duplication', { duplicate: 0.3 }, '512', '1'],
    ['duplication', { duplicate: 0.3 }, '1428', '16'],
    ['reordering', { reorder: 0.2 }, '512', '1'],
    ['reordering', { reorder: 0.2 }, '1024', '8'],
    ['all at once', { drop: 0.05, duplicate: 0.1, reorder: 0.1 }, '1428', '1'],
    ['all at once', { drop: 0.05, duplicate: 0.1, reorder: 0.1 }, '1024', '64'],
  ] as const)('%s %j: the file arrives whole (blksize %s, windowsize %s)', async (_, mischief, blksize, windowsize) => {
    const bytes = noise(150_000)
    const network = await through({ seed: 42, ...mischief }, bytes)
    const got = await download(network.endpoint, 'file', ['blksize', blksize], ['windowsize', windowsize])
    expect(Buffer.compare(got.bytes, bytes)).toBe(0)
    for (const [kind, count] of [
      ['drop', network.toll.dropped],
      ['duplicate', network.toll.duplicated],
      ['reorder', network.toll.reordered],
    ] as const) {
      if (kind in mischief) expect(count).toBeGreaterThan(0)
      else expect(count).toBe(0)
    }
  })

  it('EveryPacketDoubled is not answered by more than every block doubled [RFC1123 §4.2.3.1]', async () => {
    const bytes = noise(512 * 100 - 1)
    const network = await through({ seed: 1, duplicate: 1 }, bytes)
    const { packets } = await download(network.endpoint, 'file')
    // Each of the 100 blocks leaves the server once and reaches us twice; repeats of the timer would be on top.
    expect(packets).toBeLessThanOrEqual(210)
  })
})
