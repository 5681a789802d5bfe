// SPDX-License-Identifier: Apache-2.0

/** How the values of an attribute are compared. */
export type Rule =
  /** caseIgnoreMatch, and accents do not count either [RFC4517 §4.2.11]. */
  | 'text'
  /** telephoneNumberMatch, taken further: only digits count [RFC4517 §4.2.29]. */
  | 'number'
  /** objectIdentifierMatch: descriptors in any case [RFC4517 §4.2.26]. */
  | 'oid'
  /** distinguishedNameMatch [RFC4517 §4.2.15]. */
  | 'dn'

/** Which part of a substrings assertion a text is; blanks at its inner ends count [RFC4518 §2.6.1]. */
export type Part = 'initial' | 'any' | 'final'

const BLANK = 0x20
/** What people and programs put between the digits of a number. */
const BETWEEN_DIGITS = ' +-./()*#,;\t\u00a0\u2010\u2011\u2012\u2013\u2014\u202f'

/** Mapped to nothing [RFC4518 §2.2]: control and format characters, soft hyphen, joiners, variation selectors. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Variation_Selector}\uFFFC]|\u034F/gu
/** Control characters that stand for a blank [RFC4518 §2.2]. */
const BLANK_CONTROLS = /[\t\n\v\f\r\u0085]/g
const BLANKS = /[\p{Z}]+/gu
/** Private use, lone surrogates, non-characters and U+FFFD, which is what broken UTF-8 becomes [RFC4518 §2.4]. */
const PROHIBITED = /[\p{Co}\p{Cs}\uFFFD\uFDD0-\uFDEF]|[\uFFFE\uFFFF]/u
const MARKS = /\p{M}+/gu
/** Letters whose stroke or ligature is no combining mark, and the two forms of the small sigma. */
const STROKED: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  đ: 'd',
  ð: 'd',
  ł: 'l',
  ħ: 'h',
  ı: 'i',
  þ: 'th',
  ς: 'σ',
}
const STROKED_LETTERS = /[ßæœøđðłħıþς]/g

/** Case and insignificant blanks taken away [RFC4518 §2]; what two equal names have in common. */
export function prepare(text: string): string {
  return isPlain(text) ? text.toLowerCase() : squeeze(mapped(text).normalize('NFKC').toLowerCase()).trim()
}

/** `prepare`, and accents gone: `Jürgen  Łuć ` → `jurgen luc`. */
export function fold(text: string): string {
  return isPlain(text) ? text.toLowerCase() : foldLoose(text).trim()
}

/** A part of a substrings assertion, folded. */
export function foldPart(text: string, part: Part): string {
  if (text === '') return ''
  const loose = foldLoose(text)
  if (part === 'initial') return loose.trimStart()
  return part === 'final' ? loose.trimEnd() : loose
}

/** The digits of a telephone number, without the trunk prefix in parentheses: `+49 (0)30 123-45` → `493012345`. */
export function digitsOf(text: string): string {
  const number = text.includes('(0)') ? text.replace('(0)', '') : text
  let digits = ''
  let from = 0
  // Copies whole runs of digits.
  for (let i = 0; i <= number.length; i++) {
    if (isDigit(number.charCodeAt(i))) continue
    if (i > from) digits += number.slice(from, i)
    from = i + 1
  }
  return digits
}

/** True for what a person may type to find a number: digits, and what stands between digits. */
export function looksLikeNumber(text: string): boolean {
  let digits = 0
  for (let i = 0; i < text.length; i++) {
    if (isDigit(text.charCodeAt(i))) digits++
    else if (!BETWEEN_DIGITS.includes(text.charAt(i))) return false
  }
  return digits > 0
}

/** True when no rule can match it: the filter item is then Undefined [RFC4518 §2.4, RFC4511 §4.5.1.7]. */
export function isProhibited(text: string): boolean {
  return !isAscii(text) && PROHIBITED.test(text)
}

/** A stored value in the form in which assertions are compared with it. */
export function normalize(rule: Rule, value: string): string {
  switch (rule) {
    case 'text':
      return fold(value)
    case 'number':
      return digitsOf(value)
    case 'oid':
      return value.toLowerCase()
    case 'dn':
      return prepare(value)
  }
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7e) return false
  return true
}

/** Printable ASCII without outer blanks and double blanks: lower case is all it needs. Nearly every text is. */
function isPlain(text: string): boolean {
  let before = BLANK
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < BLANK || unit > 0x7e || (unit === BLANK && before === BLANK)) return false
    before = unit
  }
  return before !== BLANK
}

function foldLoose(text: string): string {
  if (isPlain(text)) return text.toLowerCase()
  const lower = mapped(text).normalize('NFKD').replaceAll(MARKS, '').toLowerCase()
  return squeeze(lower.replaceAll(STROKED_LETTERS, (letter) => STROKED[letter] ?? letter))
}

function mapped(text: string): string {
  return text.replaceAll(BLANK_CONTROLS, ' ').replaceAll(INVISIBLE, '')
}

function squeeze(text: string): string {
  return text.replaceAll(BLANKS, ' ')
}
