// SPDX-License-Identifier: Apache-2.0
import { settingOf } from './device-file.ts'

/** How often a phone looks for another file by itself, as its file tells it. */
export interface CheckSchedule {
  /** In words: `every 4 hours`. */
  readonly text: string
  /** The longest time between two checks, in milliseconds; undefined when it looks only when it starts. */
  readonly longest: number | undefined
}

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
/** What a phone may be late. */
const LATE = 15 * MINUTE
/** What the firmware has when its file does not say. */
const RANDOM_MINUTES = 120

/** Of the lines of a phone's file, the shared ones first: later lines win. */
export function checkSchedule(lines: Iterable<string>): CheckSchedule {
  const said = new Map<string, string>()
  for (const line of lines) {
    const setting = line.includes('provisioning/') ? settingOf(line) : undefined
    if (setting) said.set(setting.key, setting.value)
  }
  const random = wholeNumber(said.get('provisioning/random_provisioning_time'), RANDOM_MINUTES) * MINUTE + LATE
  switch ((said.get('provisioning/period/type') ?? 'daily').toLowerCase()) {
    case 'hourly': {
      const hours = wholeNumber(said.get('provisioning/period/hourly/hours_interval'), 24)
      return { text: hours === 1 ? 'every hour' : `every ${hours} hours`, longest: hours * HOUR + random }
    }
    case 'weekly':
      return { text: 'every week', longest: 7 * DAY + random }
    case 'powerup':
      return { text: 'only when it starts', longest: undefined }
    default:
      return { text: 'every day', longest: DAY + random }
  }
}

function wholeNumber(text: string | undefined, otherwise: number): number {
  return text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : otherwise
}
