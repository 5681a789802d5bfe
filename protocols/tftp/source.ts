// SPDX-License-Identifier: Apache-2.0
import type { Readable } from 'node:stream'
import { toNetascii } from './netascii.ts'
import type { TftpFile } from './port.ts'

export interface SourceHandlers {
  /** More bytes may be had than the last `copyTo` gave. */
  onReadable(): void
  /** The file cannot be read on, or became shorter than it said. */
  onError(error: Error): void
}

/**
 * The bytes of one file, opened once and read in order. It holds the chunk being cut up, and the stream reads one
 * ahead: the memory of a transfer does not depend on the length of its file.
 */
export class FileSource {
  readonly #file: TftpFile
  readonly #netascii: boolean
  readonly #handlers: SourceHandlers
  #stream: Readable | undefined
  #chunk: Uint8Array = new Uint8Array()
  #taken = 0
  /** Bytes of the file that no chunk has brought yet. */
  #missing: number
  #closed = false

  constructor(file: TftpFile, netascii: boolean, handlers: SourceHandlers) {
    this.#file = file
    this.#netascii = netascii
    this.#handlers = handlers
    this.#missing = file.size
  }

  /** Throws what the file's owner throws, or when a file in memory is shorter than it says. */
  open(): void {
    if (this.#missing === 0) return
    const opened = this.#file.open(0, this.#missing - 1)
    if (opened instanceof Uint8Array) {
      this.#accept(opened)
      if (this.#missing > 0) throw this.#tooShort()
      return
    }
    this.#stream = opened
    opened.on('readable', () => this.#handlers.onReadable())
    opened.on('error', (error) => {
      if (!this.#closed) this.#handlers.onError(error)
    })
    opened.on('close', () => {
      if (!this.#closed && this.#missing > 0) this.#handlers.onError(this.#tooShort())
    })
  }

  /** True once every byte was copied out. */
  get drained(): boolean {
    return this.#missing === 0 && this.#taken === this.#chunk.length
  }

  /** Fills `target` from `offset` on; gives the bytes copied, fewer than fit when drained or waiting for the disk. */
  copyTo(target: Uint8Array, offset: number): number {
    let at = offset
    while (at < target.length && this.#refill()) {
      const piece = this.#chunk.subarray(this.#taken, this.#taken + target.length - at)
      target.set(piece, at)
      at += piece.length
      this.#taken += piece.length
    }
    return at - offset
  }

  close(): void {
    this.#closed = true
    this.#chunk = new Uint8Array()
    this.#stream?.destroy()
  }

  #refill(): boolean {
    if (this.#taken < this.#chunk.length) return true
    if (this.#missing === 0 || this.#closed) return false
    const chunk: unknown = this.#stream?.read()
    if (!(chunk instanceof Uint8Array)) return false
    this.#accept(chunk)
    return true
  }

  /** A file that grew since it was announced is sent at its announced length. */
  #accept(bytes: Uint8Array): void {
    const chunk = bytes.length > this.#missing ? bytes.subarray(0, this.#missing) : bytes
    this.#missing -= chunk.length
    this.#chunk = this.#netascii ? toNetascii(chunk) : chunk
    this.#taken = 0
  }

  #tooShort(): Error {
    return new Error(`the file ended ${this.#missing} bytes early`)
  }
}
