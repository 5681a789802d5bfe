// SPDX-License-Identifier: Apache-2.0
import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import type { Endpoint, Exchange } from '#protocols/lib/exchange'
import type { Ipv4 } from '#protocols/lib/ipv4'
import { decode, encode, type SipMessage } from '#protocols/sip/codec'
import type { ProfileAnswer, ProfileQuery } from '#protocols/sip/port'
import { SipServer, type SipServerOptions } from '#protocols/sip/server'

export const URL = 'http://127.0.0.1/firmwarefiles;ipp/dhcpoption160.cfg'

/** Things that come one by one and can be awaited. */
class Inbox<T> {
  readonly #came: T[] = []
  #wake: () => void = () => {}

  add(one: T): void {
    this.#came.push(one)
    this.#wake()
  }

  async next(): Promise<T> {
    const one = await this.peek()
    this.#came.shift()
    return one
  }

  async peek(): Promise<T> {
    const signal = AbortSignal.timeout(5_000)
    for (;;) {
      const [one] = this.#came
      if (one !== undefined) return one
      signal.throwIfAborted()
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        signal.addEventListener('abort', () => resolve())
      })
    }
  }
}

/** A phone's socket, at a port of its own. */
export class PhoneSide {
  readonly #socket: Socket
  readonly #inbox = new Inbox<SipMessage>()

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('message', (bytes) => this.#inbox.add(decode(bytes)))
  }

  static async open(): Promise<PhoneSide> {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    onTestFinished(() => void socket.close())
    return new PhoneSide(socket)
  }

  get port(): number {
    return this.#socket.address().port
  }

  send(bytes: Uint8Array, to: Endpoint): void {
    this.#socket.send(bytes, to.port, to.address)
  }

  receive(): Promise<SipMessage> {
    return this.#inbox.next()
  }

  peek(): Promise<SipMessage> {
    return this.#inbox.peek()
  }

  /** Answers a request that was received. */
  reply(request: SipMessage, status: number, to: Endpoint): void {
    const tied = new Set(['via', 'from', 'to', 'call-id', 'cseq'])
    const headers = request.headers.filter(([name]) => tied.has(name))
    this.send(encode({ kind: 'response', status, reason: 'Answer', headers, body: new Uint8Array() }), to)
  }
}

export const PROFILE: ProfileAnswer = {
  outcome: { kind: 'reply', reply: { url: URL, server: '127.0.0.1' as Ipv4, keepsOrder: true } },
  evidence: { model: '440HD' },
}

export async function serving(
  profileFor: (query: ProfileQuery) => ProfileAnswer = () => PROFILE,
  more: Partial<SipServerOptions> = {},
) {
  const reports = new Inbox<Exchange>()
  const server = new SipServer({
    ...{ listen: { address: '127.0.0.1', port: 0 }, multicastOn: [] },
    port: { profileFor: async (query) => profileFor(query) },
    observe: (exchange) => reports.add(exchange),
    timers: { t1: 10, t2: 40 },
    ...more,
  })
  await server.start(new AbortController().signal)
  onTestFinished(() => server.stop())
  const [endpoint] = server.health().endpoints
  if (!endpoint) throw new Error('serving nowhere')
  return { server, reports, endpoint }
}
