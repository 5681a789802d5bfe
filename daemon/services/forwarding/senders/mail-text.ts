// SPDX-License-Identifier: Apache-2.0
import { headingOf, oneLine } from '#daemon/services/forwarding/alarm-text'
import type { Outgoing } from '#daemon/services/forwarding/sender'

export interface MailText {
  /** One line without control characters, whatever phones wrote. */
  readonly subject: string
  readonly text: string
}

const LONGEST_SUBJECT = 150
const LONGEST_LINE = 900
/** Alarms told in full; of the others one line each. */
const MOST_IN_FULL = 50

/** Tells one alarm, or many in the order in which they happened. `place` is the name of this appliance. */
export function mailText(messages: readonly Outgoing[], place: string): MailText {
  const [first] = messages
  if (first && messages.length === 1) {
    const { name, source, severity } = first.alarm
    const state = first.kind === 'cleared' ? 'cleared' : severity
    return {
      subject: oneLine(`[${state}] ${name}: ${source}`, LONGEST_SUBJECT),
      text: `${inFull(first)}\n${sign(place)}`,
    }
  }
  const full = messages
    .slice(0, MOST_IN_FULL)
    .map(inFull)
    .join(`\n${'-'.repeat(60)}\n\n`)
  const rest = messages.slice(MOST_IN_FULL)
  const more = rest.length === 0 ? '' : `\nIn short, ${rest.length} more:\n\n${rest.map(inShort).join('')}`
  const text = `${summary(messages)}\n\n${full}${more}\n${sign(place)}`
  return {
    subject: oneLine(`[${gravest(messages)}] ${messages.length} alarm messages from ${place}`, LONGEST_SUBJECT),
    text,
  }
}

function inFull(message: Outgoing): string {
  const { alarm, at, by, kind } = message
  const rows: readonly (readonly [string, string])[] = [
    ['Alarm', `${alarm.name} (${headingOf(message)})`],
    ['Severity', kind === 'cleared' ? `cleared, was ${alarm.severity}` : alarm.severity],
    ['Source', alarm.source],
    ['What', alarm.description],
    ['To do', kind === 'cleared' ? '' : alarm.remedy],
    ['Phones', alarm.blast === undefined ? '' : String(alarm.blast)],
    ...alarm.additionalInfo.map((info, index) => [`Info ${index + 1}`, info] as const),
    ['Remote host', alarm.remoteHost],
    ['When', timeOf(at)],
    ['Active since', kind === 'raised' || kind === 'event' ? '' : timeOf(alarm.raisedAt)],
    ['By', kind === 'acknowledged' || kind === 'commented' || kind === 'cleared' ? by : ''],
    ['Note', kind === 'acknowledged' ? (alarm.acknowledged?.note ?? '') : ''],
    ['Comment', kind === 'commented' ? (alarm.comments.at(-1)?.text ?? '') : ''],
  ]
  return rows
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${`${name}:`.padEnd(14)}${oneLine(value, LONGEST_LINE)}\n`)
    .join('')
}

function inShort(message: Outgoing): string {
  const { alarm, at } = message
  return `${oneLine(`${timeOf(at)} ${alarm.name} ${headingOf(message)}: ${alarm.source}`, LONGEST_LINE)}\n`
}

function summary(messages: readonly Outgoing[]): string {
  const counts = new Map<string, number>()
  for (const message of messages) counts.set(headingOf(message), (counts.get(headingOf(message)) ?? 0) + 1)
  return `${messages.length} messages: ${[...counts].map(([what, count]) => `${count} ${what}`).join(', ')}.`
}

function gravest(messages: readonly Outgoing[]): string {
  const open = new Set(messages.filter(({ kind }) => kind !== 'cleared').map(({ alarm }) => alarm.severity))
  return ['critical', 'major', 'minor', 'warning', 'indeterminate'].find((one) => open.has(one as never)) ?? 'cleared'
}

function sign(place: string): string {
  return `-- \nSent by Offhook on ${oneLine(place, 255)}.\n`
}

function timeOf(millis: number): string {
  return Math.abs(millis) <= 8.64e15 ? `${new Date(millis).toISOString().slice(0, 19).replace('T', ' ')} UTC` : ''
}
