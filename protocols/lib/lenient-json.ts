// SPDX-License-Identifier: Apache-2.0

/** Takes one member of an object. A value that is no string comes as text; `cut`: its end may be missing. */
export type TakeMember = (key: string, value: string, cut: boolean) => void

/** Members read; no phone sends a quarter of it. */
const MEMBER_LIMIT = 256
/** Levels of arrays and objects kept inside a value. */
const DEPTH_LIMIT = 8
const HEX4 = /^[0-9a-f]{4}$/i
const ESCAPED: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  '"': '"',
  '\\': '\\',
  '/': '/',
}

/**
 * Reads the members of a JSON object that its sender put together by hand: commas may be missing, doubled or
 * trailing; strings may hold raw control characters, lone quotes and backslashes, or lack a quote of their own; bare
 * words may stand for strings; the end may be cut off; anything may stand before the object and follow it.
 *
 * Time is linear in the length of the text, and nothing recurses. Returns `none` when there is no object at all,
 * `cut` when its end is missing. Throws nothing of its own.
 */
export function scanObject(text: string, take: TakeMember): 'whole' | 'cut' | 'none' {
  const start = text.indexOf('{')
  return start < 0 ? 'none' : new Scanner(text, start + 1).object(take)
}

/** What to do with each object of a list; undefined: enough of them were taken. */
export type TakeObject = () => TakeMember | undefined

/**
 * As scanObject, and where a top-level member that `isList` names holds an array, its objects are read in the same
 * lenient way: each asks `next` once.
 */
export function scanObjectWithList(
  text: string,
  take: TakeMember,
  isList: (key: string) => boolean,
  next: TakeObject,
): 'whole' | 'cut' | 'none' {
  const start = text.indexOf('{')
  return start < 0 ? 'none' : new Scanner(text, start + 1).object(take, { isList, next })
}

interface Lists {
  readonly isList: (key: string) => boolean
  readonly next: TakeObject
}

class Scanner {
  readonly #text: string
  #at: number
  /** A quote that begins the next member, where the one that should end this value is missing. */
  readonly #nextMember = /"[\w.-]{1,64}"[ \t]{0,8}:/y
  /** The end of the text came before the end of a value. */
  #cut = false

  constructor(text: string, at: number) {
    this.#text = text
    this.#at = at
  }

  object(take: TakeMember, lists?: Lists): 'whole' | 'cut' {
    for (let members = 0; members < MEMBER_LIMIT; ) {
      this.#skipBlanks(',')
      const next = this.#peek()
      if (next === '') return 'cut'
      if (next === '}') break
      const key = this.#key()
      this.#skipBlanks()
      // A word that is no key: what follows it may be one.
      if (this.#peek() !== ':') continue
      this.#at++
      this.#skipBlanks()
      members++
      if ('[{'.includes(this.#peek()) && lists?.isList(key)) {
        this.#list(lists.next)
        continue
      }
      const value = this.#value()
      take(key, value, this.#cut)
    }
    return 'whole'
  }

  /** The objects of an array, or one without brackets; whatever else stands between them is passed over. */
  #list(next: TakeObject): void {
    if (this.#peek() === '{') {
      this.#at++
      this.object(next() ?? (() => {}))
      if (this.#peek() === '}') this.#at++
      return
    }
    for (this.#at++; this.#at < this.#text.length; this.#at++) {
      const char = this.#peek()
      if (char === ']') {
        this.#at++
        return
      }
      if (char !== '{') continue
      this.#at++
      // Ends at its closing brace, which the loop passes over, or at the end of the text.
      this.object(next() ?? (() => {}))
    }
    this.#cut = true
  }

  #peek(): string {
    return this.#text.charAt(this.#at)
  }

  /** Passes over control characters, blanks and `also`. */
  #skipBlanks(also = ''): void {
    while (this.#at < this.#text.length && (isBlank(this.#text, this.#at) || this.#peek() === also)) this.#at++
  }

  /** A quoted or bare word, with either quote possibly missing. Always moves on. */
  #key(): string {
    const begin = this.#at
    const quoted = this.#peek() === '"'
    if (quoted) this.#at++
    const from = this.#at
    while (this.#at < this.#text.length && !'":,{}[]'.includes(this.#peek())) this.#at++
    const key = this.#text.slice(from, this.#at)
    if (this.#peek() === '"' && (quoted || key !== '')) this.#at++
    if (this.#at === begin) this.#at++
    return key
  }

  #value(): string {
    switch (this.#peek()) {
      case '"':
        return this.#string()
      case '{':
      case '[':
        return this.#nested()
      default:
        return this.#bare()
    }
  }

  #bare(): string {
    const from = this.#at
    while (this.#at < this.#text.length && !',}]"\r\n'.includes(this.#peek())) this.#at++
    this.#cut = this.#at >= this.#text.length
    const word = this.#text.slice(from, this.#at)
    return word.trim() === 'null' ? '' : word
  }

  #string(): string {
    let value = ''
    let from = ++this.#at
    while (this.#at < this.#text.length) {
      const char = this.#peek()
      if (char === '\\') {
        value += this.#text.slice(from, this.#at) + this.#escape()
        from = this.#at
      } else if (char !== '"') this.#at++
      else if (this.#keyAhead()) return withoutSeparators(value + this.#text.slice(from, this.#at))
      else if (this.#endsString()) return value + this.#text.slice(from, this.#at++)
      else this.#at++
    }
    // Either the end is cut off, or only the quote before the closing brace is missing.
    const rest = this.#text.slice(from).trimEnd()
    this.#cut = !rest.endsWith('}')
    return value + (this.#cut ? rest : rest.slice(0, -1))
  }

  /** Moves behind an escape and gives its meaning; a backslash that begins none stands for itself. */
  #escape(): string {
    const letter = this.#text.charAt(this.#at + 1)
    const digits = this.#text.slice(this.#at + 2, this.#at + 6)
    if (letter === 'u' && HEX4.test(digits)) {
      this.#at += 6
      return String.fromCharCode(Number.parseInt(digits, 16))
    }
    const meant = ESCAPED[letter]
    this.#at += meant === undefined ? 1 : 2
    return meant ?? '\\'
  }

  #keyAhead(): boolean {
    this.#nextMember.lastIndex = this.#at
    return this.#nextMember.test(this.#text)
  }

  /** A quote ends its string when what follows could not stand inside one; others are part of it. */
  #endsString(): boolean {
    let next = this.#at + 1
    while (next < this.#text.length && isBlank(this.#text, next)) next++
    return next >= this.#text.length || ',}]"'.includes(this.#text.charAt(next))
  }

  /** An array or object as its JSON text, empty when it is deeper than anyone means. */
  #nested(): string {
    const from = this.#at
    let depth = 0
    let deepest = 0
    let quoted = false
    for (; this.#at < this.#text.length; this.#at++) {
      const char = this.#peek()
      if (quoted) {
        if (char === '\\') this.#at++
        else if (char === '"') quoted = false
      } else if (char === '"') quoted = true
      else if (char === '{' || char === '[') deepest = Math.max(deepest, ++depth)
      else if ((char === '}' || char === ']') && --depth === 0) {
        this.#at++
        return deepest > DEPTH_LIMIT ? '' : this.#text.slice(from, this.#at)
      }
    }
    this.#cut = true
    return ''
  }
}

function isBlank(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code <= 0x20 || code === 0x7f || code === 0xfeff || code === 0xa0
}

/** Drops the commas and blanks at the end, from the end (a pattern would look at a long run again and again). */
function withoutSeparators(value: string): string {
  let end = value.length
  while (end > 0 && (isBlank(value, end - 1) || value.charAt(end - 1) === ',')) end--
  return value.slice(0, end)
}
