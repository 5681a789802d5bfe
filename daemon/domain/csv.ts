// SPDX-License-Identifier: Apache-2.0
import { CsvError, parse } from 'csv-parse/sync'

export interface CsvRow {
  /** Where it begins, counted from 1. */
  readonly line: number
  /** As they stand in the file: see `unguarded`. */
  readonly cells: readonly string[]
}

/**
 * Comma, semicolon or tab separated values [RFC 4180]. The separator is the one that the first row has most of. A quote
 * within a cell that did not begin with one is itself. `open` is the line of a row whose quote is never closed: it and
 * what follows cannot be told apart.
 */
export function readCsvRows(text: string): { readonly rows: CsvRow[]; readonly open: number | undefined } {
  const even = text.replaceAll(/\r\n?/g, '\n')
  const [first = ''] = even.split('\n', 1)
  const [delimiter = ','] = [',', ';', '\t'].toSorted((a, b) => first.split(b).length - first.split(a).length)
  const rows: CsvRow[] = []
  let line = 1
  const take = (cells: string[], { lines }: { readonly lines: number }) => {
    rows.push({ line, cells })
    line = lines + 1
    return null
  }
  try {
    parse(even, {
      ...{ delimiter, record_delimiter: '\n', bom: true, trim: delimiter !== '\t' },
      ...{ relax_quotes: true, relax_column_count: true, on_record: take },
    })
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    return { rows, open: line }
  }
  return { rows, open: undefined }
}

/** One row, without its line break. */
export function csvLine(values: readonly string[]): string {
  return values.map(csvCell).join(',')
}

export function csvCell(value: string): string {
  return verbatimCell(guarded(value))
}

/** A cell that no spreadsheet is to work upon, such as a password: read back, it is what was written. */
export function verbatimCell(text: string): string {
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** What a spreadsheet would work out as a formula gets an apostrophe before it; `+49 (30) 1` is no formula. */
function guarded(value: string): string {
  return /^'*[=+@-]/.test(value) && !/^\+[\d\s()./-]*$/.test(value) ? `'${value}` : value
}

/** A cell without the apostrophe that kept a spreadsheet from working it out. */
export function unguarded(cell: string): string {
  return /^'+[=+@-]/.test(cell) ? cell.slice(1) : cell
}
