// SPDX-License-Identifier: Apache-2.0
import type { WireVarbind } from './messages.ts'
import { ACTIVE_COUNT, BRANCH, COLUMNS, FLEET, named, TABLE, type Value } from './objects.ts'
import { compareArcs, isBelow, parseOid } from './oid.ts'
import type { AgentPicture, Oid, ToldAlarm } from './port.ts'

type Arcs = readonly number[]

/** An object with one instance, `.0`. */
interface ScalarNode {
  readonly arcs: Arcs
  readonly value: () => Value
}

export interface Found {
  readonly arcs: Arcs
  readonly varbind: WireVarbind
}

/** The rows of the active alarm table in their order; made once for each list of alarms. */
export function rowsOf(alarms: readonly ToldAlarm[]): readonly ToldAlarm[] {
  return alarms.toSorted((a, b) => a.index - b.index)
}

/** A scalar that stands elsewhere than in OFFHOOK-MIB. */
export interface OtherScalar {
  /** Without the `.0`. */
  readonly oid: Oid
  readonly value: () => Value
}

/** All that can be read, in lexicographic order, of one picture of the appliance. */
export class View {
  readonly #before: readonly ScalarNode[]
  readonly #after: readonly ScalarNode[]
  readonly #entry: Arcs
  readonly #rows: readonly ToldAlarm[]

  constructor(arc: Oid, picture: AgentPicture, rows: readonly ToldAlarm[], others: readonly OtherScalar[]) {
    const own = [
      ...FLEET.map((one) => ({ oid: `${arc}.${BRANCH.fleet}.${one.number}`, value: () => one.value(picture) })),
      { oid: `${arc}.${BRANCH.alarms}.${ACTIVE_COUNT.number}`, value: () => ACTIVE_COUNT.value(picture) },
    ]
    const scalars = [...own, ...others].map(({ oid, value }) => ({ arcs: arcsOf(oid), value }))
    scalars.sort((a, b) => compareArcs(a.arcs, b.arcs))
    this.#entry = arcsOf(`${arc}.${TABLE.entry}`)
    this.#before = scalars.filter(({ arcs }) => compareArcs(arcs, this.#entry) < 0)
    this.#after = scalars.filter(({ arcs }) => compareArcs(arcs, this.#entry) > 0)
    this.#rows = rows
  }

  /** [RFC3416 §4.2.1] */
  get(oid: Oid): WireVarbind {
    const arcs = arcsOf(oid)
    const scalar = [...this.#before, ...this.#after].find((one) => isBelow(arcs, one.arcs))
    if (scalar) {
      const isInstance = arcs.length === scalar.arcs.length + 1 && arcs.at(-1) === 0
      return isInstance ? named(oid, scalar.value()) : { oid, type: 'noSuchInstance' }
    }
    if (!isBelow(arcs, this.#entry)) return { oid, type: 'noSuchObject' }
    const [number, index, ...more] = arcs.slice(this.#entry.length)
    const column = COLUMNS.find((one) => one.number === number)
    if (!column) return { oid, type: 'noSuchObject' }
    const row = this.#rows[this.#firstAfter((index ?? 0) - 1)]
    if (!row || row.index !== index || more.length > 0) return { oid, type: 'noSuchInstance' }
    return named(oid, column.value(row, row.severity))
  }

  /** The first instance behind a name; undefined at the end [RFC3416 §4.2.2]. */
  next(oid: Oid): Found | undefined {
    const arcs = arcsOf(oid)
    return nextScalar(this.#before, arcs) ?? this.#nextCell(arcs) ?? nextScalar(this.#after, arcs)
  }

  #nextCell(arcs: Arcs): Found | undefined {
    if (!isBelow(arcs, this.#entry)) return compareArcs(arcs, this.#entry) < 0 ? this.#cell(0, 0) : undefined
    const [number = 0, index] = arcs.slice(this.#entry.length)
    const position = COLUMNS.findIndex((one) => one.number >= number)
    if (position < 0) return undefined
    if (COLUMNS[position]?.number !== number || index === undefined) return this.#cell(position, 0)
    return this.#cell(position, this.#firstAfter(index)) ?? this.#cell(position + 1, 0)
  }

  #cell(position: number, at: number): Found | undefined {
    const column = COLUMNS[position]
    const row = this.#rows[at]
    if (!column || !row) return undefined
    const arcs = [...this.#entry, column.number, row.index]
    return { arcs, varbind: named(arcs.join('.'), column.value(row, row.severity)) }
  }

  /** Where the first row with a larger index stands. */
  #firstAfter(index: number): number {
    let low = 0
    let high = this.#rows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#rows[middle]?.index ?? 0) > index) high = middle
      else low = middle + 1
    }
    return low
  }
}

function nextScalar(scalars: readonly ScalarNode[], arcs: Arcs): Found | undefined {
  for (const one of scalars) {
    const instance = [...one.arcs, 0]
    if (compareArcs(instance, arcs) > 0) return { arcs: instance, varbind: named(instance.join('.'), one.value()) }
  }
  return undefined
}

function arcsOf(oid: Oid): Arcs {
  return parseOid(oid) ?? []
}
