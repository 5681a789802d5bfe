// SPDX-License-Identifier: Apache-2.0
import { readCsvRows, unguarded } from '#daemon/domain/csv'
import { decodeFile } from '#daemon/domain/people-csv'
import type { ArchiveNote } from './contents.ts'
import type { ArchiveFile } from './zip.ts'

export interface TableRow {
  readonly line: number
  /** The cell below a heading, by one of its names; empty when there is none. */
  cell(...headings: readonly string[]): string
}

/** The rows of a CSV file with headings; case and punctuation of headings are ignored. */
export function readTable({ path, bytes }: ArchiveFile, note: (note: ArchiveNote) => void): TableRow[] {
  const text = decodeFile(bytes)
  if (text === undefined) {
    note({ kind: 'rejected', file: path, message: 'the file is not in UTF-8' })
    return []
  }
  const { rows, open } = readCsvRows(text)
  if (open !== undefined) {
    note({ kind: 'rejected', file: path, line: open, message: 'a quote is opened here and never closed' })
  }
  const headings = (rows.shift()?.cells ?? []).map(plainHeading)
  return rows
    .filter(({ cells }) => cells.some((cell) => cell !== ''))
    .map(({ line, cells }) => ({
      line,
      cell: (...names: readonly string[]) => {
        const [index] = names.map((name) => headings.indexOf(plainHeading(name))).filter((at) => at >= 0)
        return index === undefined ? '' : unguarded(cells[index] ?? '')
      },
    }))
}

function plainHeading(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}
