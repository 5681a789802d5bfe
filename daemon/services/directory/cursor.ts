// SPDX-License-Identifier: Apache-2.0
import { END, type Postings } from './postings.ts'

/**
 * Walks upwards over numbers of entries. Nothing is copied and nothing is remembered but a place, so lists may change
 * between two steps: what stays in them all the time is found, once.
 */
export interface Cursor {
  /** The first number that is not below `target`, or END. Targets never fall. */
  seek(target: number): number
  /** How many numbers there are at most. */
  readonly size: number
}

export const NOTHING: Cursor = { size: 0, seek: () => END }

/** Steps tried one by one before jumping. */
const NEAR = 8

/** The numbers of one list. */
export class ListCursor implements Cursor {
  readonly #list: Postings
  #at = 0

  constructor(list: Postings) {
    this.#list = list
  }

  get size(): number {
    return this.#list.length
  }

  seek(target: number): number {
    const list = this.#list
    // The place is right unless the list changed before it.
    if (this.#at > 0 && list.at(this.#at - 1) >= target) this.#at = list.lowerBound(target)
    for (let i = 0; i < NEAR; i++) {
      const found = list.at(this.#at)
      if (found >= target) return found
      this.#at++
    }
    this.#at = list.lowerBound(target)
    return list.at(this.#at)
  }
}

/** The numbers that are in any of several. */
export class UnionCursor implements Cursor {
  readonly #cursors: readonly Cursor[]
  /** The last answer of each cursor. */
  readonly #heads: Int32Array
  readonly size: number

  constructor(cursors: readonly Cursor[]) {
    this.#cursors = cursors
    this.#heads = new Int32Array(cursors.length).fill(-1)
    this.size = cursors.reduce((sum, cursor) => sum + cursor.size, 0)
  }

  seek(target: number): number {
    let least = END
    for (let i = 0; i < this.#heads.length; i++) {
      let head = this.#heads[i] ?? END
      if (head < target) {
        head = this.#cursors[i]?.seek(target) ?? END
        this.#heads[i] = head
      }
      if (head < least) least = head
    }
    return least
  }
}

/** The numbers that are in all of several: the shortest leads, the others say how far it may jump. */
export class IntersectionCursor implements Cursor {
  readonly #cursors: readonly Cursor[]
  readonly size: number

  constructor(cursors: readonly Cursor[]) {
    this.#cursors = cursors.toSorted((a, b) => a.size - b.size)
    this.size = this.#cursors[0]?.size ?? 0
  }

  seek(target: number): number {
    let wanted = target
    for (let agreed = 0; agreed < this.#cursors.length; ) {
      agreed = 0
      for (const cursor of this.#cursors) {
        const found = cursor.seek(wanted)
        if (found === END) return END
        if (found !== wanted) {
          wanted = found
          break
        }
        agreed++
      }
    }
    return wanted
  }
}
