// SPDX-License-Identifier: Apache-2.0
import type Router from '@koa/router'
import type { Alarm, AlarmEvent } from '#daemon/domain/alarm'
import { formatMac } from '#protocols/lib/mac'
import type { NoExtras, Web, WebContext, WebState } from '#web/context'
import { count } from '#web/format'
import type { Fact } from '#web/kit/cell'
import { form, type Section } from '#web/kit/form'
import { table } from '#web/kit/table'
import { eventsUrl } from '#web/live/fragments'
import { showMessage } from '#web/pages/message'
import { showPage } from '#web/pages/shell'
import type { AlarmsPort } from '#web/ports/alarms'
import { causeWords } from './causes.ts'
import { placeText } from './places.ts'
import { alarmRow, COLUMNS, remarksOf, severityBadge, sourceCell, standsFor } from './rows.ts'
import { alarmHref, EVENT_TYPES, kindWords, severityWords } from './words.ts'

const PARTS = 25
const EVENTS = 100
export const LONGEST_TEXT = 1000

export const ACKNOWLEDGE: readonly Section[] = [
  {
    fields: [
      {
        ...{ name: 'note', label: 'Note', kind: 'textarea', rows: 2, maxLength: LONGEST_TEXT },
        hint: 'Who looks after it, or what is known. It may be empty.',
      },
    ],
  },
]
export const COMMENT: readonly Section[] = [
  {
    fields: [{ name: 'text', label: 'Comment', kind: 'textarea', rows: 3, required: true, maxLength: LONGEST_TEXT }],
  },
]

/** What the page shows: the alarm as it is, or as it was last. */
interface Shown {
  readonly alarm: Alarm
  readonly events: readonly AlarmEvent[]
  /** It is over. */
  readonly cleared: AlarmEvent | undefined
}

export function alarmPageRoutes(web: Web, alarms: AlarmsPort, router: Router<WebState, NoExtras>): void {
  router.get('/alarms/:id', (ctx) => {
    const id = ctx.params.id ?? ''
    const shown = find(alarms, id)
    if (!shown) return showNoAlarm(web, ctx)
    const live = liveView(web, ctx, alarms, shown)
    ctx.vary('HX-Request')
    if (ctx.get('HX-Request') !== '') {
      ctx.type = 'html'
      ctx.body = web.views.render('alarm-live', live)
      return
    }
    showAlarm(web, ctx, alarms, shown)
  })
}

export function showNoAlarm(web: Web, ctx: WebContext): void {
  const sentence = 'It was cleared so long ago that the history no longer has it, or it never was.'
  showMessage(web, ctx, 404, { title: 'No such alarm', section: 'alarms', sentence })
}

/** `fault`: what was wrong with the form of that name, and what was typed. */
export function showAlarmAgain(
  web: Web,
  ctx: WebContext,
  alarms: AlarmsPort,
  id: string,
  fault: { readonly form: 'note' | 'text'; readonly typed: string; readonly message: string },
): void {
  const shown = find(alarms, id)
  if (shown) {
    ctx.status = 422
    showAlarm(web, ctx, alarms, shown, fault)
  } else showNoAlarm(web, ctx)
}

function find(alarms: AlarmsPort, id: string): Shown | undefined {
  const { events } = alarms.history({ text: '', kinds: [], severities: [], id, limit: EVENTS })
  const active = alarms.get(id)
  const alarm = active ?? events[0]?.alarm
  return alarm && { alarm, events, cleared: active ? undefined : events[0] }
}

function showAlarm(
  web: Web,
  ctx: WebContext,
  alarms: AlarmsPort,
  shown: Shown,
  fault?: { readonly form: 'note' | 'text'; readonly typed: string; readonly message: string },
): void {
  const { alarm, cleared } = shown
  const path = alarmHref(alarm.id)
  const fill = (name: 'note' | 'text') => {
    if (fault?.form !== name) return {}
    return { values: { [name]: fault.typed }, errors: [{ field: name, message: fault.message }] }
  }
  const trail = [{ label: 'Alarms', href: cleared ? '/alarms/history' : '/alarms' }]
  showPage(web, ctx, {
    view: 'alarm',
    title: alarm.name || 'Alarm',
    section: 'alarms',
    events: eventsUrl(['trouble', 'alarm-pulse']),
    data: {
      ...liveView(web, ctx, alarms, shown),
      head: { title: alarm.name || 'Alarm without a name', trail, live: true },
      pulse: web.fragments['alarm-pulse']?.scope === 'fleet' ? web.fragments['alarm-pulse'].render() : '',
      forms: cleared
        ? undefined
        : {
            acknowledge: form(web, ctx, {
              ...{ action: `${path}/acknowledge`, sections: ACKNOWLEDGE, ...fill('note') },
              submit: alarm.acknowledged ? 'Acknowledge anew' : 'Acknowledge',
            }),
            comment: form(web, ctx, {
              action: `${path}/comment`,
              sections: COMMENT,
              submit: 'Add comment',
              ...fill('text'),
            }),
            withdraw: alarm.acknowledged ? `${path}/unacknowledge` : '',
            clear: `${path}/clear`,
          },
    },
  })
}

function liveView(web: Web, ctx: WebContext, alarms: AlarmsPort, { alarm, events, cleared }: Shown): object {
  const { time, port } = web
  const now = port.now()
  const { label, tone } = severityWords(alarm.severity)
  const path = alarmHref(alarm.id)
  const parent = alarm.parent === undefined ? undefined : alarms.get(alarm.parent)
  const over = cleared?.kind === 'event' ? 'An event: it happened and is over' : `Cleared by ${cleared?.by}`
  return {
    ...{ self: path, name: alarm.name, description: alarm.description, remedy: alarm.remedy },
    tone: cleared ? 'ok' : tone,
    headline: cleared ? over : `${label}: active`,
    since: cleared ? time.moment(cleared.at, now) : time.moment(alarm.raisedAt, now),
    remarks: cleared ? [] : remarksOf(alarm),
    acknowledged: cleared ? undefined : acknowledgedView(web, alarm, now),
    stands: standsFor(alarm),
    parent: parent && { href: alarmHref(parent.id), name: parent.name },
    facts: factsOf(web, alarm, now),
    parts: partsView(web, ctx, alarms, alarm),
    timeline: events.map((event) => eventView(web, event, now)),
    more: events.length === EVENTS ? `/alarms/history?${new URLSearchParams({ id: alarm.id })}` : '',
  }
}

function acknowledgedView({ time }: Web, { acknowledged }: Alarm, now: number): object | undefined {
  return acknowledged && { ...acknowledged, moment: time.moment(acknowledged.at, now) }
}

/** The facts of X.733. */
function factsOf(web: Web, alarm: Alarm, now: number): Fact[] {
  const { time, port } = web
  const scope = placeText(alarm.scope, port.alarmDesk?.scopes() ?? [])
  const cell = sourceCell(web, alarm)
  return [
    { label: 'Severity', cell: severityBadge(alarm) },
    { label: 'About', cell },
    ...(cell === alarm.source ? [] : [{ label: 'Source', cell: { text: alarm.source, mono: true } }]),
    { label: 'MAC address', cell: { text: alarm.mac ? formatMac(alarm.mac) : '', mono: true } },
    { label: 'Place', cell: scope },
    { label: 'Remote host', cell: { text: alarm.remoteHost, mono: true } },
    { label: 'Event type', cell: EVENT_TYPES[alarm.eventType] },
    { label: 'Probable cause', cell: causeWords(alarm.probableCause) },
    ...alarm.additionalInfo.map((info, n) => ({ label: `Additional info ${n + 1}`, cell: info })),
    { label: 'Received', cell: { moment: time.moment(alarm.raisedAt, now) } },
    { label: 'Last raised or changed', cell: { moment: time.moment(alarm.lastAt, now) } },
    { label: 'Times raised', cell: count(alarm.count) },
  ]
}

function partsView(web: Web, ctx: WebContext, alarms: AlarmsPort, alarm: Alarm): object | undefined {
  if (alarm.blast === undefined) return undefined
  const parts = alarms.list({ text: '', severities: [], parent: alarm.id, page: 1, pageSize: PARTS })
  if (parts.total === 0) return undefined
  const options = {
    ...{ back: alarmHref(alarm.id), csrf: web.forms.token(ctx) },
    fold: ({ id }: Alarm) => ({ href: alarmHref(id), open: false }),
  }
  const all = parts.total > parts.rows.length ? `/alarms?${new URLSearchParams({ parent: alarm.id })}` : ''
  return {
    ...{ total: count(parts.total), all },
    table: table(
      'Parts',
      COLUMNS,
      parts.rows.map((part) => alarmRow(web, part, options)),
    ),
  }
}

function eventView({ time }: Web, { kind, by, at, alarm, forward }: AlarmEvent, now: number): object {
  const { label, tone } = kindWords(kind)
  const said =
    kind === 'acknowledged' ? alarm.acknowledged?.note : kind === 'commented' ? alarm.comments.at(-1)?.text : ''
  const grave = kind === 'raised' || kind === 'changed' ? severityWords(alarm.severity).label : ''
  const told = kind === 'raised' && !forward ? 'not forwarded' : ''
  const moment = time.moment(at, now)
  return { label, tone, by, said: said ?? '', notes: [grave, told].filter((note) => note !== ''), moment }
}
