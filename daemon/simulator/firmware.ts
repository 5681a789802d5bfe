// SPDX-License-Identifier: Apache-2.0
import { StepFailure } from './failure.ts'
import type { Sink } from './transfer.ts'

const MAGIC = 0xaaaaaaaa
/** Magic, hardware version, header length, checksum, section count: five little-endian words. */
const FIXED_PART = 20
const LONGEST_HEADER = 4096

export interface ImageHeader {
  readonly model: string
  readonly version: string
}

/** Where an image's header ends; undefined while too few bytes have come. Throws a StepFailure when it is none. */
export function imageHeaderLength(bytes: Uint8Array): number | undefined {
  if (bytes.length < FIXED_PART) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = view.getUint32(8, true)
  if (view.getUint32(0, true) !== MAGIC || length < FIXED_PART || length > LONGEST_HEADER) {
    throw new StepFailure('not a firmware image')
  }
  return length
}

/** Model and version are printable runs between the fixed part and the header's end. */
export function readImageHeader(header: Uint8Array): ImageHeader {
  const runs = Buffer.from(header)
    .toString('latin1', FIXED_PART)
    .split(/[^\x20-\x7e]+/)
  const model = runs.find((run) => /^C?\d{3}HD[A-Z0-9-]{0,8}$/i.test(run))
  const version = runs.find((run) => /^(UC_)?\d{1,3}(\.\d{1,5}){2,5}$/.test(run))
  if (!version) throw new StepFailure('not a firmware image')
  return { model: model ?? '', version }
}

/**
 * Collects a header from a transfer and then asks `wanted` whether to go on; the phone hangs up if it already runs
 * that version. The sink throws nothing: `result` does, afterwards.
 */
export class ImageReader {
  #start = Buffer.alloc(0)
  #header: ImageHeader | undefined
  #failure: unknown
  readonly #wanted: (header: ImageHeader) => boolean

  constructor(wanted: (header: ImageHeader) => boolean) {
    this.#wanted = wanted
  }

  readonly sink: Sink = (chunk) => {
    if (this.#header) return true
    this.#start = Buffer.concat([this.#start, chunk.subarray(0, LONGEST_HEADER)])
    try {
      const length = imageHeaderLength(this.#start)
      if (length === undefined || this.#start.length < length) return true
      this.#header = readImageHeader(this.#start.subarray(0, length))
      return this.#wanted(this.#header)
    } catch (error) {
      this.#failure = error
      return false
    }
  }

  result(): ImageHeader {
    if (this.#failure) throw this.#failure
    if (!this.#header) throw new StepFailure('not a firmware image')
    return this.#header
  }
}
