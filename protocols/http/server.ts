// SPDX-License-Identifier: Apache-2.0
import { createServer, type IncomingMessage, type Server, type ServerOptions, type ServerResponse } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { DropArgument, Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'
import type { Endpoint, Exchange, Observe } from '#protocols/lib/exchange'
import { ListenError, watchTcp } from '#protocols/lib/listen'
import { MalformedPacket } from '#protocols/lib/malformed'
import { type Health, type ProtocolServer, Standing } from '#protocols/server'
import { Answerer, unanswered } from './answerer.ts'
import { type Call, Connection } from './connection.ts'
import { DEFAULT_LIMITS, type HttpLimits } from './limits.ts'
import type { HttpHandler } from './port.ts'
import { type HeadFault, headFault, rawAnswer, TUNNEL } from './unparsed.ts'

/** Where the front listens; with `tls` it speaks HTTPS there. `tls` is asked at each start and by `renewTls`. */
export interface PhoneListener {
  readonly endpoint: Endpoint
  readonly tls?: () => TlsOptions
}

export interface PhoneHttpOptions {
  readonly listeners: readonly PhoneListener[]
  /** Asked in this order; a request goes to the first that takes it. */
  readonly handlers: readonly HttpHandler[]
  readonly observe: Observe
  readonly limits?: Partial<HttpLimits>
  /** True while we are behind with our work: requests are then answered 503 at once. */
  readonly isOverloaded?: () => boolean
  /** Milliseconds since the epoch, for dates in headers. */
  readonly now?: () => number
}

/** The one owner of every port that phones speak HTTP to. It knows HTTP; what is served is the handlers' matter. */
export class PhoneHttpServer implements ProtocolServer {
  readonly name = 'http'
  readonly #options: PhoneHttpOptions
  readonly #limits: HttpLimits
  readonly #now: () => number
  readonly #answerer: Answerer
  readonly #standing = new Standing()
  readonly #connections = new WeakMap<Socket, Connection>()
  #servers: Server[] = []
  #secured: { readonly server: TlsServer; readonly tls: () => TlsOptions }[] = []

  constructor(options: PhoneHttpOptions) {
    this.#options = options
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.#now = options.now ?? Date.now
    this.#answerer = new Answerer(options.handlers, options.observe, this.#limits, this.#now, options.isOverloaded)
  }

  health(): Health {
    return this.#standing.health()
  }

  /** Requests that handlers are at work on, and those that were told to come again since the start. */
  load(): { readonly backlog: number; readonly sentAway: number } {
    return { backlog: this.#answerer.backlog, sentAway: this.#answerer.sentAway }
  }

  onLost(listener: (error: Error) => void): void {
    this.#standing.onLost(listener)
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#servers.length > 0) throw new Error('the HTTP front is already started')
    this.#answerer.stopping = false
    const bound: Endpoint[] = []
    try {
      for (const listener of this.#options.listeners) {
        const server = await this.#bind(listener)
        this.#servers.push(server)
        bound.push(boundTo(server))
        signal.throwIfAborted()
      }
    } catch (error) {
      await this.#close()
      throw error
    }
    this.#standing.serving(bound)
  }

  async stop(): Promise<void> {
    await this.#close()
    this.#standing.stopped()
  }

  /** For connections from now on; throws when what is given cannot be used, and goes on with what it had. */
  renewTls(): void {
    for (const { server, tls } of this.#secured) server.setSecureContext(tls())
  }

  /** Takes no new connection, lets running answers finish, and cuts what is still open after `drainMs`. */
  async #close(): Promise<void> {
    this.#answerer.stopping = true
    const servers = this.#servers
    this.#servers = []
    this.#secured = []
    const cut = setTimeout(() => {
      for (const server of servers) server.closeAllConnections()
    }, this.#limits.drainMs)
    await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
    clearTimeout(cut)
  }

  #bind({ endpoint, tls }: PhoneListener): Promise<Server> {
    const server = this.#create(tls)
    return new Promise((resolve, reject) => {
      const refuse = (cause: NodeJS.ErrnoException) => reject(new ListenError('TCP', endpoint, cause))
      server.once('error', refuse)
      server.listen({ host: endpoint.address, port: endpoint.port, backlog: 2_048 }, () => {
        server.off('error', refuse)
        server.on('error', (error) => void this.#lose(error))
        watchTcp(server)
        resolve(server)
      })
    })
  }

  /** Told at once: running answers may take their time, and a second error must not hide the first. */
  async #lose(error: Error): Promise<void> {
    const closed = this.#close()
    this.#standing.lost(error)
    await closed
  }

  #create(tls: (() => TlsOptions) | undefined): Server {
    const limits = this.#limits
    const options: ServerOptions = {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.idleMs,
      connectionsCheckingInterval: Math.min(2_000, limits.headersMs / 2),
      // Phones' senders leave it out, and nothing here depends on it [RFC9112 §3.2 would have it refused].
      requireHostHeader: false,
    }
    const server = tls ? this.#createTls(tls, options) : createServer(options)
    server.maxConnections = limits.connections
    server.timeout = limits.stallMs
    // Answers a client that ends its side after the request, as small ones do (no public type for this property).
    Object.assign(server, { httpAllowHalfOpen: true })
    server.on('request', (req, res) => this.#accept(req, res, 'nothing'))
    server.on('checkContinue', (req, res) => this.#accept(req, res, 'continue'))
    server.on('checkExpectation', (req, res) => this.#accept(req, res, 'unknown'))
    server.on('connect', (req, socket) => {
      // node:http has let go of the socket: its errors and what it still brings are ours.
      socket.on('error', ignore).resume()
      this.#unparsed(socket as Socket, TUNNEL, req.method)
    })
    server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
      this.#unparsed(socket as Socket, headFault(error)),
    )
    server.on('drop', (data) => this.#options.observe(tooMany(data)))
    return server
  }

  #createTls(tls: () => TlsOptions, options: ServerOptions): TlsServer {
    const server = createTlsServer({ ...tls(), ...options, handshakeTimeout: this.#limits.headersMs })
    this.#secured.push({ server, tls })
    return server
  }

  #accept(req: IncomingMessage, res: ServerResponse, expects: Call['expects']): void {
    // Writing to a client that has gone is no event: the answerer sees the response close.
    res.on('error', ignore)
    this.#answerer.accept({ req, res, connection: this.#connectionOf(req.socket), expects })
  }

  #connectionOf(socket: Socket): Connection {
    const known = this.#connections.get(socket)
    if (known) return known
    const connection = new Connection(socket)
    this.#connections.set(socket, connection)
    return connection
  }

  /** What arrived is no request that could be handled: answers it as far as that is safe, and closes. */
  #unparsed(socket: Socket, fault: HeadFault, operation = 'request'): void {
    const connection = this.#connectionOf(socket)
    if (connection.closing) return
    if (fault.kind === 'lost') return void socket.destroy()
    connection.closing = true
    if (connection.body && !connection.body.req.complete) {
      // It is the body of a request, which has an exchange of its own.
      connection.body.breakOff(new MalformedPacket(fault.code))
      return
    }

    const stray = fault.kind === 'syntax' && (connection.busy || connection.answered > 0)
    const silent = fault.kind === 'timeout' && socket.bytesRead === 0
    const answered = !connection.busy && !stray && !silent && fault.kind !== 'tls' && socket.writable
    if (answered) socket.write(rawAnswer(fault.status, this.#now()))
    // Otherwise the answer under way is the last, and the answerer closes after it.
    if (!connection.busy) connection.closeGently(this.#limits.lingerMs)
    if (!silent) this.#options.observe(unparsed(connection.peer, fault, operation, stray, answered))
  }
}

/** For errors that only say that the client has gone. */
function ignore(): void {}

/**
 * `stray`: octets behind a request that did not announce them, as senders leave that count characters for octets.
 * They are counted and not answered: the client would take the answer for that of its next request.
 */
function unparsed(peer: Endpoint, fault: HeadFault, operation: string, stray: boolean, answered: boolean): Exchange {
  const reason = stray ? 'stray-bytes' : fault.code
  const exchange = { protocol: 'http', operation, peer, ending: fault.ending, reason, micros: 0, evidence: {} }
  return answered ? { ...exchange, answer: String(fault.status) } : exchange
}

function tooMany(data: DropArgument | undefined): Exchange {
  const peer = { address: data?.remoteAddress ?? '', port: data?.remotePort ?? 0 }
  return unanswered('connect', peer, 'too many connections are open')
}

function boundTo(server: Server): Endpoint {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('an HTTP server has no port')
  return { address: address.address, port: address.port }
}
