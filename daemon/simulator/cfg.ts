// SPDX-License-Identifier: Apache-2.0
import { StepFailure } from './failure.ts'

/** One meaningful line of a configuration file. */
export type CfgLine =
  | { readonly kind: 'value'; readonly name: string; readonly value: string }
  | { readonly kind: 'include'; readonly target: string }
  /** Neither comment nor assignment: a phone passes over it. */
  | { readonly kind: 'unreadable' }

const MOST_LINES = 20_000
const LONGEST_LINE = 4096

/**
 * Reads `path/name=value` lines; blanks around `=` do not count, a line that begins with `;` is a comment (inside a
 * value `;` is not: URLs hold it). Throws a StepFailure when the text is larger than any phone's configuration.
 */
export function parseCfg(text: string): CfgLine[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/, MOST_LINES + 1)
  if (lines.length > MOST_LINES) throw new StepFailure(`cfg of more than ${MOST_LINES} lines`)
  const read: CfgLine[] = []
  for (const raw of lines) {
    if (raw.length > LONGEST_LINE) throw new StepFailure(`cfg line longer than ${LONGEST_LINE} characters`)
    const line = raw.trim()
    if (line === '' || line.startsWith(';')) continue
    read.push(parseLine(line))
  }
  return read
}

function parseLine(line: string): CfgLine {
  const include = /^include\s+(\S.*)$/i.exec(line)
  if (include) return { kind: 'include', target: unquoted(include[1] ?? '') }
  const equals = line.indexOf('=')
  const name = line.slice(0, Math.max(0, equals)).trim()
  return name === '' ? { kind: 'unreadable' } : { kind: 'value', name, value: line.slice(equals + 1).trim() }
}

function unquoted(text: string): string {
  return text.trim().replace(/^"(.*)"$/, '$1')
}
