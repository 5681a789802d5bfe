// SPDX-License-Identifier: Apache-2.0
import type { ServerResponse } from 'node:http'

/** One open event stream. A client that reads too slowly misses frames, never memory of ours. */
export class EventStream {
  readonly #response: ServerResponse
  #blocked = false
  #missed = false

  /** `catchUp` gives the whole present state for a client that missed something; undefined: nothing to tell. */
  constructor(response: ServerResponse, catchUp: () => Buffer | undefined) {
    this.#response = response
    response.on('drain', () => {
      this.#blocked = false
      if (!this.#missed) return
      this.#missed = false
      const frame = catchUp()
      if (frame) this.send(frame)
    })
  }

  /** True while the client has not read what it was sent. */
  get blocked(): boolean {
    return this.#blocked
  }

  send(frame: Buffer): void {
    if (this.#response.writableEnded || this.#response.destroyed) return
    if (this.#blocked) this.#missed = true
    else this.#blocked = !this.#response.write(frame)
  }

  onClose(listener: () => void): void {
    this.#response.once('close', listener)
  }

  end(frame?: Buffer): void {
    if (frame && !this.#blocked) this.#response.write(frame)
    this.#response.end()
    if (this.#blocked) this.#response.destroy()
  }

  destroy(): void {
    this.#response.destroy()
  }
}

/** An event of the server-sent events format; JSON has no line end that could break out of its field. */
export function eventFrame(event: string, data: unknown): Buffer {
  return Buffer.from(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
}
