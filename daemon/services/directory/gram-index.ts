// SPDX-License-Identifier: Apache-2.0
import { type Attributes, type Comparison, type Condition, normalize, type Rule } from '#protocols/ldap/port'
import { type Cursor, IntersectionCursor, ListCursor, NOTHING, UnionCursor } from './cursor.ts'
import { type Cut, eachGram, gramsFor } from './grams.ts'
import { Postings } from './postings.ts'

/** Attributes that are looked up together, as filters ask for them together or they hold the same. */
interface IndexedSet {
  readonly attributes: readonly string[]
  readonly rule: Rule
  readonly cut: Cut
}

const NAME = { rule: 'text', cut: { length: 3, beginningsOnly: false } } as const
const NUMBER = { rule: 'number', cut: { length: 4, beginningsOnly: false } } as const
const OTHER = { rule: 'text', cut: { length: 3, beginningsOnly: true } } as const

const INDEXED_SETS: readonly IndexedSet[] = [
  { attributes: ['cn', 'displayName'], ...NAME },
  { attributes: ['sn'], ...NAME },
  { attributes: ['givenName'], ...NAME },
  {
    attributes: [
      ...['telephoneNumber', 'mobile', 'homePhone', 'ipPhone'],
      ...['facsimileTelephoneNumber', 'pager', 'otherTelephone'],
    ],
    ...NUMBER,
  },
  { attributes: ['mail'], ...OTHER },
  { attributes: ['uid'], ...OTHER },
  { attributes: ['o', 'company'], ...OTHER },
  { attributes: ['ou', 'department'], ...OTHER },
  { attributes: ['title'], ...OTHER },
]

/** Lists of one lookup that are intersected. */
const TELLING_LISTS = 3

/**
 * Finds entries by pieces of their values (beginnings and character n-grams). What it finds holds the pieces but may
 * not match; what it does not find cannot match.
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
        return this.#union(condition.parts)
      case 'equal':
      case 'substrings':
        return this.#union([condition])
      case 'undefined':
        return NOTHING
      default:
        return undefined
    }
  }

  /** A number filter names six attributes and one number: that is one lookup, not six. */
  #union(parts: readonly Condition[]): Cursor | undefined {
    const cursors = new Map<string, Cursor>()
    for (const [place, part] of parts.entries()) {
      if (part.kind !== 'equal' && part.kind !== 'substrings') {
        const cursor = this.select(part)
        if (!cursor) return undefined
        cursors.set(`${place}`, cursor)
        continue
      }
      for (const attribute of part.attributes) {
        const set = this.#byAttribute.get(attribute)
        const key = `${set?.attributes[0]} ${questionOf(part)}`
        const cursor = cursors.get(key) ?? set?.find(part)
        if (!cursor) return undefined
        cursors.set(key, cursor)
      }
    }
    const distinct = [...cursors.values()]
    return distinct.length === 1 ? distinct[0] : new UnionCursor(distinct)
  }
}

/** Equal for comparisons that ask the same of different attributes. */
function questionOf(comparison: Comparison): string {
  if (comparison.kind !== 'substrings') return `${comparison.kind} ${comparison.value}`
  return [comparison.initial, ...comparison.any, comparison.final].join('*')
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
    if (!before) this.#each(after, (gram) => this.#add(gram, ordinal))
    else if (!after) this.#each(before, (gram) => this.#remove(gram, ordinal))
    else {
      const [old, fresh] = [this.#grams(before), this.#grams(after)]
      for (const gram of old) if (!fresh.has(gram)) this.#remove(gram, ordinal)
      for (const gram of fresh) if (!old.has(gram)) this.#add(gram, ordinal)
    }
  }

  /** Undefined when every entry can match. The shortest lists together leave few wrong ones, and longer ones cost. */
  find(comparison: Comparison): Cursor | undefined {
    if (comparison.rule !== this.#set.rule) return undefined
    const grams = gramsFor(comparison, this.#set.cut)
    if (grams.size === 0) return undefined
    const lists: Postings[] = []
    for (const gram of grams) {
      const list = this.#lists.get(gram)
      if (!list) return NOTHING
      lists.push(list)
    }
    const shortest = lists.sort((a, b) => a.length - b.length).slice(0, TELLING_LISTS)
    const [first = NOTHING, ...more] = shortest.map((list) => new ListCursor(list))
    return more.length === 0 ? first : new IntersectionCursor([first, ...more])
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

  #grams(attributes: Attributes): Set<string> {
    const grams = new Set<string>()
    this.#each(attributes, (gram) => grams.add(gram))
    return grams
  }

  #each(attributes: Attributes | undefined, tell: (gram: string) => void): void {
    if (!attributes) return
    const { rule, cut } = this.#set
    for (const name of this.#set.attributes) {
      const values = attributes[name]
      if (typeof values === 'string') eachGram(normalize(rule, values), cut, tell)
      else for (const value of values ?? []) eachGram(normalize(rule, value), cut, tell)
    }
  }
}
