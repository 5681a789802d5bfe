// SPDX-License-Identifier: Apache-2.0
import { type Alarm, SEVERITY } from './alarm.ts'
import type { DestinationFilter } from './destination.ts'

/** A scope and all that it lies in. */
export type ScopePath = (scope: string) => readonly string[]

/** Whether a destination wants to know of this alarm at all; `events` and `notes` are about other things. */
export function passes(filter: DestinationFilter, alarm: Alarm, pathOf: ScopePath): boolean {
  if (SEVERITY[alarm.severity] < SEVERITY[filter.leastSeverity]) return false
  if (filter.about !== 'all' && (filter.about === 'phones') !== isOfPhones(alarm)) return false
  if (filter.scopes.length > 0 && !pathOf(alarm.scope).some((scope) => filter.scopes.includes(scope))) return false
  return filter.names.length === 0 || filter.names.some((name) => isLike(alarm.name, name))
}

/** `*` stands for any characters and `?` for one; any case. Takes time in proportion to both lengths at most. */
export function isLike(text: string, pattern: string): boolean {
  const [letters, signs] = [text.toLowerCase(), pattern.toLowerCase()]
  let [at, sign] = [0, 0]
  /** Behind the last star, and what it stood for so far. */
  let star: { readonly sign: number; at: number } | undefined
  while (at < letters.length) {
    if (signs[sign] === '*') star = { sign: ++sign, at }
    else if (signs[sign] === '?' || (sign < signs.length && signs[sign] === letters[at]))
      [at, sign] = [at + 1, sign + 1]
    else if (star) [at, sign] = [++star.at, star.sign]
    else return false
  }
  return /^\**$/.test(signs.slice(sign))
}

/** A phone's own, or one that stands for the phones of a place. */
function isOfPhones({ mac, blast }: Alarm): boolean {
  return mac !== undefined || blast !== undefined
}
