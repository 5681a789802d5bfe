// SPDX-License-Identifier: Apache-2.0

/** What of a phone's own file may be told: see `Trust`. */
export type ServedLevel = 'nothing' | 'names' | 'secrets'

/** One file that a phone fetched, as often as it was the same. Times are milliseconds since the epoch. */
export interface ServedFile {
  /** A keyed digest of what the phone reads: its own file and the shared one. It tells nothing of them. */
  readonly hash: string
  readonly first: number
  /** To within a quarter of an hour, so that fetching the same again costs no write. */
  readonly last: number
  /** How it asked: `by its MAC`, `by its personal address`, `region Berlin`. */
  readonly asked: string
  readonly transport: 'http' | 'https' | 'tftp'
  readonly address: string
  readonly level: ServedLevel
  /** The region or tenant that the URL named. */
  readonly named?: { readonly kind: 'region' | 'tenant'; readonly name: string }
  /** The title of the template. */
  readonly template: string
  /** The last change that had been made then; 0 for none. */
  readonly change: number
}

/** All that is remembered of one phone, keyed by MAC; the one that was fetched last stands last. */
export interface ServedFiles {
  readonly files: readonly ServedFile[]
}

/**
 * `current`: what it would be served now is what it fetched last. `waiting`: it is another file, and the phone has not had
 * the time to look for it. `old`: it should have fetched it by now. `never`: it never fetched one, and should have. `none`:
 * there is no file for it.
 */
export type DriftState = 'current' | 'waiting' | 'old' | 'never' | 'none'

export const DRIFT_STATES = ['old', 'never', 'waiting', 'none', 'current'] as const satisfies readonly DriftState[]

/** `since`: when it could first have fetched a file that we would know of. */
export function driftState(
  served: Pick<ServedFile, 'hash' | 'last'> | undefined,
  hash: string,
  longest: number | undefined,
  since: number,
  now: number,
): DriftState {
  if (served?.hash === hash) return 'current'
  if (longest === undefined || now - (served?.last ?? since) <= longest) return 'waiting'
  return served ? 'old' : 'never'
}
