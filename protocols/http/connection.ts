// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Endpoint } from '#protocols/lib/exchange'
import { peerAddress } from '#protocols/lib/ipv4'
import type { MalformedPacket } from '#protocols/lib/malformed'

/** One parsed request head and the way to answer it. */
export interface Call {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  readonly connection: Connection
  /** `continue`: the body comes only after `100 Continue` [RFC9110 §10.1.1]. */
  readonly expects: 'nothing' | 'continue' | 'unknown'
}

/** A body that is not yet whole, and the way to give it up. */
export interface PendingBody {
  /** Its `complete` tells that the last octet was parsed, even if it was not yet handed on. */
  readonly req: IncomingMessage
  breakOff(reason: MalformedPacket): void
}

/** What the front remembers of one connection. Its requests are worked on one at a time, in order [RFC9112 §9.3.2]. */
export class Connection {
  readonly socket: Socket
  readonly peer: Endpoint
  readonly local: Endpoint
  readonly secure: boolean
  /** The common name of the client's certificate; only if an authority that we were given signed it. */
  readonly clientName: string | undefined
  /** Requests read ahead of the one being answered. */
  readonly waiting: Call[] = []
  busy = false
  answered = 0
  /** What else arrives is no request: it is thrown away until the connection is gone. */
  closing = false
  /** The body being read. */
  body: PendingBody | undefined

  constructor(socket: Socket) {
    this.socket = socket
    this.peer = { address: plain(socket.remoteAddress), port: socket.remotePort ?? 0 }
    this.local = { address: plain(socket.localAddress), port: socket.localPort ?? 0 }
    this.secure = socket instanceof TLSSocket
    this.clientName = socket instanceof TLSSocket ? clientNameOf(socket) : undefined
  }

  /**
   * Closes in two steps: our side as soon as all is written, the rest when the client has closed too or `lingerMs` is
   * over. Closing with input unread would reset the connection and could take the answer away [RFC9112 §9.6].
   */
  closeGently(lingerMs: number): void {
    const { socket } = this
    this.closing = true
    if (socket.destroyed) return
    socket.end(() => {
      const timer = setTimeout(() => socket.destroy(), lingerMs)
      socket.once('close', () => clearTimeout(timer))
      if (socket.destroyed) clearTimeout(timer)
    })
  }
}

function clientNameOf(socket: TLSSocket): string | undefined {
  if (!socket.authorized) return undefined
  const name: unknown = socket.getPeerCertificate()?.subject?.CN
  // A subject may have several names; then it is not said which one it is.
  return typeof name === 'string' && name.length <= 64 ? name : undefined
}

function plain(address: string | undefined): string {
  return peerAddress(address) ?? address ?? ''
}
