// SPDX-License-Identifier: Apache-2.0
import type { Alarm } from '#daemon/domain/alarm'
import type { Outgoing } from './sender.ts'

const HEADINGS: Readonly<Record<Outgoing['kind'], string>> = {
  raised: 'raised',
  changed: 'changed',
  acknowledged: 'acknowledged',
  commented: 'commented',
  cleared: 'cleared',
  event: 'happened',
  resent: 'still active',
  test: 'test',
}

/** What became of the alarm, in a word or two. */
export function headingOf({ kind }: Outgoing): string {
  return HEADINGS[kind]
}

/** One line whatever a phone wrote: no control characters, no invisible ones that turn text around. */
export function oneLine(text: string, most: number): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]+/gu, ' ').trim()
  return line.length > most ? `${line.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…` : line
}

/** The alarm that a test button sends: it says what it is. */
export function testAlarm(destination: string, who: string, now: number): Alarm {
  return {
    ...{ id: `OFFHOOK TEST@destination/${destination}`, name: 'OFFHOOK TEST', source: `destination/${destination}` },
    severity: 'indeterminate',
    description: `This is a test of the destination "${destination}", sent by ${oneLine(who, 64)}. Nothing is wrong.`,
    remedy: 'Nothing to do.',
    ...{ eventType: 'other', probableCause: 0, additionalInfo: ['TEST'], scope: '', remoteHost: '', comments: [] },
    ...{ raisedAt: now, lastAt: now, count: 1 },
  }
}
