// SPDX-License-Identifier: Apache-2.0

import { header, TAG } from '#protocols/lib/ber'
import { MalformedPacket } from '#protocols/lib/malformed'

const NOTHING = Buffer.alloc(0)

/**
 * Cuts a TCP stream into messages, each one a BER sequence [RFC4511 §5.2]. Keeps at most one incomplete message, in
 * one block of its announced length, so that a sender of single bytes costs no more than any other.
 */
export class Framer {
  readonly #limit: number
  #input: Uint8Array = NOTHING
  #partial: { readonly bytes: Uint8Array; filled: number } | undefined

  /** `limit`: bytes of a whole message. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** True while bytes wait that are not yet a whole message. */
  get waiting(): boolean {
    return this.#partial !== undefined || this.#input.byteLength > 0
  }

  push(chunk: Uint8Array): void {
    const rest = this.#fill(chunk)
    this.#input = this.#input.byteLength === 0 ? rest : Buffer.concat([this.#input, rest])
  }

  /** The next whole message. Throws MalformedPacket: `not-ldap`, `too-large` and what `header` throws. */
  next(): Uint8Array | undefined {
    if (this.#partial) {
      const { bytes, filled } = this.#partial
      if (filled < bytes.byteLength) return undefined
      this.#partial = undefined
      return bytes
    }
    const size = this.#sizeOfNext()
    if (size === undefined) return undefined
    const input = this.#input
    if (size <= input.byteLength) {
      this.#input = input.subarray(size)
      return input.subarray(0, size)
    }
    const bytes = Buffer.allocUnsafe(size)
    bytes.set(input)
    this.#partial = { bytes, filled: input.byteLength }
    this.#input = NOTHING
    return undefined
  }

  #fill(chunk: Uint8Array): Uint8Array {
    const partial = this.#partial
    if (!partial) return chunk
    const piece = chunk.subarray(0, partial.bytes.byteLength - partial.filled)
    partial.bytes.set(piece, partial.filled)
    partial.filled += piece.byteLength
    return chunk.subarray(piece.byteLength)
  }

  #sizeOfNext(): number | undefined {
    const input = this.#input
    if (input.byteLength === 0) return undefined
    if (input[0] !== TAG.sequence) throw new MalformedPacket('not-ldap', `a message begins with ${input[0]}`)
    const head = header(input, 0, input.byteLength)
    if (!head) return undefined
    const size = head.start + head.length
    if (size > this.#limit) throw new MalformedPacket('too-large', `a message of ${size} bytes`)
    return size
  }
}
