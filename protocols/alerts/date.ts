// SPDX-License-Identifier: Apache-2.0

const CIVIL = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[T ,_]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?$/
/** `23.11.2014`, as the incumbent shows it. With slashes nobody knows which of two numbers is the month. */
const DAY_FIRST = /^(\d{1,2})\.(\d{1,2})\.(\d{4})/

/**
 * Milliseconds since the epoch of a date as phones write it: RFC 3339, `2024-10-09 06:15:40` (taken as UTC: phones say
 * no zone), seconds or milliseconds since the epoch, or what Date.parse knows. Undefined when it is none of them.
 */
export function dateOf(text: string): number | undefined {
  if (/^\d{9,10}$/.test(text)) return Number(text) * 1_000
  if (/^\d{12,13}$/.test(text)) return Number(text)
  const civil = CIVIL.exec(text.replace(DAY_FIRST, '$3-$2-$1'))
  if (civil) {
    const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = civil
      .slice(1)
      .map((part) => Number(part ?? 0))
    const date = new Date(Date.UTC(year, month - 1, day, hour, minute, second))
    const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60
    return isReal ? date.getTime() : undefined
  }
  // Date.parse guesses a date in almost any text that holds a number.
  if (!/^(\d{4}-\d{2}-\d{2}T|(mon|tue|wed|thu|fri|sat|sun)[a-z]*,? )/i.test(text)) return undefined
  const parsed = Date.parse(text)
  return Number.isNaN(parsed) ? undefined : parsed
}
