// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { type NoExtras, queryText, type Web, type WebContext, type WebState } from '#web/context'
import { showPage } from '#web/pages/shell'
import { type DhcpDesk, EXPORT_SERVERS, type ExportServer } from '#web/ports/dhcp'
import { dhcpTabs } from './words.ts'

const PATH = '/dhcp/servers'

export const SERVERS: Readonly<Record<ExportServer, { readonly label: string; readonly file: string }>> = {
  kea: { label: 'Kea', file: 'offhook-kea.json' },
  isc: { label: 'ISC dhcpd', file: 'offhook-dhcpd.conf' },
  dnsmasq: { label: 'dnsmasq', file: 'offhook-dnsmasq.conf' },
  windows: { label: 'Windows Server', file: 'offhook-dhcp.ps1' },
  cisco: { label: 'Cisco IOS', file: 'offhook-ios.txt' },
  mikrotik: { label: 'MikroTik', file: 'offhook.rsc' },
}

/** `/dhcp/servers`: for those who keep their own server, what to paste into it so that phones find us. */
export function dhcpServerRoutes(web: Web, desk: DhcpDesk): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  router.get(PATH, (ctx) => {
    const server = EXPORT_SERVERS.find((known) => known === queryText(ctx, 'for')) ?? 'kea'
    const text = desk.exportFor(server)
    if (text !== undefined && queryText(ctx, 'download') !== '') return sendExport(ctx, server, text)
    const links = EXPORT_SERVERS.map((one) => {
      return { label: SERVERS[one].label, href: `${PATH}?for=${one}`, current: one === server }
    })
    showPage(web, ctx, {
      view: 'dhcp/servers',
      title: 'Other DHCP servers',
      section: 'dhcp',
      data: {
        head: {
          title: 'Other DHCP servers',
          lead: 'You keep your own DHCP server? Paste this into it, and phones find Offhook. Its beginning says what that server cannot do.',
        },
        tabs: dhcpTabs(PATH),
        servers: { label: 'Server', tabs: links },
        name: SERVERS[server].label,
        download: `${PATH}?for=${server}&download=1`,
        text,
        empty: {
          title: 'No subnet is configured',
          sentence:
            'Name the networks of your phones under dhcp.subnets in offhook.yaml: what phones are told depends on them.',
        },
      },
    })
  })
  return router
}

/** As a file to save. */
export function sendExport(ctx: WebContext, server: ExportServer, text: string): void {
  ctx.type = 'text/plain; charset=utf-8'
  ctx.attachment(SERVERS[server].file)
  ctx.type = 'text/plain; charset=utf-8'
  ctx.body = text
}
