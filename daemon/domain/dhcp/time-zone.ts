// SPDX-License-Identifier: Apache-2.0

/**
 * Seconds east of UTC in standard time, for option 2 [RFC 2132 §3.4]: phones add daylight saving themselves, from their
 * configuration file, so an offset that had it already would count it twice. `now` picks the year, as governments change
 * their minds.
 */
export function standardOffset(zone: string, now: number): number {
  const year = new Date(now).getUTCFullYear()
  return Math.min(offsetAt(zone, Date.UTC(year, 0, 1)), offsetAt(zone, Date.UTC(year, 6, 1)))
}

/** Seconds east of UTC at that moment. */
export function offsetAt(zone: string, at: number): number {
  const parts = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' }).formatToParts(at)
  const text = parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const [, sign = '+', hours = '0', minutes = '0', seconds = '0'] = /([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(text) ?? []
  const offset = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return sign === '-' ? -offset : offset
}
