// SPDX-License-Identifier: Apache-2.0
import type { RemoteInfo, Socket as UdpSocket } from 'node:dgram'
import { createServer, type Server, type Socket } from 'node:net'
import type { Endpoint, Exchange, Observe } from '#protocols/lib/exchange'
import { peerAddress } from '#protocols/lib/ipv4'
import { bindUdp, ListenError, localEndpoint, watchTcp } from '#protocols/lib/listen'
import { MalformedPacket } from '#protocols/lib/malformed'
import { type Health, type ProtocolServer, Standing } from '#protocols/server'
import { decode } from './codec.ts'
import { Framer } from './framing.ts'
import type { SyslogPort } from './port.ts'

export interface SyslogLimits {
  /** Octets of one message; longer ones are cut. */
  readonly messageBytes: number
  readonly connections: number
  readonly connectionsPerPeer: number
  /** How long a connection may be silent, in milliseconds. */
  readonly idleMs: number
  /** Messages that the port has not taken yet; datagrams beyond are dropped. */
  readonly inWork: number
}

export const DEFAULT_LIMITS: SyslogLimits = {
  ...{ messageBytes: 8_192, connections: 1_024, connectionsPerPeer: 256, idleMs: 15 * 60_000, inWork: 2_000 },
}

export interface SyslogServerOptions {
  /** UDP and TCP alike. */
  readonly listen: Endpoint
  readonly port: SyslogPort
  readonly observe: Observe
  readonly limits?: Partial<SyslogLimits>
}

/** Both transports on one port that the kernel chooses: another program may have the other one. */
const TRIES = 8

/** Receives the phones' logs by UDP [RFC5426] and TCP [RFC6587], in the formats of RFC 5424 and RFC 3164. */
export class SyslogServer implements ProtocolServer {
  readonly name = 'syslog'
  readonly #options: SyslogServerOptions
  readonly #limits: SyslogLimits
  readonly #standing = new Standing()
  readonly #working = new Set<Promise<unknown>>()
  readonly #connections = new Map<Socket, string>()
  #stopping = false
  #udp: UdpSocket | undefined
  #tcp: Server | undefined

  constructor(options: SyslogServerOptions) {
    this.#options = options
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
  }

  async start(signal: AbortSignal): Promise<void> {
    if (this.#udp) throw new Error('syslog is started already')
    this.#stopping = false
    for (let tries = 1; ; tries++) {
      try {
        await this.#bind(signal)
        break
      } catch (error) {
        await this.#close()
        const isUnlucky = this.#options.listen.port === 0 && (error as { code?: unknown }).code === 'EADDRINUSE'
        if (!isUnlucky || tries === TRIES) throw error
      }
    }
    const udp = this.#udp
    if (udp) this.#standing.serving([localEndpoint(udp)])
  }

  async stop(): Promise<void> {
    this.#stopping = true
    this.#udp?.removeAllListeners('message')
    for (const socket of this.#connections.keys()) socket.pause()
    while (this.#working.size > 0) await Promise.all(this.#working)
    await this.#close()
    this.#standing.stopped()
  }

  health(): Health {
    return this.#standing.health()
  }

  onLost(listener: (error: Error) => void): void {
    this.#standing.onLost(listener)
  }

  async #bind(signal: AbortSignal): Promise<void> {
    const { listen } = this.#options
    const handlers = {
      onMessage: (bytes: Uint8Array, from: RemoteInfo) => this.#datagram(bytes, from),
      onLost: (error: Error) => void this.#lose(error),
    }
    this.#udp = await bindUdp(listen, handlers, signal)
    this.#tcp = await this.#listenTcp({ address: listen.address, port: localEndpoint(this.#udp).port })
    signal.throwIfAborted()
  }

  #listenTcp(endpoint: Endpoint): Promise<Server> {
    const server = createServer((socket) => this.#accept(socket))
    return new Promise((resolve, reject) => {
      const refuse = (cause: NodeJS.ErrnoException) => reject(new ListenError('TCP', endpoint, cause))
      server.once('error', refuse)
      server.listen({ host: endpoint.address, port: endpoint.port, backlog: 256 }, () => {
        server.off('error', refuse)
        server.on('error', (error) => void this.#lose(error))
        watchTcp(server)
        resolve(server)
      })
    })
  }

  #datagram(bytes: Uint8Array, { address, port }: RemoteInfo): void {
    const peer = { address, port }
    if (this.#working.size >= this.#limits.inWork) {
      this.#tell(peer, performance.now(), { ending: 'ignore', reason: 'too many messages wait' })
      return
    }
    void this.#take(bytes.subarray(0, this.#limits.messageBytes), peer, 'udp')
  }

  #accept(socket: Socket): void {
    const address = peerAddress(socket.remoteAddress) ?? socket.remoteAddress ?? ''
    const peer = { address, port: socket.remotePort ?? 0 }
    socket.on('error', () => {}) // `close` follows
    const ofPeer = [...this.#connections.values()].filter((other) => other === address).length
    if (this.#connections.size >= this.#limits.connections || ofPeer >= this.#limits.connectionsPerPeer) {
      this.#tell(peer, performance.now(), { ending: 'refuse', reason: 'too many connections' })
      socket.destroy()
      return
    }
    this.#connections.set(socket, address)
    socket.once('close', () => this.#connections.delete(socket))
    socket.setTimeout(this.#limits.idleMs, () => socket.destroy())
    const framer = new Framer(this.#limits.messageBytes)
    socket.on('data', (chunk) => {
      // Nothing more is read before this is taken: a fast sender waits in its own buffers.
      socket.pause()
      void this.#work(this.#stream(framer, chunk, peer)).then((goesOn) => {
        if (!goesOn) socket.destroy()
        else if (!this.#stopping) socket.resume()
      })
    })
    socket.on('end', () => {
      const rest = framer.end()
      if (rest) void this.#take(rest, peer, 'tcp')
    })
  }

  /** False when the sender's frames make no sense: what follows could be anything. */
  async #stream(framer: Framer, chunk: Uint8Array, peer: Endpoint): Promise<boolean> {
    try {
      for (const message of framer.push(chunk)) await this.#take(message, peer, 'tcp')
      return true
    } catch (error) {
      if (!(error instanceof MalformedPacket)) throw error
      this.#tell(peer, performance.now(), { ending: 'malformed', reason: error.code })
      return false
    }
  }

  #take(bytes: Uint8Array, peer: Endpoint, transport: 'udp' | 'tcp'): Promise<void> {
    const since = performance.now()
    return this.#work(this.#log(bytes, peer, transport, since))
  }

  async #log(bytes: Uint8Array, peer: Endpoint, transport: 'udp' | 'tcp', since: number): Promise<void> {
    try {
      const isTaken = await this.#options.port.log({ message: decode(bytes), peer, transport })
      const ending = isTaken ? { ending: 'reply' as const } : UNKNOWN
      this.#tell(peer, since, { ...ending, bytes: bytes.length })
    } catch (error) {
      if (error instanceof MalformedPacket) this.#tell(peer, since, { ending: 'malformed', reason: error.code })
      else this.#tell(peer, since, { ending: 'fault', reason: String(error) })
    }
  }

  #work<T>(work: Promise<T>): Promise<T> {
    this.#working.add(work)
    const done = () => this.#working.delete(work)
    work.then(done, done)
    return work
  }

  #tell(peer: Endpoint, since: number, how: Pick<Exchange, 'ending' | 'reason' | 'bytes'>): void {
    const micros = Math.round((performance.now() - since) * 1_000)
    this.#options.observe({ protocol: this.name, operation: 'MESSAGE', peer, micros, evidence: {}, ...how })
  }

  async #lose(error: Error): Promise<void> {
    if (!this.#udp && !this.#tcp) return // it is being closed already
    await this.#close()
    this.#standing.lost(error)
  }

  async #close(): Promise<void> {
    const [udp, tcp] = [this.#udp, this.#tcp]
    this.#udp = undefined
    this.#tcp = undefined
    for (const socket of this.#connections.keys()) socket.destroy()
    if (tcp) await new Promise<void>((closed) => tcp.close(() => closed()))
    if (udp) {
      // One that was lost is closed already.
      await new Promise<void>((closed) => {
        try {
          udp.close(closed)
        } catch {
          closed()
        }
      })
    }
  }
}

const UNKNOWN = { ending: 'ignore', reason: 'no phone that we know has this address' } as const
