// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { subnetOptions } from '#daemon/domain/dhcp/evaluate'
import type { Subnet } from '#daemon/domain/dhcp/model'
import { optionName } from '#protocols/lib/dhcp-option'
import { type NoExtras, queryText, type Web, type WebState } from '#web/context'
import { count } from '#web/format'
import type { Cell, Fact } from '#web/kit/cell'
import { type Row, type TableView, table } from '#web/kit/table'
import { showMessage } from '#web/pages/message'
import { showPage } from '#web/pages/shell'
import type { DhcpDesk, SubnetRow } from '#web/ports/dhcp'
import { cidrText, useOf } from './overview.ts'
import { OPTION_COLUMNS, optionRow, rangeText, reservedFor, TRAIL } from './words.ts'

/** Longer lists are the configuration's business. */
const MOST_ROWS = 500

/** `GET /dhcp/subnet?name=…`: pools, options by layer, reservations. */
export function dhcpSubnetRoutes(web: Web, desk: DhcpDesk): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  router.get('/dhcp/subnet', (ctx) => {
    const found = desk.subnet(queryText(ctx, 'name'))
    if (!found) {
      const sentence = 'No subnet of the configuration has this name.'
      return showMessage(web, ctx, 404, { title: 'No such subnet', sentence, section: 'dhcp' })
    }
    const { subnet } = found
    const leases = `/dhcp/leases?${new URLSearchParams({ subnet: subnet.name })}`
    showPage(web, ctx, {
      view: 'dhcp/subnet',
      title: subnet.name,
      section: 'dhcp',
      data: {
        head: { title: subnet.name, trail: TRAIL, actions: [{ label: 'Show its leases', href: leases }] },
        facts: factsOf(subnet),
        pools: poolTable(web, found),
        options: optionTable(desk, subnet),
        classes: classTable(subnet),
        reservations: reservationTable(subnet),
      },
    })
  })
  return router
}

function factsOf(subnet: Subnet): Fact[] {
  const { cidr, serverAddress, routers, dnsServers, ntpServers, domainName, leaseSeconds } = subnet
  const { timeZone = '', voiceVlan, provisioningUrl, tftpServer } = subnet
  const list = (values: readonly string[]): Cell => ({ text: values.join(', '), mono: true })
  return [
    { label: 'Network', cell: { text: cidrText(cidr), mono: true } },
    { label: 'Server address', cell: { text: serverAddress, mono: true } },
    { label: 'Routers', cell: list(routers) },
    { label: 'DNS servers', cell: list(dnsServers) },
    { label: 'NTP servers', cell: list(ntpServers) },
    { label: 'Domain name', cell: domainName },
    { label: 'Lease time', cell: `${count(leaseSeconds)} s` },
    { label: 'Time zone', cell: timeZone },
    { label: 'Voice VLAN', cell: voiceVlan === undefined ? '' : String(voiceVlan) },
    { label: 'Provisioning URL', cell: { text: provisioningUrl, mono: true } },
    { label: 'Boot server', cell: { text: tftpServer, mono: true } },
  ]
}

function poolTable({ views }: Web, { subnet, pools }: SubnetRow): TableView {
  const columns = [
    { label: 'Addresses', kind: 'mono' as const },
    { label: 'Leased' },
    { label: 'Offered', kind: 'number' as const },
    { label: 'Quarantined', kind: 'number' as const },
    { label: 'Only for classes' },
    { label: 'Excluded', kind: 'mono' as const, wideOnly: true },
  ]
  const rows = pools.flatMap(({ pool, ...use }): Row[] => {
    const isNeeded = pool || use.leased + use.offered + use.quarantined > 0
    if (!isNeeded) return []
    const name = pool ? rangeText(pool) : 'Outside the pools'
    const bar: Cell = pool ? { html: views.render('dhcp/use', useOf(name, use)) } : count(use.leased)
    const { classes = [], exclude = [] } = pool ?? {}
    return [
      {
        cells: [
          name,
          bar,
          count(use.offered),
          count(use.quarantined),
          classes.join(', ') || 'everybody',
          exclude.map(rangeText).join(', '),
        ],
      },
    ]
  })
  return table(`Pools of ${subnet.name}`, columns, rows)
}

/** Weak layers first, as they are stacked up. */
function optionTable(desk: DhcpDesk, subnet: Subnet): TableView {
  const rows = [
    ...desk.globalOptions().map((option) => optionRow(option, 'Everywhere')),
    ...subnetOptions(subnet).map((option) => optionRow(option, 'This subnet')),
    ...subnet.pools.flatMap((pool) =>
      (pool.options ?? []).map((option) => optionRow(option, `Pool ${rangeText(pool)}`)),
    ),
  ]
  return table('Options for every client', OPTION_COLUMNS, rows.slice(0, MOST_ROWS))
}

function classTable({ classOptions = [] }: Subnet): TableView {
  const rows = classOptions.flatMap(({ name, options }) => options.map((option) => optionRow(option, `Class ${name}`)))
  return table('Options for classes', OPTION_COLUMNS, rows.slice(0, MOST_ROWS))
}

function reservationTable({ reservations = [] }: Subnet): TableView {
  const columns = [
    { label: 'Client', kind: 'mono' as const },
    { label: 'Address', kind: 'mono' as const },
    { label: 'Host name' },
    { label: 'Further options' },
  ]
  const rows = reservations.slice(0, MOST_ROWS).map(({ by, address = '', hostname = '', options }): Row => {
    const further = options.filter(({ code }) => code !== 12).map(({ code }) => `${code} ${optionName(code)}`)
    const client: Cell =
      by.kind === 'mac' ? { text: reservedFor(by), href: `/dhcp/explain/${by.mac}` } : reservedFor(by)
    return { cells: [client, address, hostname, { lines: further }] }
  })
  return table('Reservations', columns, rows)
}
