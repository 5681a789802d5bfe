// SPDX-License-Identifier: Apache-2.0
import { cleanText } from '#protocols/lib/text'
import { type Alarm, type NewAlarm, SEVERITY } from './alarm.ts'

/** What a raise did: a new alarm, one that says something else now, or the same once more. */
export type RaiseStep = 'raised' | 'changed' | 'counted'

/** Longest texts of an alarm, in UTF-16 units; what is longer is cut. */
const NAME = 128
const SOURCE = 256
const DETAIL = 128
const TEXT = 2_048
const INFO = 1_024
const INFOS = 3
const COMMENTS = 50

const UNKNOWN = { eventType: 'other', probableCause: 0, additionalInfo: [], scope: '', remoteHost: '' } as const

/** One alarm for each cause and place; those with a detail stand side by side. */
export function alarmId({ name, source, detail = '' }: Pick<NewAlarm, 'name' | 'source' | 'detail'>): string {
  const id = `${cleanText(name, NAME)}@${cleanText(source, SOURCE)}`
  return detail === '' ? id : `${id}#${cleanText(detail, DETAIL)}`
}

/** The alarm after it was raised at `now`, which may be for the first time. */
export function afterRaise(
  before: Alarm | undefined,
  raised: NewAlarm,
  now: number,
): { readonly alarm: Alarm; readonly step: RaiseStep } {
  const facts = cleaned(raised)
  if (!before) {
    const raisedAt = raised.raisedAt ?? now
    const alarm = { ...UNKNOWN, comments: [], ...facts, id: alarmId(raised), raisedAt, lastAt: now, count: 1 }
    return { alarm, step: 'raised' }
  }
  const { acknowledged, ...rest } = before
  // Who took note of a minor matter has not taken note of a grave one.
  const isGraver = SEVERITY[facts.severity] > SEVERITY[before.severity]
  const kept = acknowledged && !isGraver ? { ...rest, acknowledged } : rest
  const alarm = { ...kept, ...facts, lastAt: now, count: before.count + 1 }
  return { alarm, step: says(alarm) === says(before) ? 'counted' : 'changed' }
}

export function acknowledged(alarm: Alarm, by: string, note: string, at: number): Alarm {
  return { ...alarm, acknowledged: { by, at, note: cleanText(note, TEXT) }, lastAt: at }
}

/** The oldest comment makes room where there are too many. */
export function commented(alarm: Alarm, by: string, text: string, at: number): Alarm {
  const comments = [...alarm.comments, { by, at, text: cleanText(text, TEXT) }].slice(-COMMENTS)
  return { ...alarm, comments, lastAt: at }
}

/** Told to somebody outside, from now on. */
export function released({ quiet: _, untold: __, ...alarm }: Alarm): Alarm {
  return alarm
}

function cleaned({ detail: _, raisedAt: __, ...raised }: NewAlarm): NewAlarm {
  return {
    ...raised,
    name: cleanText(raised.name, NAME),
    source: cleanText(raised.source, SOURCE),
    description: cleanText(raised.description, TEXT),
    remedy: cleanText(raised.remedy, TEXT),
    ...(raised.additionalInfo && {
      additionalInfo: raised.additionalInfo.slice(0, INFOS).map((info) => cleanText(info, INFO)),
    }),
    ...(raised.remoteHost !== undefined && { remoteHost: cleanText(raised.remoteHost, SOURCE) }),
  }
}

/** All that makes a difference to a reader. */
function says({ severity, description, additionalInfo, eventType, probableCause, blast }: Alarm): string {
  return JSON.stringify([severity, description, additionalInfo, eventType, probableCause, blast ?? 0])
}
