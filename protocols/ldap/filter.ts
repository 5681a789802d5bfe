// SPDX-License-Identifier: Apache-2.0
import { digitsOf, fold, foldPart, isProhibited, looksLikeNumber, normalize, prepare, type Rule } from './matching.ts'
import { type AttributeType, describedTypes, objectClassName } from './schema.ts'

/** A filter as it was sent [RFC4511 §4.5.1.7]. */
export type Filter =
  | { readonly kind: 'and' | 'or'; readonly filters: readonly Filter[] }
  | { readonly kind: 'not'; readonly filter: Filter }
  | { readonly kind: 'present'; readonly attribute: string }
  | {
      readonly kind: 'equal' | 'greaterOrEqual' | 'lessOrEqual' | 'approx'
      readonly attribute: string
      readonly value: string
    }
  | {
      readonly kind: 'substrings'
      readonly attribute: string
      readonly initial: string | undefined
      readonly any: readonly string[]
      readonly final: string | undefined
    }
  | {
      readonly kind: 'extensible'
      readonly rule: string | undefined
      readonly attribute: string | undefined
      readonly value: string
      readonly dnAttributes: boolean
    }

/** Attributes by the names of `schema.ts`; a single value needs no list. */
export type Attributes = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * A filter made ready: attributes by their canonical names, values in the form in which they are compared. An item
 * that is Undefined for every entry is `undefined`.
 */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition }
  | { readonly kind: 'undefined' }
  | { readonly kind: 'present'; readonly attributes: readonly string[] }
  | Comparison

/** Compares the values of some attributes with a text or its parts. */
export type Comparison =
  | (Target & { readonly kind: 'equal' | 'atLeast' | 'atMost'; readonly value: string })
  | (Target & Substrings & { readonly kind: 'substrings' })

interface Target {
  readonly attributes: readonly string[]
  readonly rule: Rule
}

/** Empty texts stand for parts that were not given. */
interface Substrings {
  readonly initial: string
  readonly any: readonly string[]
  readonly final: string
}

const UNDEFINED: Condition = { kind: 'undefined' }

/** Looks up attributes and prepares values once, before thousands of entries are asked. */
export function compile(filter: Filter): Condition {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return { kind: filter.kind, parts: filter.filters.map(compile) }
    case 'not':
      return { kind: 'not', part: compile(filter.filter) }
    case 'extensible':
      return UNDEFINED // no extensible match is offered
  }
  const types = describedTypes(filter.attribute)
  if (!types) return UNDEFINED
  const attributes = namesOf(types)
  if (filter.kind === 'present') return { kind: 'present', attributes }
  const rule = types[0]?.rule ?? 'text'
  if (filter.kind === 'substrings') return compileSubstrings(filter, attributes, rule)
  if (filter.value === '' || isProhibited(filter.value)) return UNDEFINED
  if (filter.kind === 'greaterOrEqual' || filter.kind === 'lessOrEqual') {
    if (rule !== 'text') return UNDEFINED // telephone numbers and names have no order [RFC4519 §2]
    const kind = filter.kind === 'greaterOrEqual' ? 'atLeast' : 'atMost'
    return { kind, attributes, rule, value: fold(filter.value) }
  }
  return compileEqual(filter.value, attributes, rule)
}

function compileEqual(value: string, attributes: readonly string[], rule: Rule): Condition {
  switch (rule) {
    case 'number': // letters are never part of a number, but of an address in `ipPhone`
      if (looksLikeNumber(value)) return { kind: 'equal', attributes, rule, value: digitsOf(value) }
      return { kind: 'equal', attributes, rule: 'text', value: fold(value) }
    case 'oid': {
      if (!attributes.includes('objectClass')) return { kind: 'equal', attributes, rule, value: value.toLowerCase() }
      const name = objectClassName(value)
      return name ? { kind: 'equal', attributes, rule, value: name.toLowerCase() } : UNDEFINED
    }
    default:
      return { kind: 'equal', attributes, rule, value: rule === 'dn' ? prepare(value) : fold(value) }
  }
}

function compileSubstrings(
  { initial = '', any, final = '' }: Filter & { kind: 'substrings' },
  attributes: readonly string[],
  rule: Rule,
): Condition {
  if (rule === 'oid' || rule === 'dn') return UNDEFINED
  const given = [initial, ...any, final].filter((part) => part !== '')
  if (given.length === 0 || given.some(isProhibited)) return UNDEFINED
  if (rule === 'number' && given.every(looksLikeNumber)) {
    return substrings(attributes, rule, digitsOf(initial), any.map(digitsOf), digitsOf(final))
  }
  const middles = any.map((part) => foldPart(part, 'any'))
  return substrings(attributes, 'text', foldPart(initial, 'initial'), middles, foldPart(final, 'final'))
}

function substrings(
  attributes: readonly string[],
  rule: Rule,
  initial: string,
  any: readonly string[],
  final: string,
): Condition {
  return { kind: 'substrings', attributes, rule, initial, any, final }
}

function namesOf(types: readonly AttributeType[]): string[] {
  return types.map(({ names }) => names[0])
}

/** Three-valued: undefined is the standard's Undefined, and only true selects an entry [RFC4511 §4.5.1.7]. */
export function evaluate(condition: Condition, attributes: Attributes): boolean | undefined {
  switch (condition.kind) {
    case 'and':
      return all(condition.parts, attributes, false)
    case 'or':
      return all(condition.parts, attributes, true)
    case 'not': {
      const result = evaluate(condition.part, attributes)
      return result === undefined ? undefined : !result
    }
    case 'undefined':
      return undefined
    case 'present':
      return condition.attributes.some((name) => attributes[name] !== undefined)
    default:
      return anyHolds(condition, attributes)
  }
}

/** One value of one attribute is enough; an attribute that is not there is False [X.511 §7.8.2]. */
function anyHolds(comparison: Comparison, attributes: Attributes): boolean {
  for (const name of comparison.attributes) {
    const values = attributes[name]
    if (values === undefined) continue
    if (typeof values === 'string') {
      if (holds(comparison, normalize(comparison.rule, values))) return true
    } else if (values.some((value) => holds(comparison, normalize(comparison.rule, value)))) return true
  }
  return false
}

/** The value that decides (false for and, true for or), else Undefined if any part is, else the other value. */
function all(parts: readonly Condition[], attributes: Attributes, decisive: boolean): boolean | undefined {
  let result: boolean | undefined = !decisive
  for (const part of parts) {
    const value = evaluate(part, attributes)
    if (value === decisive) return decisive
    if (value === undefined) result = undefined
  }
  return result
}

/** `value` is normalized by the comparison's rule. */
function holds(comparison: Comparison, value: string): boolean {
  switch (comparison.kind) {
    case 'equal':
      return value === comparison.value
    case 'atLeast':
      return value >= comparison.value
    case 'atMost':
      return value <= comparison.value
    default:
      return hasParts(comparison, value)
  }
}

/** The parts occur in this order and do not overlap [RFC4511 §4.5.1.7.2]. */
function hasParts({ initial, any, final }: Substrings, value: string): boolean {
  if (!value.startsWith(initial)) return false
  let at = initial.length
  for (const part of any) {
    const found = value.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return value.length - at >= final.length && value.endsWith(final)
}
