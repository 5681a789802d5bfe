// SPDX-License-Identifier: Apache-2.0
import type Router from '@koa/router'
import type { Alarm } from '#daemon/domain/alarm'
import { type NoExtras, queryText, type Web, type WebContext, type WebState } from '#web/context'
import { count } from '#web/format'
import type { Empty } from '#web/kit/cell'
import { type ListQuery, listHref, listQuery } from '#web/kit/list-query'
import { paging, rangeText } from '#web/kit/paging'
import { type Row, table } from '#web/kit/table'
import { eventsUrl } from '#web/live/fragments'
import { showPage } from '#web/pages/shell'
import type { AlarmFilter, AlarmsPort } from '#web/ports/alarms'
import { alarmRow, COLUMNS, type RowOptions } from './rows.ts'
import { alarmTabs } from './tabs.ts'
import { alarmHref, isSeverity, SEVERITIES } from './words.ts'

const PAGE_SIZE = 50
/** Parts shown beneath an unfolded alarm; its own page has a way to all. */
const PARTS = 25
const LONGEST_ID = 2000

type Query = ListQuery<'gravity'>

export function alarmListRoutes(web: Web, alarms: AlarmsPort, router: Router<WebState, NoExtras>): void {
  router.get('/alarms', (ctx) => {
    const query = queryOf(ctx)
    const found = alarms.list({ ...filterOf(query), page: query.page, pageSize: PAGE_SIZE })
    const beyond = query.page > 1 && query.page > found.pageCount
    if (beyond) return ctx.redirect(listHref(query, 'gravity', { page: Math.max(1, found.pageCount) }))
    const list = listView(web, ctx, alarms, query, found)
    // A search while typing, and a list that has become old, swap the list alone.
    ctx.vary('HX-Request')
    if (ctx.get('HX-Request') !== '') {
      ctx.type = 'html'
      ctx.body = web.views.render('alarm-list', list)
      return
    }
    showPage(web, ctx, {
      view: 'alarms',
      title: 'Alarms',
      section: 'alarms',
      events: eventsUrl(['trouble', 'alarm-pulse']),
      data: {
        ...list,
        head: { title: 'Alarms', live: true },
        tabs: alarmTabs(web, 'active'),
        pulse: web.fragments['alarm-pulse']?.scope === 'fleet' ? web.fragments['alarm-pulse'].render() : '',
        search: searchView(alarms, query),
      },
    })
  })
}

function queryOf(ctx: WebContext): Query {
  const query = listQuery(ctx, '/alarms', ['text', 'severity', 'state', 'scope', 'sender', 'parent'], ['gravity'])
  const unfold = queryText(ctx, 'unfold').slice(0, LONGEST_ID)
  const parent = queryText(ctx, 'parent').slice(0, LONGEST_ID)
  const { severity = '', state = '', sender = '' } = query.filters
  return {
    ...query,
    filters: {
      ...query.filters,
      severity: isSeverity(severity) ? severity : '',
      state: state === 'new' || state === 'acknowledged' ? state : '',
      sender: sender === 'unknown' ? sender : '',
      parent,
      unfold,
    },
  }
}

function filterOf({ filters }: Query): AlarmFilter {
  const { text = '', severity = '', state, scope, sender, parent } = filters
  return {
    text,
    severities: isSeverity(severity) ? [severity] : [],
    ...(state ? { acknowledged: state === 'acknowledged' } : {}),
    ...(scope ? { scope } : {}),
    ...(sender ? { unknown: true } : {}),
    ...(parent ? { parent } : {}),
  }
}

function listView(
  web: Web,
  ctx: WebContext,
  alarms: AlarmsPort,
  query: Query,
  found: ReturnType<AlarmsPort['list']>,
): object {
  const href = (filters: Readonly<Record<string, string>>, page = 1) => {
    return listHref(query, 'gravity', { filters: { ...query.filters, ...filters }, page })
  }
  const unfold = query.filters.unfold ?? ''
  const self = href({}, query.page)
  const options: RowOptions = {
    ...{ back: self, csrf: web.forms.token(ctx) },
    fold: ({ id }) => ({ href: href({ unfold: id === unfold ? '' : id }, query.page), open: id === unfold }),
  }
  const counts = alarms.counts()
  const chips = [
    { slug: 'all', label: 'All', value: counts.total, tone: '', filter: '' },
    ...SEVERITIES.map(({ severity, label, tone }) => {
      return { slug: severity, label, value: counts[severity], tone, filter: severity }
    }),
  ]
  return {
    self,
    chips: chips.map(({ filter, value, ...chip }) => ({
      ...{ ...chip, count: count(value), href: href({ severity: filter, unfold: '' }) },
      current: (query.filters.severity ?? '') === filter,
    })),
    plain: !query.filters.sender,
    parent: query.filters.parent ? { href: alarmHref(query.filters.parent) } : undefined,
    table: table(
      'Active alarms',
      COLUMNS,
      found.rows.flatMap((alarm) => rowsOf(web, alarms, alarm, unfold, options)),
    ),
    shown: found.rows.length,
    range: rangeText(found.page, PAGE_SIZE, found.rows.length, found.total, 'alarm', 'alarms'),
    pages: paging(found.page, found.pageCount, (page) => href({}, page)),
    empty: emptyView(query, counts.total),
    exports: exportHrefs(query),
  }
}

/** An alarm and, if it is the unfolded one, its parts. */
function rowsOf(web: Web, alarms: AlarmsPort, alarm: Alarm, unfold: string, options: RowOptions): Row[] {
  const row = alarmRow(web, alarm, options)
  if (alarm.id !== unfold) return [row]
  const parts = alarms.list({ text: '', severities: [], parent: alarm.id, page: 1, pageSize: PARTS })
  const rows = [row, ...parts.rows.map((part) => alarmRow(web, part, options))]
  if (parts.total <= parts.rows.length) return rows
  const all = { text: `All ${count(parts.total)} parts`, href: `/alarms?${new URLSearchParams({ parent: alarm.id })}` }
  return [...rows, { cells: [all, ...COLUMNS.slice(1).map(() => ({ html: '' }))] }]
}

function searchView(alarms: AlarmsPort, { filters }: Query): object {
  const scopes = alarms.scopes()
  const unknown = alarms.counts().unknown
  const options = (first: string, ...rest: readonly (readonly [string, string])[]) => {
    return [{ value: '', label: first }, ...rest.map(([value, label]) => ({ value, label }))]
  }
  const selects = [
    {
      name: 'state',
      label: 'State',
      options: options('Any', ['new', 'Not acknowledged'], ['acknowledged', 'Acknowledged']),
    },
    ...(scopes.length === 0
      ? []
      : [
          {
            name: 'scope',
            label: 'Place',
            options: options('Everywhere', ...scopes.map(({ id, label }) => [id, label] as const)),
          },
        ]),
    { name: 'sender', label: 'Sender', options: options('Known', ['unknown', `Unknown phones (${count(unknown)})`]) },
  ]
  return {
    action: '/alarms',
    label: 'Find by name, phone, MAC or IP address',
    text: filters.text,
    filters: selects.map((select) => ({ ...select, value: filters[select.name] ?? '' })),
    hidden: filters.severity ? { severity: filters.severity } : {},
  }
}

function emptyView({ filters }: Query, total: number): Empty {
  const all = { label: 'Show all alarms', href: '/alarms' }
  if (filters.sender) {
    const sentence = 'Alarms whose MAC belongs to no known phone would be kept here, apart from the others.'
    return { title: 'No unknown phone has sent an alarm', sentence, icon: 'ok', actions: [all] }
  }
  const filtered = Object.entries(filters).some(([name, value]) => value !== '' && name !== 'unfold')
  if (filtered) {
    const sentence = `None of the ${count(total)} active alarms is like that.`
    return {
      title: 'No alarm matches',
      sentence: total === 0 ? 'No alarm is active.' : sentence,
      icon: 'search',
      actions: [all],
    }
  }
  const sentence =
    'Nothing needs attention. Alarms of phones and of Offhook itself appear here by themselves; what was is in the history.'
  return { title: 'All quiet', sentence, icon: 'ok', actions: [{ label: 'History', href: '/alarms/history' }] }
}

function exportHrefs({ filters }: Query): object[] {
  const { text = '', severity = '', state, scope, sender, parent } = filters
  const query = new URLSearchParams({
    ...(text ? { text } : {}),
    ...(severity ? { severity } : {}),
    ...(state ? { acknowledged: String(state === 'acknowledged') } : {}),
    ...(scope ? { scope } : {}),
    ...(sender ? { unknown: 'true' } : {}),
    ...(parent ? { parent } : {}),
  })
  return ['csv', 'json'].map((format) => {
    const href = `/api/v1/alarms/export?${new URLSearchParams([['format', format], ...query])}`
    return { label: format.toUpperCase(), href }
  })
}
