// SPDX-License-Identifier: Apache-2.0

/** The longest name of the database has 32 characters. */
const LONGEST = 64

/** Whether this machine knows a zone of this IANA name, e.g. `Europe/Berlin`. */
export function isTimeZone(name: string): boolean {
  if (name.length > LONGEST || !(name.includes('/') || name === 'UTC')) return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined
  } catch {
    return false
  }
}
