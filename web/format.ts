// SPDX-License-Identifier: Apache-2.0

/** A moment as a template shows it: `<time datetime="{iso}" title="{exact}">{relative}</time>`. */
export interface Moment {
  /** RFC 3339 in UTC; empty for never. */
  readonly iso: string
  /** `2026-03-01 14:03:07` in the site's time zone. */
  readonly exact: string
  /** The same with milliseconds, and its time of day alone: `14:03:07.250`. */
  readonly precise: string
  readonly clock: string
  /** `3 min ago`; a coarse grain, so that an open page changes once a minute at most. */
  readonly relative: string
}

const NEVER: Moment = { iso: '', exact: 'never', precise: 'never', clock: 'never', relative: 'never' }
/** The largest time a Date holds [ECMA-262 §21.4.1.1]. */
const LAST = 8.64e15

/** Formats times for people in one time zone (an IANA name; the machine's own by default). */
export class TimeFormat {
  readonly zone: string
  readonly #exact: Intl.DateTimeFormat
  readonly #precise: Intl.DateTimeFormat

  constructor(timeZone?: string) {
    const parts = {
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
      ...(timeZone === undefined ? {} : { timeZone }),
    } as const
    // Sweden writes dates as ISO 8601 does.
    this.#exact = new Intl.DateTimeFormat('sv-SE', parts)
    this.#precise = new Intl.DateTimeFormat('sv-SE', { ...parts, fractionalSecondDigits: 3 })
    this.zone = this.#exact.resolvedOptions().timeZone
  }

  /** `at` and `now` in milliseconds since the epoch; 0 and times no Date can hold are `never`. */
  moment(at: number, now: number): Moment {
    if (!(at > 0 && at <= LAST)) return NEVER
    const date = new Date(at)
    const precise = this.#precise.format(date).replace(',', '.')
    return {
      iso: date.toISOString(),
      exact: this.#exact.format(date),
      precise,
      clock: precise.slice(-12),
      relative: relativeTime(at, now),
    }
  }
}

/** `just now`, `3 min ago`, `in 2 h`, `5 days ago`. */
export function relativeTime(at: number, now: number): string {
  const minutes = Math.floor(Math.abs(now - at) / 60_000)
  if (minutes < 1) return 'just now'
  const hours = Math.floor(minutes / 60)
  const days = Math.floor(hours / 24)
  const span = hours < 1 ? `${minutes} min` : days < 1 ? `${hours} h` : days === 1 ? '1 day' : `${days} days`
  return at > now ? `in ${span}` : `${span} ago`
}

/** In microseconds, with the first value that is too long for it. */
const UNITS = [
  { name: 'µs', size: 1, below: 1000 },
  { name: 'ms', size: 1000, below: 1e6 },
  { name: 's', size: 1e6, below: 120e6 },
  { name: 'min', size: 60e6, below: 7200e6 },
  { name: 'h', size: 3600e6, below: Number.POSITIVE_INFINITY },
] as const

/** Microseconds for people, in two digits or more: `840 µs`, `1.2 ms`, `35 s`, `4.5 min`. */
export function duration(micros: number): string {
  const unit = UNITS.find(({ below }) => micros >= 0 && micros < below)
  if (!unit) return ''
  const value = micros / unit.size
  return `${value < 10 && unit.size > 1 ? value.toFixed(1) : Math.round(value)} ${unit.name}`
}

/** `12,345`. */
export function count(value: number): string {
  return value.toLocaleString('en')
}

/** A share in percent, rounded down so that 100 means all; `–` of nothing. */
export function percent(part: number, whole: number): string {
  if (whole <= 0) return '–'
  const tenths = Math.floor((part / whole) * 1000)
  return `${tenths % 10 === 0 ? tenths / 10 : (tenths / 10).toFixed(1)} %`
}

/** Any text as a part of a path or query; half a surrogate pair, which has no UTF-8, becomes U+FFFD. */
export function urlPart(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString())
}
