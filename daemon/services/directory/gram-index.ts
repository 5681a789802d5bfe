// SPDX-License-Identifier: Apache-2.0
import { type Attributes, type Comparison, type Condition, normalize, type Rule } from '#protocols/ldap/port'
import { type Cursor, IntersectionCursor, ListCursor, NOTHING, UnionCursor } from './cursor.ts'
import { gramsFor, gramsOf } from './grams.ts'
import { Postings } from './postings.ts'

/** Attributes that are looked up together, as filters ask for them together or they hold the same. */
export interface IndexedSet {
  readonly attributes: readonly string[]
  readonly rule: Rule
  /** Saves memory where a search for a middle is rare. */
  readonly beginningsOnly: boolean
}

const NAMES = { rule: 'text', beginningsOnly: false } as const
const OTHERS = { rule: 'text', beginningsOnly: true } as const

export const INDEXED_SETS: readonly IndexedSet[] = [
  { attributes: ['cn', 'displayName'], ...NAMES },
  { attributes: ['sn'], ...NAMES },
  { attributes: ['givenName'], ...NAMES },
  {
    attributes: [
      ...['telephoneNumber', 'mobile', 'homePhone', 'ipPhone'],
      ...['facsimileTelephoneNumber', 'pager', 'otherTelephone'],
    ],
    rule: 'number',
    beginningsOnly: false,
  },
  { attributes: ['mail'], ...OTHERS },
  { attributes: ['uid'], ...OTHERS },
  { attributes: ['o', 'company'], ...OTHERS },
  { attributes: ['ou', 'department'], ...OTHERS },
  { attributes: ['title'], ...OTHERS },
]

/**
 * Finds entries by short pieces of their values (character trigrams and beginnings). What it finds holds the pieces
 * but may not match; what it does not find cannot match.
 */
export class GramIndex {
  readonly #sets = INDEXED_SETS.map((set) => new SetIndex(set))
  readonly #byAttribute: ReadonlyMap<string, SetIndex>

  constructor() {
    this.#byAttribute = new Map(this.#sets.flatMap((set) => set.attributes.map((name) => [name, set] as const)))
  }

  /** Replaces what is kept of an entry; undefined for an entry that was or is not there. Touches only differences. */
  update(ordinal: number, before: Attributes | undefined, after: Attributes | undefined): void {
    for (const set of this.#sets) set.update(ordinal, before, after)
  }

  /** A cursor over every entry that can match, or undefined for all entries: the index is of no help. */
  select(condition: Condition): Cursor | undefined {
    switch (condition.kind) {
      case 'and': {
        const helpful = condition.parts.map((part) => this.select(part)).filter((cursor) => cursor !== undefined)
        return helpful.length > 1 ? new IntersectionCursor(helpful) : helpful[0]
      }
      case 'or':
        return union(condition.parts.map((part) => this.select(part)))
      case 'undefined':
        return NOTHING
      case 'equal':
      case 'substrings':
        return this.#selectComparison(condition)
      default:
        return undefined
    }
  }

  #selectComparison(comparison: Comparison): Cursor | undefined {
    const sets = new Set(comparison.attributes.map((name) => this.#byAttribute.get(name)))
    return union([...sets].map((set) => set?.select(comparison)))
  }
}

/** Undefined when one of them is of no help. */
function union(cursors: readonly (Cursor | undefined)[]): Cursor | undefined {
  const known = cursors.filter((cursor) => cursor !== undefined)
  if (known.length < cursors.length) return undefined
  return known.length === 1 ? known[0] : new UnionCursor(known)
}

/** The lists of one set of attributes, by piece. */
class SetIndex {
  readonly #set: IndexedSet
  readonly #lists = new Map<string, Postings>()

  constructor(set: IndexedSet) {
    this.#set = set
  }

  get attributes(): readonly string[] {
    return this.#set.attributes
  }

  update(ordinal: number, before: Attributes | undefined, after: Attributes | undefined): void {
    const old = this.#grams(before)
    const fresh = this.#grams(after)
    for (const gram of old) if (!fresh.has(gram)) this.#remove(gram, ordinal)
    for (const gram of fresh) if (!old.has(gram)) this.#add(gram, ordinal)
  }

  select(comparison: Comparison): Cursor | undefined {
    if (comparison.rule !== this.#set.rule) return undefined
    const grams = gramsFor(comparison, this.#set.beginningsOnly)
    if (grams.length === 0) return undefined
    const lists = grams.map((gram) => this.#lists.get(gram)).filter((list) => list !== undefined)
    if (lists.length < grams.length) return NOTHING
    const cursors = [...new Set(lists)].map((list) => new ListCursor(list))
    return cursors.length === 1 ? cursors[0] : new IntersectionCursor(cursors)
  }

  #add(gram: string, ordinal: number): void {
    let list = this.#lists.get(gram)
    if (!list) {
      list = new Postings()
      this.#lists.set(gram, list)
    }
    list.add(ordinal)
  }

  #remove(gram: string, ordinal: number): void {
    const list = this.#lists.get(gram)
    list?.remove(ordinal)
    if (list?.length === 0) this.#lists.delete(gram)
  }

  #grams(attributes: Attributes | undefined): Set<string> {
    const grams = new Set<string>()
    if (!attributes) return grams
    const { rule, beginningsOnly } = this.#set
    for (const name of this.#set.attributes) {
      const values = attributes[name]
      if (values === undefined) continue
      for (const value of typeof values === 'string' ? [values] : values) {
        for (const gram of gramsOf(normalize(rule, value), beginningsOnly)) grams.add(gram)
      }
    }
    return grams
  }
}
