// SPDX-License-Identifier: Apache-2.0

/** Reads LevelDB's fields from bytes that may be anything; past the end, everything is undefined. */
export class FieldReader {
  readonly #bytes: Buffer
  #offset = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get offset(): number {
    return this.#offset
  }

  get done(): boolean {
    return this.#offset >= this.#bytes.length
  }

  u8(): number | undefined {
    return this.bytes(1)?.[0]
  }

  /** Little-endian base-128, seven bits a byte, lowest first. Undefined from 2^35 on: no size of ours is that large. */
  varint(): number | undefined {
    let value = 0
    for (let scale = 1; scale < 2 ** 35; scale *= 128) {
      const byte = this.u8()
      if (byte === undefined) return undefined
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
    return undefined
  }

  /** A view of the next `length` bytes. */
  bytes(length: number | undefined): Buffer | undefined {
    if (length === undefined || length > this.#bytes.length - this.#offset) return undefined
    this.#offset += length
    return this.#bytes.subarray(this.#offset - length, this.#offset)
  }

  /** A varint and that many bytes. */
  sized(): Buffer | undefined {
    return this.bytes(this.varint())
  }
}
