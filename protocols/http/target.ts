// SPDX-License-Identifier: Apache-2.0
import { isUtf8 } from 'node:buffer'
import { MalformedPacket } from '#protocols/lib/malformed'

/** What a request asks for, reduced to something that can be compared and never leads anywhere else. */
export interface Target {
  /** Percent-decoded once, `//` collapsed, no dot segments, backslashes, control characters or leftover `%`. */
  readonly path: string
  /** Raw, without the `?`. */
  readonly query: string
}

/** Octets of request target taken; RFC 9112 §3 asks for at least 8000. */
export const TARGET_LIMIT = 8_192

/** What nearly every phone sends: nothing to decode, nothing to refuse. */
const PLAIN = /^(?:\/[\w~-][\w.~-]*)+$/
/** Phones also send the absolute form; its authority is the sender's claim and is ignored [RFC9112 §3.2.2]. */
const SCHEME_AND_AUTHORITY = /^https?:\/\/[^/?#]*/i
const UNSAFE = /[\\%\p{Cc}]/u
const DOT_SEGMENT = /\/\.{1,2}(?:\/|$)/

/**
 * Reads the target of a request line [RFC9112 §3.2], given as latin-1 text. Throws MalformedPacket `target-too-long`,
 * or another `target-…` code for what no phone sends: other forms, bad escapes, encoded slashes, dot segments.
 */
export function readTarget(target: string): Target {
  if (target.length > TARGET_LIMIT) throw new MalformedPacket('target-too-long')
  if (PLAIN.test(target)) return { path: target, query: '' }
  const origin = originForm(target)
  if (origin.includes('#')) throw new MalformedPacket('target-fragment')
  const mark = origin.indexOf('?')
  const path = decode(mark < 0 ? origin : origin.slice(0, mark)).replaceAll(/\/{2,}/g, '/')
  if (UNSAFE.test(path)) throw new MalformedPacket('target-unsafe')
  if (DOT_SEGMENT.test(path)) throw new MalformedPacket('target-dots')
  return { path, query: mark < 0 ? '' : origin.slice(mark + 1) }
}

function originForm(target: string): string {
  if (target.startsWith('/')) return target
  const lead = SCHEME_AND_AUTHORITY.exec(target)
  if (!lead) throw new MalformedPacket('target-form')
  const rest = target.slice(lead[0].length)
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** Decodes `%XX` once; octets beyond ASCII, encoded or raw, must be UTF-8 in its shortest form [RFC3986 §2.5]. */
function decode(raw: string): string {
  if (!/[^\0-\x24\x26-\x7f]/.test(raw)) return raw
  const bytes = Buffer.allocUnsafe(raw.length)
  let length = 0
  for (let i = 0; i < raw.length; i++) {
    let octet = raw.charCodeAt(i)
    if (octet > 0xff) throw new MalformedPacket('target-utf8')
    if (octet === 0x25) {
      const digits = raw.slice(i + 1, i + 3)
      if (!/^[0-9a-f]{2}$/i.test(digits)) throw new MalformedPacket('target-escape')
      octet = Number.parseInt(digits, 16)
      // A slash that was data must not become one that separates [RFC3986 §2.2].
      if (octet === 0x2f || octet === 0x5c) throw new MalformedPacket('target-slash')
      i += 2
    }
    bytes[length++] = octet
  }
  const decoded = bytes.subarray(0, length)
  if (!isUtf8(decoded)) throw new MalformedPacket('target-utf8')
  return decoded.toString('utf8')
}
