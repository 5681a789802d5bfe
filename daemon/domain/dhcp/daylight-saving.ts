// SPDX-License-Identifier: Apache-2.0
import { offsetAt, standardOffset } from './time-zone.ts'

/** A change of the clocks, in the wall time that it ends. */
export interface ClockChange {
  /** 1 to 12. */
  readonly month: number
  /** Of this year, 1 to 31. */
  readonly day: number
  /** 1 to 5; 5 is the last one of the month. */
  readonly week: number
  /** 0 is Sunday. */
  readonly dayOfWeek: number
  readonly hour: number
  readonly minute: number
}

export interface DaylightSaving {
  readonly start: ClockChange
  readonly end: ClockChange
  /** Minutes added in summer. */
  readonly minutes: number
}

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
/** Years to look at before a change on the fourth Sunday, say, is taken for one on the last. */
const YEARS = 7

/**
 * The zone's daylight saving in the year of `now` (milliseconds since the epoch); undefined where the clocks stay, or
 * change otherwise than once there and once back, which phones cannot be told.
 */
export function daylightSaving(zone: string, now: number): DaylightSaving | undefined {
  const year = new Date(now).getUTCFullYear()
  const changes = changesIn(zone, year)
  const start = changes.find(({ by }) => by > 0)
  const end = changes.find(({ by }) => by < 0)
  if (changes.length !== 2 || !start || !end) return undefined
  return { start: ruleOf(zone, year, start), end: ruleOf(zone, year, end), minutes: start.by / 60 }
}

/** The placeholders of phone files that follow from a zone, in the form that `mode` names. */
export function clockValues(
  zone: string,
  mode: 'dayOfWeek' | 'fixedDate',
  now: number,
): Readonly<Record<string, string>> {
  const offset = standardOffset(zone, now)
  const pad = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const size = Math.abs(offset)
  const values = { TimeZoneLocation: `${offset < 0 ? '-' : '+'}${pad(size / 3600)}:${pad((size % 3600) / 60)}` }
  const saving = daylightSaving(zone, now)
  if (!saving) return { ...values, DayLightActivate: 'Disable' }
  return {
    ...values,
    DayLightActivate: 'Enable',
    DayLightMode: mode === 'dayOfWeek' ? 'DayOfWeek' : 'Fixed',
    DayLightOffset: String(saving.minutes),
    ...changeValues('Start', saving.start, mode),
    ...changeValues('End', saving.end, mode),
  }
}

const DAYS = ['SUNDAY', 'MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY'] as const

function changeValues(which: string, change: ClockChange, mode: 'dayOfWeek' | 'fixedDate'): Record<string, string> {
  const { month, day, week, dayOfWeek, hour, minute } = change
  const name = `DayLight${which}`
  return {
    [`${name}Month`]: String(month),
    [`${name}Hour`]: String(hour),
    [`${name}Minute`]: String(minute),
    ...(mode === 'fixedDate'
      ? { [`${name}Day`]: String(day) }
      : { [`${name}Week`]: String(week), [`${name}DayOfWeek`]: DAYS[dayOfWeek] ?? 'SUNDAY' }),
  }
}

interface Change {
  /** The wall clock at that moment, read as if it were UTC. */
  readonly wall: Date
  /** Seconds. */
  readonly by: number
}

function changesIn(zone: string, year: number): Change[] {
  const changes: Change[] = []
  const end = Date.UTC(year + 1, 0, 1)
  let before = offsetAt(zone, Date.UTC(year, 0, 1))
  for (let at = Date.UTC(year, 0, 1); at < end; at += 7 * DAY) {
    const next = Math.min(at + 7 * DAY, end)
    const after = offsetAt(zone, next)
    if (after === before) continue
    changes.push({ wall: new Date(momentBetween(zone, at, next, before) + before * 1_000), by: after - before })
    before = after
  }
  return changes
}

/** The minute at which the offset stops being `before`. */
function momentBetween(zone: string, from: number, to: number, before: number): number {
  let [low, high] = [from, to]
  while (high - low > MINUTE) {
    const middle = low + Math.floor((high - low) / 2 / MINUTE) * MINUTE
    if (offsetAt(zone, middle) === before) low = middle
    else high = middle
  }
  return high
}

function ruleOf(zone: string, year: number, { wall, by }: Change): ClockChange {
  const years = Array.from({ length: YEARS }, (_, n) => changesIn(zone, year + n).find((one) => one.by * by > 0))
  const isLast = years.every((one) => one !== undefined && one.wall.getUTCDate() + 7 > daysIn(one.wall))
  return {
    month: wall.getUTCMonth() + 1,
    day: wall.getUTCDate(),
    week: isLast ? 5 : Math.ceil(wall.getUTCDate() / 7),
    dayOfWeek: wall.getUTCDay(),
    hour: wall.getUTCHours(),
    minute: wall.getUTCMinutes(),
  }
}

function daysIn(date: Date): number {
  return new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
}
