// SPDX-License-Identifier: Apache-2.0
import type { DriftState, ServedFile } from '#daemon/domain/provisioning/served'
import type { Mac } from '#protocols/lib/mac'
import type { Badge } from '#web/kit/cell'

export const DRIFT_HOME = '/drift'

export const STATES: Readonly<Record<DriftState, Badge>> = {
  old: { badge: 'Old file', tone: 'bad' },
  never: { badge: 'Never fetched', tone: 'bad' },
  waiting: { badge: 'Not fetched yet', tone: 'info' },
  none: { badge: 'No file', tone: 'idle' },
  current: { badge: 'Up to date', tone: 'ok' },
}

const LEVELS = { nothing: 'without its user', names: 'without passwords', secrets: 'with passwords' } as const

export function configurationPath(mac: Mac): string {
  return `/devices/${mac}/configuration`
}

export function servedPath(mac: Mac, hash: string): string {
  return `${configurationPath(mac)}/${hash}`
}

export function howText({ transport, asked, level }: ServedFile): string {
  return `${transport.toUpperCase()}, ${asked}, ${LEVELS[level]}`
}
