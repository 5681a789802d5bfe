// SPDX-License-Identifier: Apache-2.0
import type { Quiet } from './alarm.ts'

/** When silent phones of one place are told as one. */
export interface FoldSettings {
  /** Fewer are told one by one. */
  readonly least: number
  /** The share of a place's phones (0 to 1) that makes it one cause. */
  readonly share: number
  /** So many are one cause whatever their share. */
  readonly many: number
  /** How long the first waits for others, in milliseconds; then it is told on its own. */
  readonly windowMs: number
}

/** The alarm of one silent phone. */
export interface Silent {
  readonly id: string
  /** Where the phone is, from narrow to wide. */
  readonly path: readonly string[]
  readonly raisedAt: number
  readonly quiet?: Quiet | undefined
  readonly parent?: string | undefined
}

/** The alarm that stands for many. */
export interface Fold {
  readonly id: string
  readonly scope: string
  readonly blast: number
}

/** What is known of a place. */
export interface Census {
  readonly phones: number
  /** Phones that missed a report, and are not silent for long enough to have an alarm. */
  readonly overdue: number
}

export interface FoldPlan {
  readonly begin: readonly { readonly scope: string; readonly ids: readonly string[]; readonly blast: number }[]
  readonly join: readonly { readonly fold: string; readonly ids: readonly string[] }[]
  /** Folds that are over: nobody is silent any more, or those who are have no common cause. Their parts are free. */
  readonly end: readonly string[]
  /** Folds that stand for another number of phones now. */
  readonly resize: readonly { readonly fold: string; readonly blast: number }[]
  /** Alarms to be told one by one. */
  readonly release: readonly string[]
}

/** One place holds nearly all: a wider place explains nothing more. */
const NEARLY_ALL = 0.9
/** A fold is told anew when its number has changed by this share. */
const NOTABLE = 0.1

/**
 * Decides which alarms of silent phones are one: by the narrowest place that explains them, the whole fleet at most. Each
 * alarm ends up in exactly one of these: in a fold, waiting for its window, or told on its own. Time is linear in the
 * number of alarms times the depth of the tree.
 */
export function planFolds(
  silent: readonly Silent[],
  folds: readonly Fold[],
  census: ReadonlyMap<string, Census>,
  settings: FoldSettings,
  now: number,
): FoldPlan {
  const { least, share, many, windowMs } = settings
  const known = new Map(folds.map((fold) => [fold.id, fold]))
  const parts = new Map<string, Silent[]>()
  let loose: Silent[] = []
  for (const alarm of silent) {
    const fold = alarm.parent === undefined ? undefined : known.get(alarm.parent)
    if (fold) put(parts, fold.id, alarm)
    else loose.push(alarm)
  }
  const join: { fold: string; ids: string[] }[] = []
  const end: string[] = []
  const resize: { fold: string; blast: number }[] = []
  const freed: Silent[] = []

  for (const fold of folds) {
    const own = parts.get(fold.id) ?? []
    const inScope = (alarm: Silent) => alarm.path.includes(fold.scope)
    const joining = loose.filter((alarm) => isFresh(alarm) && inScope(alarm))
    const blast = own.length + joining.length + overdueIn(fold.scope)
    const isWide = own.some(({ path }) => path.indexOf(fold.scope) > 0)
    const isFew = blast < many && blast < (share / 2) * phonesIn(fold.scope)
    const isSplit = isWide && (isFew || isExplainedBelow(fold.scope, [...own, ...joining]))
    if (own.length + joining.length === 0 || blast < least || isSplit) {
      end.push(fold.id)
      freed.push(...own)
      continue
    }
    if (joining.length > 0) {
      const ids = new Set(joining.map(({ id }) => id))
      join.push({ fold: fold.id, ids: [...ids] })
      loose = loose.filter(({ id }) => !ids.has(id))
    }
    if (Math.abs(blast - fold.blast) > NOTABLE * fold.blast) resize.push({ fold: fold.id, blast })
  }

  const begin = beginnings([...loose.filter(isFresh), ...freed])
  const folded = new Set(begin.flatMap(({ ids }) => ids))
  const release = [...loose, ...freed]
    .filter(({ id, quiet, raisedAt }) => !folded.has(id) && isHeld(quiet) && now - raisedAt >= windowMs)
    .map(({ id }) => id)
  return { begin, join, end, resize, release }

  /** Raised a moment ago: it may still be part of what comes. */
  function isFresh({ raisedAt }: Silent): boolean {
    return now - raisedAt <= 2 * windowMs
  }

  function overdueIn(scope: string): number {
    return census.get(scope)?.overdue ?? 0
  }

  function phonesIn(scope: string): number {
    return census.get(scope)?.phones ?? 0
  }

  function isOneCause(scope: string, alarms: number): boolean {
    const all = alarms + overdueIn(scope)
    return alarms > 0 && all >= least && (all >= many || all >= share * phonesIn(scope))
  }

  function beginnings(candidates: readonly Silent[]) {
    const found: { scope: string; ids: string[]; blast: number }[] = []
    let left = candidates
    for (const scope of widestFirst(candidates)) {
      const inside = left.filter(({ path }) => path.includes(scope))
      if (!isOneCause(scope, inside.length) || isExplainedBelow(scope, inside)) continue
      found.push({ scope, ids: inside.map(({ id }) => id), blast: inside.length + overdueIn(scope) })
      const ids = new Set(inside)
      left = left.filter((alarm) => !ids.has(alarm))
    }
    return found
  }

  /** Whether one narrower place holds nearly all of them, and is a cause by itself. */
  function isExplainedBelow(scope: string, inside: readonly Silent[]): boolean {
    const below = new Map<string, number>()
    for (const { path } of inside) {
      const narrower = path[path.indexOf(scope) - 1]
      if (narrower !== undefined) below.set(narrower, (below.get(narrower) ?? 0) + 1)
    }
    return [...below].some(([place, count]) => count >= NEARLY_ALL * inside.length && isOneCause(place, count))
  }
}

function isHeld(quiet: Quiet | undefined): boolean {
  return quiet === 'window' || quiet === 'folded'
}

function widestFirst(alarms: readonly Silent[]): readonly string[] {
  const width = new Map<string, number>()
  for (const { path } of alarms) {
    for (const [index, scope] of path.entries()) width.set(scope, Math.max(index, width.get(scope) ?? 0))
  }
  return [...width].sort(([a, x], [b, y]) => y - x || a.localeCompare(b)).map(([scope]) => scope)
}

function put<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key)
  if (list) list.push(value)
  else lists.set(key, [value])
}
