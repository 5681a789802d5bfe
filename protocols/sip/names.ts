// SPDX-License-Identifier: Apache-2.0

/** Compact forms [RFC 3261 §7.3.3, §20; RFC 6665 §8.4]. */
const COMPACT: ReadonlyMap<string, string> = new Map([
  ['i', 'call-id'],
  ['m', 'contact'],
  ['e', 'content-encoding'],
  ['l', 'content-length'],
  ['c', 'content-type'],
  ['f', 'from'],
  ['s', 'subject'],
  ['k', 'supported'],
  ['t', 'to'],
  ['v', 'via'],
  ['o', 'event'],
  ['u', 'allow-events'],
  ['r', 'refer-to'],
])

/** Names whose usual spelling is not a capital at the start of each word. */
const SPELLINGS: ReadonlyMap<string, string> = new Map([
  ['call-id', 'Call-ID'],
  ['cseq', 'CSeq'],
  ['www-authenticate', 'WWW-Authenticate'],
])

/** In lower case, and in full if it was given in its compact form. */
export function fullName(name: string): string {
  const lower = name.toLowerCase()
  return COMPACT.get(lower) ?? lower
}

/** As people and old phones expect to see it: `Max-Forwards`. */
export function spelled(name: string): string {
  return (
    SPELLINGS.get(name) ??
    name.replaceAll(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase())
  )
}
