// SPDX-License-Identifier: Apache-2.0
import { MalformedPacket } from './malformed.ts'

/** Reads big-endian (network order) fields from a packet; running past its end is a `truncated` MalformedPacket. */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #offset: number

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#offset = offset
  }

  get offset(): number {
    return this.#offset
  }

  get remaining(): number {
    return this.#bytes.byteLength - this.#offset
  }

  u8(): number {
    return this.#view.getUint8(this.#advance(1))
  }

  u16(): number {
    return this.#view.getUint16(this.#advance(2))
  }

  u32(): number {
    return this.#view.getUint32(this.#advance(4))
  }

  /** A view (not a copy) of the next `length` bytes. */
  bytes(length: number): Uint8Array {
    const start = this.#advance(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** A view of everything that is left. */
  rest(): Uint8Array {
    return this.bytes(this.remaining)
  }

  #advance(length: number): number {
    const start = this.#offset
    if (length < 0 || length > this.remaining) {
      throw new MalformedPacket('truncated', `${length} bytes wanted at offset ${start}, ${this.remaining} left`)
    }
    this.#offset = start + length
    return start
  }
}

/** Builds a packet field by field in big-endian order; grows as needed. */
export class ByteWriter {
  #bytes: Uint8Array
  #view: DataView
  #length = 0

  constructor(capacity = 576) {
    this.#bytes = new Uint8Array(capacity)
    this.#view = new DataView(this.#bytes.buffer)
  }

  get length(): number {
    return this.#length
  }

  u8(value: number): this {
    const at = this.#grow(1)
    this.#view.setUint8(at, value)
    return this
  }

  u16(value: number): this {
    const at = this.#grow(2)
    this.#view.setUint16(at, value)
    return this
  }

  u32(value: number): this {
    const at = this.#grow(4)
    this.#view.setUint32(at, value)
    return this
  }

  bytes(value: Uint8Array): this {
    const at = this.#grow(value.byteLength)
    this.#bytes.set(value, at)
    return this
  }

  zeros(count: number): this {
    const at = this.#grow(count)
    this.#bytes.fill(0, at, this.#length)
    return this
  }

  /** The bytes written so far, as a view of the writer's own buffer. */
  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  /** May replace the buffer: call it before naming `#bytes` or `#view`. */
  #grow(count: number): number {
    const start = this.#length
    const end = start + count
    if (end > this.#bytes.byteLength) {
      const larger = new Uint8Array(Math.max(end, this.#bytes.byteLength * 2))
      larger.set(this.#bytes.subarray(0, start))
      this.#bytes = larger
      this.#view = new DataView(larger.buffer)
    }
    this.#length = end
    return start
  }
}
