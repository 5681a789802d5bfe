// SPDX-License-Identifier: Apache-2.0
import { Unusable } from './lease-file.ts'

/** One word, quoted text or mark of a dhcpd.leases file. */
export interface Token {
  readonly line: number
  readonly kind: 'word' | 'text' | 'mark' | 'broken'
  /** Of a text: its bytes as Latin-1, escapes resolved. Of a broken one: what is wrong. */
  readonly value: string
}

const TOKEN =
  /[ \t\r\f\v]+|#[^\n]*|(?<newline>\n)|(?<mark>[{};,=])|"(?<text>(?:[^"\\\n]|\\[^\n])*)"|(?<quote>"[^\n]*)|(?<word>[^\s{};,="#]+)/gy
const ESCAPE = /\\(?:([0-7]{1,3})|x([0-9a-f]{1,2})|(.))/gi
const LETTERS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', b: '\b' }

/** The tokens in order; comments and blanks are left out. A text that does not end in its line is a broken token. */
export function* tokensOf(text: string): Generator<Token> {
  let line = 1
  for (const { groups = {} } of text.matchAll(TOKEN)) {
    if (groups.newline) line++
    else if (groups.mark) yield { line, kind: 'mark', value: groups.mark }
    else if (groups.word) yield { line, kind: 'word', value: groups.word }
    else if (groups.quote) yield { line, kind: 'broken', value: 'a text without its closing quote' }
    else if (groups.text !== undefined) yield { line, kind: 'text', value: unescapeText(groups.text) }
  }
}

/** `\001`, `\x01`, `\n` and `\"` as dhcpd writes and reads them. */
export function unescapeText(text: string): string {
  return text.replaceAll(ESCAPE, (_, octal?: string, hex?: string, letter = '') => {
    if (octal) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff)
    if (hex) return String.fromCharCode(Number.parseInt(hex, 16))
    return LETTERS[letter] ?? letter
  })
}

/** The text for between the quotes; `text` holds bytes as Latin-1. */
export function escapeText(text: string): string {
  return text.replaceAll(/[^ !#-[\]-~]/g, (char) => {
    if (char === '"' || char === '\\') return `\\${char}`
    return `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`
  })
}

/** A client identifier: quoted bytes, or `01:00:90:8f`; in hex without separators. */
export function bytesOf(token: Token): string {
  if (token.kind === 'text') return Buffer.from(token.value, 'latin1').toString('hex')
  if (/^[0-9a-f]{1,2}(?::[0-9a-f]{1,2})*$/i.test(token.value)) {
    return token.value
      .split(':')
      .map((byte) => byte.padStart(2, '0'))
      .join('')
      .toLowerCase()
  }
  throw new Unusable('uid is neither a quoted text nor hex bytes')
}
