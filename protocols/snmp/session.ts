// SPDX-License-Identifier: Apache-2.0
import { createSocket, type Socket } from 'node:dgram'
import { MalformedPacket } from '#protocols/lib/malformed'
import { type Answer, type Dialect, varbindsOf } from './dialect.ts'
import { isEngineId } from './engine.ts'
import { errorStatusName, type Pdu } from './messages.ts'
import { type Notification, SnmpError } from './port.ts'
import { MAX_SIZE } from './usm.ts'

/** The longest wait for an answer, in milliseconds, however often it was doubled. */
const MAX_WAIT = 60_000
/** How often one inform follows its receiver's clock, or discovers it anew, before it is given up. */
const MAX_CORRECTIONS = 2

export interface SessionOptions {
  readonly address: string
  readonly port: number
  readonly dialect: Dialect
  /** Informs that wait for an answer at a time. */
  readonly maxInFlight: number
  /** Notifications that wait for their turn. */
  readonly maxWaiting: number
  /** A number from 1 to 2147483647 that nobody can guess. */
  readonly newId: () => number
  /** A datagram that was not an answer. */
  readonly stray: (reason: string) => void
}

export interface Patience {
  readonly timeoutMillis: number
  readonly retries: number
}

/** An inform, or the discovery, from when it is to be sent until it is over. */
interface Errand {
  readonly pdu: Pdu
  readonly patience: Patience
  readonly done: () => void
  readonly failed: (error: SnmpError) => void
  readonly ids: Set<number>
  tries: number
  corrections: number
  timer: NodeJS.Timeout | undefined
  /** Why the last try did not even leave. */
  trouble: string | undefined
}

/** All that is sent to one target in one way: a socket that hears nobody else, and the informs on their way. */
export class Session {
  readonly #options: SessionOptions
  #waiting: Errand[] = []
  readonly #flying = new Set<Errand>()
  readonly #byId = new Map<number, Errand>()
  #discovery: Errand | undefined
  #opening: Promise<Socket> | undefined
  #traps = 0
  #closed = false

  constructor(options: SessionOptions) {
    this.#options = options
  }

  get idle(): boolean {
    return this.#waiting.length === 0 && this.#flying.size === 0 && this.#traps === 0 && !this.#discovery
  }

  async trap(notification: Notification): Promise<void> {
    if (this.#traps >= this.#options.maxWaiting) throw new SnmpError('busy', 'too many traps wait for this target')
    this.#traps++
    try {
      const socket = await this.#open()
      const { dialect, newId } = this.#options
      await this.#write(checked(dialect.trap(notification, newId(), socket.address().address)))
    } catch (error) {
      throw this.#closed ? closed() : asSnmpError(error)
    } finally {
      this.#traps--
    }
  }

  inform(notification: Notification, patience: Patience): Promise<void> {
    if (this.#waiting.length >= this.#options.maxWaiting) {
      return Promise.reject(new SnmpError('busy', 'too many informs wait for this target'))
    }
    return new Promise((resolve, reject) => {
      const varbinds = varbindsOf(notification)
      const pdu: Pdu = { kind: 'inform', requestId: this.#options.newId(), errorStatus: 0, errorIndex: 0, varbinds }
      this.#waiting.push(errand(pdu, patience, resolve, reject))
      this.#pump()
    })
  }

  close(): void {
    this.#closed = true
    this.#rejectWaiting(closed())
    for (const one of this.#flying) this.#fail(one, closed())
    if (this.#discovery) this.#fail(this.#discovery, closed())
    this.#dropSocket()
  }

  #pump(): void {
    if (this.#closed) return
    const { dialect, maxInFlight } = this.#options
    if (dialect.mustDiscover) {
      this.#discover()
      return
    }
    const room = dialect.inStep ? maxInFlight : 1
    while (this.#flying.size < room) {
      const next = this.#waiting.shift()
      if (!next) return
      this.#flying.add(next)
      this.#transmit(next)
    }
  }

  /** Finds the receiver's engine; everything waits for it, and fails with it. */
  #discover(): void {
    const [first] = this.#waiting
    if (this.#discovery || !first) return
    const pdu: Pdu = { kind: 'get', requestId: this.#options.newId(), errorStatus: 0, errorIndex: 0, varbinds: [] }
    const failed = (error: SnmpError) => {
      this.#discovery = undefined
      this.#rejectWaiting(error)
    }
    const done = () => {
      this.#discovery = undefined
      this.#pump()
    }
    this.#discovery = errand(pdu, first.patience, done, failed)
    this.#transmit(this.#discovery)
  }

  #transmit(one: Errand): void {
    const { dialect, newId } = this.#options
    let bytes: Uint8Array
    try {
      const id = dialect.freshIds ? newId() : one.pdu.requestId
      bytes = checked(one === this.#discovery ? dialect.discovery(one.pdu, id) : dialect.request(one.pdu, id))
      one.ids.add(id)
      this.#byId.set(id, one)
    } catch (error) {
      this.#fail(one, asSnmpError(error))
      return
    }
    one.trouble = undefined
    const wait = Math.min(one.patience.timeoutMillis * 2 ** one.tries, MAX_WAIT)
    one.tries++
    one.timer = setTimeout(() => this.#expire(one), wait)
    this.#write(bytes).catch((error: unknown) => {
      one.trouble = asSnmpError(error).message
    })
  }

  #expire(one: Errand): void {
    if (this.#options.dialect.mustDiscover && one !== this.#discovery) this.#await(one)
    else if (one.tries <= one.patience.retries) this.#transmit(one)
    else if (one.trouble) this.#fail(one, new SnmpError('unreachable', one.trouble))
    else this.#fail(one, new SnmpError('timeout', `no answer to ${one.tries} tries`))
  }

  #receive(bytes: Uint8Array): void {
    let answer: Answer
    try {
      answer = this.#options.dialect.read(bytes)
    } catch (error) {
      if (!(error instanceof MalformedPacket)) throw error
      this.#options.stray(error.code)
      return
    }
    const one = answer.kind === 'stray' ? undefined : this.#byId.get(answer.id)
    if (answer.kind === 'stray') this.#options.stray(answer.reason)
    else if (!one) this.#options.stray('an answer to nothing')
    else if (answer.kind === 'report') this.#reported(one, answer)
    else if (one === this.#discovery || answer.requestId !== one.pdu.requestId) this.#options.stray('another request')
    else if (answer.errorStatus === 0) this.#finish(one)
    else this.#fail(one, new SnmpError('refused', `the receiver answered ${errorStatusName(answer.errorStatus)}`))
  }

  #reported(one: Errand, { stat, authentic, current, engineId }: Extract<Answer, { kind: 'report' }>): void {
    const { dialect, stray } = this.#options
    if (one === this.#discovery && !isEngineId(engineId)) {
      stray('an engine ID that is none')
    } else if (one === this.#discovery && stat === 'usmStatsUnknownEngineIDs') {
      dialect.discovered(engineId)
      this.#finish(one)
    } else if (stat === 'usmStatsNotInTimeWindows' && !authentic) {
      // Only an authentic one may set clocks [RFC3414 §3.2 7b].
      stray('an unsigned report about time')
    } else if (stat === 'usmStatsNotInTimeWindows' && one.corrections++ < MAX_CORRECTIONS) {
      this.#again(one)
    } else if (stat === 'usmStatsUnknownEngineIDs' && one.corrections++ < MAX_CORRECTIONS) {
      // The receiver started anew under another name; others of our informs may have found that out already.
      if (!current) dialect.forget()
      this.#again(one)
    } else this.#fail(one, new SnmpError('report', `the receiver reports ${stat ?? 'a counter we do not know'}`))
  }

  /** Sends it anew at once, as if it had not been sent. */
  #again(one: Errand): void {
    one.tries = 0
    this.#await(one)
  }

  /** Back to the head of the queue. */
  #await(one: Errand): void {
    this.#land(one)
    this.#waiting.unshift(one)
    this.#pump()
  }

  #finish(one: Errand): void {
    this.#land(one)
    one.done()
    this.#pump()
  }

  #fail(one: Errand, error: SnmpError): void {
    this.#land(one)
    one.failed(error)
    this.#pump()
  }

  #land(one: Errand): void {
    clearTimeout(one.timer)
    for (const id of one.ids) this.#byId.delete(id)
    one.ids.clear()
    this.#flying.delete(one)
  }

  #rejectWaiting(error: SnmpError): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const one of waiting) one.failed(error)
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const socket = await this.#open()
    try {
      await sent(socket, bytes)
    } catch (error) {
      // Linux tells a refusal of the datagram before this one, and has not sent this one.
      if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error
      await sent(socket, bytes)
    }
  }

  #open(): Promise<Socket> {
    if (this.#closed) return Promise.reject(closed())
    this.#opening ??= this.#connect()
    return this.#opening
  }

  /** A connected socket: the kernel lets only the target's own datagrams through. */
  async #connect(): Promise<Socket> {
    const socket = createSocket('udp4')
    const connected = new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.connect(this.#options.port, this.#options.address, () => {
        socket.off('error', reject)
        resolve()
      })
    })
    try {
      await connected
    } catch (error) {
      this.#opening = undefined
      socket.close()
      throw error
    }
    if (this.#closed) {
      socket.close()
      throw closed()
    }
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNREFUSED') this.#dropSocket()
    })
    socket.on('message', (bytes) => this.#receive(bytes))
    return socket
  }

  #dropSocket(): void {
    const opening = this.#opening
    this.#opening = undefined
    opening?.then(
      (socket) => socket.close(),
      () => {},
    )
  }
}

function errand(pdu: Pdu, patience: Patience, done: () => void, failed: (error: SnmpError) => void): Errand {
  return {
    ...{ pdu, patience, done, failed, ids: new Set() },
    ...{ tries: 0, corrections: 0, timer: undefined, trouble: undefined },
  }
}

function sent(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(bytes, (error) => (error ? reject(error) : resolve()))
  })
}

function checked(bytes: Uint8Array): Uint8Array {
  if (bytes.byteLength <= MAX_SIZE) return bytes
  throw new SnmpError('invalid', `a notification of ${bytes.byteLength} bytes fits into no datagram`)
}

function closed(): SnmpError {
  return new SnmpError('closed', 'the sender was closed')
}

function asSnmpError(error: unknown): SnmpError {
  if (error instanceof SnmpError) return error
  return new SnmpError('unreachable', error instanceof Error ? error.message : String(error))
}
