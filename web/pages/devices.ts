// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { Presence } from '#daemon/domain/phone'
import type { Mac } from '#protocols/lib/mac'
import { type NoExtras, queryText, type Web, type WebContext, type WebState } from '#web/context'
import { count, type TimeFormat } from '#web/format'
import { paging } from '#web/kit/paging'
import { eventsUrl, type Fragments } from '#web/live/fragments'
import type { DevicePage, FleetSummary, WebPort } from '#web/port'
import type { Views } from '#web/views'
import { phoneRow } from './phone-row.ts'
import { PRESENCES, presenceCount, presenceFromSlug, type Tone } from './presence.ts'
import { showPage } from './shell.ts'

const PAGE_SIZE = 50
const LONGEST_SEARCH = 100

interface Filter {
  readonly text: string
  /** A presence's slug; empty for all. */
  readonly slug: string
  readonly presence: Presence | undefined
}

export function devicesRoutes(web: Web): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  router.get('/devices', (ctx) => {
    const filter = filterOf(ctx)
    const wanted = /^[1-9]\d{0,6}$/.test(queryText(ctx, 'page')) ? Number(queryText(ctx, 'page')) : 1
    const found = find(web.port, filter, wanted)
    if (wanted > 1 && wanted > found.pageCount) return ctx.redirect(listHref(filter, found.pageCount))
    const list = listView(web, filter, found)
    // A search while typing swaps the list alone; the address in the bar is that of the whole page.
    ctx.vary('HX-Request')
    if (ctx.get('HX-Request') !== '') {
      ctx.type = 'html'
      ctx.body = web.views.render('device-list', list)
      return
    }
    showPage(web, ctx, { view: 'devices', title: 'Devices', section: 'devices', data: list })
  })
  return router
}

export function devicesFragments(port: WebPort, views: Views, time: TimeFormat): Fragments {
  return {
    'device-row': {
      scope: 'phone',
      render: (mac: Mac) => {
        const row = port.fleet.device(mac)
        return row ? views.render('fragments/device-row', { row: phoneRow(row, time, port.now()) }) : ''
      },
    },
    'fleet-size': {
      scope: 'fleet',
      render: () => {
        return views.render('fragments/fleet-size', { counts: fleetCounts(port.fleet.summary()) })
      },
    },
  }
}

/** For the filter above the list; the slug of all phones is empty. */
function fleetCounts(summary: FleetSummary): { slug: string; label: string; tone?: Tone; count: string }[] {
  const all = { slug: '', label: 'All', count: count(summary.total) }
  const kinds = PRESENCES.map(({ slug, label, tone, presence }) => {
    return { slug, label, tone, count: count(presenceCount(summary, presence)) }
  })
  return [all, ...kinds]
}

function filterOf(ctx: WebContext): Filter {
  const slug = queryText(ctx, 'presence')
  const presence = presenceFromSlug(slug)
  return { text: queryText(ctx, 'text').trim().slice(0, LONGEST_SEARCH), slug: presence ? slug : '', presence }
}

function find(port: WebPort, { text, presence }: Filter, page: number): DevicePage {
  return port.fleet.devices({ text, page, pageSize: PAGE_SIZE, ...(presence ? { presence } : {}) })
}

function listView(web: Web, filter: Filter, found: DevicePage): object {
  const { port, views, time } = web
  const now = port.now()
  const summary = port.fleet.summary()
  const macs = found.rows.map(({ phone }) => phone.mac)
  const first = (found.page - 1) * PAGE_SIZE + 1
  return {
    text: filter.text,
    slug: filter.slug,
    self: listHref(filter, found.page),
    events: eventsUrl(['trouble', 'fleet-size', 'device-row'], macs),
    rows: found.rows.map((row) => views.render('fragments/device-row', { row: phoneRow(row, time, now) })),
    total: count(found.total),
    jobHref: port.jobs ? listHref(filter, 1).replace(/^\/devices/, '/jobs/new') : '',
    range: found.total > PAGE_SIZE ? `${count(first)}–${count(first + found.rows.length - 1)} of ` : '',
    fleetIsEmpty: summary.total === 0,
    filters: fleetCounts(summary).map((entry) => ({
      ...entry,
      current: entry.slug === filter.slug,
      href: listHref({ ...filter, slug: entry.slug }, 1),
    })),
    pages: paging(found.page, found.pageCount, (page) => listHref(filter, page)),
  }
}

function listHref({ text, slug }: Pick<Filter, 'text' | 'slug'>, page: number): string {
  const query = new URLSearchParams()
  if (text) query.set('text', text)
  if (slug) query.set('presence', slug)
  if (page > 1) query.set('page', String(page))
  return query.size === 0 ? '/devices' : `/devices?${query}`
}
