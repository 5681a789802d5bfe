// SPDX-License-Identifier: Apache-2.0
import type { Presence } from '#daemon/domain/phone'
import type { PresenceChange } from '#daemon/domain/presence-history'
import type { TimeFormat } from '#web/format'
import type { FleetSummary } from '#web/port'

/** How good or bad something is: picks colour and icon; the words always say it too. */
export type Tone = 'ok' | 'info' | 'warn' | 'bad' | 'idle'

export interface PresenceWords {
  readonly presence: Presence
  /** In URLs. */
  readonly slug: string
  readonly label: string
  readonly tone: Tone
  /** For those who see the word for the first time. */
  readonly meaning: string
}

/** In the order in which they are shown everywhere. */
export const PRESENCES: readonly PresenceWords[] = [
  {
    presence: 'registered',
    slug: 'registered',
    label: 'Registered',
    tone: 'ok',
    meaning: 'Ready to make and take calls',
  },
  {
    presence: 'not registered',
    slug: 'not-registered',
    label: 'Not registered',
    tone: 'bad',
    meaning: 'Running, but no SIP server has accepted them',
  },
  {
    presence: 'disconnected',
    slug: 'disconnected',
    label: 'Disconnected',
    tone: 'warn',
    meaning: 'Reported before, silent for too long now',
  },
  { presence: 'starting', slug: 'starting', label: 'Starting', tone: 'info', meaning: 'Booted, about to register' },
  {
    presence: 'seen',
    slug: 'seen',
    label: 'Seen only',
    tone: 'idle',
    meaning: 'Seen on the network, have never reported',
  },
]

const BY_PRESENCE = new Map(PRESENCES.map((words) => [words.presence, words]))
const BY_SLUG = new Map(PRESENCES.map((words) => [words.slug, words]))

export function presenceWords(presence: Presence): PresenceWords {
  const words = BY_PRESENCE.get(presence)
  if (!words) throw new Error(`no words for presence ${presence}`)
  return words
}

export function presenceFromSlug(slug: string): Presence | undefined {
  return BY_SLUG.get(slug)?.presence
}

export function presenceCount(summary: FleetSummary, presence: Presence): number {
  return presence === 'not registered' ? summary.notRegistered : summary[presence]
}

/** Those that have reported and are past starting: what the registered share is a share of. */
export function settled(summary: FleetSummary): number {
  return summary.registered + summary.notRegistered + summary.disconnected
}

const STATUS: Readonly<Record<PresenceChange['status'], Presence>> = {
  silent: 'seen',
  started: 'starting',
  registered: 'registered',
  unregistered: 'not registered',
  offline: 'not registered',
  disconnected: 'disconnected',
}
const APPROVALS = { pending: 'waiting for approval', approved: '', rejected: 'rejected' } as const

/** What a phone counted as, the newest first. */
export function presencesView(changes: readonly PresenceChange[], time: TimeFormat, now: number): object {
  return {
    changes: changes.toReversed().map(({ at, status, approval, userName, repeated }) => ({
      ...{ label: status === 'offline' ? 'Offline' : presenceWords(STATUS[status]).label, at: time.moment(at, now) },
      tone: presenceWords(STATUS[status]).tone,
      notes: [
        userName,
        APPROVALS[approval],
        repeated > 0 ? `there and back ${repeated} ${repeated === 1 ? 'time' : 'times'} before` : '',
      ].filter((note) => note !== ''),
    })),
  }
}
