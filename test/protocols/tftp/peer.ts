// SPDX-License-Identifier: Apache-2.0
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import type { Endpoint } from '#protocols/lib/exchange'
import { decode, encode, type TftpOptions, type TftpPacket } from '#protocols/tftp/codec'
import { Mailbox } from './mailbox.ts'

export interface Received {
  readonly packet: TftpPacket
  readonly from: Endpoint
  /** Milliseconds on the monotonic clock. */
  readonly at: number
}

/** A client led step by step by the test: it does nothing by itself. */
export class Peer {
  readonly #service: Endpoint
  readonly #socket: Socket
  readonly #received = new Mailbox<Received>()

  private constructor(service: Endpoint, socket: Socket) {
    this.#service = service
    this.#socket = socket
    socket.on('message', (bytes: Uint8Array, { address, port }: RemoteInfo) => {
      this.#received.put({ packet: decode(bytes), from: { address, port }, at: performance.now() })
    })
  }

  /** Closed when the test ends. */
  static async of(service: Endpoint): Promise<Peer> {
    const socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    onTestFinished(() => void socket.close())
    return new Peer(service, socket)
  }

  /** A client that asked for a file, and the first packet it got. */
  static async asking(service: Endpoint, file: string, ...options: TftpOptions): Promise<[Peer, Received]> {
    const peer = await Peer.of(service)
    peer.ask(file, ...options)
    return [peer, await peer.next()]
  }

  ask(file: string, ...options: TftpOptions): void {
    this.send({ kind: 'RRQ', file, mode: 'octet', options }, this.#service.port)
  }

  ack(block: number, to: Received): void {
    this.send({ kind: 'ACK', block }, to.from.port)
  }

  send(packet: TftpPacket | Uint8Array, port = this.#service.port): void {
    this.#socket.send(packet instanceof Uint8Array ? packet : encode(packet), port, this.#service.address)
  }

  next(): Promise<Received> {
    return this.#received.take()
  }

  async take(count: number): Promise<Received[]> {
    const all: Received[] = []
    while (all.length < count) all.push(await this.next())
    return all
  }

  /**
   * Everything that the server sent before it came to this point: wants to write, which is refused at once, and
   * returns what arrived before the refusal.
   */
  async untilNow(): Promise<Received[]> {
    this.send({ kind: 'WRQ', file: 'untilNow', mode: 'octet', options: [] })
    const before: Received[] = []
    for (;;) {
      const received = await this.next()
      const { packet } = received
      if (packet.kind === 'ERROR' && packet.code === 2) return before
      before.push(received)
    }
  }
}

export function blockOf({ packet }: Received): number {
  if (packet.kind !== 'DATA') throw new Error(`${packet.kind} where DATA was due: ${JSON.stringify(packet)}`)
  return packet.block
}

export function dataOf({ packet }: Received): Uint8Array {
  if (packet.kind !== 'DATA') throw new Error(`${packet.kind} where DATA was due: ${JSON.stringify(packet)}`)
  return Uint8Array.from(packet.data)
}
