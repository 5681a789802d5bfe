// SPDX-License-Identifier: Apache-2.0
import type { Alarm, AlarmEvent } from '#daemon/domain/alarm'
import { queryText, type WebContext } from '#web/context'
import { Problem } from '#web/http/problem'
import { KINDS, SEVERITIES } from '#web/pages/alarms/words'
import type { AlarmFilter, AlarmsPort, HistoryQuery } from '#web/ports/alarms'
import { choices, flag, instant, macParameter, shortText, wholeNumber } from './parameters.ts'

const LONGEST_TEXT = 100
/** Names and descriptions of phones are in it. */
const LONGEST_ID = 4096
const SEVERITY_NAMES = SEVERITIES.map(({ severity }) => severity)
const KIND_NAMES = KINDS.map(({ kind }) => kind)
const MOST_EVENTS = 1000

export function alarmFilter(ctx: WebContext): AlarmFilter {
  const acknowledged = flag(ctx, 'acknowledged')
  const unknown = flag(ctx, 'unknown')
  const mac = macParameter(ctx, 'mac')
  const scope = shortText(ctx, 'scope', 200)
  const parent = shortText(ctx, 'parent', LONGEST_ID)
  return {
    text: shortText(ctx, 'text', LONGEST_TEXT).trim(),
    severities: choices(ctx, 'severity', SEVERITY_NAMES),
    ...(scope === '' ? {} : { scope }),
    ...(parent === '' ? {} : { parent }),
    ...(acknowledged === undefined ? {} : { acknowledged }),
    ...(unknown === undefined ? {} : { unknown }),
    ...(mac ? { mac } : {}),
  }
}

export function historyQuery(ctx: WebContext): HistoryQuery {
  const [from, to] = [instant(ctx, 'from'), instant(ctx, 'to')]
  if (from !== undefined && to !== undefined && from >= to) throw new Problem(400, '"from" must be before "to".')
  const id = shortText(ctx, 'id', LONGEST_ID)
  const mac = macParameter(ctx, 'mac')
  const before = queryText(ctx, 'before') === '' ? undefined : wholeNumber(ctx, 'before', 1, Number.MAX_SAFE_INTEGER)
  return {
    text: shortText(ctx, 'text', LONGEST_TEXT).trim(),
    kinds: choices(ctx, 'kind', KIND_NAMES),
    severities: choices(ctx, 'severity', SEVERITY_NAMES),
    limit: wholeNumber(ctx, 'limit', 100, MOST_EVENTS),
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(id === '' ? {} : { id }),
    ...(mac ? { mac } : {}),
    ...(before === undefined ? {} : { before }),
  }
}

/** Every active alarm that passes, a page at a time, so that a large export holds up nobody. */
export function* allAlarms(alarms: AlarmsPort, filter: AlarmFilter): Generator<Alarm> {
  const seen = new Set<string>()
  for (let page = 1; ; page++) {
    const found = alarms.list({ ...filter, page, pageSize: 200 })
    // The list moves while it is read: what slips to a later page must not come twice.
    for (const alarm of found.rows) {
      if (!seen.has(alarm.id)) yield alarm
      seen.add(alarm.id)
    }
    if (page >= found.pageCount) return
  }
}

export function* allEvents(alarms: AlarmsPort, query: HistoryQuery): Generator<AlarmEvent> {
  for (let before = query.before; ; ) {
    const { events, next } = alarms.history({
      ...query,
      limit: MOST_EVENTS,
      ...(before === undefined ? {} : { before }),
    })
    yield* events
    if (next === undefined) return
    before = next
  }
}
