// SPDX-License-Identifier: Apache-2.0
import { type Mac, parseMac } from '#protocols/lib/mac'
import { type CsvRow, readCsvRows, unguarded } from './csv.ts'

export interface RejectedLine {
  /** Counted from 1. */
  readonly line: number
  readonly reason: string
}

export interface MacFile {
  /** Each once, in the order of the file, with the line that it stands in. */
  readonly lines: ReadonlyMap<Mac, number>
  /** By line. */
  readonly rejected: readonly RejectedLine[]
}

export const MOST_ROWS = 100_000
const LONGEST_SHOWN = 40

/**
 * Phones out of a file with one row each. With headings, of the columns that are called MAC (as in the file of users:
 * `Device 1 MAC Address`); without, the first cell of each row. Empty rows and those that begin with # say nothing.
 */
export function readMacs(text: string): MacFile {
  const { rows, open } = readCsvRows(text)
  const rejected: RejectedLine[] = []
  if (rows.length > MOST_ROWS) {
    return { lines: new Map(), rejected: [{ line: MOST_ROWS + 1, reason: `there are more than ${MOST_ROWS} rows` }] }
  }
  const said = rows.filter(({ cells }) => cells.some((cell) => cell.trim() !== '') && !cells[0]?.startsWith('#'))
  const [first] = said
  const headings = first && !first.cells.some((cell) => macOf(cell)) ? columnsOf(first) : undefined
  const columns = headings ?? [0]
  const lines = new Map<Mac, number>()
  for (const { line, cells } of headings ? said.slice(1) : said) {
    const given = columns.map((column) => cells[column]?.trim() ?? '').filter((cell) => cell !== '')
    if (given.length === 0) rejected.push({ line, reason: 'there is no MAC address' })
    for (const cell of given) {
      const mac = macOf(cell)
      const before = mac && lines.get(mac)
      if (!mac) rejected.push({ line, reason: `“${cell.slice(0, LONGEST_SHOWN)}” is no MAC address` })
      else if (before !== undefined) rejected.push({ line, reason: `${mac} stands in line ${before} already` })
      else lines.set(mac, line)
    }
  }
  if (open !== undefined) rejected.push({ line: open, reason: 'a quote is opened here and never closed' })
  return { lines, rejected }
}

/** The columns that hold MAC addresses; undefined when no heading says so. */
function columnsOf({ cells }: CsvRow): number[] | undefined {
  const found = cells.flatMap((cell, column) => (/mac/i.test(cell) ? [column] : []))
  return found.length > 0 ? found : undefined
}

function macOf(cell: string): Mac | undefined {
  const text = unguarded(cell.trim())
  return text.length > LONGEST_SHOWN ? undefined : parseMac(text)
}
