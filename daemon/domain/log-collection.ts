// SPDX-License-Identifier: Apache-2.0
import type { Mac } from '#protocols/lib/mac'

/** A phone sends its log for a limited time. Times are milliseconds since the epoch. */
export interface Collection {
  readonly mac: Mac
  readonly from: number
  readonly until: number
  readonly by: string
}

const DAY_MS = 24 * 3600 * 1000
/** So long after its end a phone's file still takes the settings back: it may fetch it late. */
const TAKEN_BACK_MS = 30 * DAY_MS

/** Nothing of it is in the phone's file any more. */
export function isForgotten({ until }: Collection, now: number): boolean {
  return now >= until + TAKEN_BACK_MS
}

/**
 * A phone's file while its log is collected, and after that: what is not in a file stays in the phone as it was, so the
 * settings are set back to their defaults, unless the file sets them itself.
 */
export function withCollection(
  file: string,
  collection: Collection,
  server: string,
  port: number,
  now: number,
): string {
  const settings =
    now < collection.until
      ? { mode: 'NETWORK', server_address: server, server_port: String(port), log_level: 'DETAILED' }
      : { mode: 'LOCAL', server_address: '0.0.0.0', server_port: '514', log_level: 'NONE' }
  const isOver = now >= collection.until
  const lines = Object.entries(settings)
    .map(([name, value]) => ({ name: `system/syslog/${name}`, value }))
    .filter(({ name }) => !isOver || !sets(file, name))
    .map(({ name, value }) => `${name}=${value}`)
  return lines.length === 0 ? file : `${file.replace(/\n*$/, '\n')}${lines.join('\n')}\n`
}

function sets(file: string, name: string): boolean {
  return file.split('\n').some((line) => line.split('=')[0]?.trim() === name)
}
