// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:dgram'
import type { Ending, Endpoint, Observe } from '#protocols/lib/exchange'
import { type Cidr, contains, parseCidr, parseIpv4 } from '#protocols/lib/ipv4'
import { bindUdp, localEndpoint } from '#protocols/lib/listen'
import { MalformedPacket } from '#protocols/lib/malformed'
import { type Health, type ProtocolServer, Standing } from '#protocols/server'
import { type Admission, Door } from './access.ts'
import { Counters } from './counters.ts'
import type { LocalEngine } from './engine.ts'
import { ERROR_STATUS, errorStatusName, type Pdu } from './messages.ts'
import { DEFAULT_ARC, TABLE } from './objects.ts'
import type { AgentAccess, AgentPort, Oid } from './port.ts'
import { failed, type ResponseLimits, respond, tooBig } from './respond.ts'
import { systemScalars } from './system.ts'
import { Salts } from './usm.ts'
import { rowsOf, View } from './view.ts'
import { type Snapshot, Walks } from './walks.ts'

export interface SnmpServerOptions {
  readonly listen: Endpoint
  readonly port: AgentPort
  readonly access: AgentAccess
  /** Shared with the senders of notifications; asked for at the start. */
  readonly engine: () => LocalEngine
  /** OFFHOOK-MIB's arc. */
  readonly arc?: Oid
  /** sysDescr: product and version. */
  readonly description: string
  readonly observe: Observe
  readonly random: (size: number) => Uint8Array
  readonly limits?: Partial<AgentLimits>
}

export interface AgentLimits extends ResponseLimits {
  /** Requests in work at a time; more are not answered. */
  readonly pending: number
}

/** A GetBulk's answer fits into one Ethernet frame; another one may be fragmented, as a row of long texts has to be. */
const DEFAULT_LIMITS: AgentLimits = { bytes: 16_384, bulkBytes: 1_300, varbinds: 512, pending: 256 }
/** What version 3 puts around the varbinds, at most. */
const ENVELOPE = 300

const OPERATIONS: Readonly<Record<string, string>> = { get: 'GET', getNext: 'GETNEXT', getBulk: 'GETBULK', set: 'SET' }

/** What is told of a request when it is over. */
interface Told {
  readonly operation: string
  readonly ending: Ending
  readonly answer?: string
  readonly reason?: string
  readonly bytes?: number
}

/** One datagram from its arrival on. */
interface Heard {
  readonly peer: Endpoint
  readonly socket: Socket
  readonly tell: (told: Told) => void
}

/** A read-only SNMP agent for versions 2c and 3 [RFC3411 to RFC3418]. */
export class SnmpServer implements ProtocolServer {
  readonly name = 'snmp'
  readonly #options: SnmpServerOptions
  readonly #arc: Oid
  readonly #limits: AgentLimits
  readonly #sources: readonly Cidr[]
  readonly #standing = new Standing()
  readonly #counters = new Counters()
  readonly #walks: Walks
  readonly #working = new Set<Promise<void>>()
  #served: { readonly door: Door; readonly engine: LocalEngine } | undefined
  #socket: Socket | undefined
  #rows: { readonly of: Snapshot['picture']['alarms']; readonly rows: Snapshot['rows'] } | undefined
  #stopping: Promise<void> | undefined

  constructor(options: SnmpServerOptions) {
    this.#options = options
    this.#arc = options.arc ?? DEFAULT_ARC
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.#sources = options.access.sources.flatMap((source) => parseCidr(source) ?? [])
    this.#walks = new Walks(`${this.#arc}.${TABLE.entry}`, () => performance.now())
  }

  async start(signal: AbortSignal): Promise<void> {
    if (this.#socket) throw new Error('snmp is started already')
    signal.throwIfAborted()
    this.#served ??= this.#prepare()
    const { listen } = this.#options
    const socket: Socket = await bindUdp(
      listen,
      {
        onMessage: (bytes, { address, port }) => this.#receive(bytes, { address, port }, socket),
        onLost: (error) => this.#lose(error),
      },
      signal,
    )
    this.#socket = socket
    this.#standing.serving([localEndpoint(socket)])
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

  /** Makes the keys of those who may read. */
  #prepare(): { readonly door: Door; readonly engine: LocalEngine } {
    const { access, random } = this.#options
    const engine = this.#options.engine()
    return { engine, door: new Door({ access, engine, counters: this.#counters, salts: new Salts(random(8)) }) }
  }

  #receive(bytes: Uint8Array, peer: Endpoint, socket: Socket): void {
    const since = performance.now()
    const tell = (told: Told) => {
      const micros = Math.round((performance.now() - since) * 1000)
      this.#options.observe({ protocol: this.name, peer, micros, evidence: {}, ...told })
    }
    const address = parseIpv4(peer.address)
    if (peer.port === 0 || !address || !this.#sources.some((source) => contains(source, address))) {
      tell({ operation: 'MESSAGE', ending: 'ignore', reason: 'its source may not ask' })
    } else if (this.#working.size >= this.#limits.pending) {
      this.#counters.add('snmpSilentDrops')
      tell({ operation: 'MESSAGE', ending: 'ignore', reason: 'too many requests in work' })
    } else this.#admit(bytes, { peer, socket, tell })
  }

  #admit(bytes: Uint8Array, heard: Heard): void {
    const { tell } = heard
    let admission: Admission | undefined
    try {
      admission = this.#served?.door.admit(bytes)
    } catch (error) {
      const isMalformed = error instanceof MalformedPacket
      tell({
        operation: 'MESSAGE',
        ending: isMalformed ? 'malformed' : 'fault',
        reason: isMalformed ? error.code : sentence(error),
      })
    }
    if (admission?.kind === 'drop') tell({ operation: 'MESSAGE', ending: 'ignore', reason: admission.reason })
    else if (admission) this.#work(this.#answer(admission, heard))
  }

  #work(answer: Promise<void>): void {
    const work = answer.finally(() => this.#working.delete(work))
    this.#working.add(work)
  }

  /** Never rejects. */
  async #answer(admission: Exclude<Admission, { kind: 'drop' }>, heard: Heard): Promise<void> {
    const { tell } = heard
    if (admission.kind === 'report') {
      const { counter: answer, bytes } = admission
      // Who asks for our engine ID is no offender [RFC3414 §4].
      const isDiscovery = answer === 'usmStatsUnknownEngineIDs'
      const operation = isDiscovery ? 'DISCOVERY' : 'MESSAGE'
      await this.#send(bytes, heard, { operation, ending: isDiscovery ? 'reply' : 'refuse', answer })
      return
    }
    const { pdu, encode } = admission
    const operation = OPERATIONS[pdu.kind]
    if (!operation) {
      this.#counters.add('snmpUnknownPDUHandlers')
      tell({ operation: 'MESSAGE', ending: 'ignore', reason: `no request but ${pdu.kind}` })
      return
    }
    try {
      const { bytes, response } = await this.#respond(admission, heard)
      const answer = errorStatusName(response.errorStatus)
      const reason = admission.kind === 'denied' ? admission.reason : answer
      const told =
        response.errorStatus === ERROR_STATUS.noError
          ? { ending: 'reply' as const }
          : { ending: 'refuse' as const, reason }
      await this.#send(bytes, heard, { operation, answer, ...told })
    } catch (error) {
      // The request's own varbinds fitted into a datagram once, so they do again.
      const bytes = encode(failed(pdu, ERROR_STATUS.genErr, 0))
      await this.#send(bytes, heard, { operation, ending: 'fault', answer: 'genErr', reason: sentence(error) })
    }
  }

  async #respond(admission: Extract<Admission, { kind: 'request' | 'denied' }>, { peer }: Heard) {
    const { pdu, encode } = admission
    if (admission.kind === 'denied') {
      const response = failed(pdu, ERROR_STATUS.authorizationError, 0)
      return { response, bytes: encode(response) }
    }
    const view = await this.#view(pdu, `${peer.address}:${peer.port}`)
    const room = admission.maxSize - ENVELOPE
    const { bytes, bulkBytes, varbinds } = this.#limits
    const limits = { bytes: Math.min(bytes, room), bulkBytes: Math.min(bulkBytes, room), varbinds }
    const response = respond(pdu, view, limits) ?? failed(pdu, ERROR_STATUS.genErr, 0)
    const encoded = encode(response)
    if (encoded.byteLength <= admission.maxSize) return { response, bytes: encoded }
    // The request's own varbinds come back with an error, and a small receiver may not take them.
    const smaller = tooBig(pdu)
    return { response: smaller, bytes: encode(smaller) }
  }

  async #view(pdu: Pdu, peer: string): Promise<View> {
    const asked = pdu.kind === 'get' ? undefined : pdu.varbinds.at(-1)?.oid
    const snapshot = this.#walks.recall(peer, asked) ?? (await this.#look(peer))
    const { description, engine } = this.#options
    const system = systemScalars(snapshot.picture, this.#served?.engine ?? engine(), this.#arc, description)
    return new View(this.#arc, snapshot.picture, snapshot.rows, [...system, ...this.#counters.scalars()])
  }

  async #look(peer: string): Promise<Snapshot> {
    const picture = await this.#options.port.picture()
    if (this.#rows?.of !== picture.alarms) this.#rows = { of: picture.alarms, rows: rowsOf(picture.alarms) }
    const snapshot = { picture, rows: this.#rows.rows }
    this.#walks.remember(peer, snapshot)
    return snapshot
  }

  async #send(bytes: Uint8Array, { peer, socket, tell }: Heard, told: Told): Promise<void> {
    const error = await new Promise<Error | null>((sent) => {
      if (this.#socket !== socket) return sent(new Error('the socket went away'))
      socket.send(bytes, peer.port, peer.address, sent)
    })
    tell(error ? { ...told, ending: 'fault', reason: error.message } : { ...told, bytes: bytes.byteLength })
  }

  #lose(error: Error): void {
    this.#socket = undefined
    // Node never calls back a send whose socket went away meanwhile: nobody may wait for those answers.
    this.#working.clear()
    this.#standing.lost(error)
  }

  async #drain(): Promise<void> {
    const socket = this.#socket
    socket?.removeAllListeners('message')
    await Promise.all(this.#working)
    this.#walks.clear()
    if (this.#socket) await new Promise<void>((closed) => this.#socket?.close(closed))
    this.#socket = undefined
    this.#standing.stopped()
  }
}

function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
