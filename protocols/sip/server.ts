// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import type { RemoteInfo, Socket } from 'node:dgram'
import type { Endpoint, Evidence, Exchange, Observe } from '#protocols/lib/exchange'
import { bindUdp, localEndpoint } from '#protocols/lib/listen'
import { MalformedPacket } from '#protocols/lib/malformed'
import { type Health, type ProtocolServer, Standing } from '#protocols/server'
import { authorizationFor, requestOf } from './call.ts'
import { decode, encode, header, MalformedRequest, type SipRequest, type SipResponse } from './codec.ts'
import { type Essentials, essentials, readParameters, readUri } from './fields.ts'
import { contactOf, notifyDestination, notifyFor } from './notify.ts'
import type { Profile, ProfileQuery, SipCall, SipCaller, SipOutcome, SipPort } from './port.ts'
import { type Answer, badRequest, destination, response, screen, transactionKey } from './reply.ts'
import { AnsweredRequests, type Asked, AskedRequests, type SipTimers, TIMERS } from './transactions.ts'

/** Where phones ask everybody for their profile. */
export const MULTICAST_GROUP = '224.0.1.75'

export interface SipServerOptions {
  readonly listen: Endpoint
  /** Our addresses on the links where the multicast group is listened to. */
  readonly multicastOn: readonly string[]
  readonly port: SipPort
  readonly observe: Observe
  readonly timers?: SipTimers
}

/** Requests of one address that are in work, its NOTIFY included: many phones may stand behind one NAT. */
const MOST_OF_ONE = 256
const COOKIE = 'z9hG4bK'

/** A request that is being answered. */
interface Heard {
  readonly request: SipRequest
  readonly essentials: Essentials
  readonly peer: Endpoint
  readonly since: number
}

/** Tells phones where their profile is, as RFC 6080 lays out: a SUBSCRIBE, its 200, and one NOTIFY. Over UDP. */
export class SipServer implements ProtocolServer, SipCaller {
  readonly name = 'sip'
  readonly #options: SipServerOptions
  readonly #standing = new Standing()
  readonly #answered: AnsweredRequests
  readonly #asked: AskedRequests
  readonly #working = new Set<Promise<void>>()
  /** How many of them each address has. */
  readonly #perPeer = new Map<string, number>()
  #socket: Socket | undefined

  constructor(options: SipServerOptions) {
    const { timers = TIMERS } = options
    this.#options = options
    this.#answered = new AnsweredRequests(timers)
    this.#asked = new AskedRequests((packet, to) => this.#send(packet, to), timers)
  }

  async start(signal: AbortSignal): Promise<void> {
    if (this.#socket) throw new Error('the SIP server is already started')
    const socket = await bindUdp(
      this.#options.listen,
      {
        onMessage: (bytes, from) => this.#receive(bytes, from),
        onLost: (error) => {
          this.#socket = undefined
          this.#asked.giveUp()
          this.#standing.lost(error)
        },
      },
      signal,
    )
    this.#socket = socket
    for (const address of this.#options.multicastOn) joinGroup(socket, address)
    this.#standing.serving([localEndpoint(socket)])
  }

  async stop(): Promise<void> {
    this.#socket?.removeAllListeners('message')
    this.#asked.giveUp()
    await Promise.all(this.#working)
    const socket = this.#socket
    this.#socket = undefined
    if (socket) await new Promise<void>((closed) => socket.close(closed))
    this.#standing.stopped()
  }

  health(): Health {
    return this.#standing.health()
  }

  onLost(listener: (error: Error) => void): void {
    this.#standing.onLost(listener)
  }

  async call(call: SipCall): Promise<SipOutcome> {
    const socket = this.#socket
    if (!socket) return { kind: 'not sent', reason: 'the SIP server is not running' }
    if (!this.#asked.hasRoom) return { kind: 'not sent', reason: 'too many requests wait for answers' }
    const since = performance.now()
    const local = { address: call.from, port: localEndpoint(socket).port }
    const ends = { local, callId: newToken(), tag: newToken() }
    const first = { ...ends, branch: `${COOKIE}${newToken()}`, sequence: 1 }
    const request = requestOf(call, first)
    let asked = await this.#asked.ask(first.branch, encode(request), call.to)
    const proof = asked.kind === 'final' ? authorizationFor(call, request, asked.response, newToken()) : undefined
    if (proof) {
      const second = { ...ends, branch: `${COOKIE}${newToken()}`, sequence: 2 }
      asked = await this.#asked.ask(second.branch, encode(requestOf(call, second, [proof])), call.to)
    }
    this.#tell(call.method, call.to, since, { ...endingOf(asked), evidence: {} })
    if (asked.kind === 'final') {
      const { status, reason } = asked.response
      return { kind: 'answered', status, reason }
    }
    return asked.kind === 'timeout' ? { kind: 'silent' } : { kind: 'not sent', reason: 'the SIP server stopped' }
  }

  #receive(bytes: Uint8Array, from: RemoteInfo): void {
    const since = performance.now()
    const peer = { address: from.address, port: from.port }
    // Nobody can be answered at port 0, and Node throws at the attempt.
    if (peer.port === 0) return
    try {
      const message = decode(bytes)
      const read = essentialsOf(message)
      if (message.kind === 'response') this.#response(message, read, peer, since)
      else this.#request({ request: message, essentials: read, peer, since })
    } catch (error) {
      if (!(error instanceof MalformedPacket)) throw error
      if (error instanceof MalformedRequest) {
        const answer = badRequest(error.headers, error.message, peer, newToken())
        if (answer) this.#send(encode(answer), peer)
      }
      const isSilence = error.code === 'keep-alive'
      this.#tell('OTHER', peer, since, {
        ending: isSilence ? 'ignore' : 'malformed',
        reason: error.code,
        evidence: {},
      })
    }
  }

  #response(message: SipResponse, { via, cseq }: Essentials, peer: Endpoint, since: number): void {
    // An answer to a request of ours is told with it.
    if (this.#asked.answer(via.parameters.get('branch') ?? '', message)) return
    this.#tell(`${cseq.method} ${message.status}`, peer, since, {
      ending: 'ignore',
      reason: 'it answers nothing of ours',
      evidence: {},
    })
  }

  #request(heard: Heard): void {
    const { request, peer, since } = heard
    if (request.method === 'ACK') {
      this.#tell('ACK', peer, since, { ending: 'ignore', reason: 'an ACK has no answer', evidence: {} })
      return
    }
    const before = this.#answered.find(transactionKey(heard.essentials, peer), since)
    if (before) {
      this.#send(before, destination(heard.essentials, peer))
      this.#tell(request.method, peer, since, {
        ending: 'ignore',
        reason: 'a repeat: answered as before',
        evidence: {},
      })
      return
    }
    const answer = this.#isCrowded(peer) ? BUSY : screen(request)
    if (answer) this.#answer(heard, answer, { evidence: {} })
    else this.#work(peer, this.#subscribe(heard))
  }

  /** Never rejects. */
  async #subscribe(heard: Heard): Promise<void> {
    const { request, peer, since } = heard
    try {
      contactOf(request)
      const { outcome, evidence } = await this.#options.port.profileFor(queryOf(request, heard.essentials, peer))
      if (outcome.kind === 'ignore') {
        return this.#tell('SUBSCRIBE', peer, since, { ending: 'ignore', reason: outcome.reason, evidence })
      }
      if (outcome.kind === 'refuse') {
        return this.#answer(heard, { status: outcome.code }, { reason: outcome.reason, evidence })
      }
      const { reply } = outcome
      const local = { address: reply.server, port: this.#socket ? localEndpoint(this.#socket).port : 5060 }
      const tag = newToken()
      const headers = [
        ['expires', '0'],
        ['contact', `<sip:${local.address}:${local.port}>`],
      ] as const
      this.#answer(heard, { status: 200, headers }, { evidence }, tag)
      await this.#notify(heard, reply, { tag, local, evidence })
    } catch (error) {
      if (error instanceof MalformedPacket)
        return this.#answer(heard, { status: 400 }, { reason: error.message, evidence: {} })
      const reason = error instanceof Error ? error.message : String(error)
      this.#answer(heard, { status: 500 }, { ending: 'fault', reason, evidence: {} })
    }
  }

  async #notify(
    heard: Heard,
    profile: Profile,
    parts: { tag: string; local: Endpoint; evidence: Evidence },
  ): Promise<void> {
    const { request, peer } = heard
    const to = notifyDestination(request, peer)
    const since = performance.now()
    let asked: Asked = { kind: 'given up' }
    let bytes = 0
    for (const [index, keepsOrder] of [profile.keepsOrder, !profile.keepsOrder].entries()) {
      const branch = `${COOKIE}${newToken()}`
      const packet = encode(notifyFor(request, profile, { ...parts, branch, sequence: index + 1, keepsOrder }))
      bytes = packet.length
      asked = await this.#asked.ask(branch, packet, to)
      if (asked.kind !== 'final' || asked.response.status !== 481) break
    }
    this.#tell('NOTIFY', to, since, { ...endingOf(asked), bytes, evidence: parts.evidence })
  }

  #answer(heard: Heard, answer: Answer, told: Partial<Told> & Pick<Told, 'evidence'>, tag = newToken()): void {
    const { request, essentials, peer, since } = heard
    const packet = encode(response(request, answer, peer, tag))
    this.#answered.keep(transactionKey(essentials, peer), packet, since)
    this.#send(packet, destination(essentials, peer))
    const ending = answer.status < 300 ? 'reply' : 'refuse'
    const reason = REASONS_OF_OURS.get(answer.status)
    this.#tell(request.method, peer, since, {
      ...{ ending, answer: String(answer.status), bytes: packet.length, ...(reason && { reason }) },
      ...told,
    })
  }

  #isCrowded({ address }: Endpoint): boolean {
    return !this.#asked.hasRoom || (this.#perPeer.get(address) ?? 0) >= MOST_OF_ONE
  }

  #work({ address }: Endpoint, work: Promise<void>): void {
    this.#perPeer.set(address, (this.#perPeer.get(address) ?? 0) + 1)
    const done = work.finally(() => {
      this.#working.delete(done)
      const left = (this.#perPeer.get(address) ?? 1) - 1
      if (left > 0) this.#perPeer.set(address, left)
      else this.#perPeer.delete(address)
    })
    this.#working.add(done)
  }

  /** What cannot be sent is as good as lost on the way: the other side repeats itself. */
  #send(packet: Uint8Array, { address, port }: Endpoint): void {
    this.#socket?.send(packet, port, address, () => {})
  }

  #tell(operation: string, peer: Endpoint, since: number, told: Told): void {
    const micros = Math.round((performance.now() - since) * 1000)
    this.#options.observe({
      protocol: this.name,
      operation: METHODS.has(operation.split(' ')[0] ?? '') ? operation : 'OTHER',
      peer,
      micros,
      ...told,
    })
  }
}

type Told = Omit<Exchange, 'protocol' | 'operation' | 'peer' | 'micros'>

const BUSY: Answer = { status: 503, headers: [['retry-after', '10']] }
/** Names that may become labels of a metric; strangers' inventions may not. */
const METHODS = new Set([
  'ACK',
  'BYE',
  'CANCEL',
  'INVITE',
  'MESSAGE',
  'NOTIFY',
  'OPTIONS',
  'PUBLISH',
  'REGISTER',
  'SUBSCRIBE',
])
const REASONS_OF_OURS: ReadonlyMap<number, string> = new Map([
  [405, 'we take OPTIONS and SUBSCRIBE only'],
  [406, 'it takes no URL for an answer'],
  [416, 'its Request-URI is no sip: address'],
  [420, 'it requires an extension that we do not have'],
  [481, 'there is nothing to cancel'],
  [489, 'it subscribes to something else than its profile'],
  [503, 'too many requests are in work'],
])

/** Headers that cannot be read make a request a bad one, and a response nothing. */
function essentialsOf(message: SipRequest | SipResponse): Essentials {
  try {
    return essentials(message)
  } catch (error) {
    const isRequest = message.kind === 'request' && message.method !== 'ACK' && error instanceof MalformedPacket
    throw isRequest ? new MalformedRequest(error.code, error.message, message.headers) : error
  }
}

function queryOf(request: SipRequest, { from }: Essentials, peer: Endpoint): ProfileQuery {
  const event = header(request, 'event') ?? ''
  const parameters = readParameters(event.slice(event.indexOf(';') + 1))
  return {
    peer,
    profileType: parameters.get('profile-type') ?? '',
    vendor: parameters.get('vendor') ?? '',
    model: parameters.get('model') ?? '',
    version: parameters.get('version') ?? '',
    userAgent: header(request, 'user-agent') ?? '',
    fromUser: readUri(from.uri)?.user ?? '',
  }
}

function endingOf(asked: Asked): Pick<Told, 'ending' | 'answer' | 'reason'> {
  if (asked.kind !== 'final')
    return { ending: 'ignore', reason: asked.kind === 'timeout' ? 'the phone does not answer' : 'we are stopping' }
  const { status } = asked.response
  const answer = String(status)
  return status < 300 ? { ending: 'reply', answer } : { ending: 'refuse', answer, reason: 'the phone refuses it' }
}

/** A link that has no such group any more (an interface that went away) leaves the others as they are. */
function joinGroup(socket: Socket, address: string): void {
  try {
    socket.addMembership(MULTICAST_GROUP, address)
  } catch {
    // Asked directly, we answer on that link all the same.
  }
}

function newToken(): string {
  return randomBytes(9).toString('hex')
}
