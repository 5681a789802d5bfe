// SPDX-License-Identifier: Apache-2.0

/** A byte order mark: without it spreadsheets take UTF-8 for a code page of their own. */
export const CSV_START = '\ufeff'

/**
 * One line [RFC4180 §2]. A cell that a spreadsheet would take for a formula gets an apostrophe in front; control
 * characters but tab and line ends become spaces.
 */
export function csvLine(cells: readonly (string | number | boolean)[]): string {
  return `${cells.map(cell).join(',')}\r\n`
}

function cell(value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value)
  // Half of a surrogate pair has no UTF-8: it goes as U+FFFD.
  const clean = Buffer.from(value)
    .toString()
    .replaceAll(/(?![\t\r\n])\p{Cc}/gu, ' ')
  const safe = /^[\s]*[=+\-@]/.test(clean) || /^[\t\r]/.test(clean) ? `'${clean}` : clean
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe
}
