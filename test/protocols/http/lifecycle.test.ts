// SPDX-License-Identifier: Apache-2.0
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HandlerAnswer } from '#protocols/http/port'
import { PhoneHttpServer } from '#protocols/http/server'
import { ListenError } from '#protocols/lib/listen'
import { curl, echo, handler, RawClient, run, startFront, within } from '#test/protocols/http/support'

const loopback = { endpoint: { address: '127.0.0.1', port: 0 } }
const go = new AbortController().signal

function front(listeners: ConstructorParameters<typeof PhoneHttpServer>[0]['listeners'], limits = {}) {
  return new PhoneHttpServer({ listeners, handlers: [echo], observe: () => undefined, limits })
}

describe('starting', () => {
  it('binds every listener and tells where', async () => {
    const server = front([loopback, loopback])
    expect(server.health()).toMatchObject({ state: 'stopped', endpoints: [] })
    await server.start(go)
    const { state, endpoints } = server.health()
    expect(state).toBe('serving')
    expect(endpoints).toHaveLength(2)
    for (const { port } of endpoints) expect((await curl(`http://127.0.0.1:${port}/echo`)).code).toBe(0)
    await server.stop()
    expect(server.health()).toMatchObject({ state: 'stopped', endpoints: [] })
  })

  it('names a port that is taken, and leaves nothing open', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const free = createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    const first = (free.address() as AddressInfo).port
    free.close()
    await once(free, 'close')
    const server = front([
      { endpoint: { address: '127.0.0.1', port: first } },
      { endpoint: { address: '127.0.0.1', port } },
    ])
    const failure = await server.start(go).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ListenError)
    expect(String(failure)).toContain(`TCP 127.0.0.1:${port} is already in use`)
    expect((await curl(`http://127.0.0.1:${first}/echo`)).code).toBe(7) // connection refused
    expect(server.health().state).toBe('stopped')
    other.close()
    await once(other, 'close')
    await server.start(go)
    await server.stop()
  })

  it('does nothing when it is aborted already', async () => {
    const server = front([loopback])
    await expect(server.start(AbortSignal.abort(new Error('not now')))).rejects.toThrow('not now')
    expect(server.health().state).toBe('stopped')
  })

  it('may be started again after it was stopped, and stopped twice', async () => {
    const server = front([loopback])
    for (let i = 0; i < 2; i++) {
      await server.start(go)
      const port = server.health().endpoints[0]?.port
      expect((await curl(`http://127.0.0.1:${port}/echo`)).code).toBe(0)
      await server.stop()
      await server.stop()
    }
  })
})

describe('stopping', () => {
  it('lets a running answer finish, says that it is the last, and takes no new connection', async () => {
    let entered = () => {}
    let release = (_: HandlerAnswer) => {}
    const inside = new Promise<void>((resolve) => {
      entered = resolve
    })
    const slow = handler('/slow', ['GET'], () => {
      entered()
      return new Promise<HandlerAnswer>((resolve) => {
        release = resolve
      })
    })
    const running = await startFront([slow])
    const client = new RawClient(running.port).send('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n')
    await within(inside, 'the handler')
    const stopped = running.stop()
    expect((await curl(`${running.url}/slow`)).code).toBe(7)
    release({ reply: { kind: 'redirect', status: 302, location: '/done' }, evidence: {} })
    expect(await client.toEnd()).toMatch(/^HTTP\/1\.1 302 [\s\S]*Connection: close\r\n/)
    await within(stopped, 'the stop')
  })

  it('does not wait for idle connections', async () => {
    const running = await startFront([echo], { limits: { idleMs: 60_000 } })
    const client = new RawClient(running.port).send('GET /echo HTTP/1.1\r\nHost: x\r\n\r\n')
    await client.until(/200 OK/)
    await within(running.stop(), 'the stop')
    await client.toEnd()
  })

  it('cuts what does not finish in time', async () => {
    const stuck = handler('/stuck', ['GET'], () => new Promise<HandlerAnswer>(() => undefined))
    const running = await startFront([stuck], { limits: { drainMs: 50 } })
    const client = new RawClient(running.port).send('GET /stuck HTTP/1.1\r\nHost: x\r\n\r\n')
    await once(client.socket, 'connect')
    await within(running.stop(), 'the stop')
    expect(await client.toEnd()).toBe('')
  })
})

describe('losing a socket', () => {
  it('is told once, frees the port, and the front may be started again', async () => {
    const sockets: Server[] = []
    const spy = (message: unknown) => sockets.push((message as { server: Server }).server)
    subscribe('http.server.request.start', spy)
    const running = await startFront([echo])
    await curl(`${running.url}/echo`)
    unsubscribe('http.server.request.start', spy)
    const losses: string[] = []
    const told = new Promise<void>((resolve) => {
      running.server.onLost((error) => {
        losses.push(error.message)
        resolve()
      })
    })
    for (let i = 0; i < 2; i++) sockets[0]?.emit('error', new Error('accept failed'))
    await within(told, 'the loss')
    expect(losses).toEqual(['accept failed'])
    expect(running.server.health()).toEqual({ state: 'lost', endpoints: [], detail: 'accept failed' })
    expect((await curl(`${running.url}/echo`)).code).toBe(7)
    await running.server.start(go)
    expect((await curl(`http://127.0.0.1:${running.server.health().endpoints[0]?.port}/echo`)).code).toBe(0)
    await running.stop()
  })
})

describe('HTTPS', () => {
  let folder: string
  let tls: { key: Buffer; cert: Buffer }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'offhook-https-'))
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    const made = await run('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
      ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', cert],
    ])
    expect(made.code, made.stderr).toBe(0)
    tls = { key: (await run('cat', [key])).stdout, cert: (await run('cat', [cert])).stdout }
  })

  afterAll(() => rm(folder, { recursive: true }))

  it('serves the same handlers, tells them that it is secure, and counts failed handshakes', async () => {
    const secure: boolean[] = []
    const spy = handler('/spy', ['GET'], (request) => {
      secure.push(request.secure)
      return { reply: { kind: 'redirect', status: 302, location: '/' }, evidence: {} }
    })
    const running = await startFront([spy], { listeners: [{ ...loopback, tls: () => tls }, loopback] })
    const [https, http] = running.server.health().endpoints
    expect((await curl('--cacert', join(folder, 'cert.pem'), `https://127.0.0.1:${https?.port}/spy`)).code).toBe(0)
    expect((await curl(`http://127.0.0.1:${http?.port}/spy`)).code).toBe(0)
    expect(secure).toEqual([true, false])
    const plain = new RawClient(https?.port ?? 0).send('GET /spy HTTP/1.1\r\nHost: x\r\n\r\n')
    await plain.toEnd()
    expect((await running.exchanges.atLeast(3)).at(-1)).toMatchObject({ ending: 'malformed', reason: 'tls' })
    expect((await curl('--cacert', join(folder, 'cert.pem'), `https://127.0.0.1:${https?.port}/spy`)).code).toBe(0)
    await running.stop()
  })
})
