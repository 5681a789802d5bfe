// SPDX-License-Identifier: Apache-2.0

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec'
const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)'
const TIME = '(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})'
const MONTH = '(?<month>[A-Z][a-z]{2})'

/** The preferred form and the two obsolete ones that a recipient must also take [RFC9110 §5.6.7]. */
const FORMS = [
  new RegExp(`^${DAY}, (?<day>\\d{2}) ${MONTH} (?<year>\\d{4}) ${TIME} GMT$`),
  new RegExp(`^[A-Z][a-z]{5,8}, (?<day>\\d{2})-${MONTH}-(?<year>\\d{2}) ${TIME} GMT$`),
  new RegExp(`^${DAY} ${MONTH} (?<day>[ \\d]\\d) ${TIME} (?<year>\\d{4})$`),
]

/** Seconds since the epoch of an HTTP-date; undefined when it is none. `now` (ms) settles two-digit years. */
export function parseHttpDate(text: string, now: number): number | undefined {
  for (const form of FORMS) {
    const fields = form.exec(text)?.groups
    if (!fields) continue
    const { day = '', month = '', year = '', hour = '', minute = '', second = '' } = fields
    const monthIndex = MONTHS.indexOf(month) / 3
    if (!Number.isInteger(monthIndex) || monthIndex < 0) return undefined
    const full = year.length === 4 ? Number(year) : fullYear(Number(year), new Date(now).getUTCFullYear())
    const time = Date.UTC(full, monthIndex, Number(day), Number(hour), Number(minute), Number(second))
    return Number.isNaN(time) ? undefined : time / 1_000
  }
  return undefined
}

/** A year that seems more than 50 years ahead is the last one in the past with these digits [RFC9110 §5.6.7]. */
function fullYear(digits: number, thisYear: number): number {
  const year = thisYear - (thisYear % 100) + digits
  return year > thisYear + 50 ? year - 100 : year
}
