// SPDX-License-Identifier: Apache-2.0
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Endpoint } from '#protocols/lib/exchange'
import { ListenError } from '#protocols/lib/listen'
import type { ProtocolServer } from '#protocols/server'

/** Where a server under test asks its owner something; while it is closed, requests stay in work. */
export class Gate {
  #open = true
  #release: () => void = () => {}
  #opened = Promise.resolve()
  #arrive: () => void = () => {}
  /** Resolves when the first request has come to the gate. */
  readonly arrived = new Promise<void>((resolve) => {
    this.#arrive = resolve
  })

  close(): void {
    this.#open = false
    this.#opened = new Promise((resolve) => {
      this.#release = resolve
    })
  }

  open(): void {
    this.#open = true
    this.#release()
  }

  async pass(): Promise<void> {
    this.#arrive()
    if (!this.#open) await this.#opened
  }
}

/** What the suite has to know of one kind of server. */
export interface ServerKind {
  readonly transport: 'UDP' | 'TCP'
  /** A server whose owner lets each request through the gate before it answers. */
  make(listen: Endpoint, gate: Gate): ProtocolServer
  /** Sends one real request; resolves when it is answered, rejects when it is not, in bounded time. */
  ask(endpoint: Endpoint): Promise<void>
}

const ANY_PORT: Endpoint = { address: '127.0.0.1', port: 0 }

/** The rules of protocols/server.ts that every server keeps, tried on real sockets. */
export function serverContract(name: string, kind: ServerKind): void {
  describe(`${name} keeps the contract of every server`, () => {
    let gate: Gate
    let made: ProtocolServer[]
    const never = new AbortController().signal

    beforeEach(() => {
      gate = new Gate()
      made = []
    })

    afterEach(async () => {
      gate.open()
      for (const server of made) await server.stop()
    })

    function make(listen: Endpoint = ANY_PORT): ProtocolServer {
      const server = kind.make(listen, gate)
      made.push(server)
      return server
    }

    async function started(listen?: Endpoint): Promise<ProtocolServer> {
      const server = make(listen)
      await server.start(never)
      return server
    }

    it('construction opens no socket', async () => {
      const listen = await freeEndpoint(kind)
      const server = make(listen)
      expect(server.health()).toMatchObject({ state: 'stopped', endpoints: [] })
      await expectFree(kind, listen)
    })

    it('start binds port 0 to a free port, and health names the real one, where requests are answered', async () => {
      const server = await started()
      const { state, endpoints } = server.health()
      expect(state).toBe('serving')
      expect(endpoints).toEqual([{ address: '127.0.0.1', port: expect.any(Number) }])
      expect(endpoints[0]?.port).toBeGreaterThan(0)
      await kind.ask(endpointOf(server))
    })

    it('a second start is refused and disturbs nothing', async () => {
      const server = await started()
      const endpoint = endpointOf(server)
      await expect(server.start(never)).rejects.toThrow(/already/)
      expect(server.health()).toEqual({ state: 'serving', endpoints: [endpoint], detail: expect.any(String) })
      await kind.ask(endpoint)
    })

    it('stop before start is fine', async () => {
      const server = make()
      await server.stop()
      expect(server.health()).toMatchObject({ state: 'stopped', endpoints: [] })
      await server.start(never)
      await kind.ask(endpointOf(server))
    })

    it('stop is idempotent, one after the other and at once, and frees the port', async () => {
      const server = await started()
      const endpoint = endpointOf(server)
      await Promise.all([server.stop(), server.stop()])
      await server.stop()
      expect(server.health()).toMatchObject({ state: 'stopped', endpoints: [] })
      await expectFree(kind, endpoint)
    })

    it('start after stop serves again on the same port', async () => {
      const server = await started(await freeEndpoint(kind))
      const endpoint = endpointOf(server)
      await kind.ask(endpoint)
      await server.stop()
      await server.start(never)
      expect(server.health()).toMatchObject({ state: 'serving', endpoints: [endpoint] })
      await kind.ask(endpoint)
    })

    it.each([
      ['before', true],
      ['during', false],
    ])('a start aborted %s it begins rejects and leaves nothing open', async (_, before) => {
      const listen = await freeEndpoint(kind)
      const server = make(listen)
      const abort = new AbortController()
      if (before) abort.abort()
      const start = server.start(abort.signal)
      abort.abort()
      await expect(start).rejects.toMatchObject({ name: 'AbortError' })
      expect(server.health()).toMatchObject({ state: 'stopped', endpoints: [] })
      await expectFree(kind, listen)
      await server.start(never)
      await kind.ask(listen)
    })

    it('a port in use is one sentence with transport, address and port, and start works once it is free', async () => {
      const listen = await freeEndpoint(kind)
      const free = await occupy(kind, listen)
      const server = make(listen)
      const error = await server.start(never).catch((reason: unknown) => reason)
      expect(error).toBeInstanceOf(ListenError)
      expect(error).toMatchObject({
        code: 'EADDRINUSE',
        message: `${kind.transport} 127.0.0.1:${listen.port} is already in use by another program`,
      })
      expect(server.health()).toMatchObject({ state: 'stopped', endpoints: [] })
      await free()
      await server.start(never)
      await kind.ask(listen)
    })

    it('stop drains: a request in work is still answered, and stop waits for it', async () => {
      const server = await started()
      const endpoint = endpointOf(server)
      gate.close()
      const answer = kind.ask(endpoint)
      await gate.arrived
      let stopped = false
      const stop = server.stop().then(() => {
        stopped = true
      })
      // A turn of the event loop and a round trip through another socket: time for a careless stop to be over.
      await freeEndpoint(kind)
      expect(stopped).toBe(false)
      gate.open()
      await answer
      await stop
      await expectFree(kind, endpoint)
    })

    it('a lost socket is told once, to the last listener; health says why; start serves again', async () => {
      const server = make(await freeEndpoint(kind))
      const told: string[] = []
      server.onLost(() => told.push('replaced listener'))
      const lost = new Promise<void>((resolve) => {
        server.onLost((error) => {
          told.push(error.message)
          resolve()
        })
      })
      await server.start(never)
      const endpoint = endpointOf(server)
      breakSocket(kind, endpoint)
      await lost
      expect(server.health()).toEqual({ state: 'lost', endpoints: [], detail: expect.stringContaining('went away') })
      await expectFree(kind, endpoint)

      await server.start(never)
      expect(server.health().state).toBe('serving')
      await kind.ask(endpoint)
      await server.stop()
      expect(told).toEqual(['the interface went away'])
    })
  })
}

function endpointOf(server: ProtocolServer): Endpoint {
  const [endpoint] = server.health().endpoints
  if (!endpoint) throw new Error(`${server.name} listens nowhere`)
  return endpoint
}

/** A port that nobody has at the moment; the kernel does not hand it out again at once. */
async function freeEndpoint(kind: ServerKind): Promise<Endpoint> {
  const { endpoint, free } = await take(kind, ANY_PORT)
  await free()
  return endpoint
}

async function expectFree(kind: ServerKind, endpoint: Endpoint): Promise<void> {
  const free = await occupy(kind, endpoint)
  await free()
}

async function occupy(kind: ServerKind, endpoint: Endpoint): Promise<() => Promise<void>> {
  return (await take(kind, endpoint)).free
}

/** Listens there as another program would; rejects when the port is taken. */
function take({ transport }: ServerKind, { address, port }: Endpoint) {
  return new Promise<{ endpoint: Endpoint; free: () => Promise<void> }>((resolve, reject) => {
    if (transport === 'UDP') {
      const socket = createSocket('udp4').once('error', reject)
      const free = () => new Promise<void>((done) => socket.close(done))
      socket.bind(port, address, () => resolve({ endpoint: { address, port: socket.address().port }, free }))
      return
    }
    const server = createServer().once('error', reject)
    const free = () => new Promise<void>((done) => server.close(() => done()))
    server.listen(port, address, () => {
      const bound = server.address()
      if (bound === null || typeof bound === 'string') return reject(new Error('no port'))
      resolve({ endpoint: { address, port: bound.port }, free })
    })
  })
}

interface Handle {
  address?(): { port?: number } | null
  emit?(event: 'error', error: Error): void
}

/**
 * Raises the event that Node raises when the kernel takes a socket away, on the socket that listens there. (The real
 * thing, from outside the process, is in test/netns/lifecycle.test.ts.)
 */
function breakSocket({ transport }: ServerKind, { port }: Endpoint): void {
  // Node tells no other way which sockets a process has.
  const { _getActiveHandles } = process as unknown as { _getActiveHandles(): Handle[] }
  const handle = _getActiveHandles.call(process).find((open) => open.emit && isAt(open, port))
  if (!handle?.emit) throw new Error(`no socket of this process listens on port ${port}`)
  handle.emit('error', new Error('the interface went away'))
  // A listener may fail again while it is being closed; a UDP socket is closed at once.
  if (transport === 'TCP') handle.emit('error', new Error('and again'))
}

function isAt(handle: Handle, port: number): boolean {
  try {
    return handle.address?.()?.port === port
  } catch {
    return false
  }
}
