// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { Phone } from '#daemon/domain/phone'
import { formatMac, type Mac, parseMac } from '#protocols/lib/mac'
import { checkSoon } from '#web/api/phone-logs'
import { actorOf, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import { count } from '#web/format'
import type { Action, Empty } from '#web/kit/cell'
import { showQuestion } from '#web/kit/confirm'
import { goOn } from '#web/kit/flash'
import { form, readForm, type Section } from '#web/kit/form'
import { type ListQuery, listHref, listQuery } from '#web/kit/list-query'
import { paging, rangeText } from '#web/kit/paging'
import { table } from '#web/kit/table'
import { eventsUrl } from '#web/live/fragments'
import type { LogCollection, PhoneLog, PhoneLogsPort } from '#web/ports/phone-logs'
import { isAtLeast, LEVELS, type LogLine, levelBadge, logLine } from './log-lines.ts'
import { showMessage } from './message.ts'
import { userText } from './phone-row.ts'
import { showPage } from './shell.ts'

const PAGE_SIZE = 100
/** So many of the last lines are searched and paged through; the download has all. */
const MOST_LINES = 20_000
const COLUMNS = [{ label: 'Received' }, { label: 'Severity' }, { label: 'Text' }] as const

const MINUTES: readonly Section[] = [
  {
    fields: [
      {
        ...{ name: 'minutes', label: 'Minutes', kind: 'number', min: 1, max: 1440, required: true },
        hint: 'From 1 to 1,440 (a day). It can be ended before.',
      },
    ],
  },
]

type Query = ListQuery<'newest'>

/** What a phone logs: to read, to keep, and to ask for. */
export function phoneLogRoutes(web: Web, logs: PhoneLogsPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/devices/:mac/log' })

  router.get('/', async (ctx) => {
    const phone = phoneOf(web, ctx.params.mac)
    const log = phone && (await logs.read(phone.mac, MOST_LINES))
    if (!phone || !log) return unknown(web, ctx)
    const query = queryOf(ctx, phone.mac)
    const list = listView(web, query, log)
    ctx.vary('HX-Request')
    if (ctx.get('HX-Request') !== '') {
      ctx.type = 'html'
      ctx.body = web.views.render('phone-log-list', list)
      return
    }
    showPage(web, ctx, {
      view: 'phone-log',
      title: `Log of ${nameOf(phone)}`,
      section: 'devices',
      events: eventsUrl(['trouble']),
      data: { ...list, head: headOf(phone, log), search: searchView(query) },
    })
  })

  router.get('/download', async (ctx) => {
    const phone = phoneOf(web, ctx.params.mac)
    const log = phone && (await logs.read(phone.mac, Number.MAX_SAFE_INTEGER))
    if (!phone || !log) return unknown(web, ctx)
    ctx.attachment(`${phone.mac}-log.txt`)
    ctx.type = 'text/plain; charset=utf-8'
    ctx.body = log.lines.map((line) => `${line}\n`).join('')
  })

  router.get('/collect', (ctx) => showCollect(web, ctx, phoneOf(web, ctx.params.mac), { values: { minutes: '30' } }))
  router.post('/collect', async (ctx) => {
    const phone = phoneOf(web, ctx.params.mac)
    if (!phone) return unknown(web, ctx)
    const { values, errors } = readForm(ctx, MINUTES)
    const by = actorOf(ctx)
    const outcome = errors.length > 0 ? undefined : await logs.collect(phone.mac, Number(values.minutes), by)
    if (outcome?.kind === 'unknown') return unknown(web, ctx)
    if (outcome?.kind !== 'done') {
      ctx.status = 422
      const refused = outcome ? [{ field: 'minutes', message: outcome.reason }] : errors
      return showCollect(web, ctx, phone, { values, errors: refused })
    }
    const told = await checkSoon(web.port.commands, phone.mac, by)
    goOn(web, ctx, logPath(phone.mac), `The phone is asked for its log. ${told}`)
  })

  router.get('/end', (ctx) => {
    const phone = phoneOf(web, ctx.params.mac)
    if (!phone) return unknown(web, ctx)
    showQuestion(web, ctx, {
      ...{ section: 'devices', title: 'Ask no more for the log?', act: 'End it', cancel: logPath(phone.mac) },
      sentence: 'Its configuration takes the settings back. What it has sent stays here to be read.',
      touches: [nameOf(phone)],
      trail: trailOf(phone, true),
    })
  })
  router.post('/end', async (ctx) => {
    const phone = phoneOf(web, ctx.params.mac)
    if (!phone) return unknown(web, ctx)
    const by = actorOf(ctx)
    const isEnded = await logs.endCollection(phone.mac, by)
    const told = isEnded
      ? `The phone is asked no more for its log. ${await checkSoon(web.port.commands, phone.mac, by)}`
      : 'The phone was not asked for its log any more.'
    goOn(web, ctx, logPath(phone.mac), told)
  })
  return router
}

export function logPath(mac: Mac): string {
  return `/devices/${mac}/log`
}

function queryOf(ctx: WebContext, mac: Mac): Query {
  const query = listQuery(ctx, logPath(mac), ['text', 'severity'], ['newest'])
  const { severity = '' } = query.filters
  const known = LEVELS.some(({ level }) => level === severity)
  return { ...query, descending: false, filters: { ...query.filters, severity: known ? severity : '' } }
}

function listView(web: Web, query: Query, { lines, leftOut, collection }: PhoneLog): object {
  const found = search(lines, query)
  const pageCount = Math.max(1, Math.ceil(found.length / PAGE_SIZE))
  const page = Math.min(query.page, pageCount)
  const shown = found.slice((page - 1) * PAGE_SIZE, page * PAGE_SIZE)
  const now = web.port.now()
  const href = (to: number) => listHref(query, 'newest', { page: to })
  return {
    // A link, as a list that swaps itself would take focus and marked text away from who reads it.
    newest: href(1),
    collection: collection && { by: collection.by, until: web.time.moment(collection.until, now) },
    leftOut: leftOut > 0 ? count(leftOut) : '',
    clipped: lines.length >= MOST_LINES ? count(MOST_LINES) : '',
    table: table(
      'Log, the newest line first',
      COLUMNS,
      shown.map((line) => rowOf(web, line, now)),
    ),
    shown: shown.length,
    range: rangeText(page, PAGE_SIZE, shown.length, found.length, 'line', 'lines'),
    pages: paging(page, pageCount, href),
    empty: emptyView(query, lines.length, collection),
  }
}

/** The newest first. */
function search(lines: readonly string[], { filters: { text = '', severity = '' } }: Query): LogLine[] {
  const wanted = text.toLowerCase()
  return lines
    .filter((line) => wanted === '' || line.toLowerCase().includes(wanted))
    .map(logLine)
    .filter((line) => isAtLeast(line, severity))
    .reverse()
}

function rowOf(web: Web, line: LogLine, now: number) {
  const moment = web.time.moment(line.at, now)
  const html = line.at > 0 ? web.views.render('fragments/alarm-event', { moment }) : ''
  const text = web.views.render('fragments/log-text', line)
  return { cells: [{ html }, levelBadge(line.severity), { html: text }] }
}

function searchView({ path, filters: { text = '', severity = '' } }: Query): object {
  const options = [
    { value: '', label: 'Any' },
    ...LEVELS.map(({ level, label }) => ({
      value: level,
      label: level === 'emergency' ? label : `${label} or graver`,
    })),
  ]
  const filters = [{ name: 'severity', label: 'Severity', value: severity, options }]
  return { action: path, label: 'Find in the log', text, filters }
}

function headOf(phone: Phone, { lines, collection }: PhoneLog): object {
  const path = logPath(phone.mac)
  const ask: Action = collection
    ? { label: 'Ask no more', href: `${path}/end` }
    : { label: 'Collect the log', href: `${path}/collect`, look: 'primary' }
  const keep: Action = { label: 'Download', href: `${path}/download`, icon: 'download' }
  return {
    title: `Log of ${nameOf(phone)}`,
    lead: 'What the phone sent of its log, the newest line first. Times are those of receipt.',
    trail: trailOf(phone),
    actions: [...(lines.length > 0 ? [keep] : []), ask],
  }
}

function emptyView({ path, filters }: Query, all: number, collection: LogCollection | undefined): Empty {
  if (all > 0 && Object.values(filters).some((value) => value !== '')) {
    const actions = [{ label: 'Show every line', href: path }]
    return { title: 'No line is like that', sentence: 'Try fewer words or any severity.', icon: 'search', actions }
  }
  const title = 'This phone has sent no log yet'
  if (collection) {
    const sentence = 'It begins after its next fetch of its configuration. Load this page again then.'
    return { title, sentence, icon: 'note' }
  }
  const sentence = 'Collect its log: for some minutes its configuration says to send it here, in detail.'
  const actions = [{ label: 'Collect the log', href: `${path}/collect` }]
  return { title, sentence, icon: 'note', actions }
}

type Filled = Pick<Parameters<typeof form>[2], 'values' | 'errors'>

function showCollect(web: Web, ctx: WebContext, phone: Phone | undefined, filled: Filled): void {
  if (!phone) {
    unknown(web, ctx)
    return
  }
  const lead = `${nameOf(phone)} sends its log here, in detail, from its next fetch of its configuration on, and is told to fetch it now. After that time its configuration takes the settings back.`
  showPage(web, ctx, {
    view: 'kit/form-page',
    title: 'Collect the log',
    section: 'devices',
    data: {
      head: { title: 'Collect the log', lead, trail: trailOf(phone, true) },
      form: form(web, ctx, {
        ...{ ...filled, action: ctx.path, sections: MINUTES },
        ...{ submit: 'Collect', cancel: logPath(phone.mac) },
      }),
    },
  })
}

function trailOf(phone: Phone, below = false) {
  return [
    { label: 'Devices', href: '/devices' },
    { label: nameOf(phone), href: `/devices/${phone.mac}` },
    ...(below ? [{ label: 'Log', href: logPath(phone.mac) }] : []),
  ]
}

function nameOf(phone: Phone): string {
  return userText(phone) || formatMac(phone.mac)
}

function phoneOf(web: Web, text = ''): Phone | undefined {
  const mac = parseMac(text)
  return mac && web.port.fleet.device(mac)?.phone
}

function unknown(web: Web, ctx: WebContext): void {
  showMessage(web, ctx, 404, {
    ...{ title: 'No such phone', section: 'devices' },
    sentence: 'No phone with this MAC address has been seen.',
  })
}
