// SPDX-License-Identifier: Apache-2.0
import type { Web, WebContext } from '#web/context'
import type { Fragments } from '#web/live/fragments'

/** The main menu. A new page that belongs there gets a line here. */
const MENU = [
  { id: 'dashboard', href: '/', label: 'Dashboard', icon: 'dashboard' },
  { id: 'devices', href: '/devices', label: 'Devices', icon: 'phone' },
] as const

export interface Page {
  /** Template below `views/`. */
  readonly view: string
  readonly title: string
  /** The menu entry to mark as current. */
  readonly section?: (typeof MENU)[number]['id']
  /** The event stream that keeps the page up to date (see `eventsUrl`). */
  readonly events?: string
  readonly data?: object
}

/** Answers with a page inside the common frame: menu, account, store trouble, live sign. */
export function showPage(web: Web, ctx: WebContext, page: Page): void {
  const { session } = ctx.state
  ctx.type = 'html'
  ctx.body = web.views.render(page.view, {
    title: page.title,
    asset: (name: string) => web.assets.url(name),
    csrf: web.forms.token(ctx),
    account: session?.account.name,
    settled: session !== undefined && !session.account.mustChangePassword,
    menu: MENU.map((entry) => ({ ...entry, current: entry.id === page.section })),
    events: page.events ?? '',
    trouble: session ? troubleHtml(web) : '',
    zone: web.time.zone,
    ...page.data,
  })
}

export function shellFragments(web: Pick<Web, 'port' | 'views'>): Fragments {
  return { trouble: { scope: 'fleet', render: () => troubleHtml(web) } }
}

function troubleHtml({ port, views }: Pick<Web, 'port' | 'views'>): string {
  return views.render('fragments/trouble', { sentence: port.storeTrouble() })
}
