// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import type Router from '@koa/router'
import type { NoExtras, Web, WebContext, WebState } from '#web/context'
import { type Row, table } from '#web/kit/table'
import { eventsUrl, type Fragments, renderKey } from '#web/live/fragments'
import { linkedCell } from '#web/pages/alarms/rows'
import { showPage } from '#web/pages/shell'
import type { Destination, ForwardingPort } from '#web/ports/forwarding'
import type { Views } from '#web/views'
import { destinationHref, wellness, wellnessBadge } from './words.ts'

const COLUMNS = [
  { label: 'Destination' },
  { label: 'State' },
  { label: 'Goes to', wideOnly: true },
  { label: 'Last delivery' },
] as const

const LEAD = 'Where alarms go. Each destination has a filter and a queue on disk: nothing is lost while it is down.'

export function forwardingListRoutes(web: Web, forwarding: ForwardingPort, router: Router<WebState, NoExtras>): void {
  router.get('/forwarding', (ctx) => {
    const list = listView(web, ctx, forwarding)
    ctx.vary('HX-Request')
    if (ctx.get('HX-Request') !== '') {
      ctx.type = 'html'
      ctx.body = web.views.render('forwarding-list', list)
      return
    }
    const add = { label: 'New destination', href: '/forwarding/new', icon: 'add', look: 'primary' } as const
    const mib = { label: 'Download the MIB', href: '/api/v1/forwarding/mib', icon: 'download' } as const
    showPage(web, ctx, {
      view: 'forwarding',
      title: 'Forwarding',
      section: 'forwarding',
      events: eventsUrl(['trouble', 'forwarding-pulse']),
      data: {
        ...list,
        head: { title: 'Forwarding', lead: LEAD, live: true, actions: [mib, add] },
        pulse: renderKey(web.fragments, 'forwarding-pulse'),
      },
    })
  })
}

/** Says when what pages show of destinations has become old. */
export function forwardingFragments(forwarding: ForwardingPort, views: Views, now: () => number): Fragments {
  return {
    'forwarding-pulse': {
      scope: 'fleet',
      render: () => {
        const all = forwarding.destinations().map((one) => {
          const { id, revision, state, waiting, delivered, failed, dropped, lastError } = one
          return [id, revision, state, waiting, delivered, failed, dropped, lastError]
        })
        const minute = Math.floor(now() / 60_000)
        const pulse = createHash('sha256')
          .update(JSON.stringify([all, minute]))
          .digest('base64url')
          .slice(0, 22)
        return views.render('fragments/forwarding-pulse', { pulse })
      },
    },
  }
}

function listView(web: Web, ctx: WebContext, forwarding: ForwardingPort): object {
  const destinations = forwarding.destinations()
  const kinds = new Map(forwarding.kinds().map(({ kind, label }) => [kind, label]))
  const csrf = web.forms.token(ctx)
  return {
    self: '/forwarding',
    shown: destinations.length,
    table: table(
      'Destinations',
      COLUMNS,
      destinations.map((one) => destinationRow(web, one, kinds, csrf)),
    ),
    empty: {
      title: 'Alarms go nowhere yet',
      sentence: 'Add your network management system, a mailbox, a syslog collector or a webhook.',
      icon: 'send',
      actions: [{ label: 'New destination', href: '/forwarding/new', icon: 'add', look: 'primary' }],
    },
  }
}

function destinationRow(web: Web, one: Destination, kinds: ReadonlyMap<string, string>, csrf: string): Row {
  const now = web.port.now()
  const href = destinationHref(one.id)
  const note = one.origin === 'config' ? 'From the configuration file' : ''
  const html = web.views.render('fragments/destination-state', {
    ...{ state: wellnessBadge(one), sentence: wellness(one).sentence },
  })
  return {
    cells: [
      linkedCell(web, { text: one.name, href, strong: true, note }),
      { html },
      { lines: [kinds.get(one.kind) ?? one.kind, one.target] },
      { moment: web.time.moment(one.lastDeliveredAt, now) },
    ],
    actions: [{ label: 'Test', href: `${href}/test`, of: one.name, csrf }],
  }
}
