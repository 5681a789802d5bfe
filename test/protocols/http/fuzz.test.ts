// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { curl, echo, type Front, files, handler, RawClient, resourceOf, startFront } from '#test/protocols/http/support'

const limits = { headersMs: 100, requestMs: 200, idleMs: 50, lingerMs: 50, pipelined: 8, stallMs: 500 }
const throwing = handler('/throw', ['GET', 'POST'], () => {
  throw new Error('always')
})
let front: Front
let faults: unknown[]
const note = (error: unknown) => faults.push(error)

beforeAll(async () => {
  faults = []
  process.on('unhandledRejection', note)
  process.on('uncaughtException', note)
  front = await startFront([echo, throwing, files({ f: resourceOf(Buffer.alloc(100_000, 'f')) })], { limits })
})

afterEach(async () => {
  expect(faults).toEqual([])
  const { stdout } = await curl(`${front.url}/echo/alive`)
  expect(stdout.toString()).toContain('/echo/alive')
})

afterAll(async () => {
  await front.stop()
  process.off('unhandledRejection', note)
  process.off('uncaughtException', note)
})

/** Sends octets in pieces, then ends, resets or just leaves; resolves when the connection is gone. */
async function attack(pieces: readonly Uint8Array[], leave: 'end' | 'reset' | 'stay'): Promise<void> {
  const client = new RawClient(front.port)
  for (const piece of pieces) {
    client.send(piece)
    await new Promise((resolve) => setImmediate(resolve))
  }
  if (leave === 'end') client.socket.end()
  if (leave === 'reset') client.socket.resetAndDestroy()
  await client.toEnd()
}

const leaving = fc.constantFrom('end' as const, 'reset' as const, 'stay' as const)
const request = fc
  .record({
    method: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'CONNECT', 'OPTIONS', 'XYZZY', ''),
    target: fc.constantFrom(
      '/echo',
      '/throw',
      '/files/f',
      '/files/../f',
      '/none',
      '*',
      'http://h/echo',
      '//echo',
      '/%',
      '',
    ),
    version: fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/9.9', ''),
    headers: fc.subarray([
      'Host: x',
      'Content-Length: 3',
      'Content-Length: 99999999999999999999',
      'Content-Length: -1',
      'Content-Length: 5000',
      'Transfer-Encoding: chunked',
      'Transfer-Encoding: gzip',
      'Expect: 100-continue',
      'Expect: x',
      'Connection: close',
      'Connection: Upgrade',
      'Upgrade: h2c',
      'Range: bytes=1-',
      'If-None-Match: *',
      'X\0: y',
      ' folded',
      ': empty',
      'User-Agent: \u0000',
    ]),
    body: fc.constantFrom('', 'abc', 'abc}', '3\r\nabc\r\n0\r\n\r\n', 'zz\r\n', '\r\n\r\n', 'a'.repeat(5_000)),
  })
  .map(({ method, target, version, headers, body }) =>
    Buffer.from([`${method} ${target} ${version}`, ...headers, '', body].join('\r\n'), 'latin1'),
  )

describe('whatever a socket brings, the front serves on', () => {
  it('random octets', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }), leaving, attack), {
      numRuns: 40,
    })
  })

  it('requests of right and wrong parts, pipelined, cut and mutilated', async () => {
    const pipeline = fc.array(request, { minLength: 1, maxLength: 4 }).map((requests) => Buffer.concat(requests))
    const pieces = fc.tuple(pipeline, fc.nat(), fc.nat(), fc.nat(255)).map(([octets, at, cut, value]) => {
      const broken = Buffer.from(octets)
      if (at % 3 === 0 && broken.length > 0) broken[at % broken.length] = value
      const end = cut % 2 === 0 ? broken.length : cut % (broken.length + 1)
      const middle = at % (end + 1)
      return [broken.subarray(0, middle), broken.subarray(middle, end)]
    })
    await fc.assert(fc.asyncProperty(pieces, leaving, attack), { numRuns: 120 })
  })

  it('a request head of 100 KB and a body of 10 MB', async () => {
    await attack([Buffer.from(`GET /echo HTTP/1.1\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`)], 'stay')
    await attack(
      [Buffer.from('POST /echo HTTP/1.1\r\nContent-Length: 10485760\r\n\r\n'), Buffer.alloc(10_485_760)],
      'stay',
    )
    await attack(
      [Buffer.from(`POST /echo HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nA00000\r\n`), Buffer.alloc(10_485_760)],
      'stay',
    )
  })

  it('a client that asks for much and reads nothing is let go', async () => {
    const client = new RawClient(front.port)
    client.socket.pause()
    client.send('GET /files/f HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(8).repeat(20))
    client.socket.on('error', () => undefined)
    const before = front.exchanges.all.length
    await front.exchanges.atLeast(before + 1)
    client.socket.destroy()
  })
})
