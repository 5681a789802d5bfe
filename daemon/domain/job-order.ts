// SPDX-License-Identifier: Apache-2.0
import type { Mac } from '#protocols/lib/mac'
import type { DailyWindow, Job, Target } from './job.ts'

/** Where a phone is, and what the clock there says. */
export interface Whereabouts {
  readonly site: string
  /** Minutes since midnight. */
  readonly minute: number
}

const MINUTES_OF_DAY = 24 * 60

/** Whether a clock stands within a window; its end is not part of it. */
export function isWithin({ from, to }: DailyWindow, minute: number): boolean {
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to
}

/** The first thing wrong with a window. */
export function problemOfWindow({ from, to }: DailyWindow): string | undefined {
  const isMinute = (value: number) => Number.isInteger(value) && value >= 0 && value < MINUTES_OF_DAY
  if (!isMinute(from) || !isMinute(to)) return 'The window is given as times of day, such as 22:00 to 05:30.'
  return from === to ? 'The window begins and ends at the same time.' : undefined
}

/** `22:00` → 1320; undefined for what is no time of day. */
export function minuteOfDay(text: string): number | undefined {
  const [, hours = '', minutes = ''] = /^(\d{1,2}):(\d\d)$/.exec(text) ?? []
  if (hours === '' || Number(hours) > 23 || Number(minutes) > 59) return undefined
  return Number(hours) * 60 + Number(minutes)
}

export function timeOfDay(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
}

/** The phones that have their turn now: one batch, within the window, and not too many of one place. */
export function turnOf(
  job: Job,
  targets: readonly Target[],
  at: number,
  whereOf: (mac: Mac) => Whereabouts,
): readonly Target[] {
  const { batch, window, perSite = 0 } = job
  const isEasy = !window && perSite === 0
  const waiting = targets.filter(({ state, notBefore }) => state === 'waiting' && notBefore <= at)
  if (isEasy) return waiting.slice(0, batch)
  const atWork = new Map<string, number>()
  if (perSite > 0) {
    for (const { state, mac } of targets) {
      if (state !== 'sent') continue
      const { site } = whereOf(mac)
      atWork.set(site, (atWork.get(site) ?? 0) + 1)
    }
  }
  const turn: Target[] = []
  for (const target of waiting) {
    if (turn.length === batch) break
    const { site, minute } = whereOf(target.mac)
    if (window && !isWithin(window, minute)) continue
    const busy = atWork.get(site) ?? 0
    if (perSite > 0 && busy >= perSite) continue
    atWork.set(site, busy + 1)
    turn.push(target)
  }
  return turn
}

type Intent = Pick<Job, 'kind' | 'value' | 'expects' | 'text'>

/**
 * Why two jobs cannot both be done to one phone, in words; undefined when they can, one after the other. The same job
 * twice is no contradiction: the later one waits.
 */
export function contradiction(open: Intent, wanted: Intent): string | undefined {
  if (open.kind !== wanted.kind) {
    const kinds = [open.kind, wanted.kind]
    if (kinds.includes('delete')) return `one deletes the phone, the other is to ${other(kinds, 'delete')}`
    if (kinds.includes('approve') && kinds.includes('reject')) return 'one approves the phone, the other rejects it'
    if (kinds.includes('reject')) return `one rejects the phone, the other is to ${other(kinds, 'reject')}`
    if (kinds.includes('factory reset') && kinds.includes('update firmware')) {
      return 'one updates its firmware, the other resets it'
    }
    return undefined
  }
  const differs = (open.value ?? '') !== (wanted.value ?? '') || (open.expects ?? '') !== (wanted.expects ?? '')
  return differs ? `both ${wanted.kind}, and not to the same` : undefined
}

function other(kinds: readonly string[], one: string): string {
  return kinds.find((kind) => kind !== one) ?? one
}
