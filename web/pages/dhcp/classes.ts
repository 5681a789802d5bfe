// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { conditionText } from '#daemon/domain/dhcp/sentences'
import { optionName, showOptionValue } from '#protocols/lib/dhcp-option'
import type { NoExtras, Web, WebState } from '#web/context'
import { count } from '#web/format'
import { table } from '#web/kit/table'
import { showPage } from '#web/pages/shell'
import type { ClassRow, DhcpDesk } from '#web/ports/dhcp'
import { dhcpTabs } from './words.ts'

/** `GET /dhcp/classes`: who is in which class, and what it means for them. */
export function dhcpClassRoutes(web: Web, desk: DhcpDesk): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  router.get('/dhcp/classes', (ctx) => {
    const lead =
      'A client is in every class whose condition holds. Of two that give the same option, the later one wins.'
    const columns = [
      { label: 'Class' },
      { label: 'Who is in it' },
      { label: 'What they get' },
      { label: 'More in subnets' },
      { label: 'Messages', kind: 'number' as const },
    ]
    showPage(web, ctx, {
      view: 'dhcp/list',
      title: 'DHCP classes',
      section: 'dhcp',
      data: {
        head: { title: 'DHCP classes', lead },
        tabs: dhcpTabs('/dhcp/classes'),
        table: table(
          'Classes',
          columns,
          desk.classes().map((row) => ({ cells: cellsOf(row) })),
        ),
      },
    })
  })
  return router
}

function cellsOf({ class: one, messages, subnets }: ClassRow) {
  const { name, when, options, readyMade, reserves = [], always = [] } = one
  const gets = [
    ...options.map(({ code, value }) => `${code} ${optionName(code)} = ${showOptionValue(value)}`),
    ...reserves.map((code) => `nobody else gets ${code} ${optionName(code)}`),
    ...always.map((code) => `${code} ${optionName(code)} also when not asked for`),
  ]
  return [
    { text: name, strong: true, ...(readyMade && { note: 'ready-made' }) },
    { lines: [conditionText(when)] },
    { lines: gets },
    { lines: subnets },
    count(messages),
  ]
}
