// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ListenError } from '#protocols/lib/listen'
import { WebServer } from '#web/server'
import { Events, signedIn, withDeadline } from './client.ts'
import { MemoryPort, phone } from './memory-port.ts'

const LOOPBACK = { address: '127.0.0.1', port: 0 }
const never = new AbortController().signal

let port: MemoryPort
let server: WebServer

beforeEach(() => {
  port = new MemoryPort()
  server = new WebServer({ listen: LOOPBACK, port, drain: 300 })
})
afterEach(() => server.stop())

function url(which = server): string {
  const [endpoint] = which.health().endpoints
  return `http://127.0.0.1:${endpoint?.port}`
}

function site(which = server) {
  return { url: url(which), app: { handler: () => {}, close: () => {} }, faults: [], close: () => which.stop() }
}

describe('the web server', () => {
  test('serves after start, and not after stop', async () => {
    expect(server.name).toBe('web')
    expect(server.health().state).toBe('stopped')
    await server.start(never)
    expect(server.health()).toMatchObject({ state: 'serving', endpoints: [{ address: '127.0.0.1' }] })
    const address = url()
    expect((await fetch(`${address}/healthz`)).status).toBe(200)
    await server.stop()
    await server.stop()
    expect(server.health()).toMatchObject({ state: 'stopped', endpoints: [] })
    await expect(fetch(`${address}/healthz`)).rejects.toThrow()
  })

  test('starts again after a stop', async () => {
    await server.start(never)
    await server.stop()
    await server.start(never)
    expect((await fetch(`${url()}/healthz`)).status).toBe(200)
  })

  test('says in one sentence why it cannot listen, and leaves nothing open', async () => {
    await server.start(never)
    const [endpoint] = server.health().endpoints
    const second = new WebServer({ listen: endpoint ?? LOOPBACK, port })
    const refusal = await second.start(never).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(ListenError)
    expect((refusal as Error).message).toBe(`TCP 127.0.0.1:${endpoint?.port} is already in use by another program`)
    expect(second.health().state).toBe('stopped')
    expect(port.fleet.followers).toBe(0)
  })

  test('does not start when the start was given up', async () => {
    const aborted = AbortSignal.abort(new Error('given up'))
    await expect(server.start(aborted)).rejects.toThrow('given up')
    const late = new AbortController()
    const starting = server.start(late.signal)
    late.abort(new Error('too late'))
    await expect(starting).rejects.toThrow('too late')
    expect(server.health().state).toBe('stopped')
  })

  test('ends open event streams at once when it stops', async () => {
    // Whoever waits for the drain waits for an hour: only a stream that is ended by itself lets the test end.
    server = new WebServer({ listen: LOOPBACK, port, drain: 3_600_000 })
    await server.start(never)
    const visitor = await signedIn(site())
    const events = new Events(await visitor.get('/events?show=summary'))
    await events.next()
    const [, end] = await Promise.all([server.stop(), events.next(30_000)])
    expect(end).toBeUndefined()
    expect(port.fleet.followers).toBe(0)
  }, 40_000)

  test('lets a running request finish', async () => {
    await server.start(never)
    const metrics = port.metrics.bind(port)
    let stopped: Promise<void> | undefined
    port.metrics = async () => {
      stopped = server.stop()
      await new Promise((resolve) => setImmediate(resolve))
      return metrics()
    }
    const response = await fetch(`${url()}/metrics`)
    expect(await response.text()).toBe('offhook_up 1\n')
    await stopped
  })

  test('waits for nobody longer than it must', async () => {
    await server.start(never)
    port.metrics = () => new Promise(() => {})
    const asked = fetch(`${url()}/metrics`).catch((error: unknown) => error)
    const slow = connect(Number(new URL(url()).port), '127.0.0.1')
    slow.on('error', () => {})
    await once(slow, 'connect')
    slow.write('POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n')
    await withDeadline(server.stop(), 1500)
    expect(await asked).toBeInstanceOf(Error)
    slow.destroy()
  })

  test('stays up under requests that are none', async () => {
    await server.start(never)
    const bad = [
      '\x16\x03\x01\x02',
      'GET / HTTP/9.9\r\n\r\n',
      `GET /${'a'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
      '\r\n\r\n\0',
    ]
    for (const bytes of bad) {
      const { port: number } = new URL(url())
      const socket = connect(Number(number), '127.0.0.1')
      socket.on('error', () => {})
      socket.end(bytes)
      socket.resume()
      await once(socket, 'close')
    }
    expect((await fetch(`${url()}/healthz`)).status).toBe(200)
    expect(server.health().state).toBe('serving')
  })
})

describe('over TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'offhook-web-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', ...kind, '-keyout', key, '-out', cert, ...subject], { stdio: 'pipe' })
  const tls = { key: readFileSync(key), cert: readFileSync(cert) }
  rmSync(folder, { recursive: true })

  test('cookies are for TLS only, and browsers are told to stay with it', async () => {
    port.fleet.put(phone('00908f123456'))
    const secure = new WebServer({ listen: LOOPBACK, port, tls })
    await secure.start(never)
    try {
      const agent = new Agent({ ca: tls.cert })
      const asked = request({ agent, host: '127.0.0.1', port: secure.health().endpoints[0]?.port, path: '/sign-in' })
      asked.end()
      const [answer] = await once(asked, 'response')
      answer.resume()
      expect(answer.statusCode).toBe(200)
      expect(answer.headers['strict-transport-security']).toBe('max-age=31536000')
      expect(answer.headers['set-cookie']).toEqual([
        expect.stringMatching(/^__Host-offhook-form=[\w-]{43}; path=\/; samesite=strict; secure; httponly$/),
      ])
      agent.destroy()
    } finally {
      await secure.stop()
    }
  })
})
