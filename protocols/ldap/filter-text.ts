// SPDX-License-Identifier: Apache-2.0
import { FILTER_DEPTH } from './codec-filter.ts'
import type { Filter } from './filter.ts'

const ASSERTIONS = { '=': 'equal', '~=': 'approx', '>=': 'greaterOrEqual', '<=': 'lessOrEqual' } as const

/**
 * Reads the string form of a filter [RFC4515 §3], as phones are configured with one. Undefined when it is not one, or
 * is nested deeper than the server would take it.
 */
export function parseFilter(text: string): Filter | undefined {
  const input = new FilterText(text.trim())
  const filter = input.filter(0)
  return input.atEnd ? filter : undefined
}

/** A value as it may stand in a filter [RFC4515 §3]. */
export function escapeFilterValue(value: string): string {
  return value.replaceAll(/[\0()*\\]/g, (char) => `\\${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

class FilterText {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get atEnd(): boolean {
    return this.#at === this.#text.length
  }

  filter(depth: number): Filter | undefined {
    if (depth > FILTER_DEPTH || !this.#take('(')) return undefined
    const filter = this.#inner(depth)
    return filter && this.#take(')') ? filter : undefined
  }

  #inner(depth: number): Filter | undefined {
    if (this.#take('&')) return this.#list('and', depth)
    if (this.#take('|')) return this.#list('or', depth)
    if (!this.#take('!')) return this.#item()
    const filter = this.filter(depth + 1)
    return filter && { kind: 'not', filter }
  }

  #list(kind: 'and' | 'or', depth: number): Filter | undefined {
    const filters: Filter[] = []
    while (this.#text[this.#at] === '(') {
      const filter = this.filter(depth + 1)
      if (!filter) return undefined
      filters.push(filter)
    }
    return { kind, filters }
  }

  #item(): Filter | undefined {
    const pattern = /([\w.-]+(?:;[\w.;-]+)?)(=|~=|>=|<=)([^()]*)|([\w.;-]*)(:dn)?(?::([\w.-]+))?:=([^()]*)/iy
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (!match) return undefined
    this.#at = pattern.lastIndex
    const [, attribute = '', sign, raw = '', described, dn, rule, value] = match
    if (value !== undefined) {
      const text = unescaped(value)
      if (text === undefined || (!described && !rule)) return undefined
      return {
        kind: 'extensible',
        rule,
        attribute: described || undefined,
        value: text,
        dnAttributes: dn !== undefined,
      }
    }
    return sign === '=' ? equality(attribute, raw) : assertion(attribute, sign as keyof typeof ASSERTIONS, raw)
  }

  #take(char: string): boolean {
    if (this.#text[this.#at] !== char) return false
    this.#at++
    return true
  }
}

/** Presence, substrings or equality, by the asterisks that are not escaped. */
function equality(attribute: string, raw: string): Filter | undefined {
  if (raw === '*') return { kind: 'present', attribute }
  if (!raw.includes('*')) return assertion(attribute, '=', raw)
  const parts = raw.split('*').map(unescaped)
  if (parts.includes(undefined)) return undefined
  const texts = parts as string[]
  const [initial, final] = [texts[0] || undefined, texts.at(-1) || undefined]
  const any = texts.slice(1, -1).filter((part) => part !== '')
  const none = initial === undefined && any.length === 0 && final === undefined
  return none ? { kind: 'present', attribute } : { kind: 'substrings', attribute, initial, any, final }
}

function assertion(attribute: string, sign: keyof typeof ASSERTIONS, raw: string): Filter | undefined {
  const value = unescaped(raw)
  return value === undefined ? undefined : { kind: ASSERTIONS[sign], attribute, value }
}

/** `\2a` → `*`; undefined for a backslash that escapes nothing. */
function unescaped(text: string): string | undefined {
  if (!text.includes('\\')) return text
  if (/\\(?![0-9a-f]{2})/i.test(text)) return undefined
  const bytes = text.replaceAll(/(?:\\[0-9a-f]{2})+/gi, (hex) =>
    Buffer.from(hex.replaceAll('\\', ''), 'hex').toString('utf8'),
  )
  return bytes
}
