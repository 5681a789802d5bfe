// SPDX-License-Identifier: Apache-2.0
import { createSocket, type Socket } from 'node:dgram'
import type { Endpoint } from '#protocols/lib/exchange'
import type { Ipv4 } from '#protocols/lib/ipv4'
import { bindUdp, localEndpoint } from '#protocols/lib/listen'
import type { Mac } from '#protocols/lib/mac'
import {
  type ClientMessage,
  decodeServerMessage,
  encodeClientMessage,
  relayInformation,
  type ServerMessage,
} from './dhcp-message.ts'
import { asFailure, StepFailure } from './failure.ts'

/** The port on which an ordinary relay agent speaks and listens. */
const BOOTPS = 67

/** Room for the answers to a boot storm; the kernel may grant less. */
const RECEIVE_BUFFER = 4 * 1024 * 1024

export interface RelayOptions {
  /** giaddr: where replies go, and what the server chooses the subnet by. */
  readonly address: Ipv4
  /** 0 takes any free port and says so to the server [RFC 8357]; 67 is an ordinary relay agent. */
  readonly port: number
  readonly server: Endpoint
  /** Option 82 sub-option 1; `%n` becomes the phone's number. Empty: not sent. */
  readonly circuitId: string
}

/** What came back that no phone could use, or should not have come back so. */
export interface RelayCounters {
  malformed: number
  /** For another relay, or of no use to its phone: the second of two equal replies, another server's, too late. */
  unexpected: number
  /** Replies without the option 82 we sent, which a server returns unchanged [RFC 3046 §2.2]. */
  unechoed: number
}

interface Waiting {
  readonly xid: number
  readonly information: Uint8Array
  /** False when the phone has no use for it. */
  take(reply: ServerMessage): boolean
}

/**
 * The relay agent before the virtual phones' LAN [RFC 1542 §4.1, RFC 3046]: one UDP socket for all of them. A reply
 * finds its phone by hardware address and xid.
 */
export class Relay {
  readonly counters: RelayCounters = { malformed: 0, unexpected: 0, unechoed: 0 }
  readonly #options: RelayOptions
  readonly #waiting = new Map<Mac, Waiting>()
  #socket: Socket | undefined
  #anyPort = true

  constructor(options: RelayOptions) {
    this.#options = options
  }

  /** Rejects with a ListenError when the address cannot be bound. */
  async open(signal: AbortSignal): Promise<void> {
    const { address, port } = this.#options
    const onMessage = (bytes: Uint8Array) => this.#receive(bytes)
    this.#socket = await bindUdp({ address, port }, { onMessage, onLost: () => this.close() }, signal)
    this.#socket.setRecvBufferSize(RECEIVE_BUFFER)
    this.#anyPort = localEndpoint(this.#socket).port !== BOOTPS
  }

  close(): void {
    const socket = this.#socket
    this.#socket = undefined
    socket?.removeAllListeners('error').on('error', () => undefined)
    try {
      socket?.close()
    } catch {
      // Lost sockets are closed already.
    }
  }

  /**
   * Forwards a phone's message and resolves with the first reply that `accept` takes, or with undefined when
   * `timeoutMs` is over. Rejects when the message cannot be sent or `signal` aborts.
   */
  ask(
    message: ClientMessage,
    phone: number,
    accept: (reply: ServerMessage) => boolean,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<ServerMessage | undefined> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted()
      const information = this.#information(phone)
      const done = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', abort)
        if (this.#waiting.get(message.mac) === waiting) this.#waiting.delete(message.mac)
      }
      const abort = () => {
        done()
        reject(signal.reason)
      }
      const take = (reply: ServerMessage) => {
        if (!accept(reply)) return false
        done()
        resolve(reply)
        return true
      }
      const timer = setTimeout(() => {
        done()
        resolve(undefined)
      }, timeoutMs)
      const waiting: Waiting = { xid: message.xid, information, take }
      signal.addEventListener('abort', abort, { once: true })
      this.#waiting.set(message.mac, waiting)
      this.#send(this.#relayed(message, information), (error) => {
        done()
        reject(error)
      })
    })
  }

  /** Forwards a broadcast that has no answer. */
  forward(message: ClientMessage, phone: number): void {
    this.#send(this.#relayed(message, this.#information(phone)), () => undefined)
  }

  /** Sends what a phone sends to the server itself, past the relay agent: from its own address if it can be bound. */
  unicast(message: ClientMessage, from: Ipv4 | undefined): Promise<void> {
    if (from === undefined) return new Promise((resolve) => this.#send(message, () => resolve(), resolve))
    return new Promise((resolve) => {
      const { server } = this.#options
      const socket = createSocket('udp4')
      const done = () => {
        socket.close()
        resolve()
      }
      socket.once('error', done)
      socket.bind(0, from, () => socket.send(encodeClientMessage(message), server.port, server.address, done))
    })
  }

  #information(phone: number): Uint8Array {
    return relayInformation(this.#options.circuitId.replaceAll('%n', String(phone)), this.#anyPort)
  }

  #relayed(message: ClientMessage, information: Uint8Array): ClientMessage {
    return { ...message, relay: { address: this.#options.address, information } }
  }

  #send(message: ClientMessage, onError: (error: Error) => void, onSent?: () => void): void {
    const { server } = this.#options
    const socket = this.#socket
    if (!socket) onError(new StepFailure('the relay address was lost'))
    else {
      socket.send(encodeClientMessage(message), server.port, server.address, (error) => {
        if (error) onError(asFailure(error))
        else onSent?.()
      })
    }
  }

  #receive(bytes: Uint8Array): void {
    let reply: ServerMessage
    try {
      reply = decodeServerMessage(bytes)
    } catch {
      this.counters.malformed++
      return
    }
    const waiting = this.#waiting.get(reply.mac)
    if (reply.giaddr !== this.#options.address || waiting?.xid !== reply.xid) {
      this.counters.unexpected++
      return
    }
    if (Buffer.compare(reply.options.get(82) ?? new Uint8Array(0), waiting.information) !== 0) this.counters.unechoed++
    if (!waiting.take(reply)) this.counters.unexpected++
  }
}
