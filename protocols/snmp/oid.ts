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
  // The two share a number on the wire, and only behind a 2 may the second be large [X.690 §8.19.4].
  if (first > 2 || second > (first < 2 ? 39 : MAX_ARC - 80)) return false
  return arcs.length <= MAX_ARCS && arcs.every((arc) => arc <= MAX_ARC)
}

const [DOT, ZERO, NINE] = [0x2e, 0x30, 0x39]
/** Digits of a number below 2^32. */
const MAX_DIGITS = 10

/** The contents of an OBJECT IDENTIFIER; throws SnmpError `invalid`. One pass: each notification has dozens of names. */
export function encodeOid(oid: Oid): Uint8Array {
  if (oid.length > MAX_ARCS * (MAX_DIGITS + 1)) throw noOid(oid)
  // A number takes no more octets than digits.
  const bytes = new Uint8Array(oid.length)
  let [length, count, first, arc, digits] = [0, 0, 0, 0, 0]
  for (let at = 0; at <= oid.length; at++) {
    const sign = at === oid.length ? DOT : oid.charCodeAt(at)
    if (sign >= ZERO && sign <= NINE && digits < MAX_DIGITS) {
      arc = arc * 10 + sign - ZERO
      digits++
      continue
    }
    if (sign !== DOT || digits === 0 || arc > MAX_ARC || ++count > MAX_ARCS) throw noOid(oid)
    if (count === 1) first = arc
    else {
      // The first two share a number on the wire, and only behind a 2 may the second be large [X.690 §8.19.4].
      if (count === 2 && (first > 2 || arc > (first < 2 ? 39 : MAX_ARC - 80))) throw noOid(oid)
      const value = count === 2 ? first * 40 + arc : arc
      // Seven bits in an octet, the highest first; written out, since a loop takes three times as long.
      if (value > 0x7f) {
        if (value > 0x3fff) {
          if (value > 0x1f_ffff) {
            if (value > 0xfff_ffff) bytes[length++] = 0x80 | (value >>> 28)
            bytes[length++] = 0x80 | ((value >>> 21) & 0x7f)
          }
          bytes[length++] = 0x80 | ((value >>> 14) & 0x7f)
        }
        bytes[length++] = 0x80 | ((value >>> 7) & 0x7f)
      }
      bytes[length++] = value & 0x7f
    }
    arc = 0
    digits = 0
  }
  if (count < 2) throw noOid(oid)
  return bytes.slice(0, length)
}

function noOid(oid: string): SnmpError {
  return new SnmpError('invalid', `${JSON.stringify(oid.slice(0, 80))} is no object identifier`)
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
