// SPDX-License-Identifier: Apache-2.0
import { type Alarm, type AlarmEvent, type EventType, SEVERITY } from '#daemon/domain/alarm'
import type { Tone } from '#web/pages/presence'
import type { ActiveSeverity } from '#web/ports/alarms'

export interface SeverityWords {
  readonly severity: ActiveSeverity
  readonly label: string
  /** Two severities may share one: the word tells them apart. */
  readonly tone: Tone
}

/** The gravest first, as everywhere. */
export const SEVERITIES: readonly SeverityWords[] = [
  { severity: 'critical', label: 'Critical', tone: 'bad' },
  { severity: 'major', label: 'Major', tone: 'bad' },
  { severity: 'minor', label: 'Minor', tone: 'warn' },
  { severity: 'warning', label: 'Warning', tone: 'warn' },
  { severity: 'indeterminate', label: 'Indeterminate', tone: 'idle' },
]

const BY_SEVERITY = new Map(SEVERITIES.map((words) => [words.severity, words]))

export function severityWords(severity: ActiveSeverity): SeverityWords {
  const words = BY_SEVERITY.get(severity)
  if (!words) throw new Error(`no words for severity ${severity}`)
  return words
}

export function isSeverity(text: string): text is ActiveSeverity {
  return text !== 'cleared' && Object.hasOwn(SEVERITY, text)
}

export const EVENT_TYPES: Readonly<Record<EventType, string>> = {
  other: 'Other',
  communications: 'Communications alarm',
  qualityOfService: 'Quality of service alarm',
  processingError: 'Processing error alarm',
  equipment: 'Equipment alarm',
  environmental: 'Environmental alarm',
}

/** What happened to an alarm, in the order in which filters show them. */
export const KINDS: readonly { readonly kind: AlarmEvent['kind']; readonly label: string; readonly tone: Tone }[] = [
  { kind: 'raised', label: 'Raised', tone: 'bad' },
  { kind: 'changed', label: 'Changed', tone: 'warn' },
  { kind: 'acknowledged', label: 'Acknowledged', tone: 'info' },
  { kind: 'commented', label: 'Commented', tone: 'idle' },
  { kind: 'cleared', label: 'Cleared', tone: 'ok' },
  { kind: 'event', label: 'Event', tone: 'idle' },
]

const BY_KIND = new Map(KINDS.map((words) => [words.kind, words]))

export function kindWords(kind: AlarmEvent['kind']): { readonly label: string; readonly tone: Tone } {
  return BY_KIND.get(kind) ?? { label: kind, tone: 'idle' }
}

export interface LastAction {
  readonly words: string
  readonly at: number
}

/** The latest thing that happened to an active alarm. */
export function lastAction(alarm: Alarm): LastAction {
  const { acknowledged, comments, lastAt, raisedAt, count } = alarm
  const comment = comments.at(-1)
  const actions: LastAction[] = [
    ...(acknowledged ? [{ words: `Acknowledged by ${acknowledged.by}`, at: acknowledged.at }] : []),
    ...(comment ? [{ words: `Comment by ${comment.by}`, at: comment.at }] : []),
    { words: count > 1 ? 'Raised again' : lastAt > raisedAt ? 'Changed' : 'Raised', at: Math.max(lastAt, raisedAt) },
  ]
  return actions.reduce((best, one) => (one.at > best.at ? one : best))
}

/** Each alarm has one address. */
export function alarmHref(id: string): string {
  return `/alarms/${pathPart(id)}`
}

/** Any text as one segment of a path; never throws, whatever a phone called itself: half a character becomes U+FFFD. */
export function pathPart(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString())
}
