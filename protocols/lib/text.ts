// SPDX-License-Identifier: Apache-2.0
import { isUtf8 } from 'node:buffer'

const SPOILERS = /[\p{Cc}\p{Cs}]/gu
const SPOILED = /[\p{Cc}\p{Cs}]/u

/** The body as text: UTF-8, and where it is not, each wrong octet as ISO 8859-1, which senders fall back to. */
export function bodyText(bytes: Uint8Array): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return isUtf8(bytes) ? buffer.toString('utf8') : mixedText(buffer)
}

/** A value fit to keep: at most `limit` UTF-16 units, no control characters, no half of a surrogate pair, no blank ends. */
export function cleanText(text: string, limit: number): string {
  const kept = text.length > limit ? text.slice(0, limit) : text
  return (SPOILED.test(kept) ? kept.replaceAll(SPOILERS, '') : kept).trim()
}

/** Characters as people count them: a surrogate pair is one. */
export function countCharacters(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length; i++) {
    const code = text.codePointAt(i) ?? 0
    if (code > 0xffff) {
      count--
      i++
    }
  }
  return count
}

function mixedText(bytes: Buffer): string {
  let text = ''
  let i = 0
  while (i < bytes.length) {
    const lead = bytes[i] ?? 0
    const length = sequenceLength(lead)
    const sequence = bytes.subarray(i, i + length)
    // A cut sequence at the very end is what a Content-Length counted in characters leaves: no character.
    if (sequence.length < length && sequence.subarray(1).every(isContinuation)) break
    if (length > 1 && isUtf8(sequence)) {
      text += sequence.toString('utf8')
      i += length
    } else {
      text += String.fromCharCode(lead)
      i++
    }
  }
  return text
}

/** Octets of the UTF-8 sequence that `lead` would begin [RFC3629 §3]. */
function sequenceLength(lead: number): number {
  if (lead >= 0xc2 && lead <= 0xdf) return 2
  if (lead >= 0xe0 && lead <= 0xef) return 3
  return lead >= 0xf0 && lead <= 0xf4 ? 4 : 1
}

function isContinuation(octet: number): boolean {
  return (octet & 0xc0) === 0x80
}
