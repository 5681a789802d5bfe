// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, it } from 'vitest'
import type { HandlerAnswer } from '#protocols/http/port'
import { curl, echo, type Front, handler, RawClient, startFront } from '#test/protocols/http/support'

let front: Front

afterEach(() => front.stop())

function get(path: string, more = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: x\r\n${more}\r\n`
}

function answers(text: string): number {
  return text.match(/HTTP\/1\.1 \d{3}/g)?.length ?? 0
}

describe('requests on one connection', () => {
  it('[RFC9112 §9.3.2] pipelined requests are answered in order, one at a time', async () => {
    let running = 0
    let most = 0
    const slow = handler('/slow', ['GET'], async ({ path }) => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
      return { reply: { kind: 'redirect', status: 302, location: path }, evidence: {} }
    })
    front = await startFront([slow])
    const client = new RawClient(front.port).send(Array.from({ length: 20 }, (_, i) => get(`/slow/${i}`)).join(''))
    const text = await client.until(/Location: \/slow\/19\r\n[\s\S]*\r\n\r\n$/)
    expect(text.match(/Location: \/slow\/\d+/g)).toEqual(Array.from({ length: 20 }, (_, i) => `Location: /slow/${i}`))
    expect(most).toBe(1)
    expect(await front.exchanges.atLeast(20)).toHaveLength(20)
    client.socket.destroy()
  })

  it('cuts off a client that pipelines without end', async () => {
    front = await startFront([handler('/never', ['GET'], () => new Promise<HandlerAnswer>(() => undefined))], {
      limits: { pipelined: 8 },
    })
    const client = new RawClient(front.port).send(get('/never').repeat(500))
    await client.toEnd()
    await client.gone()
    for (const exchange of await front.exchanges.atLeast(1)) expect(exchange.ending).toBe('ignore')
  })

  it('closes in good order after so many requests, and answers none beyond', async () => {
    front = await startFront([echo], { limits: { requestsPerConnection: 3 } })
    const client = new RawClient(front.port).send(get('/echo').repeat(5))
    const text = await client.toEnd()
    expect(answers(text)).toBe(3)
    expect(text.match(/Connection: close/g)).toHaveLength(1)
    const exchanges = await front.exchanges.atLeast(5)
    expect(exchanges.map(({ ending }) => ending).sort()).toEqual(['ignore', 'ignore', 'reply', 'reply', 'reply'])
  })

  it('[RFC9112 §9.3] serves HTTP/1.0 and closes', async () => {
    front = await startFront([echo])
    const client = new RawClient(front.port).send('GET /echo HTTP/1.0\r\n\r\n')
    expect(await client.toEnd()).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  })

  it('needs no Host header and believes none', async () => {
    front = await startFront([echo])
    for (const head of ['GET /echo/1 HTTP/1.1\r\n', 'GET http://evil:1/echo/1 HTTP/1.1\r\nHost: ../..\r\n']) {
      const client = new RawClient(front.port).send(`${head}Connection: close\r\n\r\n`)
      expect(await client.toEnd()).toContain('"path":"/echo/1"')
    }
  })

  it('answers a client that ended its side after the request', async () => {
    const later = handler('/later', ['GET'], async () => {
      await new Promise((resolve) => setTimeout(resolve, 20))
      return { reply: { kind: 'redirect', status: 302, location: '/here' }, evidence: {} }
    })
    front = await startFront([later])
    const client = new RawClient(front.port)
    client.socket.end(get('/later'))
    expect(await client.toEnd()).toContain('Location: /here')
  })
})

describe('octets that are no request', () => {
  it('[RFC9112 §2.2] garbage is answered 400, counted once, and the connection closes', async () => {
    front = await startFront([echo])
    const client = new RawClient(front.port).send('\x16\x03\x01\x02\x00hello\r\n\r\n').send('more')
    expect(await client.toEnd()).toMatch(
      /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*Connection: close\r\n[\s\S]*400 Bad Request\n$/,
    )
    expect(await front.exchanges.atLeast(1)).toMatchObject([{ protocol: 'http', ending: 'malformed', answer: '400' }])
    expect(front.exchanges.all).toHaveLength(1)
  })

  it('[RFC6585 §5] a header of 100 KB is answered 431', async () => {
    front = await startFront([echo])
    const client = new RawClient(front.port).send(get('/echo', `X: ${'a'.repeat(100_000)}\r\n`))
    expect(await client.toEnd()).toMatch(/^HTTP\/1\.1 431 /)
    expect(await front.exchanges.atLeast(1)).toMatchObject([{ ending: 'malformed', reason: 'head-too-large' }])
  })

  it('[RFC9112 §6.1] Content-Length beside Transfer-Encoding is refused', async () => {
    front = await startFront([echo])
    const client = new RawClient(front.port)
    client.send('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n')
    expect(await client.toEnd()).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('[RFC9112 §6.3] a broken chunk ends its request with 400', async () => {
    front = await startFront([echo])
    const client = new RawClient(front.port)
    client.send('POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n')
    expect(await client.toEnd()).toMatch(/^HTTP\/1\.1 400 /)
    expect(await front.exchanges.atLeast(1)).toMatchObject([
      { protocol: 'echo', operation: 'POST', ending: 'malformed' },
    ])
    expect(front.exchanges.all).toHaveLength(1)
  })

  it('[RFC9110 §9.3.6] no tunnel is opened', async () => {
    front = await startFront([echo])
    const client = new RawClient(front.port).send('CONNECT 10.0.0.1:22 HTTP/1.1\r\nHost: x\r\n\r\nSSH-2.0-x\r\n')
    expect(await client.toEnd()).toMatch(/^HTTP\/1\.1 405 [\s\S]*Allow: GET, HEAD, POST\r\n/)
    expect(await front.exchanges.atLeast(1)).toMatchObject([{ operation: 'CONNECT', ending: 'refuse', answer: '405' }])
  })

  it('a tunnel asked for behind another request resets without harm', async () => {
    front = await startFront([echo])
    const client = new RawClient(front.port).send(`${get('/echo')}CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n`)
    await client.until(/HTTP\/1\.1 200/)
    client.socket.resetAndDestroy()
    await client.gone()
    expect((await curl(`${front.url}/echo`)).code).toBe(0)
  })

  it.each([
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
  ])('survives %j', async (octets) => {
    front = await startFront([echo])
    const client = new RawClient(front.port).send(octets)
    client.socket.end()
    await client.toEnd()
    expect((await curl(`${front.url}/echo`)).code).toBe(0)
  })
})

describe('a length that was counted wrongly', () => {
  const body = '{"userName":"Müller","location":"Köln"}'
  const bytes = Buffer.from(body, 'utf8')
  const head = `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`

  it('[RFC9112 §9.6] stray octets behind a body close its connection after the answer, and get none themselves', async () => {
    front = await startFront([echo])
    const client = new RawClient(front.port).send(Buffer.concat([Buffer.from(head), bytes]))
    const text = await client.toEnd()
    expect(answers(text)).toBe(1)
    expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*Connection: close\r\n/)
    const exchanges = await front.exchanges.atLeast(2)
    expect(exchanges.map(({ ending, reason }) => `${ending} ${reason}`).sort()).toEqual([
      'malformed stray-bytes',
      'reply undefined',
    ])
  })

  it('stray octets that come later close the connection silently', async () => {
    front = await startFront([echo])
    const client = new RawClient(front.port).send(head).send(bytes.subarray(0, body.length))
    await client.until(/^HTTP\/1\.1 200 [\s\S]*\}$/)
    client.send(bytes.subarray(body.length))
    expect(answers(await client.toEnd())).toBe(1)
    expect(await front.exchanges.atLeast(2)).toMatchObject([{ ending: 'reply' }, { reason: 'stray-bytes' }])
  })

  it('[RFC9112 §2.2] line ends behind a body are no request and harm none', async () => {
    front = await startFront([echo])
    const client = new RawClient(front.port)
    client.send('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na\r\n\r\n').send(get('/echo/next'))
    await client.until(/"path":"\/echo\/next"/)
    expect(front.exchanges.all.every(({ ending }) => ending === 'reply')).toBe(true)
    client.socket.destroy()
  })

  it('what follows a body that its handler closes on is never taken for a request', async () => {
    const wary = handler('/wary', ['POST'], () => ({
      reply: {
        kind: 'body',
        status: 200,
        contentType: 'text/plain',
        body: Buffer.from('ok'),
        headers: { connection: 'close' },
      },
      evidence: {},
    }))
    front = await startFront([wary, echo])
    const client = new RawClient(front.port)
    client.send(`POST /wary HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\na${get('/echo/smuggled')}`)
    const text = await client.toEnd()
    expect(text).not.toContain('smuggled')
    expect(text.match(/\r\nconnection: close\r\n/gi)).toHaveLength(1)
    expect(await front.exchanges.atLeast(2)).toMatchObject([
      { ending: 'ignore' },
      { protocol: 'wary', ending: 'reply' },
    ])
  })
})

describe('slow and many clients', () => {
  it('[RFC9110 §15.5.9] headers that do not come to an end are answered 408', async () => {
    front = await startFront([echo], { limits: { headersMs: 100, requestMs: 200 } })
    const client = new RawClient(front.port).send('GET /echo HTTP/1.1\r\nHost')
    expect(await client.toEnd()).toMatch(/^HTTP\/1\.1 408 /)
    expect(await front.exchanges.atLeast(1)).toMatchObject([{ ending: 'malformed', reason: 'timeout', answer: '408' }])
  })

  it('[RFC9110 §15.5.9] a body that does not come to an end is answered 408', async () => {
    front = await startFront([echo], { limits: { headersMs: 100, requestMs: 200 } })
    const client = new RawClient(front.port).send('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na')
    expect(await client.toEnd()).toMatch(/^HTTP\/1\.1 408 /)
    expect(await front.exchanges.atLeast(1)).toMatchObject([{ protocol: 'echo', reason: 'timeout', answer: '408' }])
  })

  it('a connection on which nothing is said is closed and is no exchange', async () => {
    front = await startFront([echo], { limits: { headersMs: 100, requestMs: 200 } })
    const client = new RawClient(front.port)
    expect(await client.toEnd()).toBe('')
    expect(front.exchanges.all).toHaveLength(0)
  })

  it('an idle connection is closed after its time', async () => {
    front = await startFront([echo], { limits: { idleMs: 50 } })
    const client = new RawClient(front.port).send(get('/echo'))
    expect(answers(await client.toEnd())).toBe(1)
  })

  it('a connection beyond the limit is dropped and counted', async () => {
    front = await startFront([echo], { limits: { connections: 1 } })
    const first = new RawClient(front.port).send(get('/echo'))
    await first.until(/200 OK/)
    const second = new RawClient(front.port)
    await second.toEnd()
    expect(await front.exchanges.atLeast(2)).toMatchObject([{}, { operation: 'connect', ending: 'ignore' }])
    first.socket.destroy()
  })
})
