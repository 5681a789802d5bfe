// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { SEVERITY } from '#daemon/domain/alarm'
import { formatMac, parseMac } from '#protocols/lib/mac'
import type { NoExtras, Web, WebState } from '#web/context'
import { count, percent, type TimeFormat } from '#web/format'
import { eventsUrl, type Fragments, renderKey } from '#web/live/fragments'
import type { FleetSummary, ServerRow, WebPort } from '#web/port'
import type { Views } from '#web/views'
import { sourceText } from './alarms/places.ts'
import { standsFor } from './alarms/rows.ts'
import { alarmHref, SEVERITIES, severityWords } from './alarms/words.ts'
import { phoneRow, userText } from './phone-row.ts'
import { PRESENCES, presenceCount, settled } from './presence.ts'
import { showPage } from './shell.ts'

const RECENT = 12
const ALARMS = 20

export function dashboardRoutes(web: Web): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  const parts = ['summary', 'recent', 'alarms', 'servers'] as const
  router.get('/', (ctx) => {
    const data = Object.fromEntries(parts.map((name) => [name, renderKey(web.fragments, name)]))
    showPage(web, ctx, {
      view: 'dashboard',
      title: 'Dashboard',
      section: 'dashboard',
      events: eventsUrl(['trouble', ...parts]),
      data,
    })
  })
  return router
}

export function dashboardFragments(port: WebPort, views: Views, time: TimeFormat): Fragments {
  return {
    summary: {
      scope: 'fleet',
      render: () => {
        const pendingHref = port.approvals ? '/approvals' : ''
        return views.render('fragments/summary', { ...summaryView(port.fleet.summary()), pendingHref })
      },
    },
    recent: {
      scope: 'fleet',
      render: () => {
        const now = port.now()
        const rows = port.fleet.recent(RECENT).map((row) => phoneRow(row, time, now))
        return views.render('fragments/recent', { rows })
      },
    },
    alarms: {
      scope: 'fleet',
      render: () => views.render('fragments/alarms', alarmsView(port, time)),
    },
    servers: {
      scope: 'fleet',
      render: () => views.render('fragments/servers', { servers: port.servers().map(serverView) }),
    },
  }
}

/** Exported for its test: the registered share leaves out phones that are starting or never reported. */
export function summaryView(summary: FleetSummary): object {
  const whole = settled(summary)
  const items = PRESENCES.map((words) => {
    const value = presenceCount(summary, words.presence)
    return { ...words, count: count(value), value, href: `/devices?presence=${words.slug}` }
  })
  let x = 0
  const bar = items.slice(0, 3).map(({ label, tone, value }) => {
    const width = whole > 0 ? (value / whole) * 100 : 0
    const segment = { label, tone, x: x.toFixed(3), width: width.toFixed(3) }
    x += width
    return segment
  })
  return {
    tiles: items.slice(0, 3),
    smaller: items.slice(3),
    pending: count(summary.pendingApproval),
    total: count(summary.total),
    empty: summary.total === 0,
    percent: percent(summary.registered, whole),
    whole: count(whole),
    bar,
  }
}

/** The worst of the plain list, or of all where nobody folds them. */
function alarmsView(port: WebPort, time: TimeFormat): object {
  const { alarmDesk } = port
  const now = port.now()
  const counts = alarmDesk?.counts()
  const all = alarmDesk ? alarmDesk.list({ text: '', severities: [], page: 1, pageSize: ALARMS }).rows : port.alarms()
  const total = counts?.total ?? all.length
  const worstFirst = [...all].sort(
    (a, b) => SEVERITY[b.severity] - SEVERITY[a.severity] || b.lastAt - a.lastAt || a.id.localeCompare(b.id),
  )
  return {
    total: count(total),
    more: count(Math.max(0, total - ALARMS)),
    all: alarmDesk ? '/alarms' : '',
    kinds: SEVERITIES.flatMap(({ severity, label, tone }) => {
      const value = counts?.[severity] ?? 0
      return value > 0 ? [{ severity, label, tone, count: count(value), href: `/alarms?severity=${severity}` }] : []
    }),
    alarms: worstFirst.slice(0, ALARMS).map((alarm) => ({
      ...alarm,
      ...sourceView(port, alarm.source),
      key: Buffer.from(alarm.id).toString('base64url'),
      tone: severityWords(alarm.severity).tone,
      page: alarmDesk ? alarmHref(alarm.id) : '',
      raised: time.moment(alarm.raisedAt, now),
      times: count(alarm.count),
      stands: standsFor(alarm),
    })),
  }
}

/** What an alarm is about; a phone by its user's name and with a link to its page. */
function sourceView({ fleet, alarmDesk }: WebPort, source: string): { where: string; href: string } {
  const mac = parseMac(/^IPPhone[/:](.+)$/.exec(source)?.[1] ?? '')
  if (!mac) return { where: sourceText(source, alarmDesk), href: '' }
  const phone = fleet.device(mac)?.phone
  return { where: (phone && userText(phone)) || formatMac(mac), href: `/devices/${mac}` }
}

const SERVER_NAMES: Readonly<Record<string, string>> = {
  ...{ dhcp: 'DHCP', tftp: 'TFTP', http: 'HTTP', ldap: 'LDAP', sip: 'SIP', snmp: 'SNMP', syslog: 'Syslog', web: 'Web' },
}

function serverView({ name, health }: ServerRow): object {
  return {
    name: SERVER_NAMES[name] ?? name,
    state: health.state,
    tone: health.state === 'serving' ? 'ok' : health.state === 'lost' ? 'bad' : 'idle',
    detail: health.state === 'serving' ? '' : health.detail,
    where: health.endpoints.map(({ address, port }) => `${address.includes(':') ? `[${address}]` : address}:${port}`),
  }
}
