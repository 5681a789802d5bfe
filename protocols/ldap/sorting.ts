// SPDX-License-Identifier: Apache-2.0
import type { SortKey } from './controls.ts'
import { normalize, type Rule } from './matching.ts'
import { RESULT } from './messages.ts'
import type { LdapEntry } from './port.ts'
import { attributeType } from './schema.ts'

/** Rules by which a client may ask for the order [RFC2891 §1.1]; all of them are how we order anyway. */
const ORDERING_RULES = ['2.5.13.3', 'caseignoreorderingmatch', '2.5.13.2', 'caseignorematch']

/** Rows sorted or merged in one go: well below a millisecond. */
const STRIDE = 1_024

export interface Key {
  readonly attribute: string
  readonly rule: Rule
  readonly reverse: boolean
}

export type Order =
  | { readonly kind: 'order'; readonly keys: readonly Key[] }
  /** A key that we cannot sort by, and the result code that says why. */
  | { readonly kind: 'refuse'; readonly code: number; readonly attribute: string }

export function orderOf(wanted: readonly SortKey[]): Order {
  const keys: Key[] = []
  for (const { attribute, rule, reverse } of wanted) {
    const type = attributeType(attribute)
    if (!type) return { kind: 'refuse', code: RESULT.noSuchAttribute, attribute }
    if (rule !== undefined && !ORDERING_RULES.includes(rule.toLowerCase())) {
      return { kind: 'refuse', code: RESULT.inappropriateMatching, attribute }
    }
    keys.push({ attribute: type.names[0], rule: type.rule, reverse })
  }
  return { kind: 'order', keys }
}

/** An entry and its values for the keys; undefined where it has none. */
export interface Row {
  readonly entry: LdapEntry
  readonly values: readonly (string | undefined)[]
}

export function rowOf(entry: LdapEntry, keys: readonly Key[]): Row {
  return { entry, values: keys.map((key) => smallest(entry, key)) }
}

/** Of several values the smallest one counts [RFC2891 §2.2]. */
function smallest(entry: LdapEntry, { attribute, rule }: Key): string | undefined {
  const values = entry.attributes[attribute]
  if (values === undefined) return undefined
  if (typeof values === 'string') return normalize(rule, values)
  return values.map((value) => normalize(rule, value)).sort()[0]
}

/** A missing value is the largest one, so that reversing puts it first [RFC2891 §2.2]. */
function comparator(keys: readonly Key[]): (a: Row, b: Row) => number {
  return (a, b) => {
    for (let i = 0; i < keys.length; i++) {
      const order = compare(a.values[i], b.values[i])
      if (order !== 0) return keys[i]?.reverse ? -order : order
    }
    return 0
  }
}

function compare(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0
  if (a === undefined) return 1
  if (b === undefined) return -1
  return a < b ? -1 : 1
}

/** Where `value` would stand in a list in order of `keys`: the first entry not before it, counted from 0. */
export function positionOf(value: string, list: readonly LdapEntry[], keys: readonly Key[]): number {
  const [key] = keys
  if (!key) return 0
  const wanted = normalize(key.rule, value)
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const order = compare(smallest(list[middle] as LdapEntry, key), wanted)
    if ((key.reverse ? -order : order) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** A stable merge sort that pauses between strides, so that a long list holds nobody up. Gives back a new list. */
export function* sortInStrides(rows: readonly Row[], keys: readonly Key[]): Generator<undefined, Row[]> {
  const order = comparator(keys)
  let runs: Row[][] = []
  for (let i = 0; i < rows.length; i += STRIDE) {
    runs.push(rows.slice(i, i + STRIDE).sort(order))
    yield undefined
  }
  while (runs.length > 1) {
    const longer: Row[][] = []
    for (let i = 0; i < runs.length; i += 2) {
      const [left = [], right = []] = [runs[i], runs[i + 1]]
      longer.push(yield* merge(left, right, order))
    }
    runs = longer
  }
  return runs[0] ?? []
}

function* merge(left: Row[], right: Row[], order: (a: Row, b: Row) => number): Generator<undefined, Row[]> {
  const merged: Row[] = []
  let l = 0
  let r = 0
  for (let a = left[0], b = right[0]; a && b; ) {
    if (order(a, b) <= 0) {
      merged.push(a)
      a = left[++l]
    } else {
      merged.push(b)
      b = right[++r]
    }
    if (merged.length % STRIDE === 0) yield undefined
  }
  for (; l < left.length; l++) merged.push(left[l] as Row)
  for (; r < right.length; r++) merged.push(right[r] as Row)
  return merged
}
