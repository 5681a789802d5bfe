// SPDX-License-Identifier: Apache-2.0
import type { Condition } from '#daemon/domain/dhcp/model'

/** What is looked at in a message; where it came from is settled before, as each subnet has its own export. */
export type Test = Exclude<Condition, { kind: 'all' | 'any' | 'not' | 'subnet' }>

/** A condition whose negations stand at single tests only, as few servers can turn a whole one round. */
export type Formula =
  | { readonly kind: 'test'; readonly test: Test; readonly negated: boolean }
  | { readonly kind: 'all' | 'any'; readonly of: readonly Formula[] }

export type Literal = Extract<Formula, { kind: 'test' }>

const ALWAYS: Formula = { kind: 'all', of: [] }
const NEVER: Formula = { kind: 'any', of: [] }
/** Longer sums of products nobody reads, and a hostile configuration could make endless. */
const MOST_TERMS = 64

/** The condition as it stands for clients of one subnet. */
export function formulaOf(condition: Condition, subnet: string, negated = false): Formula {
  switch (condition.kind) {
    case 'not':
      return formulaOf(condition.of, subnet, !negated)
    case 'all':
    case 'any': {
      const of = condition.of.map((one) => formulaOf(one, subnet, negated))
      return joined((condition.kind === 'all') === negated ? 'any' : 'all', of)
    }
    case 'subnet':
      return (condition.name === subnet) === negated ? NEVER : ALWAYS
    default:
      return { kind: 'test', test: condition, negated }
  }
}

export function joined(kind: 'all' | 'any', parts: readonly Formula[]): Formula {
  const flat = parts.flatMap((one) => (one.kind === kind ? one.of : [one]))
  // An empty `all` always holds, an empty `any` never does: one of the other kind settles it.
  if (flat.some((one) => one.kind !== 'test' && one.of.length === 0)) return kind === 'all' ? NEVER : ALWAYS
  const [first] = flat
  return flat.length === 1 && first ? first : { kind, of: flat }
}

export function isNever(formula: Formula): boolean {
  return formula.kind === 'any' && formula.of.length === 0
}

/** As a text of a server's language; undefined if one of the tests cannot be written in it. */
export function written(
  formula: Formula,
  words: { readonly all: string; readonly any: string; readonly always: string; readonly never: string },
  literal: (one: Literal) => string | undefined,
): string | undefined {
  if (formula.kind === 'test') return literal(formula)
  if (formula.of.length === 0) return formula.kind === 'all' ? words.always : words.never
  const parts = formula.of.map((one) => written(one, words, literal))
  return parts.includes(undefined) ? undefined : `(${parts.join(words[formula.kind])})`
}

/** One of these lists of tests must hold as a whole; undefined if there are too many. */
export function alternatives(formula: Formula): Literal[][] | undefined {
  if (formula.kind === 'test') return [[formula]]
  let terms: Literal[][] = formula.kind === 'all' ? [[]] : []
  for (const one of formula.of) {
    const more = alternatives(one)
    if (!more) return undefined
    terms = formula.kind === 'any' ? [...terms, ...more] : terms.flatMap((term) => more.map((and) => [...term, ...and]))
    if (terms.length > MOST_TERMS) return undefined
  }
  return terms
}

/** Every beginning of whole bytes that the hex digits of a `mac` test stand for, e.g. `0` for `00` to `0f`. */
export function macBeginnings(prefix: string): string[] {
  return prefix.length % 2 === 0 ? [prefix] : [...'0123456789abcdef'].map((digit) => prefix + digit)
}
