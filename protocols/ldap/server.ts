// SPDX-License-Identifier: Apache-2.0
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { BerWriter } from '#protocols/lib/ber'
import type { Endpoint, Observe } from '#protocols/lib/exchange'
import { peerAddress } from '#protocols/lib/ipv4'
import { ListenError, watchTcp } from '#protocols/lib/listen'
import { type Health, type ProtocolServer, Standing } from '#protocols/server'
import { encode } from './codec.ts'
import { Connection } from './connection.ts'
import { EncodedEntries } from './encoded-entries.ts'
import { DEFAULT_LIMITS, type LdapLimits } from './limits.ts'
import { RESULT } from './messages.ts'
import type { LdapPort } from './port.ts'
import { noticeOfDisconnection } from './reply.ts'
import { Session } from './session.ts'
import { SortedLists } from './sorted-lists.ts'

export interface LdapServerOptions {
  /** LDAP, with StartTLS when `tls` is given. */
  readonly listen: Endpoint
  /** LDAPS; needs `tls`. */
  readonly tlsListen?: Endpoint
  /** Gives key and certificate, in PEM, whenever they are read. */
  readonly tls?: () => SecureContextOptions
  readonly port: LdapPort
  readonly observe: Observe
  readonly limits?: Partial<LdapLimits>
}

/** A read-only LDAP server, version 3 and what version 2 clients need of it [RFC4511]. */
export class LdapServer implements ProtocolServer {
  readonly name = 'ldap'
  readonly #options: LdapServerOptions
  readonly #limits: LdapLimits
  readonly #standing = new Standing()
  readonly #writer = new BerWriter(65_536)
  readonly #lists: SortedLists
  readonly #encoded: EncodedEntries
  readonly #connections = new Set<Connection>()
  /** Connections of each address. */
  readonly #perPeer = new Map<string, number>()
  #servers: Server[] = []
  /** For connections that begin to encrypt from now on. */
  #context: SecureContext | undefined

  constructor(options: LdapServerOptions) {
    if (options.tlsListen && !options.tls) throw new Error('LDAPS needs a key and a certificate')
    this.#options = options
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.#lists = new SortedLists(this.#limits.sortedLists, this.#limits.sorts)
    this.#encoded = new EncodedEntries(this.#limits.encodedEntries)
  }

  async start(signal: AbortSignal): Promise<void> {
    if (this.#servers.length > 0) throw new Error('ldap is started already')
    const { listen, tlsListen } = this.#options
    this.renewTls()
    try {
      signal.throwIfAborted()
      await this.#bind(listen, false)
      if (tlsListen) await this.#bind(tlsListen, true)
      signal.throwIfAborted()
    } catch (error) {
      await this.#close()
      throw error
    }
    this.#standing.serving(this.#servers.map(endpointOf))
  }

  /** Reads key and certificate again; throws when they cannot be used, and goes on with those it had. */
  renewTls(): void {
    const { tls } = this.#options
    if (tls) this.#context = createSecureContext(tls())
  }

  async stop(): Promise<void> {
    await this.#close()
    this.#standing.stopped()
  }

  health(): Health {
    return this.#standing.health()
  }

  onLost(listener: (error: Error) => void): void {
    this.#standing.onLost(listener)
  }

  #bind(endpoint: Endpoint, startsWithTls: boolean): Promise<void> {
    // A client may close its side and still wait for answers.
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket, startsWithTls))
    return new Promise((resolve, reject) => {
      const refuse = (cause: NodeJS.ErrnoException) => reject(new ListenError('TCP', endpoint, cause))
      server.once('error', refuse)
      server.listen({ host: endpoint.address, port: endpoint.port, backlog: 1_024 }, () => {
        server.off('error', refuse)
        server.on('error', (error) => void this.#lose(error))
        watchTcp(server)
        this.#servers.push(server)
        resolve()
      })
    })
  }

  #accept(socket: Socket, startsWithTls: boolean): void {
    const tls = this.#context
    const address = peerAddress(socket.remoteAddress) ?? socket.remoteAddress ?? ''
    const peer = { address, port: socket.remotePort ?? 0 }
    const of = this.#perPeer.get(address) ?? 0
    if (this.#connections.size >= this.#limits.connections || of >= this.#limits.connectionsPerPeer) {
      this.#turnAway(socket, peer, startsWithTls)
      return
    }
    const { port, observe } = this.#options
    const session = new Session({
      ...{ port, peer, limits: this.#limits, lists: this.#lists, encoded: this.#encoded },
      now: () => performance.now(),
      security: () => (connection.secure ? 'tls' : tls ? 'tls-possible' : 'plain'),
    })
    const connection = new Connection({
      ...{ socket, session, tls, startsWithTls, limits: this.#limits, writer: this.#writer },
      tell: (told) => observe({ protocol: this.name, peer, evidence: {}, ...told }),
    })
    this.#connections.add(connection)
    this.#perPeer.set(address, of + 1)
    void connection.closed.then(() => this.#forget(connection, address))
  }

  #forget(connection: Connection, address: string): void {
    this.#connections.delete(connection)
    const others = (this.#perPeer.get(address) ?? 0) - 1
    if (others > 0) this.#perPeer.set(address, others)
    else this.#perPeer.delete(address)
  }

  #turnAway(socket: Socket, peer: Endpoint, startsWithTls: boolean): void {
    const reason = 'too many connections'
    socket.on('error', () => {})
    const notice = encode({ id: 0, op: noticeOfDisconnection(RESULT.busy, reason), controls: [] })
    if (startsWithTls) socket.destroy()
    else socket.end(notice, () => socket.destroy())
    this.#options.observe({
      ...{ protocol: this.name, operation: 'CONNECT', peer, evidence: {} },
      ...{ ending: 'refuse', reason, answer: 'busy', micros: 0 },
    })
  }

  async #lose(error: Error): Promise<void> {
    if (this.#servers.length === 0) return // it is being closed already
    await this.#close()
    this.#standing.lost(error)
  }

  async #close(): Promise<void> {
    const servers = this.#servers
    this.#servers = []
    const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)))
    await Promise.all([...this.#connections].map((connection) => connection.stop()))
    await Promise.all(closed)
  }
}

function endpointOf(server: Server): Endpoint {
  const { address, port } = server.address() as AddressInfo
  return { address, port }
}
