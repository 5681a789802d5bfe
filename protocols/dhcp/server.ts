// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:dgram'
import type { Endpoint, Evidence, Exchange, Observe } from '#protocols/lib/exchange'
import { BROADCAST, type Ipv4, UNSPECIFIED } from '#protocols/lib/ipv4'
import { adoptUdp, bindUdp, localEndpoint, type PassedSocket, type UdpHandlers } from '#protocols/lib/listen'
import { macFromBytes } from '#protocols/lib/mac'
import { MalformedPacket } from '#protocols/lib/malformed'
import { type Health, type ProtocolServer, Standing } from '#protocols/server'
import { decode, encode } from './codec.ts'
import { type DhcpPorts, destination } from './destination.ts'
import { Intake, looksLikeDiscover } from './intake.ts'
import { MESSAGE, messageName } from './options.ts'
import type { DhcpPort, LeaseQuery } from './port.ts'
import { type Arrival, type ClientRequest, messageType, readRequest } from './query.ts'
import { messageLimit, respond } from './reply.ts'

/** A socket that is bound to one link's device, so that it hears and reaches nothing else. */
export interface LinkSocket extends PassedSocket {
  /** Our address on that link: the subnet of clients that have no address and no relay. */
  readonly address: Ipv4 | undefined
}

export interface DhcpServerOptions {
  /** `0.0.0.0` hears every link; the address of one link sends its broadcasts there, too (see the README). */
  readonly listen: Endpoint
  /** One socket for each link; where there are any, `listen` is not used. */
  readonly links?: readonly LinkSocket[]
  /** Where clients and relays listen: 68 and 67, unless in a test. */
  readonly clientPort?: number
  readonly relayPort?: number
  readonly port: DhcpPort
  readonly observe: Observe
  /** Messages in work at once; one above it is dropped, and its sender tries again. DISCOVERs may fill half of it. */
  readonly maxPending?: number
}

/** Room for a boot storm while we are busy, in bytes; the kernel grants what it is configured to. */
const RECEIVE_BUFFER = 4 * 1024 * 1024

/** What the socket that heard a message tells about it, and the one that answers. */
interface Ear {
  readonly arrival: Arrival
  readonly link: Ipv4 | undefined
  readonly socket: Socket
}

/** A message that waits for its turn. */
interface Heard {
  /** When it came, by `performance.now()`. */
  readonly at: number
  readonly bytes: Uint8Array
  readonly peer: Endpoint
  readonly ear: Ear
}

/** Reports how the message at hand ended. */
type Tell = (told: Omit<Exchange, 'protocol' | 'peer' | 'micros'>) => void

/** A DHCPv4 server: hears clients and relays, asks its port, answers [RFC 2131 §4.3]. */
export class DhcpServer implements ProtocolServer {
  readonly name = 'dhcp'
  readonly #listen: Endpoint
  readonly #links: readonly LinkSocket[]
  readonly #ports: DhcpPorts
  readonly #port: DhcpPort
  readonly #observe: Observe
  readonly #maxPending: number
  readonly #standing = new Standing()
  readonly #working = new Set<Promise<void>>()
  readonly #intake: Intake<Heard>
  #sockets: Socket[] = []
  #stopping: Promise<void> | undefined

  constructor(options: DhcpServerOptions) {
    this.#listen = options.listen
    this.#links = options.links ?? []
    this.#ports = { client: options.clientPort ?? 68, relay: options.relayPort ?? 67 }
    this.#port = options.port
    this.#observe = options.observe
    this.#maxPending = options.maxPending ?? 4_000
    this.#intake = new Intake({
      work: (heard) => this.#receive(heard),
      drop: (heard) => this.#drop(heard),
      maxWaiting: this.#maxPending,
    })
  }

  async start(signal: AbortSignal): Promise<void> {
    if (this.#sockets.length > 0) throw new Error('dhcp is started already')
    try {
      if (this.#links.length > 0) await this.#adoptLinks(signal)
      else await this.#bindAddress(signal)
      signal.throwIfAborted()
    } catch (error) {
      await this.#close()
      throw error
    }
    const links = this.#links.map(({ name }) => name).join(', ')
    const detail = links === '' ? 'serving' : `serving the links ${links}`
    this.#standing.serving(this.#sockets.map(localEndpoint), detail)
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

  /** A socket bound to an address hears no broadcast: a second one does, and the first one sends for both. */
  async #bindAddress(signal: AbortSignal): Promise<void> {
    const oneLink = isOneLink(this.#listen.address)
    const main = await this.#open(oneLink ? 'unicast' : 'unknown', (handlers) =>
      bindUdp(this.#listen, handlers, signal),
    )
    if (!oneLink) return
    const ear = { address: BROADCAST, port: localEndpoint(main).port }
    await this.#open('broadcast', (handlers) => bindUdp(ear, handlers, signal), { sender: main })
  }

  async #adoptLinks(signal: AbortSignal): Promise<void> {
    for (const link of this.#links) {
      await this.#open('unknown', (handlers) => adoptUdp(link, handlers, signal), { link: link.address })
    }
  }

  /** Answers to what the socket hears leave by `sender`, or by itself. */
  async #open(
    arrival: Arrival,
    bind: (handlers: UdpHandlers) => Promise<Socket>,
    { sender, link }: { sender?: Socket; link?: Ipv4 | undefined } = {},
  ): Promise<Socket> {
    const socket: Socket = await bind({
      onMessage: (bytes, { address, port }) => {
        const ear = { arrival, link, socket: sender ?? socket }
        this.#intake.add({ at: performance.now(), bytes, peer: { address, port }, ear }, looksLikeDiscover(bytes))
      },
      onLost: (error) => this.#lose(socket, error),
    })
    this.#sockets.push(socket)
    socket.setRecvBufferSize(RECEIVE_BUFFER)
    socket.setBroadcast(true)
    return socket
  }

  /** Its sender tries again, and may find us less busy; nobody looks into the packet. */
  #drop(heard: Heard): void {
    this.#tell(heard, { operation: 'PACKET', ending: 'ignore', reason: 'too many messages wait', evidence: {} })
  }

  #tell({ at, peer }: Heard, told: Parameters<Tell>[0]): void {
    this.#observe({ protocol: this.name, peer, micros: Math.round((performance.now() - at) * 1000), ...told })
  }

  #receive(heard: Heard): void {
    const { bytes, peer, ear } = heard
    const { arrival, link, socket } = ear
    const tell: Tell = (told) => this.#tell(heard, told)
    try {
      const message = decode(bytes)
      const reading = readRequest(message, peer, arrival, link, bytes)
      const operation = messageName(messageType(message))
      if (reading.kind === 'ignore') {
        const evidence = { mac: macFromBytes(message.chaddr) }
        tell({ operation, ending: 'ignore', reason: reading.reason, evidence })
      } else if (this.#working.size >= this.#roomFor(reading.request)) {
        const evidence = evidenceOf(reading.request.query)
        tell({ operation, ending: 'ignore', reason: 'too many messages in work', evidence })
      } else this.#work(this.#answer(reading.request, operation, socket, tell))
    } catch (error) {
      const ending = error instanceof MalformedPacket ? 'malformed' : 'fault'
      tell({ operation: 'PACKET', ending, reason: codeOrMessage(error), evidence: {} })
    }
  }

  /** Under overload, who was offered an address is served before who asks for one: else nobody would come to an end. */
  #roomFor({ type }: ClientRequest): number {
    return type === MESSAGE.discover ? Math.ceil(this.#maxPending / 2) : this.#maxPending
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
      this.#port.answered?.(request.query, reply.options)
      const packet = encode(reply, messageLimit(request.message))
      const to = destination(request, reply, this.#ports)
      const noWay = await send(socket, packet, to)
      if (noWay !== undefined) {
        const reason = `there is no way to ${to.address}, where the answer should go (${noWay})`
        return tell({ operation, ending: 'ignore', reason, evidence: evidenceOf(request.query) })
      }
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
    this.#intake.clear()
    // Node never calls back a send whose socket went away meanwhile: nobody may wait for those answers.
    this.#working.clear()
    this.#standing.lost(error)
  }

  async #drain(): Promise<void> {
    for (const socket of this.#sockets) socket.removeAllListeners('message')
    this.#intake.flush()
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

/** A message may name any relay: that there is no way to it is the message's fault, and not ours. */
const NO_WAY = new Set(['EINVAL', 'EACCES', 'ENETUNREACH', 'EHOSTUNREACH'])

/** The system's code when there is no way to the endpoint. */
function send(socket: Socket, packet: Uint8Array, to: Endpoint): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    socket.send(packet, to.port, to.address, (error: NodeJS.ErrnoException | null) => {
      if (!error) resolve(undefined)
      else if (NO_WAY.has(error.code ?? '')) resolve(error.code)
      else reject(error)
    })
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
