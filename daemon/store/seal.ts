// SPDX-License-Identifier: Apache-2.0

// LevelDB may lose, revive or swap records without an error. The seal says what must be there: per table, how many
// records live and the sum of their fingerprints. It costs two additions per change and does not depend on order.

/** What the seal needs to know of a record: its version, and the checksum of its key, version and content. */
export interface Sealed {
  readonly revision: number
  readonly checksum: number
}

/** A table's line in the head record: name, live records, sum of their fingerprints as 16 hex digits. */
export type SealLine = readonly [table: string, count: number, sum: string]

/** Running counts and 64-bit sums, kept as two 32-bit lanes. */
export class Seal {
  readonly #tables = new Map<string, { count: number; a: number; b: number }>()

  /** One record was replaced; undefined stands for absent. */
  replace(table: string, before: Sealed | undefined, after: Sealed | undefined): void {
    const sum = this.#tables.get(table) ?? { count: 0, a: 0, b: 0 }
    this.#tables.set(table, sum)
    if (before) {
      sum.count -= 1
      sum.a = (sum.a - laneA(before)) >>> 0
      sum.b = (sum.b - laneB(before)) >>> 0
    }
    if (after) {
      sum.count += 1
      sum.a = (sum.a + laneA(after)) >>> 0
      sum.b = (sum.b + laneB(after)) >>> 0
    }
  }

  lines(): SealLine[] {
    return [...this.#tables].map(([table, { count, a, b }]) => [table, count, hex(a) + hex(b)])
  }
}

/** How the tables found differ from the seal they were written under, in sentences. */
export function compareSeals(written: readonly SealLine[], found: readonly SealLine[]): string[] {
  const findings: string[] = []
  const there = new Map(found.map((line) => [line[0], line]))
  for (const [table, count, sum] of written) {
    const [, foundCount = 0, foundSum = hex(0) + hex(0)] = there.get(table) ?? []
    there.delete(table)
    if (foundCount < count) findings.push(`${table}: only ${foundCount} of ${count} records are intact`)
    else if (foundCount > count) findings.push(`${table}: ${foundCount} records are there, but ${count} were written`)
    else if (foundSum !== sum)
      findings.push(`${table}: all ${count} records are there, but some are not the last ones written`)
  }
  for (const [table, count] of there.values()) {
    if (count > 0) findings.push(`${table}: ${count} records are there, but 0 were written`)
  }
  return findings
}

function laneA({ revision, checksum }: Sealed): number {
  return scramble(checksum ^ scramble(lowWord(revision) ^ 0x9e3779b9))
}

function laneB({ revision, checksum }: Sealed): number {
  return scramble(Math.imul(checksum, 0x85ebca6b) + scramble(lowWord(revision) + highWord(revision) + 0x7f4a7c15))
}

/** The finalizer of MurmurHash3 (32 bit): every input bit reaches every output bit. */
function scramble(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

function lowWord(value: number): number {
  return value >>> 0
}

function highWord(value: number): number {
  return Math.floor(value / 2 ** 32)
}

function hex(lane: number): string {
  return lane.toString(16).padStart(8, '0')
}
