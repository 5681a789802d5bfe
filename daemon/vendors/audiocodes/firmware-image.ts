// SPDX-License-Identifier: Apache-2.0
import type { Checksum } from '#daemon/domain/firmware'
import { modelIn } from './models.ts'

/*
 * An image begins with a header of little-endian 32-bit words: the magic number, a hardware version, the header's
 * length (112 bytes in the one image that is publicly described), a checksum (“sum of bytes”, of which is not said) and
 * how many sections follow; then NUL-separated texts with models, version and date up to the header's end. A section
 * begins with a magic number of its own.
 */
const MAGIC = 0xaaaaaaaa
const CHECKSUM_AT = 12
const TEXTS_AT = 20
const LONGEST_HEADER = 4_096
const MOST_SECTIONS = 1_024
const SECTION = Buffer.from([0xbb, 0xbb, 0xbb, 0xbb])
/** `2.2.16.704`, `UC_2.0.13.121`, `UC_3.4.6.604.1`. */
const VERSION = /^(?:[A-Z]{1,4}_)?\d{1,3}(?:\.\d{1,5}){2,4}$/
const VERSION_IN_NAME = /(?:(?<![A-Z0-9])UC_)?(?<![\d.])\d{1,3}(?:\.\d{1,5}){2,4}(?!\.?\d)/i
const MODEL_IN_NAME = /(?<![A-Z0-9])C?[34]\d\dHD|(?<![A-Z0-9])HRS/i
const BUILT = /^\d{4}-\d\d-\d\d(?:[_ T]\d\d:\d\d(?::\d\d)?)?$/

export interface ImageHeader {
  /** In bytes. */
  readonly length: number
  readonly checksum: number
  readonly sections: number
  /** Base models; empty when the header names none that we know. */
  readonly models: readonly string[]
  /** Empty when it says none. */
  readonly version: string
  /** As written, in the builder's time zone; empty when it says none. */
  readonly built: string
}

/** The header that a file begins with; undefined when it is none that we can read. */
export function imageHeader(start: Uint8Array): ImageHeader | undefined {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength)
  if (bytes.length < TEXTS_AT || bytes.readUInt32LE(0) !== MAGIC) return undefined
  const length = bytes.readUInt32LE(8)
  if (length < TEXTS_AT || length > LONGEST_HEADER) return undefined
  const texts = bytes
    .toString('latin1', TEXTS_AT, Math.min(length, bytes.length))
    .split(/[^\x20-\x7e]+/)
    .map((text) => text.trim())
  const models = texts.map((text) => modelIn(text)).filter((model) => model !== undefined)
  return {
    length,
    checksum: bytes.readUInt32LE(CHECKSUM_AT),
    sections: bytes.readUInt32LE(16),
    models: [...new Set(models)],
    version: texts.find((text) => VERSION.test(text)) ?? '',
    built: texts.find((text) => BUILT.test(text)) ?? '',
  }
}

/** The firmware version in an image's header; undefined when the bytes are no image's, or it says none. */
export function imageVersion(start: Uint8Array): string | undefined {
  return imageHeader(start)?.version || undefined
}

/** What a file's name tells: `440HD_2.2.16.704.img`. Empty text for what it does not. */
export function imageName(name: string): { readonly model: string; readonly version: string } {
  const stem = name.slice(0, 200).replace(/\.img$/i, '')
  return {
    model: modelIn(MODEL_IN_NAME.exec(stem)?.[0] ?? '') ?? '',
    version: VERSION_IN_NAME.exec(stem)?.[0] ?? '',
  }
}

export type Inspection =
  /** No header that we can read. */
  | { readonly kind: 'unreadable' }
  /** It does not even hold its whole header. */
  | { readonly kind: 'cut'; readonly reason: string }
  /** `faults` are sentences; none for a sound image. */
  | {
      readonly kind: 'image'
      readonly header: ImageHeader
      readonly checksum: Checksum
      readonly faults: readonly string[]
    }

/** Looks at an image while its bytes pass by, and keeps none but the header. */
export class ImageInspector {
  #start = Buffer.alloc(0)
  #size = 0
  #sum = 0
  #sections = 0
  #tail = Buffer.alloc(0)

  take(chunk: Buffer): void {
    if (this.#start.length < LONGEST_HEADER) {
      this.#start = Buffer.concat([this.#start, chunk.subarray(0, LONGEST_HEADER - this.#start.length)])
    }
    this.#size += chunk.length
    let sum = 0
    for (let i = 0; i < chunk.length; i++) sum += chunk[i] ?? 0
    this.#sum = (this.#sum + sum) >>> 0
    this.#countSections(chunk)
  }

  result(): Inspection {
    const header = imageHeader(this.#start)
    if (!header) return { kind: 'unreadable' }
    const { length, sections } = header
    if (this.#size < length) {
      return { kind: 'cut', reason: `It has ${this.#size} bytes, and its header alone should have ${length}.` }
    }
    const checksum = this.#checksum(header)
    const faults: string[] = []
    if (sections > MOST_SECTIONS) faults.push(`Its header promises ${sections} sections.`)
    else if (this.#sections < sections) {
      faults.push(`It holds ${this.#sections} of the ${sections} sections that its header promises: it may be cut off.`)
    }
    const first = this.#start.subarray(length, length + SECTION.length)
    if (sections > 0 && first.length === SECTION.length && !first.equals(SECTION)) {
      faults.push('No section follows its header.')
    }
    if (checksum === 'wrong') faults.push('The checksum in its header is not that of its bytes: it may be damaged.')
    return { kind: 'image', header, checksum, faults }
  }

  /** Which sum it is, is not documented: of the header, of what follows, or of all; its own four bytes as zero. */
  #checksum({ length, checksum }: ImageHeader): Checksum {
    if (checksum === 0) return 'none'
    const own = sumOf(this.#start.subarray(CHECKSUM_AT, CHECKSUM_AT + 4))
    const header = sumOf(this.#start.subarray(0, length)) - own
    if (checksum === header >>> 0) return 'header'
    if (checksum === (this.#sum - own) >>> 0) return 'whole'
    return checksum === (this.#sum - own - header) >>> 0 ? 'body' : 'wrong'
  }

  #countSections(chunk: Buffer): void {
    const bytes = Buffer.concat([this.#tail, chunk])
    let at = bytes.indexOf(SECTION)
    let next = 0
    while (at >= 0 && this.#sections < MOST_SECTIONS) {
      this.#sections++
      next = at + SECTION.length
      at = bytes.indexOf(SECTION, next)
    }
    this.#tail = Buffer.from(bytes.subarray(Math.max(next, bytes.length - SECTION.length + 1)))
  }
}

function sumOf(bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => sum + byte, 0)
}
