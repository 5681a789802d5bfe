// SPDX-License-Identifier: Apache-2.0
import { MalformedPacket } from '#protocols/lib/malformed'
import { type Oid, SnmpError } from './port.ts'

/** Sub-identifiers at most, each below 2^32 [RFC2578 §3.5]. */
const MAX_ARCS = 128
const MAX_ARC = 0xffff_ffff

/** The numbers of `1.3.6.1`; undefined when it is no object identifier of at least two numbers. */
export function parseOid(text: string): readonly number[] | undefined {
  if (text.length > MAX_ARCS * 11 || !/^\d{1,10}(\.\d{1,10})+$/.test(text)) return undefined
  const arcs = text.split('.').map(Number)
  return isOid(arcs) ? arcs : undefined
}

function isOid(arcs: readonly number[]): boolean {
  const [first = 3, second = 40] = arcs
  // The two share a number on the wire, and only below 2 may the second be large [X.690 §8.19.4].
  if (first > 2 || second > (first < 2 ? 39 : MAX_ARC - 80)) return false
  return arcs.length <= MAX_ARCS && arcs.every((arc) => arc <= MAX_ARC)
}

/** The contents of an OBJECT IDENTIFIER; throws SnmpError `invalid`. */
export function encodeOid(oid: Oid): Uint8Array {
  const arcs = parseOid(oid)
  if (!arcs) throw new SnmpError('invalid', `${JSON.stringify(oid.slice(0, 80))} is no object identifier`)
  const [first = 0, second = 0, ...rest] = arcs
  const bytes: number[] = []
  for (const arc of [first * 40 + second, ...rest]) {
    for (let shift = 28; shift > 0; shift -= 7) {
      if (arc >= 2 ** shift) bytes.push(0x80 | (Math.floor(arc / 2 ** shift) & 0x7f))
    }
    bytes.push(arc & 0x7f)
  }
  return Uint8Array.from(bytes)
}

/** Throws MalformedPacket `bad-oid`: empty, unfinished, padded, too long, or a number of 2^32 or more. */
export function decodeOid(bytes: Uint8Array): Oid {
  const arcs: number[] = []
  let arc = 0
  let inside = false
  for (const byte of bytes) {
    if (!inside && byte === 0x80) throw new MalformedPacket('bad-oid', 'a padded number')
    arc = arc * 128 + (byte & 0x7f)
    if (arc > MAX_ARC) throw new MalformedPacket('bad-oid', 'a number of 2^32 or more')
    inside = byte >= 0x80
    if (inside) continue
    if (arcs.length === 0) {
      const first = Math.min(2, Math.floor(arc / 40))
      arcs.push(first, arc - first * 40)
    } else arcs.push(arc)
    arc = 0
  }
  if (inside || arcs.length === 0) throw new MalformedPacket('bad-oid', 'an unfinished number')
  if (arcs.length > MAX_ARCS) throw new MalformedPacket('bad-oid', `more than ${MAX_ARCS} numbers`)
  return arcs.join('.')
}

/** Lexicographic order [RFC3416 §4.2.2]: negative when `a` comes before `b`. */
export function compareArcs(a: readonly number[], b: readonly number[]): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

/** Whether `oid` is `base` or below it. */
export function isBelow(oid: readonly number[], base: readonly number[]): boolean {
  return oid.length >= base.length && base.every((arc, i) => oid[i] === arc)
}
