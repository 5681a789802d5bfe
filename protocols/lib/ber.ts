// SPDX-License-Identifier: Apache-2.0
import { MalformedPacket } from './malformed.ts'

/** Universal tags that LDAP and SNMP use [X.690 §8]. */
export const TAG = { boolean: 0x01, integer: 0x02, octets: 0x04, enumerated: 0x0a, sequence: 0x30, set: 0x31 } as const

const HIGH_TAG = 0x1f
/** What a 4-byte length can say. Neither LDAP nor SNMP needs 2^31 anywhere. */
const LENGTH_BYTES = 4

/** What the first bytes of an element say: where its contents begin, and how long they are. */
export interface Header {
  readonly start: number
  readonly length: number
}

/**
 * Reads the length of the element at `offset`; undefined when `end` comes before the length is complete.
 * Only the definite form is allowed [RFC4511 §5.1, RFC3417 §8]; throws MalformedPacket for others, and for 2^32 or more.
 */
export function header(bytes: Uint8Array, offset: number, end: number): Header | undefined {
  const first = bytes[offset + 1]
  if (first === undefined || offset + 1 >= end) return undefined
  if (first < 0x80) return { start: offset + 2, length: first }
  const count = first & 0x7f
  if (count === 0) throw new MalformedPacket('indefinite-length')
  if (count > LENGTH_BYTES) throw new MalformedPacket('length-too-long', `a length of ${count} bytes`)
  const start = offset + 2 + count
  if (start > end) return undefined
  let length = 0
  for (let i = offset + 2; i < start; i++) length = length * 256 + (bytes[i] ?? 0)
  return { start, length }
}

/**
 * Reads elements one after the other from a part of a packet. A child never reaches beyond its parent. Throws only
 * MalformedPacket: `truncated`, `wrong-tag`, `high-tag`, `bad-integer`, `bad-boolean` and what `header` throws.
 */
export class BerReader {
  readonly #bytes: Buffer
  readonly #end: number
  #offset: number

  constructor(bytes: Uint8Array, start = 0, end = bytes.byteLength) {
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#offset = start
    this.#end = end
  }

  /** The tag of the next element, or -1 at the end. */
  get tag(): number {
    return this.#offset < this.#end ? (this.#bytes[this.#offset] ?? -1) : -1
  }

  /** The elements within the next one. */
  enter(tag: number): BerReader {
    const start = this.#open(tag)
    return new BerReader(this.#bytes, start, this.#offset)
  }

  /** A two's complement number of at most 32 bits, the largest there is [RFC4511 §4.1.1 maxInt, RFC2578 §7.1.1]. */
  integer(tag: number = TAG.integer): number {
    const start = this.#open(tag)
    const length = this.#offset - start
    if (length < 1 || length > 4) throw new MalformedPacket('bad-integer', `${length} bytes`)
    return this.#bytes.readIntBE(start, length)
  }

  boolean(tag: number = TAG.boolean): boolean {
    const start = this.#open(tag)
    if (this.#offset - start !== 1) throw new MalformedPacket('bad-boolean')
    return this.#bytes[start] !== 0
  }

  /** A view of the contents, not a copy. */
  octets(tag: number = TAG.octets): Uint8Array {
    const start = this.#open(tag)
    return this.#bytes.subarray(start, this.#offset)
  }

  /** Invalid UTF-8 becomes U+FFFD, which no rule of matching accepts [RFC4518 §2.4]. */
  text(tag: number = TAG.octets): string {
    const start = this.#open(tag)
    return this.#bytes.toString('utf8', start, this.#offset)
  }

  /** Passes over whatever comes next. */
  skip(): void {
    this.#open(this.tag)
  }

  /** Moves behind the next element and gives where its contents begin. */
  #open(tag: number): number {
    const found = this.tag
    if (found < 0) throw new MalformedPacket('truncated', `no element at offset ${this.#offset}`)
    if (found !== tag) throw new MalformedPacket('wrong-tag', `tag ${tag} wanted at ${this.#offset}, found ${found}`)
    if ((found & HIGH_TAG) === HIGH_TAG) throw new MalformedPacket('high-tag')
    const head = header(this.#bytes, this.#offset, this.#end)
    if (!head || head.length > this.#end - head.start) {
      throw new MalformedPacket('truncated', `an element at offset ${this.#offset} reaches beyond its parent`)
    }
    this.#offset = head.start + head.length
    return head.start
  }
}

/** Bytes of an integer's contents, the shortest two's complement: BER allows no other [X.690 §8.3.2]. */
export function integerSize(value: number): number {
  if (value >= -0x80 && value < 0x80) return 1
  if (value >= -0x8000 && value < 0x8000) return 2
  return value >= -0x80_0000 && value < 0x80_0000 ? 3 : 4
}

/** Bytes that tell a length of 128 and more [X.690 §8.1.3.5]. */
function lengthSize(length: number): number {
  return length < 0x100 ? 1 : length < 0x1_0000 ? 2 : 4
}

/** Texts up to this length are copied in a loop, which beats the call into the engine's UTF-8 encoder. */
const SHORT_TEXT = 48

/** Writes elements forwards; a sequence gets its length when it ends, and its contents move if that needs more room. */
export class BerWriter {
  #bytes: Buffer
  #length = 0

  constructor(capacity = 1024) {
    this.#bytes = Buffer.allocUnsafe(capacity)
  }

  get length(): number {
    return this.#length
  }

  /** Opens a constructed element; `end` takes what this returns. */
  begin(tag: number = TAG.sequence): number {
    this.#reserve(2)
    this.#bytes[this.#length++] = tag
    return ++this.#length
  }

  /** Begins a constructed element of known length: its contents follow, nothing is moved, and it needs no `end`. */
  head(length: number, tag: number = TAG.sequence): void {
    this.#reserve(2 + LENGTH_BYTES)
    this.#bytes[this.#length++] = tag
    const count = length < 0x80 ? 0 : lengthSize(length)
    this.#bytes[this.#length++] = count === 0 ? length : 0x80 | count
    if (count > 0) this.#length = this.#bytes.writeUIntBE(length, this.#length, count)
  }

  end(mark: number): void {
    this.#setLength(mark, this.#length - mark)
  }

  integer(value: number, tag: number = TAG.integer): void {
    const size = integerSize(value)
    this.#reserve(2 + size)
    this.#bytes[this.#length++] = tag
    this.#bytes[this.#length++] = size
    this.#length = this.#bytes.writeIntBE(value, this.#length, size)
  }

  boolean(value: boolean, tag: number = TAG.boolean): void {
    this.#reserve(3)
    this.#bytes[this.#length++] = tag
    this.#bytes[this.#length++] = 1
    this.#bytes[this.#length++] = value ? 0xff : 0
  }

  octets(value: Uint8Array, tag: number = TAG.octets): void {
    const mark = this.#primitive(tag, value.byteLength)
    this.#bytes.set(value, mark)
    this.#length = mark + value.byteLength
    this.end(mark)
  }

  text(value: string, tag: number = TAG.octets): void {
    const mark = this.#primitive(tag, value.length * 3)
    this.#length = mark + (this.#writeAscii(value, mark) ? value.length : this.#bytes.write(value, mark, 'utf8'))
    this.end(mark)
  }

  /** Elements that are encoded already. */
  raw(elements: Uint8Array): void {
    this.#reserve(elements.byteLength)
    this.#bytes.set(elements, this.#length)
    this.#length += elements.byteLength
  }

  /** A view of what was written; the next `clear` gives its room away. */
  done(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  clear(): void {
    this.#length = 0
  }

  #primitive(tag: number, atMost: number): number {
    this.#reserve(2 + LENGTH_BYTES + atMost)
    this.#bytes[this.#length++] = tag
    return ++this.#length
  }

  /** False when the text is long or not all ASCII: then nothing counts as written. */
  #writeAscii(value: string, at: number): boolean {
    if (value.length > SHORT_TEXT) return false
    for (let i = 0; i < value.length; i++) {
      const unit = value.charCodeAt(i)
      if (unit > 0x7f) return false
      this.#bytes[at + i] = unit
    }
    return true
  }

  /** One byte is reserved for the length before `mark`; longer ones push the contents back. */
  #setLength(mark: number, length: number): void {
    if (length < 0x80) {
      this.#bytes[mark - 1] = length
      return
    }
    const count = lengthSize(length)
    this.#reserve(count)
    this.#bytes.copyWithin(mark + count, mark, mark + length)
    this.#bytes[mark - 1] = 0x80 | count
    this.#bytes.writeUIntBE(length, mark, count)
    this.#length += count
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.byteLength) return
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.byteLength * 2))
    this.#bytes.copy(larger, 0, 0, this.#length)
    this.#bytes = larger
  }
}
