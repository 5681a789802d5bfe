// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net'
import { setImmediate as othersTurn } from 'node:timers/promises'
import type { SecureContext } from 'node:tls'
import type { BerWriter } from '#protocols/lib/ber'
import type { Exchange } from '#protocols/lib/exchange'
import { MalformedPacket } from '#protocols/lib/malformed'
import { decodeRequest, encodeInto, wrapInto } from './codec.ts'
import { Framer } from './framing.ts'
import type { LdapLimits } from './limits.ts'
import { type LdapMessage, type LdapRequest, OID, RESULT } from './messages.ts'
import { isAnswer, noticeOfDisconnection, type Reply, respond, result, resultName } from './reply.ts'
import type { Step } from './search.ts'
import type { Session } from './session.ts'
import { Transport } from './transport.ts'

/** An exchange without what the server knows of every connection. */
export type Told = Omit<Exchange, 'protocol' | 'peer' | 'evidence'>

export interface ConnectionOptions {
  readonly socket: Socket
  readonly session: Session
  readonly limits: LdapLimits
  /** Shared by all connections: it is empty whenever one of them waits. */
  readonly writer: BerWriter
  /** Undefined when TLS is not configured. */
  readonly tls: SecureContext | undefined
  /** TLS from the first byte. */
  readonly startsWithTls: boolean
  tell(told: Told): void
}

interface Waiting {
  readonly message: LdapMessage<LdapRequest>
  /** When it arrived, by `performance.now()`. */
  readonly at: number
}

/** How long one operation may hold the processor before others have their turn, in milliseconds. */
const SLICE_MS = 1
/** Bytes gathered before they are handed over. */
const GATHER = 32_768

/** One client: its messages are performed one after the other, and answered no faster than it reads. */
export class Connection {
  readonly #options: ConnectionOptions
  readonly #framer: Framer
  readonly #transport: Transport
  readonly #waiting: Waiting[] = []
  /** The operation at work. */
  #current: { readonly id: number; abandoned: boolean } | undefined
  #working = false
  /** No more requests will come; with a notice to give at the end, none are taken either. */
  #last: { readonly notice: string } | undefined
  #timer: NodeJS.Timeout | undefined
  /** What the timer is for: doing nothing is borne longer than an unfinished message. */
  #patience: 'idle' | 'message' | undefined

  constructor(options: ConnectionOptions) {
    this.#options = options
    this.#framer = new Framer(options.limits.messageBytes)
    this.#transport = new Transport(options.socket, options.limits.stallMs, {
      onData: (chunk) => {
        this.#framer.push(chunk)
        this.#read()
      },
      onEnd: () => this.#finish(''),
      onTlsFailed: (reason) => options.tell({ operation: 'TLS', ending: 'malformed', reason, micros: 0 }),
    })
    void this.closed.then(() => this.#setTimer(undefined))
    if (options.startsWithTls && options.tls) this.#transport.encrypt(options.tls)
    else this.#transport.listen()
    this.#rest()
  }

  get secure(): boolean {
    return this.#transport.secure
  }

  get closed(): Promise<void> {
    return this.#transport.closed
  }

  /** Takes no more requests, lets the one at work finish for at most `drainMs`, says so and closes. */
  async stop(): Promise<void> {
    this.#waiting.length = 0
    const late = setTimeout(() => this.#transport.destroy(), this.#options.limits.drainMs)
    this.#finish('the server is stopping')
    await this.closed
    clearTimeout(late)
  }

  /** Takes messages from what has arrived, as many as may wait. */
  #read(): void {
    const at = performance.now()
    const { operations } = this.#options.limits
    try {
      while (this.#transport.open && !this.#last?.notice && this.#waiting.length < operations) {
        const bytes = this.#framer.next()
        if (!bytes) break
        this.#take({ message: decodeRequest(bytes), at })
      }
    } catch (error) {
      if (!(error instanceof MalformedPacket)) throw error
      this.#options.tell({ operation: 'MESSAGE', ending: 'malformed', reason: error.code, micros: micros(at) })
      this.#hangUp(RESULT.protocolError, error.code)
    }
    if (this.#waiting.length >= operations) this.#transport.pause()
    if (!this.#working) void this.#work()
  }

  /** Hears the client again once all that it said so far has been taken. */
  #readOn(): void {
    this.#read()
    if (this.#waiting.length < this.#options.limits.operations) this.#transport.resume()
  }

  #take(waiting: Waiting): void {
    const { op } = waiting.message
    if (op.kind === 'unbind') {
      this.#options.tell({ operation: 'UNBIND', ending: 'ignore', reason: 'unbind', micros: micros(waiting.at) })
      this.#close()
    } else if (op.kind === 'abandon') this.#abandon(op.id, waiting.at)
    else this.#waiting.push(waiting)
  }

  /** What was abandoned has no answer, and neither has the request to abandon it [RFC4511 §4.11]. */
  #abandon(id: number, at: number): void {
    const { tell } = this.#options
    const place = this.#waiting.findIndex(({ message }) => message.id === id && message.op.kind !== 'bind')
    const [never] = place < 0 ? [] : this.#waiting.splice(place, 1)
    if (never) {
      tell({ operation: nameOf(never.message.op), ending: 'ignore', reason: 'abandoned', micros: micros(never.at) })
    }
    if (this.#current?.id === id) this.#current.abandoned = true
    tell({ operation: 'ABANDON', ending: 'ignore', reason: 'has no answer', micros: micros(at) })
  }

  async #work(): Promise<void> {
    this.#working = true
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      this.#setTimer(undefined)
      this.#current = { id: next.message.id, abandoned: false }
      await this.#perform(next, this.#current)
      this.#current = undefined
      if (this.#waiting.length === 0) this.#readOn()
    }
    this.#working = false
    this.#rest()
  }

  /** Never rejects: a fault of ours becomes the result `other`, and the connection lives on. */
  async #perform({ message, at }: Waiting, current: { readonly abandoned: boolean }): Promise<void> {
    const { session, tell, writer } = this.#options
    const operation = nameOf(message.op)
    try {
      const { end, entries, bytes } = await this.#deliver(message.id, await session.perform(message), current)
      if (!end) tell({ operation, ending: 'ignore', reason: 'abandoned', micros: micros(at), bytes })
      else {
        const answer =
          message.op.kind === 'search' ? `${resultName(end.code)}, ${entries} entries` : resultName(end.code)
        const told = { operation, answer, micros: micros(at), bytes }
        if (isAnswer(end.code)) tell({ ...told, ending: 'reply' })
        else tell({ ...told, ending: 'refuse', reason: end.message || resultName(end.code) })
      }
      if (operation === 'STARTTLS' && end?.code === RESULT.success) this.#encrypt()
    } catch (error) {
      writer.clear()
      const op = respond(message.op, result(RESULT.other, 'internal error'))
      if (op) this.#send(message.id, { op })
      await this.#flush()
      const reason = error instanceof Error ? error.message : String(error)
      tell({ operation, ending: 'fault', answer: resultName(RESULT.other), reason, micros: micros(at) })
    }
  }

  /** Sends the answers as they come; `end` is undefined when they were cut short. */
  async #deliver(id: number, steps: Iterable<Step>, current: { readonly abandoned: boolean }) {
    let end: { readonly code: number; readonly message: string } | undefined
    let entries = 0
    let bytes = 0
    let since = performance.now()
    for (const step of steps) {
      if (current.abandoned || !this.#transport.open) break
      if (step !== 'pause') {
        if ('entries' in step) {
          bytes += this.#sendEntries(id, step.entries)
          entries += step.entries.length
        } else {
          bytes += this.#send(id, step)
          if ('result' in step.op) end = step.op.result
        }
        if (this.#options.writer.length < GATHER) continue
      } else if (performance.now() - since < SLICE_MS) continue
      await this.#flush()
      await othersTurn()
      since = performance.now()
    }
    await this.#flush()
    return { end, entries, bytes }
  }

  /** Into the shared writer; the caller flushes before it waits for anything. */
  #send(id: number, { op, controls = [] }: Reply): number {
    const { writer } = this.#options
    const before = writer.length
    encodeInto(writer, { id, op, controls })
    return writer.length - before
  }

  #sendEntries(id: number, entries: readonly Uint8Array[]): number {
    const { writer } = this.#options
    const before = writer.length
    for (const entry of entries) wrapInto(writer, id, entry)
    return writer.length - before
  }

  /** Hands over what was written, and waits while the client takes too little of it. */
  #flush(): Promise<void> | undefined {
    const { writer, limits } = this.#options
    if (writer.length > 0) this.#transport.write(Buffer.from(writer.done()))
    writer.clear()
    return this.#transport.room(limits.writeBytes)
  }

  /** What was sent in the clear behind the request to encrypt may be somebody else's: it ends the connection. */
  #encrypt(): void {
    const { tls } = this.#options
    if (this.#waiting.length > 0 || this.#framer.waiting) this.#hangUp(RESULT.protocolError, 'data behind StartTLS')
    else if (tls) this.#transport.encrypt(tls)
  }

  /** Nothing to do: ends what is to end, and else waits, but not for ever. */
  #rest(): void {
    if (this.#last) this.#hangUp(RESULT.unavailable, this.#last.notice)
    else if (!this.#framer.waiting) this.#setTimer('idle')
    else if (this.#patience !== 'message') this.#setTimer('message')
  }

  #setTimer(patience: 'idle' | 'message' | undefined): void {
    clearTimeout(this.#timer)
    this.#patience = patience
    if (!patience || this.#transport.closing) return
    const { idleMs, stallMs } = this.#options.limits
    const why = patience === 'idle' ? 'idle for too long' : 'a message took too long'
    this.#timer = setTimeout(() => this.#hangUp(RESULT.unavailable, why), patience === 'idle' ? idleMs : stallMs)
  }

  /** Answers what is at work and closes; `notice` is told the client unless it is empty. */
  #finish(notice: string): void {
    this.#last ??= { notice }
    if (!this.#working) this.#rest()
  }

  /** Says why, then closes [RFC4511 §4.4.1]. */
  #hangUp(code: number, message: string): void {
    if (message !== '' && this.#transport.open) {
      const { writer } = this.#options
      encodeInto(writer, { id: 0, op: noticeOfDisconnection(code, message), controls: [] })
      this.#transport.write(Buffer.from(writer.done()))
      writer.clear()
    }
    this.#close()
  }

  #close(): void {
    this.#waiting.length = 0
    this.#transport.close()
  }
}

/** A bounded set of names, as they label metrics. */
function nameOf(op: LdapRequest): string {
  if (op.kind !== 'extended') return op.kind.toUpperCase()
  if (op.oid === OID.startTls) return 'STARTTLS'
  return op.oid === OID.whoAmI ? 'WHOAMI' : 'EXTENDED'
}

function micros(since: number): number {
  return Math.round((performance.now() - since) * 1_000)
}
