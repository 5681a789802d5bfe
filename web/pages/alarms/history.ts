// SPDX-License-Identifier: Apache-2.0
import type Router from '@koa/router'
import type { AlarmEvent } from '#daemon/domain/alarm'
import { parseMac } from '#protocols/lib/mac'
import { type NoExtras, queryText, type Web, type WebContext, type WebState } from '#web/context'
import type { Empty } from '#web/kit/cell'
import { type Row, table } from '#web/kit/table'
import { eventsUrl } from '#web/live/fragments'
import { parseLocal } from '#web/local-time'
import { showPage } from '#web/pages/shell'
import type { AlarmsPort, HistoryQuery } from '#web/ports/alarms'
import { linkedCell, severityBadge, sourceCell } from './rows.ts'
import { alarmTabs } from './tabs.ts'
import { alarmHref, isSeverity, KINDS, kindWords, SEVERITIES } from './words.ts'

const PAGE_SIZE = 100
const COLUMNS = [
  { label: 'Time' },
  { label: 'What' },
  { label: 'Alarm' },
  { label: 'Source' },
  { label: 'Severity' },
  { label: 'By', wideOnly: true },
] as const

/** What the form holds, as text; empty where it says nothing or nonsense. */
interface Asked {
  readonly text: string
  readonly kind: string
  readonly severity: string
  readonly from: string
  readonly to: string
  readonly id: string
  readonly mac: string
}

export function alarmHistoryRoutes(web: Web, alarms: AlarmsPort, router: Router<WebState, NoExtras>): void {
  router.get('/alarms/history', (ctx) => {
    const asked = askedIn(ctx)
    const query = queryOf(asked, web.time.zone)
    const before = /^[1-9]\d{0,14}$/.test(queryText(ctx, 'before')) ? Number(queryText(ctx, 'before')) : undefined
    const { events, next } = alarms.history({
      ...{ ...query, limit: PAGE_SIZE },
      ...(before === undefined ? {} : { before }),
    })
    const rows = events.map((event) => eventRow(web, event))
    showPage(web, ctx, {
      view: 'alarm-history',
      title: 'Alarm history',
      section: 'alarms',
      events: eventsUrl(['trouble']),
      data: {
        head: { title: 'Alarm history', lead: 'Everything that happened to alarms, the newest first.' },
        tabs: alarmTabs(web, 'history'),
        asked,
        kinds: KINDS.map(({ kind, label }) => ({ value: kind, label })),
        severities: SEVERITIES.map(({ severity, label }) => ({ value: severity, label })),
        only: asked.id ? { href: alarmHref(asked.id) } : undefined,
        table: table('What happened', COLUMNS, rows),
        shown: rows.length,
        newest: before === undefined ? '' : historyHref(asked),
        older: next === undefined ? '' : historyHref(asked, next),
        exports: exportHrefs(query),
        empty: emptyView(asked),
      },
    })
  })
}

function askedIn(ctx: WebContext): Asked {
  const of = (name: string, longest = 100) => queryText(ctx, name).trim().slice(0, longest)
  const kind = of('kind')
  return {
    ...{ text: of('text'), from: of('from'), to: of('to'), id: of('id', 2000) },
    kind: KINDS.some((known) => known.kind === kind) ? kind : '',
    severity: isSeverity(of('severity')) ? of('severity') : '',
    mac: parseMac(of('mac')) ?? '',
  }
}

function queryOf({ text, kind, severity, id, ...asked }: Asked, zone: string): Omit<HistoryQuery, 'limit' | 'before'> {
  const [from, to] = [parseLocal(asked.from, zone), parseLocal(asked.to, zone)]
  const mac = parseMac(asked.mac)
  return {
    text,
    kinds: KINDS.filter((known) => known.kind === kind).map((known) => known.kind),
    severities: isSeverity(severity) ? [severity] : [],
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(id ? { id } : {}),
    ...(mac ? { mac } : {}),
  }
}

function eventRow(web: Web, event: AlarmEvent): Row {
  const { alarm, kind, by, at, forward } = event
  const { label, tone } = kindWords(kind)
  const now = web.port.now()
  const html = web.views.render('fragments/alarm-event', { moment: web.time.moment(at, now) })
  const said =
    kind === 'acknowledged' ? alarm.acknowledged?.note : kind === 'commented' ? alarm.comments.at(-1)?.text : ''
  return {
    cells: [
      { html },
      { badge: label, tone },
      linkedCell(web, {
        text: alarm.name || 'Alarm without a name',
        href: alarmHref(alarm.id),
        note: said || alarm.description,
      }),
      linkedCell(web, sourceCell(web, alarm)),
      severityBadge(alarm),
      { text: by, ...(kind === 'raised' && !forward ? { note: 'not forwarded' } : {}) },
    ],
  }
}

function emptyView(asked: Asked): Empty {
  const filtered = Object.values(asked).some((value) => value !== '')
  const all = { label: 'Show everything', href: '/alarms/history' }
  if (filtered)
    return {
      title: 'Nothing like that happened',
      sentence: 'Widen the times or the search.',
      icon: 'search',
      actions: [all],
    }
  const sentence = 'As soon as an alarm is raised, changed, acknowledged or cleared, it is written down here.'
  return { title: 'Nothing has happened yet', sentence, icon: 'ok' }
}

function historyHref(asked: Asked, before?: number): string {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(asked)) if (value !== '') query.set(name, value)
  if (before !== undefined) query.set('before', String(before))
  return query.size === 0 ? '/alarms/history' : `/alarms/history?${query}`
}

function exportHrefs({ text, kinds, severities, id, mac, from, to }: Omit<HistoryQuery, 'limit'>): object[] {
  const query = new URLSearchParams({
    ...(text ? { text } : {}),
    ...(kinds[0] ? { kind: kinds[0] } : {}),
    ...(severities[0] ? { severity: severities[0] } : {}),
    ...(id ? { id } : {}),
    ...(mac ? { mac } : {}),
    ...(from === undefined ? {} : { from: new Date(from).toISOString() }),
    ...(to === undefined ? {} : { to: new Date(to).toISOString() }),
  })
  return ['csv', 'json'].map((format) => {
    const href = `/api/v1/alarms/history/export?${new URLSearchParams([['format', format], ...query])}`
    return { label: format.toUpperCase(), href }
  })
}
