// SPDX-License-Identifier: Apache-2.0
import type { Evaluation } from '#daemon/domain/dhcp/evaluate'
import type { LeaseAnswer, QueryKind } from '#protocols/dhcp/port'

export interface ClassCount {
  readonly class: string
  readonly type: QueryKind
  readonly count: number
}

export interface PoolCount {
  readonly subnet: string
  /** `none` where no address of a pool was at stake. */
  readonly pool: string
  readonly type: QueryKind
  /** `lease` for an OFFER or ACK, `nak`, `silent`. */
  readonly answer: LeaseAnswer['kind']
  readonly count: number
}

/** Reloads may bring new names again and again; what comes after so many is counted as `others`. */
const MOST_NAMES = 1_000

/** How often clients of each class, and of each pool, asked what since the start. Names come from the configuration. */
export class DhcpCounts {
  readonly #classes = new Map<string, Map<QueryKind, number>>()
  readonly #pools = new Map<string, { readonly subnet: string; readonly pool: string; readonly kinds: Kinds }>()

  count(type: QueryKind, { kind: answer }: LeaseAnswer, { subnet, pool = 'none', classes }: Evaluation): void {
    for (const { name, member } of classes) if (member) add(this.#ofClass(name), type)
    add(this.#ofPool(subnet, pool), `${type} ${answer}`)
  }

  byClass(): ClassCount[] {
    return [...this.#classes].flatMap(([name, types]) =>
      [...types].map(([type, count]) => ({ class: name, type, count })),
    )
  }

  byPool(): PoolCount[] {
    return [...this.#pools.values()].flatMap(({ subnet, pool, kinds }) =>
      [...kinds].map(([both, count]) => {
        const [type, answer] = both.split(' ') as [QueryKind, LeaseAnswer['kind']]
        return { subnet, pool, type, answer, count }
      }),
    )
  }

  #ofClass(name: string): Map<QueryKind, number> {
    const known = this.#classes.get(name)
    if (known) return known
    if (this.#classes.size >= MOST_NAMES && name !== OTHERS) return this.#ofClass(OTHERS)
    const fresh = new Map<QueryKind, number>()
    this.#classes.set(name, fresh)
    return fresh
  }

  #ofPool(subnet: string, pool: string): Kinds {
    const key = `${subnet}\n${pool}`
    const known = this.#pools.get(key)
    if (known) return known.kinds
    if (this.#pools.size >= MOST_NAMES && subnet !== OTHERS) return this.#ofPool(OTHERS, OTHERS)
    const kinds: Kinds = new Map()
    this.#pools.set(key, { subnet, pool, kinds })
    return kinds
  }
}

type Kinds = Map<`${QueryKind} ${LeaseAnswer['kind']}`, number>

const OTHERS = 'others'

function add<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
