// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { Alarm, AlarmEvent } from '#daemon/domain/alarm'
import { formatMac } from '#protocols/lib/mac'
import { queryText, type WebContext } from '#web/context'
import { Problem } from '#web/http/problem'
import { CSV_START, csvLine } from './csv.ts'

/** Lines between which others get their turn. */
const SLICE = 500

const ALARM_COLUMNS = [
  ...['severity', 'name', 'description', 'source', 'mac', 'scope', 'remoteHost', 'raisedAt', 'lastAt', 'count'],
  ...['acknowledgedBy', 'acknowledgedAt', 'note', 'eventType', 'probableCause', 'info1', 'info2', 'info3'],
  ...['remedy', 'phones', 'parent', 'id'],
]

/** Answers with all of them as a file to keep: `format=csv` (for spreadsheets, the default) or `json`. */
export function exportAlarms(ctx: WebContext, alarms: Iterable<Alarm>): void {
  send(ctx, 'alarms', ALARM_COLUMNS, alarms, alarmCells)
}

export function exportHistory(ctx: WebContext, events: Iterable<AlarmEvent>): void {
  const cells = (event: AlarmEvent) => {
    return [event.sequence, time(event.at), event.kind, event.by, event.forward, ...alarmCells(event.alarm)]
  }
  send(ctx, 'alarm-history', ['sequence', 'at', 'kind', 'by', 'forwarded', ...ALARM_COLUMNS], events, cells)
}

function send<T>(
  ctx: WebContext,
  name: string,
  columns: readonly string[],
  items: Iterable<T>,
  cells: (item: T) => readonly (string | number | boolean)[],
): void {
  const format = queryText(ctx, 'format') || 'csv'
  if (format !== 'csv' && format !== 'json') throw new Problem(400, '"format" must be csv or json.')
  ctx.attachment(`${name}.${format}`)
  ctx.type = format === 'csv' ? 'text/csv; charset=utf-8' : 'application/json; charset=utf-8'
  const lines = format === 'csv' ? csv(columns, items, cells) : json(items)
  ctx.body = Readable.from(patiently(lines))
}

function* csv<T>(
  columns: readonly string[],
  items: Iterable<T>,
  cells: (item: T) => readonly (string | number | boolean)[],
): Generator<string> {
  yield CSV_START + csvLine(columns)
  for (const item of items) yield csvLine(cells(item))
}

/** A JSON list with one item on each line. */
function* json(items: Iterable<unknown>): Generator<string> {
  let start = '[\n'
  for (const item of items) {
    yield start + JSON.stringify(item)
    start = ',\n'
  }
  yield start === '[\n' ? '[]\n' : '\n]\n'
}

async function* patiently(lines: Iterable<string>): AsyncGenerator<string> {
  let slice: string[] = []
  for (const line of lines) {
    if (slice.push(line) < SLICE) continue
    yield slice.join('')
    slice = []
    await setImmediate()
  }
  yield slice.join('')
}

function alarmCells(alarm: Alarm): (string | number)[] {
  const { acknowledged, additionalInfo: info } = alarm
  return [
    ...[alarm.severity, alarm.name, alarm.description, alarm.source, alarm.mac ? formatMac(alarm.mac) : ''],
    ...[alarm.scope, alarm.remoteHost, time(alarm.raisedAt), time(alarm.lastAt), alarm.count],
    ...[acknowledged?.by ?? '', acknowledged ? time(acknowledged.at) : '', acknowledged?.note ?? ''],
    ...[alarm.eventType, alarm.probableCause, info[0] ?? '', info[1] ?? '', info[2] ?? ''],
    ...[alarm.remedy, alarm.blast ?? '', alarm.parent ?? '', alarm.id],
  ]
}

/** RFC 3339 in UTC; empty for what no Date can hold. */
function time(at: number): string {
  return Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : ''
}
