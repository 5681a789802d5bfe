// SPDX-License-Identifier: Apache-2.0
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import type { LookupOptions } from 'node:dns'
import { connect, type Server } from 'node:net'
import type { Endpoint } from './exchange.ts'

/** A socket could not be bound; the message is the whole sentence for the operator. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
  readonly code: string

  constructor(transport: 'UDP' | 'TCP', endpoint: Endpoint, cause: NodeJS.ErrnoException) {
    super(`${transport} ${endpoint.address}:${endpoint.port} ${explain(cause)}`, { cause })
    this.code = cause.code ?? 'LISTEN'
  }
}

function explain(cause: NodeJS.ErrnoException): string {
  switch (cause.code) {
    case 'EADDRINUSE':
      return 'is already in use by another program'
    case 'EACCES':
    case 'EPERM':
      return 'needs a privilege this user lacks (ports below 1024 need CAP_NET_BIND_SERVICE)'
    case 'EADDRNOTAVAIL':
      return 'is not an address of this machine'
    default:
      return `cannot be listened on: ${cause.message}`
  }
}

export interface UdpHandlers {
  onMessage(bytes: Uint8Array, peer: RemoteInfo): void
  /** The socket failed after it was bound; it is closed already. */
  onLost(error: Error): void
}

/** A bound IPv4 UDP socket that whoever started us passed as a file descriptor, e.g. systemd. */
export interface PassedSocket {
  readonly fd: number
  /** What the unit calls it (`FileDescriptorName=`). */
  readonly name: string
}

/** Binds an IPv4 UDP socket (port 0: any free one); rejects with a ListenError, or when `signal` aborts. */
export function bindUdp(endpoint: Endpoint, handlers: UdpHandlers, signal: AbortSignal): Promise<Socket> {
  const { address, port } = endpoint
  return listening((socket) => socket.bind(port, address), endpoint, handlers, signal)
}

/** Takes over a passed socket; rejects as `bindUdp` does, e.g. when it was closed meanwhile. */
export function adoptUdp({ fd, name }: PassedSocket, handlers: UdpHandlers, signal: AbortSignal): Promise<Socket> {
  return listening((socket) => socket.bind({ fd }), { address: `passed socket ${name}`, port: fd }, handlers, signal)
}

async function listening(
  bind: (socket: Socket) => void,
  endpoint: Endpoint,
  handlers: UdpHandlers,
  signal: AbortSignal,
): Promise<Socket> {
  signal.throwIfAborted()
  const socket = createSocket({ type: 'udp4', reuseAddr: false, lookup: addressAsItIs })
  try {
    await bound(socket, bind)
  } catch (cause) {
    socket.close()
    throw new ListenError('UDP', endpoint, cause as NodeJS.ErrnoException)
  }
  if (signal.aborted) {
    await new Promise<void>((closed) => socket.close(closed))
    throw signal.reason
  }
  let isLost = false
  socket.on('error', (error) => {
    // It may fail again while it closes.
    if (isLost) return
    isLost = true
    socket.close()
    handlers.onLost(error)
  })
  socket.on('message', handlers.onMessage)
  return socket
}

/** Rejects too where Node throws at once: a descriptor that is none, or not of a UDP socket. */
function bound(socket: Socket, bind: (socket: Socket) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject)
    socket.once('listening', () => {
      socket.off('error', reject)
      resolve()
    })
    bind(socket)
  })
}

/** We send to addresses and never to names; asking the resolver costs a turn of the event loop for each datagram. */
function addressAsItIs(
  address: string,
  _options: LookupOptions,
  callback: (error: NodeJS.ErrnoException | null, address: string, family: number) => void,
): void {
  callback(null, address, 4)
}

export function localEndpoint(socket: Socket): Endpoint {
  const { address, port } = socket.address()
  return { address, port }
}

/** How often a listening TCP socket is tried, in milliseconds. */
const TRIED_EVERY = 5_000

/**
 * Notices a listening TCP socket that was broken from outside: Node raises no event for it. Tries to connect to the
 * server's own address every five seconds; a refusal becomes the server's `error` event. Ends when the server closes.
 */
export function watchTcp(server: Server): void {
  const timer = setInterval(() => {
    const bound = server.address()
    if (bound === null || typeof bound === 'string') return
    const host = bound.address === '0.0.0.0' ? '127.0.0.1' : bound.address
    const attempt = connect({ host, port: bound.port })
    attempt.once('connect', () => attempt.destroy())
    attempt.once('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'ECONNREFUSED' && server.listening) server.emit('error', new Error('connections are refused'))
    })
  }, TRIED_EVERY)
  timer.unref()
  server.once('close', () => clearInterval(timer))
}
