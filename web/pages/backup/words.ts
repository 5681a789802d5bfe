// SPDX-License-Identifier: Apache-2.0
import type { BackupRun } from '#daemon/domain/backup'
import type { Badge } from '#web/kit/cell'

export const HOME = '/backup'
export const TRAIL = [{ label: 'Backup', href: HOME }]

export function hrefOf(name: string): string {
  return `${HOME}/of/${encodeURIComponent(name)}`
}

export function sizeText(bytes: number): string {
  return bytes < 2 ** 20 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 2 ** 20).toFixed(1)} MB`
}

export function verdictOf(run: BackupRun | undefined): Badge {
  if (!run) return { badge: 'never', tone: 'idle' }
  return run.ok ? { badge: 'went well', tone: 'ok' } : { badge: 'failed', tone: 'bad' }
}
