// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { type Cidr, ipv4FromNumber } from '#protocols/lib/ipv4'
import type { NoExtras, Web, WebState } from '#web/context'
import { count } from '#web/format'
import type { Cell } from '#web/kit/cell'
import { table } from '#web/kit/table'
import { severityWords } from '#web/pages/alarms/words'
import { showPage } from '#web/pages/shell'
import type { DhcpDesk, SubnetRow } from '#web/ports/dhcp'
import { dhcpTabs, MODES, rangeText, subnetHref } from './words.ts'

/** The alarms that DHCP raises, by name. */
const ALARMS = new Set([
  'DHCP pool exhausted',
  'address in quarantine',
  'foreign DHCP server',
  'phone in recovery mode',
])

/** `GET /dhcp`: is it at work, is there room, is anything wrong. */
export function dhcpOverviewRoutes(web: Web, desk: DhcpDesk): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  router.get('/dhcp', (ctx) => {
    const mode = MODES[desk.mode()]
    const subnets = desk.subnets()
    showPage(web, ctx, {
      view: 'dhcp/overview',
      title: 'DHCP',
      section: 'dhcp',
      data: {
        head: { title: 'DHCP', lead: mode.sentence, badge: mode },
        tabs: dhcpTabs('/dhcp'),
        alarms: alarmsOf(web),
        subnets: subnetTable(web, subnets),
        empty: subnets.length === 0 && {
          title: 'No subnet is configured',
          sentence: 'Name the networks of your phones under dhcp.subnets in offhook.yaml, then run “offhook reload”.',
        },
      },
    })
  })
  return router
}

function alarmsOf({ port, time }: Web): object | undefined {
  const now = port.now()
  const rows = port
    .alarms()
    .filter(({ name }) => ALARMS.has(name))
    .slice(0, 20)
    .map(({ severity, description, remedy, lastAt }) => {
      const { label: badge, tone } = severityWords(severity)
      return { cells: [{ badge, tone }, description, remedy, { moment: time.moment(lastAt, now) }] satisfies Cell[] }
    })
  if (rows.length === 0) return undefined
  const columns = [{ label: 'Severity' }, { label: 'What' }, { label: 'What to do' }, { label: 'Last' }]
  return table('Alarms of DHCP', columns, rows)
}

function subnetTable({ views }: Web, rows: readonly SubnetRow[]): object {
  const columns = [
    { label: 'Subnet' },
    { label: 'Network', kind: 'mono' as const },
    { label: 'Pools' },
    { label: 'Leased' },
    { label: 'Free', kind: 'number' as const },
    { label: 'Quarantined', kind: 'number' as const, wideOnly: true },
  ]
  return table(
    'Subnets',
    columns,
    rows.map(({ subnet, use, pools }) => ({
      cells: [
        { text: subnet.name, href: subnetHref(subnet.name), strong: true },
        cidrText(subnet.cidr),
        { lines: pools.flatMap(({ pool }) => (pool ? [rangeText(pool)] : [])).slice(0, 4), mono: true },
        { html: views.render('dhcp/use', useOf(subnet.name, use)) },
        count(Math.max(0, use.size - use.leased - use.quarantined)),
        count(use.quarantined),
      ],
    })),
  )
}

/** For `views/dhcp/use`: a bar, and the same in words. */
export function useOf(name: string, { leased, size }: { readonly leased: number; readonly size: number }): object {
  const share = size === 0 ? 0 : leased / size
  const tone = share >= 1 ? 'bad' : share >= 0.9 ? 'warn' : 'ok'
  return { name, tone, leased, size: Math.max(size, 1), text: `${count(leased)} of ${count(size)}` }
}

export function cidrText({ network, prefix }: Cidr): string {
  return `${ipv4FromNumber(network)}/${prefix}`
}
