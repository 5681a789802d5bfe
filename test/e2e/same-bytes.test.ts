// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Endpoint } from '#protocols/lib/exchange'
import { DaemonHome, LOOPBACK } from '#test/support/daemon'
import { here } from '#test/support/process'

/*
 * The built daemon gives the same bytes by HTTP and by TFTP: its files, and an image that is larger than what it reads at
 * once, to every client that phones' makers and admins use.
 */
const IMAGE = randomBytes(700_001)
const FILES = [
  'ipp/dhcpoption160.cfg',
  'ipp/dhcption160.cfg',
  'configfiles/audiocodes-sip_global.cfg',
  '440HD/00908f123456.cfg',
  '440HD/00908F123456.cfg',
  'firmwarefiles/440HD.img',
  '440HD/440HD.img',
]

let home: DaemonHome
let folder: string
let http: Endpoint
let tftp: Endpoint

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offhook-same-'))
  home = await DaemonHome.make(LOOPBACK)
  await home.addFirmware('440HD.img', IMAGE)
  const daemon = await home.start()
  http = daemon.endpoint('http')
  tftp = daemon.endpoint('tftp')
}, 60_000)
afterAll(async () => {
  await home.close()
  await rm(folder, { recursive: true, force: true })
})

async function fetched(command: string, args: (local: string) => readonly string[]): Promise<Buffer> {
  const local = join(folder, 'got')
  await rm(local, { force: true })
  await here.must(command, args(local), { cwd: folder, timeoutMs: 20_000 })
  return readFile(local)
}

const CLIENTS: Readonly<Record<string, (file: string) => Promise<Buffer>>> = {
  'tftp-hpa': (file) =>
    fetched('tftp', (to) => ['-m', 'binary', tftp.address, String(tftp.port), '-c', 'get', file, to]),
  'curl with blksize 1428': (file) =>
    fetched('curl', (to) => ['-sS', '--tftp-blksize', '1428', '-o', to, `tftp://${tftp.address}:${tftp.port}/${file}`]),
  'atftp with windowsize 16': (file) =>
    fetched('atftp', (to) => {
      const options = ['--option', 'blksize 1428', '--option', 'windowsize 16']
      return [...options, '-g', '-r', file, '-l', to, tftp.address, String(tftp.port)]
    }),
  busybox: (file) =>
    fetched('busybox', (to) => ['tftp', '-b', '1428', '-g', '-r', file, '-l', to, tftp.address, String(tftp.port)]),
  'wget by HTTP': (file) => fetched('wget', (to) => ['-q', '-O', to, `http://${http.address}:${http.port}/${file}`]),
}

function byHttp(file: string, ...args: string[]): Promise<Buffer> {
  return fetched('curl', (to) => ['-sS', '--fail', ...args, '-o', to, `http://${http.address}:${http.port}/${file}`])
}

describe.each(Object.entries(CLIENTS))('%s', (_, fetch) => {
  test.each(FILES)('%s is what curl gets by HTTP', async (file) => {
    const expected = await byHttp(file)
    expect(expected.length).toBeGreaterThan(100)
    if (file.endsWith('.img')) expect(Buffer.compare(expected, IMAGE)).toBe(0)
    expect(Buffer.compare(await fetch(file), expected)).toBe(0)
  })
})

test('a POST of a phone gets what a GET gets', async () => {
  for (const file of FILES.filter((name) => name.endsWith('.cfg'))) {
    expect(Buffer.compare(await byHttp(file, '-X', 'POST'), await byHttp(file))).toBe(0)
  }
})

test('parts of an image are cut where they were asked for, also across what is read at once', async () => {
  for (const [first, last] of [
    [0, 111],
    [262_100, 262_200],
    [524_287, 524_288],
    [699_999, 700_000],
  ] as const) {
    const part = await byHttp('firmwarefiles/440HD.img', '-r', `${first}-${last}`)
    expect(Buffer.compare(part, IMAGE.subarray(first, last + 1))).toBe(0)
  }
})
