// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:dgram'
import type { Endpoint, Evidence, Exchange, Observe } from '#protocols/lib/exchange'
import { BROADCAST, type Ipv4, UNSPECIFIED } from '#protocols/lib/ipv4'
import { bindUdp, localEndpoint } from '#protocols/lib/listen'
import { macFromBytes } from '#protocols/lib/mac'
import { MalformedPacket } from '#protocols/lib/malformed'
import { type Health, type ProtocolServer, Standing } from '#protocols/server'
import { decode, encode } from './codec.ts'
import { type DhcpPorts, destination } from './destination.ts'
import { MESSAGE, messageName } from './options.ts'
import type { DhcpPort, LeaseQuery } from './port.ts'
import { type Arrival, type ClientRequest, messageType, readRequest } from './query.ts'
import { messageLimit, respond } from './reply.ts'

export interface DhcpServerOptions {
  /** `0.0.0.0` hears every link; the address of one link sends its broadcasts there, too (see the README). */
  readonly listen: Endpoint
  /** Where clients and relays listen: 68 and 67, unless in a test. */
  readonly clientPort?: number
  readonly relayPort?: number
  readonly port: DhcpPort
  readonly observe: Observe
  /** Messages in work at once; one above it is dropped, and its sender tries again. */
  readonly maxPending?: number
}

/** Room for a boot storm while we are busy, in bytes; the kernel grants what it is configured to. */
const RECEIVE_BUFFER = 4 * 1024 * 1024

/** Reports how the message at hand ended. */
type Tell = (told: Omit<Exchange, 'protocol' | 'peer' | 'micros'>) => void

/** A DHCPv4 server: hears clients and relays, asks its port, answers [RFC 2131 §4.3]. */
export class DhcpServer implements ProtocolServer {
  readonly name = 'dhcp'
  readonly #listen: Endpoint
  readonly #ports: DhcpPorts
  readonly #port: DhcpPort
  readonly #observe: Observe
  readonly #maxPending: number
  readonly #standing = new Standing()
  readonly #working = new Set<Promise<void>>()
  #sockets: Socket[] = []
  #stopping: Promise<void> | undefined

  constructor({ listen, port, observe, clientPort = 68, relayPort = 67, maxPending = 2_000 }: DhcpServerOptions) {
    this.#listen = listen
    this.#ports = { client: clientPort, relay: relayPort }
    this.#port = port
    this.#observe = observe
    this.#maxPending = maxPending
  }

  async start(signal: AbortSignal): Promise<void> {
    if (this.#sockets.length > 0) throw new Error('dhcp is started already')
    const oneLink = isOneLink(this.#listen.address)
    try {
      const main = await this.#bind(this.#listen, oneLink ? 'unicast' : 'unknown', signal)
      main.setBroadcast(true)
      // A socket bound to an address hears no broadcast: a second one does, and the first one sends for both.
      const ear = { address: BROADCAST, port: localEndpoint(main).port }
      if (oneLink) await this.#bind(ear, 'broadcast', signal, main)
      signal.throwIfAborted()
    } catch (error) {
      await this.#close()
      throw error
    }
    this.#standing.serving(this.#sockets.map(localEndpoint))
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#drain().finally(() => {
      this.#stopping = undefined
    })
    return this.#stopping
  }

  health(): Health {
    return this.#standing.health()
  }

  onLost(listener: (error: Error) => void): void {
    this.#standing.onLost(listener)
  }

  /** Answers to what the socket hears leave by `sender`, or by itself. */
  async #bind(endpoint: Endpoint, arrival: Arrival, signal: AbortSignal, sender?: Socket): Promise<Socket> {
    const socket: Socket = await bindUdp(
      endpoint,
      {
        onMessage: (bytes, { address, port }) => this.#receive(bytes, { address, port }, arrival, sender ?? socket),
        onLost: (error) => this.#lose(socket, error),
      },
      signal,
    )
    this.#sockets.push(socket)
    socket.setRecvBufferSize(RECEIVE_BUFFER)
    return socket
  }

  #receive(bytes: Uint8Array, peer: Endpoint, arrival: Arrival, socket: Socket): void {
    const at = performance.now()
    const tell: Tell = (told) => {
      this.#observe({ protocol: this.name, peer, micros: Math.round((performance.now() - at) * 1000), ...told })
    }
    try {
      const message = decode(bytes)
      const reading = readRequest(message, peer, arrival)
      const operation = messageName(messageType(message))
      if (reading.kind === 'ignore') {
        const evidence = { mac: macFromBytes(message.chaddr) }
        tell({ operation, ending: 'ignore', reason: reading.reason, evidence })
      } else if (this.#working.size >= this.#maxPending) {
        const evidence = evidenceOf(reading.request.query)
        tell({ operation, ending: 'ignore', reason: 'too many messages in work', evidence })
      } else this.#work(this.#answer(reading.request, operation, socket, tell))
    } catch (error) {
      const ending = error instanceof MalformedPacket ? 'malformed' : 'fault'
      tell({ operation: 'PACKET', ending, reason: codeOrMessage(error), evidence: {} })
    }
  }

  #work(answer: Promise<void>): void {
    const work = answer.finally(() => this.#working.delete(work))
    this.#working.add(work)
  }

  /** Never rejects. */
  async #answer(request: ClientRequest, operation: string, socket: Socket, tell: Tell): Promise<void> {
    try {
      const answer = await this.#port.leaseFor(request.query)
      const outcome = respond(request, answer)
      if (outcome.kind !== 'reply') {
        return tell({ operation, ending: 'ignore', reason: outcome.reason, evidence: evidenceOf(request.query) })
      }
      const { reply } = outcome
      const packet = encode(reply, messageLimit(request.message))
      await send(socket, packet, destination(request, reply, this.#ports))
      const type = messageType(reply)
      tell({
        operation,
        ...(answer.kind === 'nak' ? { ending: 'refuse', reason: answer.reason } : { ending: 'reply' }),
        answer: messageName(type),
        bytes: packet.length,
        evidence: evidenceOf(request.query, type === MESSAGE.ack ? reply.yiaddr : UNSPECIFIED),
      })
    } catch (error) {
      tell({ operation, ending: 'fault', reason: codeOrMessage(error), evidence: evidenceOf(request.query) })
    }
  }

  #lose(socket: Socket, error: Error): void {
    for (const other of this.#sockets) if (other !== socket) other.close()
    this.#sockets = []
    // Node never calls back a send whose socket went away meanwhile: nobody may wait for those answers.
    this.#working.clear()
    this.#standing.lost(error)
  }

  async #drain(): Promise<void> {
    for (const socket of this.#sockets) socket.removeAllListeners('message')
    await Promise.all(this.#working)
    await this.#close()
    this.#standing.stopped()
  }

  async #close(): Promise<void> {
    const sockets = this.#sockets
    this.#sockets = []
    await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(resolve))))
  }
}

/** An address of ours on a real link, as opposed to all of them and to loopback, which has no broadcast. */
function isOneLink(address: string): boolean {
  return address !== UNSPECIFIED && !address.startsWith('127.')
}

function send(socket: Socket, packet: Uint8Array, to: Endpoint): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(packet, to.port, to.address, (error) => (error ? reject(error) : resolve()))
  })
}

/** What the message claims about its sender; `leased` is the address that the client now has from us. */
function evidenceOf(query: LeaseQuery, leased: Ipv4 = UNSPECIFIED): Evidence {
  const address = leased === UNSPECIFIED ? query.address : leased
  return {
    mac: query.mac,
    ...(address && { address }),
    ...(query.hostname && { hostname: query.hostname }),
    ...(query.vendorClass && { vendorClass: query.vendorClass }),
    ...(query.userClass && { userClass: query.userClass }),
  }
}

function codeOrMessage(error: unknown): string {
  if (error instanceof MalformedPacket) return error.code
  return error instanceof Error ? error.message : String(error)
}
