// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { HandlerAnswer, HttpHandler, PhoneRequest, Resource } from '#protocols/http/port'
import { type PhoneHttpOptions, PhoneHttpServer } from '#protocols/http/server'
import type { Exchange } from '#protocols/lib/exchange'

/** No wait in these tests may be longer; what takes longer has failed. */
const PATIENCE_MS = 8_000

export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited too long for ${what}`)), PATIENCE_MS)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Collects exchanges and lets a test wait for the one it is about. */
export class Exchanges {
  readonly all: Exchange[] = []
  #wake: (() => void)[] = []

  readonly observe = (exchange: Exchange): void => {
    this.all.push(exchange)
    for (const wake of this.#wake.splice(0)) wake()
  }

  /** Resolves when there are at least `count`, with all of them. */
  async atLeast(count: number): Promise<readonly Exchange[]> {
    while (this.all.length < count) {
      await within(new Promise<void>((resolve) => this.#wake.push(resolve)), `exchange ${count}`)
    }
    return this.all
  }
}

export interface Front {
  readonly server: PhoneHttpServer
  readonly port: number
  readonly url: string
  readonly exchanges: Exchanges
  stop(): Promise<void>
}

/** The real front on a free loopback port. */
export async function startFront(
  handlers: readonly HttpHandler[],
  options: Partial<Omit<PhoneHttpOptions, 'handlers' | 'observe'>> = {},
): Promise<Front> {
  const exchanges = new Exchanges()
  const listeners = options.listeners ?? [{ endpoint: { address: '127.0.0.1', port: 0 } }]
  const server = new PhoneHttpServer({ ...options, listeners, handlers, observe: exchanges.observe })
  await server.start(new AbortController().signal)
  const port = server.health().endpoints[0]?.port ?? 0
  return { server, port, url: `http://127.0.0.1:${port}`, exchanges, stop: () => server.stop() }
}

/** A handler as small as they come: `answer` for requests whose path begins with `prefix`. */
export function handler(
  prefix: string,
  methods: readonly string[],
  answer: (request: PhoneRequest) => HandlerAnswer | Promise<HandlerAnswer>,
  bodyLimit = 1_024,
): HttpHandler {
  return {
    name: prefix.slice(1),
    bodyLimit,
    matches: (method, path) => path.startsWith(prefix) && methods.includes(method),
    handle: async (request) => answer(request),
  }
}

/** Answers with the method, path, query and body it was given. */
export const echo = handler('/echo', ['GET', 'HEAD', 'POST'], ({ method, path, query, body }) => {
  const text = JSON.stringify({ method, path, query, body: Buffer.from(body).toString('latin1') })
  return {
    reply: { kind: 'body', status: 200, contentType: 'application/json', body: Buffer.from(text) },
    evidence: {},
  }
})

export function resourceOf(bytes: Uint8Array, changes: Partial<Resource> = {}): Resource {
  return {
    contentType: 'application/octet-stream',
    size: bytes.byteLength,
    etag: '"v1"',
    modified: new Date('2024-10-09T06:15:40Z'),
    open: (start, end) => bytes.subarray(start, end + 1),
    ...changes,
  }
}

export function files(resources: Readonly<Record<string, Resource>>): HttpHandler {
  return handler('/files/', ['GET', 'HEAD', 'POST'], ({ path }) => {
    const resource = resources[path.slice('/files/'.length)]
    if (resource) return { reply: { kind: 'resource', resource }, evidence: { file: path } }
    const body = Buffer.from('none\n')
    return { reply: { kind: 'body', status: 404, contentType: 'text/plain', body }, reason: 'no file', evidence: {} }
  })
}

/** A TCP client that sends exactly the given octets. */
export class RawClient {
  readonly socket: Socket
  readonly #closed: Promise<void>
  #received = Buffer.alloc(0)
  #wake: (() => void)[] = []
  #ended = false

  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    this.socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#stir()
    })
    this.socket.on('end', () => {
      this.#ended = true
      this.#stir()
    })
    this.socket.on('error', () => undefined)
    this.#closed = new Promise((resolve) => {
      this.socket.on('close', () => {
        this.#ended = true
        this.#stir()
        resolve()
      })
    })
  }

  /** Octets as latin-1 text, or as they are. */
  send(octets: string | Uint8Array): this {
    this.socket.write(typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets)
    return this
  }

  get received(): string {
    return this.#received.toString('latin1')
  }

  /** Resolves when what was received matches, or fails when the server ends first. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.received)) {
      if (this.#ended) throw new Error(`the server ended after ${JSON.stringify(this.received.slice(0, 500))}`)
      await within(this.#more(), String(pattern))
    }
    return this.received
  }

  /** All that the server sent before it ended its side. */
  async toEnd(): Promise<string> {
    while (!this.#ended) await within(this.#more(), 'the end of the connection')
    this.socket.destroy()
    return this.received
  }

  /** Resolves when both sides are closed. */
  gone(): Promise<void> {
    return within(this.#closed, 'the connection to close')
  }

  #more(): Promise<void> {
    return new Promise((resolve) => this.#wake.push(resolve))
  }

  #stir(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}

export interface Ran {
  readonly code: number | null
  readonly stdout: Buffer
  readonly stderr: string
}

/** Runs a real client. A client that is not installed rejects: that is a failure, never a skip. */
export async function run(command: string, args: readonly string[], input?: Uint8Array): Promise<Ran> {
  const child: ChildProcess = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk))
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input)
  const [code] = (await within(once(child, 'close'), command)) as [number | null]
  return { code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() }
}

export function curl(...args: string[]): Promise<Ran> {
  return run('curl', ['--silent', '--show-error', '--max-time', '7', ...args])
}
