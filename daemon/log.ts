// SPDX-License-Identifier: Apache-2.0
import { type Logger, pino } from 'pino'

export interface LogSettings {
  readonly level: string
  readonly format: 'json' | 'text'
  /** Begin each line with `<priority>`, which journald takes for the line's level (sd-daemon(3)). */
  readonly journald: boolean
}

const PRIORITY: Readonly<Record<string, number>> = { trace: 7, debug: 7, info: 6, warn: 4, error: 3, fatal: 2 }

/** The one logger. Field names that could hold a secret are censored, whoever logs them. */
export function createLogger(settings: LogSettings, write: (line: string) => void): Logger {
  return pino(
    {
      level: settings.level,
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (level) => ({ level }) },
      redact: {
        paths: ['password', '*.password', 'emsUserPassword', 'token', '*.token', 'authorization'],
        censor: '…',
      },
    },
    {
      write(line: string) {
        if (settings.format === 'json' && !settings.journald) return write(line)
        const { level, ...rest } = JSON.parse(line) as Record<string, unknown>
        const prefix = settings.journald ? `<${PRIORITY[String(level)] ?? 6}>` : ''
        write(prefix + (settings.format === 'json' ? line : textLine(String(level), rest)))
      },
    },
  )
}

/** `18:20:01 warn  malformed request dropped  protocol=dhcp reason=truncated` */
function textLine(level: string, { time, msg, id: _, ...fields }: Record<string, unknown>): string {
  const pairs = Object.entries(fields).map(([key, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return `${key}=${/^[\w.:/@+-]+$/.test(text) ? text : JSON.stringify(value)}`
  })
  return `${String(time).slice(11, 19)} ${level.padEnd(5)} ${msg}${pairs.length > 0 ? '  ' : ''}${pairs.join(' ')}\n`
}
