// SPDX-License-Identifier: Apache-2.0
import { createHash, randomBytes } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Resource } from '#protocols/http/port'
import { curl, type Front, files, RawClient, resourceOf, run, startFront } from '#test/protocols/http/support'

const small = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
const big = randomBytes(3_000_000)
const when = new Date('2024-10-09T06:15:40Z')
let folder: string
let front: Front
let opened: Readable[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'offhook-http-'))
  await writeFile(join(folder, 'big.img'), big)
})

afterAll(() => rm(folder, { recursive: true }))

beforeEach(async () => {
  opened = []
  front = await startFront([files({ 'small.cfg': resourceOf(small), 'big.img': onDisk() })])
})

afterEach(() => front.stop())

function onDisk(): Resource {
  return resourceOf(big, {
    open: (start, end) => {
      const stream = createReadStream(join(folder, 'big.img'), { start, end })
      opened.push(stream)
      return stream
    },
  })
}

function streaming(make: () => Readable): Promise<Front> {
  return startFront([files({ odd: resourceOf(Buffer.alloc(100), { open: make }) })])
}

function sha(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

describe('curl', () => {
  it('fetches every octet of a text and of a stream', async () => {
    expect((await curl(`${front.url}/files/small.cfg`)).stdout).toEqual(small)
    expect(sha((await curl(`${front.url}/files/big.img`)).stdout)).toBe(sha(big))
    expect(await front.exchanges.atLeast(2)).toMatchObject([{ bytes: 256 }, { bytes: 3_000_000, ending: 'reply' }])
  })

  it('[RFC9112 §6] never gets a chunked answer', async () => {
    for (const file of ['small.cfg', 'big.img']) {
      const { stdout } = await curl('-D', '-', '-o', '/dev/null', `${front.url}/files/${file}`)
      expect(stdout.toString()).toMatch(/\r\nContent-Length: \d+\r\n/)
      expect(stdout.toString()).not.toMatch(/transfer-encoding/i)
    }
  })

  it('[RFC9110 §9.3.2] -I gets the headers of GET and opens nothing', async () => {
    const { stdout } = await curl('-I', `${front.url}/files/big.img`)
    expect(stdout.toString()).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\nContent-Length: 3000000\r\n[\s\S]*ETag: "v1"\r\n/)
    expect(opened).toHaveLength(0)
    expect(await front.exchanges.atLeast(1)).toMatchObject([{ operation: 'HEAD', answer: '200', bytes: 0 }])
  })

  it('[RFC9110 §14.2] --range gets exactly that part of a text and of a stream', async () => {
    for (const [file, whole] of [
      ['small.cfg', small],
      ['big.img', big],
    ] as const) {
      const { stdout } = await curl('-i', '--range', '100-111', `${front.url}/files/${file}`)
      const end = stdout.indexOf('\r\n\r\n') + 4
      expect(stdout.subarray(0, end).toString()).toContain(`Content-Range: bytes 100-111/${whole.length}\r\n`)
      expect(stdout.subarray(end)).toEqual(whole.subarray(100, 112))
    }
    expect((await curl('--range', '-5', `${front.url}/files/big.img`)).stdout).toEqual(big.subarray(-5))
  })

  it('[RFC9110 §15.5.17] a range beyond the end is 416', async () => {
    const { stdout } = await curl('-i', '--range', '256-', `${front.url}/files/small.cfg`)
    expect(stdout.toString()).toMatch(/^HTTP\/1\.1 416 [\s\S]*Content-Range: bytes \*\/256\r\n/)
  })

  it('-C - finishes a download that was cut', async () => {
    const file = join(folder, 'partial.img')
    await writeFile(file, big.subarray(0, 1_234_567))
    expect((await curl('-C', '-', '-o', file, `${front.url}/files/big.img`)).code).toBe(0)
    expect(sha(await readFile(file))).toBe(sha(big))
  })

  it('[RFC9110 §13.1.3] -z fetches only what is newer', async () => {
    const status = async (date: string) =>
      (
        await curl('-o', '/dev/null', '-w', '%{http_code}', '-z', date, `${front.url}/files/small.cfg`)
      ).stdout.toString()
    expect(await status('Wed, 09 Oct 2024 06:15:40 GMT')).toBe('304')
    expect(await status('Wed, 09 Oct 2024 06:15:39 GMT')).toBe('200')
  })

  it('[RFC9110 §13.1.2] --etag-compare gets nothing the second time', async () => {
    const tag = join(folder, 'etag')
    await curl('--etag-save', tag, '-o', '/dev/null', `${front.url}/files/small.cfg`)
    const { stdout } = await curl('--etag-compare', tag, '-w', '%{http_code}', `${front.url}/files/small.cfg`)
    expect(stdout.toString()).toBe('304')
  })

  it('-0 speaks HTTP/1.0 and gets the whole file', async () => {
    expect(sha((await curl('-0', `${front.url}/files/big.img`)).stdout)).toBe(sha(big))
  })

  it('--path-as-is does not climb', async () => {
    const { stdout } = await curl('-i', '--path-as-is', `${front.url}/files/../../etc/passwd`)
    expect(stdout.toString()).toMatch(/^HTTP\/1\.1 400 [\s\S]*400 Bad Request\n$/)
  })
})

describe('wget', () => {
  it('fetches a stream and keeps its date', async () => {
    const file = join(folder, 'wget.img')
    expect((await run('wget', ['-q', '--tries=1', '-O', file, `${front.url}/files/big.img`])).code).toBe(0)
    expect(sha(await readFile(file))).toBe(sha(big))
    expect((await stat(file)).mtimeMs).toBe(when.getTime())
  })

  it('-c continues, and -N leaves alone what is not newer', async () => {
    const file = join(folder, 'big.img.wget')
    await writeFile(file, big.subarray(0, 77))
    expect((await run('wget', ['-q', '--tries=1', '-c', '-O', file, `${front.url}/files/big.img`])).code).toBe(0)
    expect(sha(await readFile(file))).toBe(sha(big))
    await writeFile(join(folder, 'small.cfg'), small)
    await utimes(join(folder, 'small.cfg'), when, when)
    const before = front.exchanges.all.length
    expect((await run('wget', ['-q', '--tries=1', '-N', '-P', folder, `${front.url}/files/small.cfg`])).code).toBe(0)
    expect((await front.exchanges.atLeast(before + 1)).at(-1)).toMatchObject({ answer: '304' })
  })
})

describe('a stream', () => {
  it('is destroyed without a fault when the phone has read its header and hangs up', async () => {
    const client = new RawClient(front.port).send('GET /files/big.img HTTP/1.1\r\nHost: x\r\n\r\n')
    await client.until(/\r\n\r\n[\s\S]{112}/)
    client.socket.destroy()
    const [exchange] = await front.exchanges.atLeast(1)
    expect(exchange).toMatchObject({ ending: 'reply', answer: '200', reason: 'the client hung up before the end' })
    expect(exchange?.bytes).toBeLessThan(big.length)
    expect(opened.map(({ destroyed }) => destroyed)).toEqual([true])
  })

  it('waits for a slow reader instead of filling memory', async () => {
    await front.stop()
    const size = 64_000_000
    const chunk = Buffer.alloc(64_000)
    let produced = 0
    const source = () =>
      new Readable({
        read() {
          produced += chunk.length
          this.push(produced > size ? null : chunk)
        },
      })
    front = await startFront([files({ huge: resourceOf(chunk, { size, open: source }) })])
    const client = connect(front.port, '127.0.0.1')
    client.write('GET /files/huge HTTP/1.1\r\nHost: x\r\n\r\n')
    let received = 0
    let lag = 0
    for await (const piece of client) {
      received += piece.length
      lag = Math.max(lag, produced - received)
      if (received >= size) break
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(lag).toBeGreaterThan(0)
    expect(lag).toBeLessThan(size / 3)
  })

  it('that cannot be opened is 500', async () => {
    await front.stop()
    front = await streaming(() => createReadStream(join(folder, 'gone')))
    expect((await curl('-i', `${front.url}/files/odd`)).stdout.toString()).toMatch(/^HTTP\/1\.1 500 /)
    const [exchange] = await front.exchanges.atLeast(1)
    expect(exchange).toMatchObject({ ending: 'fault', answer: '500' })
    expect(exchange?.reason).toContain('ENOENT')
  })

  it.each([
    ['breaks off', 'broken cable', () => Readable.from(brokenCable(), { objectMode: false })],
    ['is short', 'ended after 40 of 100 bytes', () => Readable.from([Buffer.alloc(40)], { objectMode: false })],
    ['is closed', 'closed after 40 of 100 bytes', () => closing()],
    [
      'is long',
      'more than 100 bytes',
      () => Readable.from([Buffer.alloc(60), Buffer.alloc(60)], { objectMode: false }),
    ],
  ])('that %s breaks the connection, so that nobody takes it for the whole file', async (_, reason, make) => {
    await front.stop()
    front = await streaming(make)
    const { code } = await curl('-o', '/dev/null', `${front.url}/files/odd`)
    expect([18, 56]).toContain(code) // partial file, or failure in receiving
    const [exchange] = await front.exchanges.atLeast(1)
    expect(exchange).toMatchObject({ ending: 'fault', answer: '200' })
    expect(exchange?.reason).toContain(reason)
  })

  it('that gives other bytes at once than it promised is 500', async () => {
    await front.stop()
    front = await startFront([files({ odd: resourceOf(Buffer.alloc(100), { open: () => Buffer.alloc(99) }) })])
    expect((await curl('-i', `${front.url}/files/odd`)).stdout.toString()).toMatch(/^HTTP\/1\.1 500 /)
  })
})

async function* brokenCable(): AsyncGenerator<Buffer> {
  yield Buffer.alloc(40)
  throw new Error('broken cable')
}

function closing(): Readable {
  const stream = new Readable({ read: () => undefined })
  stream.push(Buffer.alloc(40))
  stream.once('data', () => setImmediate(() => stream.destroy()))
  return stream
}
