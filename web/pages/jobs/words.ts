// SPDX-License-Identifier: Apache-2.0
import type { JobKind, JobState, Progress, TargetState } from '#daemon/domain/job'
import { count } from '#web/format'
import type { Badge } from '#web/kit/cell'
import type { PublicJob } from '#web/ports/jobs'

export const HOME = '/jobs'

export const ACTIONS: Readonly<Record<JobKind, string>> = {
  restart: 'Restart',
  check: 'Check configuration',
  'update firmware': 'Update firmware',
  'factory reset': 'Factory reset',
  message: 'Message',
  approve: 'Let in',
  reject: 'Keep out',
  'set region': 'Change region or site',
  'assign user': 'Give to a user',
  'set model': 'Change model',
  'set language': 'Change language',
  'set VLAN mode': 'Change VLAN mode',
  'set template': 'Change template',
  'reset passwords': 'Reset user passwords',
  delete: 'Delete',
}

export const STATES: Readonly<Record<JobState, Badge>> = {
  scheduled: { badge: 'Scheduled', tone: 'info' },
  running: { badge: 'Running', tone: 'info' },
  stopped: { badge: 'Stopped', tone: 'warn' },
  done: { badge: 'Done', tone: 'ok' },
  cancelled: { badge: 'Cancelled', tone: 'idle' },
}

export const TARGETS: Readonly<Record<TargetState, Badge>> = {
  waiting: { badge: 'Waiting', tone: 'idle' },
  sent: { badge: 'Being told', tone: 'info' },
  confirmed: { badge: 'Done', tone: 'ok' },
  failed: { badge: 'Failed', tone: 'bad' },
  skipped: { badge: 'Skipped', tone: 'warn' },
}

export function titleOf({ kind, text, size }: Pick<PublicJob, 'kind' | 'text' | 'size'>): string {
  const what = kind === 'message' ? `Message “${text}”` : ACTIONS[kind]
  return `${what} on ${count(size)} ${size === 1 ? 'phone' : 'phones'}`
}

/** `12 done, 3 failed, 5 to go`. */
export function progressText({ waiting, sent, confirmed, failed, skipped }: Progress): string {
  const parts = [`${count(confirmed)} done`]
  if (failed > 0) parts.push(`${count(failed)} failed`)
  if (skipped > 0) parts.push(`${count(skipped)} skipped`)
  if (waiting + sent > 0) parts.push(`${count(waiting + sent)} to go`)
  return parts.join(', ')
}
