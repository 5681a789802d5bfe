// SPDX-License-Identifier: Apache-2.0
import { BerReader } from '#protocols/lib/ber'
import { isProhibited, prepare } from './matching.ts'
import { canonicalName } from './schema.ts'

/**
 * A distinguished name in normal form, the entry's own RDN first: each RDN is one text that is equal for equal RDNs,
 * whatever their spelling. The root is the empty list. An ancestor's name is the end of a descendant's.
 */
export type Dn = readonly string[]

/** What a name may be: longer ones are not read. In UTF-16 units. */
const LONGEST = 4096

/**
 * Reads the string form [RFC4514 §3] with every escape, and what RFC 2253 §4 and RFC 1779 also allowed: blanks around
 * separators, `;` for `,`, quoted values, `OID.` before an object identifier. Undefined when it is no name.
 */
export function parseDn(text: string): Dn | undefined {
  if (text.length > LONGEST) return undefined
  if (text.trim() === '') return []
  const input = new Scanner(text)
  const rdns: string[] = []
  do {
    const rdn = readRdn(input)
    if (rdn === undefined) return undefined
    rdns.push(rdn)
  } while (input.take(/[,;]/y))
  return input.atEnd ? rdns : undefined
}

/** `name` is `ancestor` or below it. */
export function isWithin(name: Dn, ancestor: Dn): boolean {
  const above = name.length - ancestor.length
  return above >= 0 && ancestor.every((rdn, i) => name[above + i] === rdn)
}

/** A value as it may stand in a name [RFC4514 §2.4]. */
export function escapeDnValue(value: string): string {
  if (/^[\w.@-]*$/.test(value)) return value
  return value
    .replaceAll(/["+,;<>\\=]/g, '\\$&')
    .replaceAll('\0', '\\00')
    .replaceAll(/^[ #]| $/g, '\\$&')
}

/** One or more `type=value`, joined by `+`, in an order of our own [RFC4517 §4.2.15]. */
function readRdn(input: Scanner): string | undefined {
  const pairs: string[] = []
  do {
    const type = input.take(/\s*(?:[oO][iI][dD]\.)?([a-zA-Z][a-zA-Z0-9-]*|\d+(?:\.\d+)*)\s*=\s*/y)?.[1]
    const value = type === undefined ? undefined : readValue(input)
    if (type === undefined || value === undefined || isProhibited(value)) return undefined
    pairs.push(`${canonicalName(type).toLowerCase()}=${escapeDnValue(prepare(value))}`)
  } while (input.take(/\s*\+/y))
  input.take(/\s*/y)
  return pairs.length > 1 ? pairs.sort().join('+') : pairs[0]
}

function readValue(input: Scanner): string | undefined {
  if (input.take(/#/y)) return fromHex(input.take(/(?:[0-9a-fA-F]{2})+/y)?.[0])
  const quoted = input.take(/"((?:[^"\\]|\\.)*)"/sy)
  if (quoted) return withoutEscapes(quoted[1] ?? '')
  // Blanks at the end do not count unless escaped; an escaped blank is consumed as a pair and so survives.
  const raw = input.take(/(?:[^\\",;+<>\s]|\\[0-9a-fA-F]{2}|\\.|\s+(?=[^\s,;+]))*/sy)?.[0] ?? ''
  return withoutEscapes(raw)
}

/** `\,` and `\2C` alike; pairs of hex digits are bytes of UTF-8. Undefined for a lone backslash or broken UTF-8. */
function withoutEscapes(text: string): string | undefined {
  if (!text.includes('\\')) return text
  let valid = true
  const plain = text.replaceAll(/((?:\\[0-9a-fA-F]{2})+)|\\(.)?/gs, (_, hex: string | undefined, char?: string) => {
    if (hex !== undefined) return Buffer.from(hex.replaceAll('\\', ''), 'hex').toString('utf8')
    if (char === undefined || !/[ "#+,;<=>\\]/.test(char)) valid = false
    return char ?? ''
  })
  return valid ? plain : undefined
}

/** `#04024869`: the BER encoding of the value, here of a string of any kind. */
function fromHex(hex: string | undefined): string | undefined {
  if (hex === undefined) return undefined
  try {
    const reader = new BerReader(Buffer.from(hex, 'hex'))
    const value = reader.text(reader.tag)
    return reader.tag < 0 ? value : undefined
  } catch {
    return undefined
  }
}

/** Walks over a text with sticky patterns. */
class Scanner {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get atEnd(): boolean {
    return this.#at === this.#text.length
  }

  take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match) this.#at = pattern.lastIndex
    return match ?? undefined
  }
}
