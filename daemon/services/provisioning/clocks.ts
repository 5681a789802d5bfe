// SPDX-License-Identifier: Apache-2.0
import { clockValues } from '#daemon/domain/dhcp/daylight-saving'
import type { Subnet } from '#daemon/domain/subnet'

/** What phones are told of a zone's time, worked out once a year: it takes some hundred looks at the calendar. */
export class Clocks {
  readonly #now: () => number
  readonly #known = new Map<string, Readonly<Record<string, string>>>()

  constructor(now: () => number) {
    this.#now = now
  }

  of({
    timeZone,
    daylightSaving: mode = 'dayOfWeek',
  }: Pick<Subnet, 'timeZone' | 'daylightSaving'>): Readonly<Record<string, string>> {
    if (timeZone === undefined) return {}
    const now = this.#now()
    const key = `${timeZone} ${mode} ${new Date(now).getUTCFullYear()}`
    const values = this.#known.get(key) ?? clockValues(timeZone, mode, now)
    this.#known.set(key, values)
    return values
  }
}
