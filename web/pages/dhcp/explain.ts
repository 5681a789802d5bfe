// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { formatMac, parseMac } from '#protocols/lib/mac'
import { type NoExtras, queryText, type Web, type WebContext, type WebState } from '#web/context'
import { showPage } from '#web/pages/shell'
import { explanationView } from './explanation.ts'
import { dhcpTabs, TRAIL } from './words.ts'

const PATH = '/dhcp/explain'

/** `GET /dhcp/explain/<mac>`: why a client got what it got, out of the record of the decision itself. */
export function dhcpExplainRoutes(web: Web): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  router.get(PATH, (ctx) => {
    const text = queryText(ctx, 'mac').trim().slice(0, 100)
    const mac = parseMac(text)
    if (mac) return ctx.redirect(`${PATH}/${mac}`)
    if (text !== '') ctx.status = 400
    showFinder(web, ctx, text, text === '' ? '' : `“${text}” is not a MAC address: it has 12 hexadecimal digits.`)
  })
  router.get(`${PATH}/:mac`, (ctx) => {
    const asked = ctx.params.mac ?? ''
    const mac = parseMac(asked)
    if (!mac) return ctx.redirect(`${PATH}?${new URLSearchParams({ mac: asked.slice(0, 100) || '?' })}`)
    if (asked !== mac) return ctx.redirect(`${PATH}/${mac}`)
    const { port } = web
    const title = `Explain ${formatMac(mac)}`
    const isPhone = port.fleet.device(mac) !== undefined
    const test = { label: 'Try it in the tester', href: `/dhcp/test?${new URLSearchParams({ mac })}` }
    showPage(web, ctx, {
      view: 'dhcp/explain',
      title,
      section: 'dhcp',
      data: {
        head: {
          title,
          lead: 'Its last messages, newest first, each with the decision as it was made.',
          trail: [...TRAIL, { label: 'Explain', href: PATH }],
          actions: [...(isPhone ? [{ label: 'Its device page', href: `/devices/${mac}` }] : []), test],
        },
        exchanges: port.explain(mac).map((one) => explanationView(web, one)),
        empty: {
          title: 'Nothing is remembered of this client',
          sentence:
            'It has sent no DHCP message since the daemon started, or long ago. Restart the phone and look again, or try its options in the tester.',
          actions: [test],
        },
      },
    })
  })
  return router
}

function showFinder(web: Web, ctx: WebContext, text: string, error: string): void {
  showPage(web, ctx, {
    view: 'dhcp/explain-find',
    title: 'Explain a client',
    section: 'dhcp',
    data: {
      head: { title: 'Explain a client', lead: 'Why did a client get the address and options that it got, or none?' },
      tabs: dhcpTabs(PATH),
      ...{ text, error },
    },
  })
}
