// SPDX-License-Identifier: Apache-2.0
import { isBelow, parseOid } from './oid.ts'
import type { AgentPicture, Oid, ToldAlarm } from './port.ts'

export interface Snapshot {
  readonly picture: AgentPicture
  readonly rows: readonly ToldAlarm[]
}

interface Walk extends Snapshot {
  readonly until: number
}

/** Walks that are remembered at a time, and for how long since their begin, in milliseconds. */
const MAX_WALKS = 64
const WALK_LASTS = 30_000

/**
 * Keeps a table still while somebody walks through it: who asks on from inside the table, from the same port, is
 * answered from the picture that the walk began with. Everybody else gets a new one.
 */
export class Walks {
  readonly #entry: readonly number[]
  readonly #now: () => number
  readonly #walks = new Map<string, Walk>()

  /** `entry` is the table's row; `now` in milliseconds. */
  constructor(entry: Oid, now: () => number) {
    this.#entry = parseOid(entry) ?? []
    this.#now = now
  }

  /** The picture of the walk that this request goes on with. */
  recall(peer: string, asked: Oid | undefined): Snapshot | undefined {
    const walk = this.#walks.get(peer)
    if (!walk || walk.until < this.#now() || !this.#isInside(asked)) return undefined
    return walk
  }

  /** A request came near the table: the next one may be inside. */
  remember(peer: string, snapshot: Snapshot): void {
    this.#walks.delete(peer)
    this.#walks.set(peer, { ...snapshot, until: this.#now() + WALK_LASTS })
    for (const oldest of this.#walks.keys()) {
      if (this.#walks.size <= MAX_WALKS) break
      this.#walks.delete(oldest)
    }
  }

  clear(): void {
    this.#walks.clear()
  }

  /** Whether it names a cell, with column and index. */
  #isInside(asked: Oid | undefined): boolean {
    const arcs = asked === undefined ? [] : (parseOid(asked) ?? [])
    return isBelow(arcs, this.#entry) && arcs.length >= this.#entry.length + 2
  }
}
