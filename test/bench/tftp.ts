// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { layStar, type StarEnd } from '#test/support/netns'
import { here, type Place } from '#test/support/process'
import { goFirst, type Metric, median, progress, rate, report } from './frame.ts'
import { image, type Rival, startOffhook, startPeers } from './tftp/rivals.ts'
import { unpack } from './unpacked.ts'

/*
 * Firmware images and small files by TFTP: from the built daemon with every server on, tftpd-hpa, atftpd and dnsmasq, each at
 * its own ray of a star. They take turns within each round.
 */
const MEGABYTES = Number(process.env.OFFHOOK_BENCH_MB ?? 32)
const LARGE = { name: '440HD.img', bytes: MEGABYTES * 2 ** 20 }
const SMALL = { name: '420HD.img', bytes: 10 * 2 ** 10 }

interface Load {
  readonly name: string
  readonly file: typeof LARGE
  readonly clients: number
  /** Time in which fetches begin, in milliseconds. */
  readonly millis: number
  readonly blksize: number
  readonly windowsize: number
  readonly rounds: number
  readonly aim: number
  readonly unit: 'MB/s' | 'files/s'
}

const ONE = { file: LARGE, clients: 1, windowsize: 1, aim: 1, unit: 'MB/s' } as const

const LOADS: readonly Load[] = [
  { ...ONE, name: 'one client, blksize 512', millis: 1, blksize: 512, rounds: 2 },
  { ...ONE, name: 'one client, blksize 1428', millis: 1_000, blksize: 1428, rounds: 3 },
  { ...ONE, name: 'one client, 1428, windowsize 16', millis: 800, blksize: 1428, windowsize: 16, rounds: 5, aim: 0.7 },
  { ...ONE, name: '50 clients, blksize 1428', clients: 50, millis: 1, blksize: 1428, rounds: 1, aim: 0.6 },
  {
    ...{ ...ONE, name: '50 clients, files of 10 KB', file: SMALL, clients: 50, millis: 1_500, blksize: 1428 },
    ...{ rounds: 3, aim: 0.6, unit: 'files/s' },
  },
]

async function main(): Promise<void> {
  goFirst()
  const only = process.env.OFFHOOK_BENCH_ONLY
  const folder = await mkdtemp(join(tmpdir(), 'offhook-tftp-'))
  const star = await layStar(4)
  const peers = await unpack('tftpd-hpa', 'atftpd')
  const rivals: Rival[] = []
  try {
    const load = join(folder, 'load')
    await here.must('gcc', ['-O2', '-o', load, join(import.meta.dirname, 'tftp/load.c')], { timeoutMs: 60_000 })
    const images = { [LARGE.name]: image(LARGE.bytes), [SMALL.name]: image(SMALL.bytes) }
    rivals.push(await startOffhook(star.ends[0] as StarEnd, images))
    rivals.push(...(await startPeers(star.ends.slice(1), images, join(folder, 'files'), peers.path)))
    const warm: Load = { ...ONE, name: 'warm-up', file: SMALL, clients: 4, millis: 1_500, blksize: 1428, rounds: 1 }
    for (const rival of rivals) await fetchFrom(star.hub, load, rival, warm)
    const metrics: Metric[] = []
    for (const one of LOADS) if (!only || one.name.includes(only)) metrics.push(await race(star.hub, load, rivals, one))
    report('tftp', metrics)
  } finally {
    for (const rival of rivals) await rival.stop()
    await star.close()
    await peers.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Beside the best of those that can do it. */
async function race(place: Place, load: string, rivals: readonly Rival[], what: Load): Promise<Metric> {
  const able = rivals.filter(({ windows }) => windows || what.windowsize === 1)
  const found = new Map(able.map((rival) => [rival, [] as number[]]))
  for (let round = 0; round < what.rounds; round++) {
    for (const rival of able) found.get(rival)?.push(await fetchFrom(place, load, rival, what))
  }
  const [ours, ...others] = able.map((rival) => ({ name: rival.name, value: median(found.get(rival) ?? []) }))
  const best = others.toSorted((a, b) => b.value - a.value)[0]
  if (!ours || !best) throw new Error('nobody to compare with')
  return rate(`${what.name}, ${what.unit}`, ours.value, best.name, best.value, what.aim)
}

/** MB or files a second; throws when a fetch failed. */
async function fetchFrom(place: Place, load: string, rival: Rival, what: Load): Promise<number> {
  const { file, clients, millis, blksize, windowsize } = what
  const numbers = [file.bytes, clients, millis, blksize, windowsize].map(String)
  const said = await place.must(load, [rival.address, '69', file.name, ...numbers], { timeoutMs: 120_000 })
  const [files = 0, bytes = 0, seconds = 1, repeats = 0, failures = 0] = said.split(' ').map(Number)
  if (failures > 0 || files === 0) throw new Error(`${rival.name} failed ${failures} of ${files + failures} fetches`)
  const value = what.unit === 'MB/s' ? bytes / 1e6 / seconds : files / seconds
  progress(`${rival.name.padEnd(10)} ${what.name}: ${value.toFixed(1)} ${what.unit}, ${repeats} repeated`)
  return value
}

await main()
