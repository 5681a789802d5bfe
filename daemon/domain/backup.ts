// SPDX-License-Identifier: Apache-2.0

/** How the last backup, or the last rehearsal of one, went. Times are milliseconds since the epoch. */
export interface BackupRun {
  readonly at: number
  readonly ok: boolean
  /** For people. */
  readonly sentence: string
  /** The backup's file; empty when there is none. */
  readonly file: string
  /** When one last went well; 0: never. */
  readonly goodAt: number
  /** Of a rehearsal: each check. */
  readonly checks?: readonly Check[]
}

/** One thing that a rehearsal looked at. */
export interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}

/** A backup's age and kind, for deciding which ones are kept. */
export interface Kept {
  readonly name: string
  readonly at: number
  readonly why: string
}

const DAY_MS = 24 * 3600 * 1000
/** However old they are, or wrong the clock is. */
const ALWAYS_KEPT = 3
/** Those that people asked for. */
const MOST_ON_DEMAND = 30
const MOST_IN_ALL = 400

/** The names of the backups that are to be removed. */
export function outdated(backups: readonly Kept[], keepDays: number, now: number): string[] {
  const newestFirst = [...backups].sort((a, b) => b.at - a.at)
  let onDemand = 0
  return newestFirst
    .filter(({ at, why }, index) => {
      if (why === 'on demand') onDemand += 1
      if (index < ALWAYS_KEPT) return false
      const isOneTooMany = why === 'on demand' && onDemand > MOST_ON_DEMAND
      return now - at > keepDays * DAY_MS || isOneTooMany || index >= MOST_IN_ALL
    })
    .map(({ name }) => name)
}
