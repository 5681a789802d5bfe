// SPDX-License-Identifier: Apache-2.0
import type { Condition, LdapEntry } from '#protocols/ldap/port'
import type { Cursor } from './cursor.ts'
import { GramIndex } from './gram-index.ts'
import { END } from './postings.ts'
import { type Branch, rdnOf } from './tree.ts'

/** An entry and who may see it. */
export interface Placed {
  readonly branch: Branch
  readonly entry: LdapEntry
  /** Empty for everybody. */
  readonly region: string
  /** The user whose personal contact it is; empty for a shared entry. */
  readonly owner: string
}

/** All entries below the branches, numbered, with the index over them. */
export class Entries {
  readonly #index = new GramIndex()
  readonly #byNumber: (Placed | undefined)[] = []
  /** Numbers given back. */
  readonly #free: number[] = []
  readonly #numbers: Readonly<Record<Branch, Map<string, number>>> = { people: new Map(), contacts: new Map() }
  #revision = 0

  get revision(): number {
    return this.#revision
  }

  get count(): number {
    return this.#byNumber.length - this.#free.length
  }

  /** Something about who sees what has changed. */
  touch(): void {
    this.#revision++
  }

  /** By its RDN in normal form. */
  get(branch: Branch, rdn: string): Placed | undefined {
    const number = this.#numbers[branch].get(rdn)
    return number === undefined ? undefined : this.#byNumber[number]
  }

  at(number: number): Placed | undefined {
    return this.#byNumber[number]
  }

  put(id: string, placed: Placed): void {
    const rdn = rdnOf(id)
    const known = this.#numbers[placed.branch].get(rdn)
    const number = known ?? this.#free.pop() ?? this.#byNumber.length
    this.#index.update(number, this.#byNumber[number]?.entry.attributes, placed.entry.attributes)
    this.#byNumber[number] = placed
    this.#numbers[placed.branch].set(rdn, number)
    this.#revision++
  }

  remove(branch: Branch, id: string): void {
    const rdn = rdnOf(id)
    const number = this.#numbers[branch].get(rdn)
    if (number === undefined) return
    this.#index.update(number, this.#byNumber[number]?.entry.attributes, undefined)
    this.#byNumber[number] = undefined
    this.#numbers[branch].delete(rdn)
    this.#free.push(number)
    this.#revision++
  }

  /** Numbers of all entries that can match, and perhaps of others. */
  select(condition: Condition): Cursor {
    return this.#index.select(condition) ?? this.#all()
  }

  #all(): Cursor {
    const entries = this.#byNumber
    return {
      get size() {
        return entries.length
      },
      seek: (target) => (target < entries.length ? target : END),
    }
  }
}
