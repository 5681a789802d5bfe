// SPDX-License-Identifier: Apache-2.0

const MAGIC = 0xaaaaaaaa
const TEXTS_AT = 20
const LONGEST_HEADER = 4_096
/** `2.2.16.704`, `UC_2.0.13.121`, `UC_3.4.6.604.1`. */
const VERSION = /^(?:[A-Z]{1,4}_)?\d{1,3}(?:\.\d{1,5}){2,4}$/

/**
 * The firmware version in an image's header: the first of its NUL-separated texts that looks like one. Undefined when
 * the bytes are no image's, or it says none.
 */
export function imageVersion(start: Uint8Array): string | undefined {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength)
  if (bytes.length < TEXTS_AT || bytes.readUInt32LE(0) !== MAGIC) return undefined
  const length = Math.min(bytes.readUInt32LE(8), bytes.length, LONGEST_HEADER)
  const texts = bytes.toString('latin1', TEXTS_AT, length).split('\0')
  return texts.map((text) => text.trim()).find((text) => VERSION.test(text))
}
