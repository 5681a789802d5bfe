// SPDX-License-Identifier: Apache-2.0
import { afterEach, describe, expect, it } from 'vitest'
import { MalformedPacket } from '#protocols/lib/malformed'
import { curl, echo, type Front, handler, RawClient, startFront } from '#test/protocols/http/support'

let front: Front

afterEach(() => front.stop())

const broken = handler('/broken', ['GET', 'POST'], () => {
  throw new TypeError('no such template')
})
const picky = handler('/picky', ['POST'], () => {
  throw new MalformedPacket('mac', 'the body has no valid "mac"')
})
const injecting = handler('/inject', ['GET'], () => ({
  reply: { kind: 'redirect', status: 302, location: 'http://x/\r\nSet-Cookie: a=b' },
  evidence: {},
}))

function post(path: string, body: string, headers = ''): string {
  return `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n${headers}\r\n${body}`
}

describe('one request, one answer, one exchange', () => {
  it('hands the handler the clean path, the query and the body, and reports what was asked and answered', async () => {
    front = await startFront([echo])
    const { stdout } = await curl(
      '-A',
      'AUDC-IPPhone/2.2.8.61 (440HDG-Rev0; 00908F602AAC)',
      '-d',
      'a=1',
      `${front.url}//echo/%41?q=1`,
    )
    expect(JSON.parse(stdout.toString())).toEqual({ method: 'POST', path: '/echo/A', query: 'q=1', body: 'a=1' })
    const [exchange] = await front.exchanges.atLeast(1)
    expect(exchange).toMatchObject({
      protocol: 'echo',
      operation: 'POST',
      peer: { address: '127.0.0.1' },
      ending: 'reply',
      answer: '200',
      bytes: stdout.length,
      evidence: { userAgent: 'AUDC-IPPhone/2.2.8.61 (440HDG-Rev0; 00908F602AAC)' },
    })
    expect(exchange?.micros).toBeGreaterThan(0)
    expect(front.exchanges.all).toHaveLength(1)
  })

  it('[RFC9110 §15.5.5] answers 404 where nothing is served, and reports the path', async () => {
    front = await startFront([echo])
    const { stdout } = await curl('-i', `${front.url}/nothing`)
    expect(stdout.toString()).toMatch(
      /^HTTP\/1\.1 404 Not Found\r\n[\s\S]*Content-Length: 14\r\n[\s\S]*\r\n\r\n404 Not Found\n$/,
    )
    expect(await front.exchanges.atLeast(1)).toMatchObject([
      { protocol: 'http', ending: 'refuse', answer: '404', evidence: { file: '/nothing' } },
    ])
  })

  it('[RFC9110 §15.5.6] answers 405 with the methods that are taken', async () => {
    front = await startFront([echo])
    const { stdout } = await curl('-i', '-X', 'DELETE', `${front.url}/echo`)
    expect(stdout.toString()).toMatch(/^HTTP\/1\.1 405 /)
    expect(stdout.toString()).toMatch(/\r\nAllow: GET, HEAD, POST\r\n/)
    expect(await front.exchanges.atLeast(1)).toMatchObject([{ operation: 'DELETE', ending: 'refuse', answer: '405' }])
  })

  it('[RFC9110 §15.6.1] answers 500 when a handler throws, tells the journal why and the client nothing', async () => {
    front = await startFront([broken])
    const { stdout } = await curl('-i', `${front.url}/broken`)
    expect(stdout.toString()).toMatch(/^HTTP\/1\.1 500 /)
    expect(stdout.toString()).not.toContain('template')
    expect(await front.exchanges.atLeast(1)).toMatchObject([
      { protocol: 'broken', ending: 'fault', answer: '500', reason: 'TypeError: no such template' },
    ])
  })

  it('answers 400 with its sentence when a handler finds the body malformed, and closes', async () => {
    front = await startFront([picky])
    const { stdout } = await curl('-i', '-d', 'x', `${front.url}/picky`)
    expect(stdout.toString()).toMatch(
      /^HTTP\/1\.1 400 [\s\S]*\r\nConnection: close\r\n[\s\S]*the body has no valid "mac"\n$/,
    )
    expect(await front.exchanges.atLeast(1)).toMatchObject([{ protocol: 'picky', ending: 'malformed', reason: 'mac' }])
  })

  it('answers 500 instead of a header that would split the response', async () => {
    front = await startFront([injecting])
    const { stdout } = await curl('-i', `${front.url}/inject`)
    expect(stdout.toString()).toMatch(/^HTTP\/1\.1 500 /)
    expect(stdout.toString()).not.toContain('Set-Cookie')
    expect(await front.exchanges.atLeast(1)).toMatchObject([{ ending: 'fault', answer: '500' }])
  })

  it('cuts a user agent of any length for all who come after', async () => {
    const seen: (string | undefined)[] = []
    const agent = handler('/agent', ['GET'], ({ headers }) => {
      seen.push(headers['user-agent'])
      return { reply: { kind: 'redirect', status: 302, location: '/' }, evidence: {} }
    })
    front = await startFront([agent])
    await curl('-A', 'A'.repeat(4_000), `${front.url}/agent`)
    const [exchange] = await front.exchanges.atLeast(1)
    expect(exchange?.evidence.userAgent).toBe('A'.repeat(200))
    expect(seen).toEqual(['A'.repeat(200)])
  })

  it.each([
    ['GET /../etc/passwd HTTP/1.1', 400, 'target-dots'],
    ['GET /%2e%2e/etc/passwd HTTP/1.1', 400, 'target-dots'],
    ['GET /..%5c..%5cwindows HTTP/1.1', 400, 'target-slash'],
    ['GET /%c0%ae%c0%ae/x HTTP/1.1', 400, 'target-utf8'],
    ['GET /x%00.cfg HTTP/1.1', 400, 'target-unsafe'],
    ['OPTIONS * HTTP/1.1', 400, 'target-form'],
    [`GET /${'a'.repeat(9_000)} HTTP/1.1`, 414, 'target-too-long'],
  ])('%s → %i', async (line, status, reason) => {
    front = await startFront([echo])
    const client = new RawClient(front.port).send(`${line}\r\nHost: x\r\nConnection: close\r\n\r\n`)
    expect(await client.toEnd()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(await front.exchanges.atLeast(1)).toMatchObject([{ ending: 'malformed', answer: String(status), reason }])
    expect(front.exchanges.all[0]?.evidence.file?.length).toBeLessThanOrEqual(200)
  })
})

describe('bodies', () => {
  it('[RFC9110 §15.5.14] answers 413 to an announced length before a byte of it came, then closes', async () => {
    front = await startFront([echo])
    const client = new RawClient(front.port).send('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 1025\r\n\r\n')
    expect(await client.toEnd()).toMatch(/^HTTP\/1\.1 413 [\s\S]*\r\nConnection: close\r\n/)
    expect(await front.exchanges.atLeast(1)).toMatchObject([{ protocol: 'echo', ending: 'refuse', answer: '413' }])
  })

  it('[RFC9110 §15.5.14] answers 413 to a chunked body as soon as it is too long', async () => {
    front = await startFront([echo])
    const client = new RawClient(front.port).send(
      'POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n',
    )
    client.send(`400\r\n${'a'.repeat(1_024)}\r\n`).send('1\r\na\r\n')
    expect(await client.toEnd()).toMatch(/^HTTP\/1\.1 413 /)
    expect(await front.exchanges.atLeast(1)).toMatchObject([{ answer: '413' }])
  })

  it('a client that sends 10 MB all the same can read its 413, and the server serves on', async () => {
    front = await startFront([echo])
    const client = new RawClient(front.port)
    client
      .send('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10485760\r\n\r\n')
      .send(Buffer.alloc(10_485_760, 'a'))
    expect(await client.until(/413 Payload Too Large\n$/)).toMatch(/^HTTP\/1\.1 413 /)
    client.socket.end()
    await client.gone()
    // All of it was read and thrown away: a reset could have taken the answer from the client.
    expect(client.socket.errored).toBeNull()
    expect((await curl(`${front.url}/echo`)).code).toBe(0)
  })

  it('takes a body of exactly the limit, whole or chunked', async () => {
    front = await startFront([echo])
    const client = new RawClient(front.port).send(post('/echo', 'a'.repeat(1_024)))
    await client.until(/"body":"a{1024}"/)
    client.send(`POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`)
    await client.until(/"body":"abcde"/)
    client.socket.destroy()
  })

  it('[RFC9110 §10.1.1] sends 100 Continue before it waits for the body', async () => {
    front = await startFront([echo])
    const client = new RawClient(front.port)
    client.send('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n')
    await client.until(/^HTTP\/1\.1 100 Continue\r\n\r\n$/)
    client.send('abc')
    await client.until(/"body":"abc"/)
    client.socket.destroy()
  })

  it('[RFC9110 §10.1.1] answers 413, 404 and 405 without asking for the body first', async () => {
    front = await startFront([echo])
    for (const [line, length, status] of [
      ['POST /echo', 2_000, 413],
      ['POST /nothing', 3, 404],
      ['PUT /echo', 3, 405],
    ] as const) {
      const client = new RawClient(front.port)
      client.send(`${line} HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`)
      expect(await client.toEnd()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    }
    expect(await front.exchanges.atLeast(3)).toHaveLength(3)
  })

  it('[RFC9110 §10.1.1] answers 417 to an expectation it does not know', async () => {
    front = await startFront([echo])
    const client = new RawClient(front.port).send('GET /echo HTTP/1.1\r\nHost: x\r\nExpect: tea\r\n\r\n')
    expect(await client.toEnd()).toMatch(/^HTTP\/1\.1 417 /)
    expect(await front.exchanges.atLeast(1)).toMatchObject([{ ending: 'refuse', answer: '417' }])
  })

  it('reports a body that never came in full', async () => {
    front = await startFront([echo])
    const client = new RawClient(front.port).send('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc')
    await new Promise<void>((resolve) => client.socket.once('connect', resolve))
    client.socket.end()
    expect(await client.toEnd()).toMatch(/^HTTP\/1\.1 400 /)
    expect(await front.exchanges.atLeast(1)).toMatchObject([{ ending: 'malformed', reason: 'incomplete' }])
  })

  it('reports a body whose sender reset the connection', async () => {
    front = await startFront([echo])
    const client = new RawClient(front.port)
    client.send('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n')
    await client.until(/100 Continue/)
    client.socket.resetAndDestroy()
    expect(await front.exchanges.atLeast(1)).toMatchObject([{ ending: 'malformed', reason: 'incomplete' }])
  })
})
