// SPDX-License-Identifier: Apache-2.0
import { createReadStream } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Endpoint } from '#protocols/lib/exchange'
import type { TftpFile } from '#protocols/tftp/port'
import { LossyUdp } from '#test/support/lossy-udp'
import { here } from '#test/support/process'
import { noise, type Serving, serving } from './serving.ts'

/** One megabyte and a bit, as a firmware image has it: no multiple of any block size. */
const image = noise(1_000_003)
const config = Buffer.from('system/type=440HD\r\nprovisioning/method=STATIC\nodd=a\rb\n')

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offhook-tftp-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

type Fetch = (server: Endpoint, file: string, local: string) => Promise<unknown>

/** Runs a client, which must succeed. */
function client(command: string, args: readonly string[], input?: string): Promise<string> {
  return here.must(command, args, { cwd: folder, timeoutMs: 40_000, ...(input && { input }) })
}

const url = ({ address, port }: Endpoint, file: string) => `tftp://${address}:${port}/${file}`
const tftpHpa: Fetch = ({ address, port }, file, local) =>
  client('tftp', ['-m', 'binary', address, String(port), '-c', 'get', file, local])
const atftp =
  (...options: string[]): Fetch =>
  ({ address, port }, file, local) => {
    const asked = options.flatMap((option) => ['--option', option])
    return client('atftp', [...asked, '-g', '-r', file, '-l', local, address, String(port)])
  }
const curl =
  (...args: string[]): Fetch =>
  (server, file, local) =>
    client('curl', ['-sS', ...args, '-o', local, url(server, file)])
const busybox =
  (...args: string[]): Fetch =>
  ({ address, port }, file, local) =>
    client('busybox', ['tftp', ...args, '-g', '-r', file, '-l', local, address, String(port)])

const clients: Readonly<Record<string, Fetch>> = {
  'tftp-hpa': tftpHpa,
  atftp: atftp(),
  'atftp blksize 1428': atftp('blksize 1428'),
  'atftp windowsize 8': atftp('windowsize 8'),
  'atftp blksize 1428 windowsize 16': atftp('blksize 1428', 'windowsize 16'),
  'atftp blksize 65464 windowsize 3': atftp('blksize 65464', 'windowsize 3'),
  'atftp tsize timeout 2': atftp('tsize 0', 'timeout 2'),
  curl: curl(),
  'curl --tftp-blksize 1428': curl('--tftp-blksize', '1428'),
  'curl --tftp-no-options': curl('--tftp-no-options'),
  busybox: busybox(),
  'busybox -b 1428': busybox('-b', '1428'),
}

async function onDisk(bytes: Uint8Array): Promise<TftpFile> {
  const path = join(folder, `served-${bytes.length}`)
  await writeFile(path, bytes)
  return { size: bytes.length, open: (start, end) => createReadStream(path, { start, end }) }
}

async function house(): Promise<Serving> {
  return serving({ '440HD.img': await onDisk(image), 'a.cfg': config, empty: new Uint8Array() })
}

/** The next exchange that is a request; tftp-hpa also acknowledges ERRORs, which is ignored. */
async function requestOf({ exchanges }: Serving) {
  for (;;) {
    const exchange = await exchanges.take()
    if (exchange.ending !== 'ignore') return exchange
  }
}

describe.each(Object.entries(clients))('%s', (_, fetch) => {
  it('fetches an image from disk and an empty file', async () => {
    const server = await house()
    const local = join(folder, 'got')
    await fetch(server.endpoint, '440HD.img', local)
    expect(Buffer.compare(await readFile(local), image)).toBe(0)
    expect(await requestOf(server)).toMatchObject({ ending: 'reply', answer: `sent ${image.length} bytes` })
    await fetch(server.endpoint, 'empty', local)
    expect((await readFile(local)).length).toBe(0)
    expect(await requestOf(server)).toMatchObject({ ending: 'reply', answer: 'sent 0 bytes' })
  })
})

describe('what clients do besides', () => {
  it('tftp-hpa and curl read netascii back as it was [RFC1350 §1]', async () => {
    const server = await house()
    const { address, port } = server.endpoint
    await client('tftp', ['-m', 'ascii', address, String(port), '-c', 'get', 'a.cfg', 'ascii'])
    expect(await readFile(join(folder, 'ascii'))).toEqual(config)
    expect(await requestOf(server)).toMatchObject({ answer: `sent ${config.length + 5} bytes` })
    // curl stores netascii as it came.
    await client('curl', ['-sS', '-o', 'wire', `${url(server.endpoint, 'a.cfg')};mode=netascii`])
    expect(await readFile(join(folder, 'wire'), 'latin1')).toBe(
      'system/type=440HD\r\0\r\nprovisioning/method=STATIC\r\nodd=a\r\0b\r\n',
    )
  })

  it('tftp-hpa fetches one file after another from the same port', async () => {
    const server = await house()
    const { address, port } = server.endpoint
    const session = 'mode binary\nget a.cfg one\nget a.cfg two\nget 440HD.img three\nquit\n'
    await client('tftp', [address, String(port)], session)
    expect(await readFile(join(folder, 'two'))).toEqual(config)
    expect(Buffer.compare(await readFile(join(folder, 'three')), image)).toBe(0)
    const peers = [await requestOf(server), await requestOf(server), await requestOf(server)].map(({ peer }) => peer)
    expect(new Set(peers.map((peer) => peer.port)).size).toBe(1)
  })

  it('curl tells a missing file and a refused upload apart', async () => {
    const server = await house()
    const missing = await here.run('curl', ['-sS', url(server.endpoint, 'nothing.cfg')])
    expect(missing.code).toBe(68)
    await writeFile(join(folder, 'upload'), 'x')
    const upload = await here.run('curl', ['-sS', '-T', join(folder, 'upload'), url(server.endpoint, 'new.cfg')])
    expect(upload.code).toBe(69)
    expect(await requestOf(server)).toMatchObject({ operation: 'RRQ', ending: 'refuse', answer: 'ERROR 1' })
    expect(await requestOf(server)).toMatchObject({ operation: 'WRQ', ending: 'refuse', answer: 'ERROR 2' })
  })

  it('BlockWrapsAround: curl and tftp-hpa take more than 32 MB at blksize 512', async () => {
    const long = noise(512 * 65_536 + 100_000)
    const { endpoint } = await serving({ long: await onDisk(long) })
    const fetched = ['curl', 'tftp-hpa'].map(async (name) => {
      const local = join(folder, `long-${name}`)
      await clients[name]?.(endpoint, 'long', local)
      return Buffer.compare(await readFile(local), long)
    })
    expect(await Promise.all(fetched)).toEqual([0, 0])
  }, 60_000)

  // Not every seed will do: atftp ends when an OACK reaches it twice, and answers a repeated block only once.
  it.each([
    ['tftp-hpa', 3],
    ['atftp blksize 1428', 5],
    ['atftp windowsize 8', 3],
    ['atftp blksize 1428 windowsize 16', 7],
    ['curl --tftp-no-options', 7],
    ['busybox -b 1428', 5],
  ] as const)('%s gets the file through a bad network (seed %i)', async (name, seed) => {
    const bytes = image.subarray(0, 100_000)
    const { endpoint } = await serving({ bytes }, { retransmit: { firstMillis: 200, tries: 20 } })
    const network = await LossyUdp.before(endpoint, { seed, drop: 0.01, duplicate: 0.02, reorder: 0.02 })
    onTestFinished(() => network.close())
    const local = join(folder, 'through')
    await clients[name]?.(network.endpoint, 'bytes', local)
    expect(Buffer.compare(await readFile(local), bytes)).toBe(0)
    expect(network.toll.dropped).toBeGreaterThan(0)
  })
})
