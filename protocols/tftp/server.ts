// SPDX-License-Identifier: Apache-2.0
import type { RemoteInfo, Socket } from 'node:dgram'
import { setTimeout as delay } from 'node:timers/promises'
import type { Endpoint, Evidence, Exchange, Observe } from '#protocols/lib/exchange'
import { bindUdp, localEndpoint } from '#protocols/lib/listen'
import { MalformedPacket } from '#protocols/lib/malformed'
import { withoutToken } from '#protocols/lib/secret-path'
import { type Health, type ProtocolServer, Standing } from '#protocols/server'
import { decode, ERROR_CODES, encode, saysError, type TftpPacket, type TftpRequest } from './codec.ts'
import type { TftpPort } from './port.ts'
import { TransferPorts } from './ports.ts'
import { type Refusal, respond, screen } from './reply.ts'
import { type Retransmit, Transfer, type TransferEnd } from './transfer.ts'

export interface TftpServerOptions {
  /** Transfers leave from the same address, each from a port of its own. */
  readonly listen: Endpoint
  readonly port: TftpPort
  readonly observe: Observe
  /** Transfers at a time, in all (1000) and for one address (100): many phones may stand behind one NAT. */
  readonly maxTransfers?: number
  readonly maxTransfersPerPeer?: number
  /** 1 s and 6 tries: a silent peer is given up after 31 s. */
  readonly retransmit?: Retransmit
  /** Blocks in flight at most (64), whatever a client asks [RFC7440]. */
  readonly maxWindow?: number
  /** How long `stop` lets running transfers go on, in milliseconds (5000). */
  readonly graceMillis?: number
}

/** One request being served, from its arrival until its transfer is over. */
interface Session {
  readonly request: Uint8Array
  readonly halt: AbortController
  transfer?: Transfer
  /** What the same endpoint asked meanwhile. */
  next?: { readonly bytes: Uint8Array; readonly from: RemoteInfo }
  over?: Promise<void>
}

/** A read-only TFTP server [RFC1350] with options [RFC2347, RFC2348, RFC2349, RFC7440]. */
export class TftpServer implements ProtocolServer {
  readonly name = 'tftp'
  readonly #options: Required<TftpServerOptions>
  readonly #standing = new Standing()
  /** By the peer's `address:port`, its transfer identifier. */
  readonly #sessions = new Map<string, Session>()
  /** Sessions of each address. */
  readonly #perPeer = new Map<string, number>()
  #socket: Socket | undefined
  #ports: TransferPorts

  constructor(options: TftpServerOptions) {
    this.#options = {
      maxTransfers: 1000,
      maxTransfersPerPeer: 100,
      retransmit: { firstMillis: 1000, tries: 6 },
      maxWindow: 64,
      graceMillis: 5000,
      ...options,
    }
    this.#ports = new TransferPorts(options.listen.address)
  }

  async start(signal: AbortSignal): Promise<void> {
    if (this.#socket) throw new Error('the TFTP server is already started')
    const handlers = {
      onMessage: (bytes: Uint8Array, from: RemoteInfo) => this.#receive(bytes, from),
      onLost: (error: Error) => {
        this.#socket = undefined
        this.#standing.lost(error)
      },
    }
    const socket = await bindUdp(this.#options.listen, handlers, signal)
    this.#socket = socket
    this.#ports = new TransferPorts(this.#options.listen.address)
    this.#standing.serving([localEndpoint(socket)])
  }

  async stop(): Promise<void> {
    this.#socket?.close()
    this.#socket = undefined
    this.#ports.close()
    this.#standing.stopped()
    const sessions = [...this.#sessions.values()]
    const grace = new AbortController()
    const patience = delay(this.#options.graceMillis, undefined, { signal: grace.signal }).catch(() => {})
    await Promise.race([Promise.all(sessions.map((session) => session.over)), patience])
    grace.abort()
    for (const session of sessions) session.halt.abort(new Error('the server is stopping'))
    // One without a transfer still waits for the owner of the files, who may never answer.
    await Promise.all(sessions.map((session) => session.transfer && session.over))
  }

  health(): Health {
    return this.#standing.health()
  }

  onLost(listener: (error: Error) => void): void {
    this.#standing.onLost(listener)
  }

  #receive(bytes: Uint8Array, from: RemoteInfo): void {
    const since = performance.now()
    // Nobody can be answered at port 0, and Node throws at the attempt.
    if (from.port === 0) return
    const peer = { address: from.address, port: from.port }
    let packet: TftpPacket
    try {
      packet = decode(bytes)
    } catch (error) {
      if (!(error instanceof MalformedPacket)) throw error
      this.#malformed(peer, error, since)
      if (!saysError(bytes)) this.#sendError(peer, ERROR_CODES.illegalOperation, 'malformed request')
      return
    }
    if (packet.kind === 'RRQ' || packet.kind === 'WRQ') this.#request(packet, bytes, from, since)
    else this.#observe(packet.kind, peer, since, {}, { ending: 'ignore', reason: 'it belongs to no transfer' })
  }

  #request(request: TftpRequest, bytes: Uint8Array, from: RemoteInfo, since: number): void {
    const key = `${from.address}:${from.port}`
    const running = this.#sessions.get(key)
    const refusal = screen(request) ?? (running ? undefined : this.#full(from.address))
    const peer = { address: from.address, port: from.port }
    if (refusal) {
      this.#sendError(peer, refusal.code, refusal.reason)
      this.#observe(request.kind, peer, since, { file: request.file }, refused(refusal))
    } else if (running) {
      // The ACK that ends the transfer was sent before this request, but may be read after it: from another socket, at
      // the latest in the event loop's next turn.
      setImmediate(() => setImmediate(() => this.#again(key, running, bytes, from)))
    } else {
      const session: Session = { request: bytes, halt: new AbortController() }
      this.#sessions.set(key, session)
      this.#perPeer.set(from.address, (this.#perPeer.get(from.address) ?? 0) + 1)
      session.over = this.#serve(request, peer, session, since).then(() => this.#close(key, session, from.address))
    }
  }

  /** A request from a port that is being served: a repeat, or the next one of a client that keeps its port. */
  #again(key: string, running: Session, bytes: Uint8Array, from: RemoteInfo): void {
    if (this.#sessions.get(key) !== running) {
      if (this.#socket) this.#receive(bytes, from)
      return
    }
    const same = Buffer.compare(running.request, bytes) === 0
    if (running.transfer?.yieldsTo(same)) running.next = { bytes, from }
  }

  #full(address: string): Refusal | undefined {
    const { maxTransfers, maxTransfersPerPeer } = this.#options
    const busy = (reason: string): Refusal => ({ kind: 'refuse', code: ERROR_CODES.undefined, reason })
    if (this.#sessions.size >= maxTransfers) return busy(`busy: ${maxTransfers} transfers are running`)
    if ((this.#perPeer.get(address) ?? 0) < maxTransfersPerPeer) return undefined
    return busy(`busy: ${maxTransfersPerPeer} transfers to your address are running`)
  }

  /** Never rejects: whatever goes wrong becomes the ending of the exchange. */
  async #serve(request: TftpRequest, peer: Endpoint, session: Session, since: number): Promise<void> {
    let evidence: Evidence = { file: request.file }
    let end: Omit<TransferEnd, 'bytes'> & { bytes?: number }
    try {
      const answer = await this.#options.port.open(request.file, peer)
      evidence = { ...evidence, ...answer.evidence }
      const outcome = respond(request, answer, this.#options.maxWindow)
      if (outcome.kind === 'reply') {
        const onMalformed = (error: MalformedPacket) => this.#malformed(peer, error, performance.now())
        session.transfer = new Transfer(peer, outcome.reply, this.#options.retransmit, onMalformed)
        end = await session.transfer.run(this.#ports, session.halt.signal)
      } else if (outcome.kind === 'refuse') {
        this.#sendError(peer, outcome.code, outcome.reason)
        end = refused(outcome)
      } else end = { ending: 'ignore', reason: outcome.reason }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      this.#sendError(peer, ERROR_CODES.undefined, 'internal error')
      end = session.halt.signal.aborted ? { ending: 'ignore', reason } : { ending: 'fault', answer: 'ERROR 0', reason }
    }
    this.#observe(request.kind, peer, since, evidence, end)
  }

  #close(key: string, session: Session, address: string): void {
    this.#sessions.delete(key)
    const others = (this.#perPeer.get(address) ?? 0) - 1
    if (others > 0) this.#perPeer.set(address, others)
    else this.#perPeer.delete(address)
    if (session.next && this.#socket) this.#receive(session.next.bytes, session.next.from)
  }

  #malformed(peer: Endpoint, error: MalformedPacket, since: number): void {
    this.#observe('PACKET', peer, since, {}, { ending: 'malformed', reason: error.code })
  }

  #sendError(peer: Endpoint, code: number, message: string): void {
    this.#socket?.send(encode({ kind: 'ERROR', code, message }), peer.port, peer.address)
  }

  #observe(
    operation: string,
    peer: Endpoint,
    since: number,
    evidence: Evidence,
    end: Pick<Exchange, 'ending' | 'answer' | 'reason' | 'bytes'>,
  ): void {
    const micros = Math.round((performance.now() - since) * 1000)
    const { file } = evidence
    const shown = file === undefined ? evidence : { ...evidence, file: withoutToken(file) }
    this.#options.observe({ protocol: this.name, operation, peer, ...end, micros, evidence: shown })
  }
}

function refused(refusal: Refusal): Pick<Exchange, 'ending' | 'answer' | 'reason'> {
  return { ending: 'refuse', answer: `ERROR ${refusal.code}`, reason: refusal.reason }
}
