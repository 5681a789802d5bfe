// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http'
import type { Endpoint, Evidence, Exchange, Observe } from '#protocols/lib/exchange'
import { MalformedPacket } from '#protocols/lib/malformed'
import { withoutToken } from '#protocols/lib/secret-path'
import { announcesBody, readBody } from './body.ts'
import type { Call, Connection } from './connection.ts'
import type { HttpLimits } from './limits.ts'
import type { HttpHandler, PhoneRequest } from './port.ts'
import { toWire } from './reply.ts'
import { type Sent, send } from './send.ts'
import { readTarget, type Target } from './target.ts'
import { decided, failed, malformed, refused, type Verdict } from './verdict.ts'

const NO_BODY: Uint8Array = new Uint8Array(0)
/** What a handler may be asked for; anything else is answered 405 or 404. */
const METHODS = ['GET', 'HEAD', 'POST']
const TEXT_KEPT = 200
/** Seconds after which clients that were sent away come again: spread, so that they do not come together. */
const COME_AGAIN = { first: 5, span: 26 }

/** Takes each request from its head to its answer, and reports it once. */
export class Answerer {
  readonly #handlers: readonly HttpHandler[]
  readonly #observe: Observe
  readonly #limits: HttpLimits
  readonly #now: () => number
  readonly #isOverloaded: () => boolean
  #backlog = 0
  #sentAway = 0
  /** Set while the front stops: every answer is its connection's last. */
  stopping = false

  constructor(
    handlers: readonly HttpHandler[],
    observe: Observe,
    limits: HttpLimits,
    now: () => number,
    isOverloaded: () => boolean = () => false,
  ) {
    this.#handlers = handlers
    this.#observe = observe
    this.#limits = limits
    this.#now = now
    this.#isOverloaded = isOverloaded
  }

  /** Requests that handlers are at work on. */
  get backlog(): number {
    return this.#backlog
  }

  /** Requests that were told to come again since the start. */
  get sentAway(): number {
    return this.#sentAway
  }

  accept(call: Call): void {
    const { connection } = call
    if (connection.closing) {
      call.req.resume()
      this.#dropped(call)
    } else if (!connection.busy) this.#begin(call)
    else if (connection.waiting.length < this.#limits.pipelined) connection.waiting.push(call)
    else {
      connection.closing = true
      connection.socket.destroy()
      this.#dropped(call)
    }
  }

  #begin(call: Call): void {
    call.connection.busy = true
    call.res.once('close', () => this.#next(call.connection))
    // Only a fault of the front itself gets here; one connection pays for it, not the daemon.
    this.#answer(call).catch(() => call.connection.socket.destroy())
  }

  #next(connection: Connection): void {
    connection.body?.breakOff(new MalformedPacket('incomplete'))
    connection.busy = false
    if (connection.socket.destroyed) this.#dropWaiting(connection)
    const call = connection.waiting.shift()
    if (call) this.#begin(call)
    else if (connection.closing) connection.closeGently(this.#limits.lingerMs)
  }

  async #answer(call: Call): Promise<void> {
    const began = performance.now()
    const { req, res, connection } = call
    const { method = '', url = '' } = req
    const sender = senderOf(req)

    let handler: HttpHandler | undefined
    let verdict: Verdict
    try {
      const target = readTarget(url)
      handler = this.#handlerFor(method, target.path)
      verdict = handler ? await this.#admit(call, handler, target, sender) : this.#unserved(call, target.path, sender)
    } catch (error) {
      const evidence = handler ? sender : { ...sender, file: withoutToken(url).slice(0, TEXT_KEPT) }
      // A body that cannot be understood may also have been framed wrongly: what follows it is not to be trusted.
      verdict =
        error instanceof MalformedPacket ? malformed(error, evidence, announcesBody(call)) : failed(error, evidence)
    }

    const close = this.#closesAfter(connection, verdict)
    let sent: Sent
    try {
      sent = await this.#deliver(call, verdict, close)
    } catch (error) {
      verdict = failed(error, verdict.evidence)
      sent = res.headersSent ? cutOff(call) : await this.#deliver(call, verdict, close)
    }
    if (close) {
      req.resume()
      connection.closeGently(this.#limits.lingerMs)
    }
    const micros = Math.round((performance.now() - began) * 1_000)
    this.#observe(exchangeOf(handler?.name ?? 'http', method, connection.peer, verdict, sent, micros))
  }

  #deliver({ req, res }: Call, verdict: Verdict, close: boolean): Promise<Sent> {
    return send(res, toWire(req.method ?? '', headersOf(req), verdict.reply, this.#now()), close)
  }

  /** Beyond what we can do in time, a client is told to come again: better than an answer that nobody waits for any more. */
  async #admit(call: Call, handler: HttpHandler, target: Target, sender: Evidence): Promise<Verdict> {
    if (this.#backlog >= this.#limits.backlog || this.#isOverloaded()) {
      const seconds = COME_AGAIN.first + (this.#sentAway++ % COME_AGAIN.span)
      return refused(503, 'overloaded', sender, announcesBody(call), { 'Retry-After': String(seconds) })
    }
    this.#backlog++
    try {
      return await this.#handle(call, handler, target, sender)
    } finally {
      this.#backlog--
    }
  }

  async #handle(call: Call, handler: HttpHandler, target: Target, sender: Evidence): Promise<Verdict> {
    const { req, connection } = call
    if (call.expects === 'unknown') return refused(417, 'an expectation other than 100-continue', sender, true)
    const body = announcesBody(call) ? await readBody(call, handler.bodyLimit, sender) : NO_BODY
    if (!(body instanceof Uint8Array)) return body
    const request: PhoneRequest = {
      method: req.method ?? '',
      path: target.path,
      query: target.query,
      headers: headersOf(req),
      body,
      peer: connection.peer,
      local: connection.local,
      secure: connection.secure,
      clientName: connection.clientName,
    }
    return decided(await handler.handle(request), sender)
  }

  #handlerFor(method: string, path: string): HttpHandler | undefined {
    for (const handler of this.#handlers) if (handler.matches(method, path)) return handler
    return undefined
  }

  /** For what no handler takes. An announced body stays unread, so the connection must go. */
  #unserved(call: Call, path: string, sender: Evidence): Verdict {
    const closes = announcesBody(call)
    const allowed = METHODS.filter((method) => this.#handlerFor(method, path))
    if (allowed.length > 0) {
      // A path that is served may hold a secret (a keep-alive's prefix): only its handler may tell it.
      return refused(405, 'the method is not for this path', sender, closes, { Allow: allowed.join(', ') })
    }
    const evidence = { ...sender, file: withoutToken(path).slice(0, TEXT_KEPT) }
    return refused(404, 'nothing is served under this path', evidence, closes)
  }

  /** Decides whether this answer is the connection's last; requests that wait behind it are then never begun. */
  #closesAfter(connection: Connection, verdict: Verdict): boolean {
    connection.answered++
    const close =
      verdict.closes ||
      this.stopping ||
      connection.answered >= this.#limits.requestsPerConnection ||
      (connection.closing && connection.waiting.length === 0)
    if (close) {
      connection.closing = true
      this.#dropWaiting(connection)
    }
    return close
  }

  #dropWaiting(connection: Connection): void {
    for (const call of connection.waiting.splice(0)) this.#dropped(call)
  }

  #dropped({ req, connection }: Call): void {
    this.#observe(unanswered(req.method ?? '', connection.peer, 'the connection closed before its turn came'))
  }
}

/** A request that got no answer. */
export function unanswered(operation: string, peer: Endpoint, reason: string): Exchange {
  return { protocol: 'http', operation, peer, ending: 'ignore', reason, micros: 0, evidence: {} }
}

/** What is known of the sender before the request is read; a user agent of any length is cut for all who come after. */
function senderOf({ headers }: IncomingMessage): Evidence {
  const userAgent = headers['user-agent']
  if (userAgent === undefined) return {}
  if (userAgent.length <= TEXT_KEPT) return { userAgent }
  headers['user-agent'] = userAgent.slice(0, TEXT_KEPT)
  return { userAgent: headers['user-agent'] }
}

/** Only `set-cookie` is ever a list, and that is no request header. */
function headersOf(req: IncomingMessage): PhoneRequest['headers'] {
  return req.headers as PhoneRequest['headers']
}

/** The file broke off behind its headers: the client must see the connection break, or it would believe it has all. */
function cutOff({ res, connection }: Call): Sent {
  connection.socket.destroy()
  return { status: res.statusCode, bytes: 0, ending: 'closed' }
}

function exchangeOf(
  protocol: string,
  operation: string,
  peer: Endpoint,
  verdict: Verdict,
  { status, bytes, ending: sending }: Sent,
  micros: number,
): Exchange {
  const { ending, evidence } = verdict
  const exchange = { protocol, operation, peer, ending, answer: String(status), micros, bytes, evidence }
  const reason = verdict.reason ?? (sending === 'closed' ? 'the client hung up before the end' : undefined)
  return reason === undefined ? exchange : { ...exchange, reason }
}
