// SPDX-License-Identifier: Apache-2.0
import type Router from '@koa/router'
import { isOn, isOver } from '#daemon/domain/maintenance'
import { actorOf, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import type { Badge } from '#web/kit/cell'
import { showQuestion } from '#web/kit/confirm'
import { goOn } from '#web/kit/flash'
import { form, readForm, type Section, type Values } from '#web/kit/form'
import { type Row, table } from '#web/kit/table'
import { eventsUrl } from '#web/live/fragments'
import { formatLocal, parseLocal } from '#web/local-time'
import { showMessage } from '#web/pages/message'
import { showPage } from '#web/pages/shell'
import type { AlarmsPort, MaintenanceWindow } from '#web/ports/alarms'
import type { FieldError } from '#web/ports/saved'
import { alarmTabs } from './tabs.ts'
import { pathPart } from './words.ts'

const HOME = '/alarms/maintenance'
const TRAIL = [
  { label: 'Alarms', href: '/alarms' },
  { label: 'Maintenance', href: HOME },
]
const COLUMNS = [
  { label: 'Work' },
  { label: 'State' },
  { label: 'Place' },
  { label: 'From' },
  { label: 'To' },
  { label: 'Entered by', wideOnly: true },
] as const
const LEAD =
  'While a window is open, alarms of its place are kept and shown here, but not forwarded. What is still active at its end is told then.'

export function maintenanceRoutes(web: Web, alarms: AlarmsPort, router: Router<WebState, NoExtras>): void {
  const find = (wanted = '') => alarms.maintenance().find(({ id }) => id === wanted)

  router.get(HOME, (ctx) => showList(web, ctx, alarms))
  router.get(`${HOME}/new`, (ctx) => {
    const next = Math.ceil(web.port.now() / 900_000) * 900_000
    const { zone } = web.time
    const values = { from: formatLocal(next, zone), to: formatLocal(next + 7_200_000, zone) }
    showForm(web, ctx, alarms, values, [])
  })
  router.post(`${HOME}/new`, (ctx) => save(web, ctx, alarms))
  router.get(`${HOME}/:id`, (ctx) => {
    const window = find(ctx.params.id)
    if (!window) return showNone(web, ctx)
    const { zone } = web.time
    const { title, scope } = window
    const [from, to] = [formatLocal(window.from, zone), formatLocal(window.to, zone)]
    const values = { title, scope, from, to, weekly: window.weekly ? '1' : '0' }
    showForm(web, ctx, alarms, values, [], window.id)
  })
  router.post(`${HOME}/:id`, (ctx) => save(web, ctx, alarms, ctx.params.id ?? ''))
  router.get(`${HOME}/:id/remove`, (ctx) => {
    const window = find(ctx.params.id)
    if (!window) return showNone(web, ctx)
    const runs = isOn(window, web.port.now())
    showQuestion(web, ctx, {
      section: 'alarms',
      title: runs ? `End “${window.title}” now?` : `Remove “${window.title}”?`,
      sentence: runs
        ? 'Alarms of its place are forwarded from now on. It stays in the list.'
        : 'Alarms of its place will be forwarded as at any time.',
      act: runs ? 'End window' : 'Remove window',
      cancel: HOME,
      trail: TRAIL,
    })
  })
  router.post(`${HOME}/:id/remove`, async (ctx) => {
    const removed = await alarms.removeMaintenance(ctx.params.id ?? '', actorOf(ctx))
    goOn(
      web,
      ctx,
      HOME,
      removed ? 'The window is closed.' : 'There was no such window any more.',
      removed ? 'ok' : 'warn',
    )
  })
}

async function save(web: Web, ctx: WebContext, alarms: AlarmsPort, id?: string): Promise<void> {
  const { values, errors } = readForm(ctx, sections(web, alarms))
  const [from, to] = [parseLocal(values.from ?? '', web.time.zone), parseLocal(values.to ?? '', web.time.zone)]
  const faults = [...errors]
  const said = new Set(errors.map(({ field }) => field))
  if (from === undefined && !said.has('from')) faults.push({ field: 'from', message: 'Enter a date and a time.' })
  if (to === undefined && !said.has('to')) faults.push({ field: 'to', message: 'Enter a date and a time.' })
  if (faults.length > 0 || from === undefined || to === undefined) return refuse(web, ctx, alarms, values, faults, id)
  const { title = '', scope = '' } = values
  const weekly = values.weekly === '1'
  const draft = { title, scope, from, to, ...(weekly ? { weekly } : {}), ...(id === undefined ? {} : { id }) }
  const saved = await alarms.saveMaintenance(draft, actorOf(ctx))
  if (saved.kind === 'refused') return refuse(web, ctx, alarms, values, saved.errors, id)
  if (saved.kind === 'conflict')
    return goOn(web, ctx, HOME, 'The window was removed meanwhile; nothing was saved.', 'warn')
  goOn(web, ctx, HOME, 'The window was saved.')
}

function refuse(
  web: Web,
  ctx: WebContext,
  alarms: AlarmsPort,
  values: Values,
  errors: readonly FieldError[],
  id?: string,
): void {
  ctx.status = 422
  showForm(web, ctx, alarms, values, errors, id)
}

function sections(web: Web, alarms: AlarmsPort): readonly Section[] {
  const places = alarms.scopes().map(({ id, label }) => ({ value: id, label }))
  const zone = `In the time zone ${web.time.zone}.`
  return [
    {
      fields: [
        { name: 'title', label: 'What is being done', required: true, maxLength: 100, wide: true },
        {
          ...{ name: 'scope', label: 'Place', kind: 'select', wide: true },
          options: [{ value: '', label: 'Everywhere' }, ...places],
        },
        { name: 'from', label: 'From', kind: 'datetime-local', required: true, hint: zone },
        { name: 'to', label: 'To', kind: 'datetime-local', required: true, hint: 'At most 31 days later.' },
        {
          ...{ name: 'weekly', label: 'Every week', kind: 'check', wide: true },
          hint: 'Again each week at the same time of UTC, until it is removed; it lasts a week at most.',
        },
      ],
    },
  ]
}

function showForm(
  web: Web,
  ctx: WebContext,
  alarms: AlarmsPort,
  values: Values,
  errors: readonly FieldError[],
  id?: string,
): void {
  const title = id === undefined ? 'New maintenance window' : 'Maintenance window'
  showPage(web, ctx, {
    view: 'alarm-form',
    title,
    section: 'alarms',
    data: {
      head: { title, trail: TRAIL, lead: LEAD },
      form: form(web, ctx, {
        ...{ action: ctx.path, sections: sections(web, alarms), values, errors, twoColumns: true },
        ...{ submit: 'Save window', cancel: HOME },
      }),
    },
  })
}

function showList(web: Web, ctx: WebContext, alarms: AlarmsPort): void {
  const windows = alarms.maintenance()
  const places = new Map(alarms.scopes().map(({ id, label }) => [id, label]))
  const add = { label: 'New window', href: `${HOME}/new`, icon: 'add', look: 'primary' } as const
  showPage(web, ctx, {
    view: 'alarm-maintenance',
    title: 'Maintenance windows',
    section: 'alarms',
    events: eventsUrl(['trouble']),
    data: {
      head: { title: 'Maintenance windows', lead: LEAD, actions: [add] },
      tabs: alarmTabs(web, 'maintenance'),
      table: table(
        'Maintenance windows',
        COLUMNS,
        windows.map((window) => windowRow(web, window, places)),
      ),
      shown: windows.length,
      empty: {
        title: 'No work is planned',
        sentence: 'Enter a window before you unplug a switch, and the operations centre is not called for it.',
        icon: 'idle',
        actions: [add],
      },
    },
  })
}

function windowRow(web: Web, window: MaintenanceWindow, places: ReadonlyMap<string, string>): Row {
  const now = web.port.now()
  const over = isOver(window, now)
  const open = isOn(window, now)
  const href = `${HOME}/${pathPart(window.id)}`
  const of = window.title
  return {
    cells: [
      over ? { text: window.title } : { text: window.title, href, strong: true },
      stateOf(over, open),
      window.scope === '' ? 'Everywhere' : (places.get(window.scope) ?? window.scope),
      web.time.moment(window.from, now).exact,
      { text: web.time.moment(window.to, now).exact, ...(window.weekly ? { note: 'every week' } : {}) },
      window.by,
    ],
    actions: over ? [] : [{ label: open ? 'End now' : 'Remove', href: `${href}/remove`, of }],
  }
}

function stateOf(over: boolean, open: boolean): Badge {
  if (over) return { badge: 'Over', tone: 'idle' }
  return open ? { badge: 'Open', tone: 'warn' } : { badge: 'Coming', tone: 'info' }
}

function showNone(web: Web, ctx: WebContext): void {
  const sentence = 'It was removed, or it never was.'
  showMessage(web, ctx, 404, { title: 'No such maintenance window', section: 'alarms', sentence })
}
