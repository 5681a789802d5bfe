// SPDX-License-Identifier: Apache-2.0
import { MalformedPacket } from '#protocols/lib/malformed'

const LF = 0x0a
const NUL = 0x00
const SPACE = 0x20
/** Digits of a message's length; longer ones are no lengths. */
const DIGITS = 6

/**
 * Cuts a TCP stream into messages, whichever way the sender marks them: octets counted (`11 hello world`) or lines
 * [RFC6587 §3.4]. What is longer than `limit` is cut, and its rest passed over.
 */
export class Framer {
  readonly #limit: number
  #held: Buffer = Buffer.alloc(0)
  /** Octets of a counted message that are still to be passed over. */
  #skip = 0
  /** The rest of an overlong line is being passed over. */
  #skipLine = false

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Octets of a message that has begun. */
  get waiting(): number {
    return this.#held.length + this.#skip + (this.#skipLine ? 1 : 0)
  }

  /** Yields the messages that are whole now. Throws MalformedPacket `frame-length` for a length that none has. */
  *push(chunk: Uint8Array): Iterable<Uint8Array> {
    this.#held = this.#held.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#held, chunk])
    for (;;) {
      if (!this.#pass()) return
      const begin = this.#held[0]
      if (begin === undefined) return
      const message = begin >= 0x31 && begin <= 0x39 ? this.#counted() : this.#line()
      if (message === undefined) return
      if (message.length > 0) yield message
    }
  }

  /** What the sender left without an end. */
  end(): Uint8Array | undefined {
    const rest = this.#held
    this.#held = Buffer.alloc(0)
    return rest.length === 0 || this.#skip > 0 ? undefined : rest.subarray(0, this.#limit)
  }

  /** Passes over what is not wanted; false while more of it is to come. */
  #pass(): boolean {
    if (this.#skip > 0) {
      const passed = Math.min(this.#skip, this.#held.length)
      this.#skip -= passed
      this.#held = this.#held.subarray(passed)
      if (this.#skip > 0) return false
    }
    if (!this.#skipLine) return true
    const end = endOfLine(this.#held)
    this.#held = end < 0 ? Buffer.alloc(0) : this.#held.subarray(end + 1)
    this.#skipLine = end < 0
    return end >= 0
  }

  /** A message after its length; a line that only begins with a digit is a line. */
  #counted(): Uint8Array | undefined {
    const blank = this.#held.subarray(0, DIGITS + 1).indexOf(SPACE)
    if (blank < 0) {
      const isLength = /^\d*$/.test(this.#held.toString('latin1', 0, DIGITS))
      if (!isLength) return this.#line()
      if (this.#held.length <= DIGITS) return undefined
      throw new MalformedPacket('frame-length', 'the length of a message has too many digits')
    }
    const digits = this.#held.toString('latin1', 0, blank)
    if (!/^\d+$/.test(digits)) return this.#line()
    const length = Number(digits)
    const kept = Math.min(length, this.#limit)
    const from = blank + 1
    if (this.#held.length < from + kept) return undefined
    const message = this.#held.subarray(from, from + kept)
    this.#held = this.#held.subarray(from + kept)
    this.#skip = length - kept
    return message
  }

  #line(): Uint8Array | undefined {
    const end = endOfLine(this.#held)
    if (end < 0 && this.#held.length <= this.#limit) return undefined
    const length = end < 0 ? this.#limit : end
    const line = this.#held.subarray(0, Math.min(length, this.#limit))
    this.#skipLine = end < 0
    this.#held = this.#held.subarray(end < 0 ? this.#held.length : end + 1)
    return line.at(-1) === 0x0d ? line.subarray(0, -1) : line
  }
}

/** Some end their messages with a NUL [RFC6587 §3.4.2]. */
function endOfLine(bytes: Buffer): number {
  const lf = bytes.indexOf(LF)
  const nul = bytes.indexOf(NUL)
  return lf < 0 || (nul >= 0 && nul < lf) ? nul : lf
}
