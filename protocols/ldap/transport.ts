// SPDX-License-Identifier: Apache-2.0
import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'

export interface TransportEvents {
  onData(chunk: Uint8Array): void
  /** The client sends no more; it may still read. */
  onEnd(): void
  /** The handshake failed, or took longer than `stallMs`; the socket is being destroyed. */
  onTlsFailed(reason: 'tls-handshake' | 'tls-timeout'): void
}

/** How long input is thrown away after our last word, so that the client can read it; in milliseconds. */
const LINGER_MS = 1_000

/** One client's socket, in the clear or inside TLS, that takes no more than its client reads. */
export class Transport {
  /** Resolves when the socket is gone, whoever ended it. */
  readonly closed: Promise<void>
  readonly #raw: Socket
  readonly #stallMs: number
  readonly #events: TransportEvents
  /** The raw socket, or TLS around it. */
  #socket: Socket
  #state: 'open' | 'handshaking' | 'closing' = 'open'
  #secure = false

  /** `stallMs`: how long a handshake, or an answer that the client does not take, may last. */
  constructor(socket: Socket, stallMs: number, events: TransportEvents) {
    this.#raw = socket
    this.#socket = socket
    this.#stallMs = stallMs
    this.#events = events
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#state = 'closing'
        resolve()
      })
    })
    socket.on('error', () => {}) // `close` follows
  }

  get secure(): boolean {
    return this.#secure
  }

  /** False while TLS is being agreed on, and when we have said our last word. */
  get open(): boolean {
    return this.#state === 'open'
  }

  /** We have said our last word, or the socket is gone. */
  get closing(): boolean {
    return this.#state === 'closing'
  }

  listen(): void {
    this.#socket.on('data', (chunk) => {
      if (this.open) this.#events.onData(chunk)
    })
    this.#socket.on('end', () => {
      if (this.open) this.#events.onEnd()
    })
  }

  /** Begins TLS as a server; listens inside it once it is agreed on. */
  encrypt(context: SecureContext): void {
    this.#state = 'handshaking'
    this.#raw.removeAllListeners('data').removeAllListeners('end')
    const encrypted = new TLSSocket(this.#raw, { isServer: true, secureContext: context })
    const before = this.#raw.bytesRead
    const fail = (reason: 'tls-handshake' | 'tls-timeout') => {
      // Who comes and goes without a word, to see whether the port is open, has done nothing wrong.
      const silent = reason === 'tls-handshake' && this.#raw.bytesRead === before
      if (this.#state === 'handshaking' && !silent) this.#events.onTlsFailed(reason)
      this.destroy()
    }
    const late = setTimeout(() => fail('tls-timeout'), this.#stallMs)
    encrypted.on('error', () => fail('tls-handshake'))
    encrypted.once('close', () => {
      clearTimeout(late)
      fail('tls-handshake')
    })
    encrypted.once('secure', () => {
      clearTimeout(late)
      this.#secure = true
      this.#state = 'open'
      this.listen()
    })
    this.#socket = encrypted
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    if (this.#socket.isPaused()) this.#socket.resume()
  }

  /** Takes the bytes as its own. */
  write(bytes: Uint8Array): void {
    if (this.open && this.#socket.writable) this.#socket.write(bytes)
  }

  /** Resolves once no more than `limit` bytes wait for the client, or the socket is gone; undefined when it is so. */
  room(limit: number): Promise<void> | undefined {
    const socket = this.#socket
    if (socket.writableLength <= limit) return undefined
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(late)
        socket.off('drain', done).off('close', done)
        resolve()
      }
      const late = setTimeout(() => this.destroy(), this.#stallMs)
      socket.on('drain', done).on('close', done)
    })
  }

  /** In two steps: with input unread a close would reset the connection and could take our last word away. */
  close(): void {
    if (this.#state === 'handshaking') this.destroy()
    if (this.#state !== 'open') return
    this.#state = 'closing'
    this.#socket.end()
    this.#socket.resume()
    const late = setTimeout(() => this.destroy(), LINGER_MS)
    void this.closed.then(() => clearTimeout(late))
  }

  destroy(): void {
    this.#state = 'closing'
    this.#socket.destroy()
    this.#raw.destroy()
  }
}
