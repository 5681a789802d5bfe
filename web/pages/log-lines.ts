// SPDX-License-Identifier: Apache-2.0
import type { Badge } from '#web/kit/cell'
import type { Tone } from './presence.ts'

/** The severities of syslog [RFC5424 §6.2.1], the gravest first. */
export const LEVELS: readonly { readonly level: string; readonly label: string; readonly tone: Tone }[] = [
  { level: 'emergency', label: 'Emergency', tone: 'bad' },
  { level: 'alert', label: 'Alert', tone: 'bad' },
  { level: 'critical', label: 'Critical', tone: 'bad' },
  { level: 'error', label: 'Error', tone: 'bad' },
  { level: 'warning', label: 'Warning', tone: 'warn' },
  { level: 'notice', label: 'Notice', tone: 'info' },
  { level: 'info', label: 'Info', tone: 'idle' },
  { level: 'debug', label: 'Debug', tone: 'idle' },
]

const RANK = new Map(LEVELS.map(({ level }, rank) => [level, rank]))
const LINE = /^(\S{20,30}) ([a-z]+) (.*)$/s

/** One line as it is kept: time of receipt, severity, program and text. */
export interface LogLine {
  /** Milliseconds since the epoch; 0 where the line does not say it. */
  readonly at: number
  /** Empty where the line does not say it. */
  readonly severity: string
  readonly text: string
}

/** Never throws: a line of another shape is all text. */
export function logLine(line: string): LogLine {
  const [, time = '', severity = '', text = ''] = LINE.exec(line) ?? []
  const at = Date.parse(time)
  return Number.isNaN(at) || !RANK.has(severity) ? { at: 0, severity: '', text: line } : { at, severity, text }
}

/** As grave as that level, or graver. Every line is, if the level is empty. */
export function isAtLeast({ severity }: LogLine, level: string): boolean {
  const most = RANK.get(level)
  return most === undefined || (RANK.get(severity) ?? LEVELS.length) <= most
}

export function levelBadge(severity: string): Badge | '' {
  const found = LEVELS.find(({ level }) => level === severity)
  return found ? { badge: found.label, tone: found.tone } : ''
}
