// SPDX-License-Identifier: Apache-2.0
import type { Web, WebContext } from '#web/context'
import { count } from '#web/format'
import type { Fragments } from '#web/live/fragments'

/**
 * The main menu, in groups. A new page that belongs there gets a line here; its icon is in `views/icons.eta`, and
 * `needs` names the part of the port without which it is left out.
 */
const MENU = [
  {
    heading: 'Phones',
    entries: [
      { id: 'dashboard', href: '/', label: 'Dashboard', icon: 'dashboard' },
      { id: 'devices', href: '/devices', label: 'Devices', icon: 'phone' },
      { id: 'approvals', href: '/approvals', label: 'Approvals', icon: 'ok', needs: 'approvals' },
      { id: 'jobs', href: '/jobs', label: 'Jobs', icon: 'jobs', needs: 'jobs' },
      { id: 'firmware', href: '/firmware', label: 'Firmware', icon: 'chip', needs: 'firmware' },
      { id: 'rollouts', href: '/rollouts', label: 'Rollouts', icon: 'rollouts', needs: 'rollouts' },
    ],
  },
  {
    heading: 'People',
    entries: [
      { id: 'users', href: '/users', label: 'Users', icon: 'people', needs: 'users' },
      { id: 'scopes', href: '/scopes', label: 'Regions', icon: 'places', needs: 'scopes' },
      { id: 'directory', href: '/directory', label: 'Directory', icon: 'book', needs: 'directory' },
    ],
  },
  {
    heading: 'Provisioning',
    entries: [
      { id: 'templates', href: '/templates', label: 'Templates', icon: 'note', needs: 'templates' },
      { id: 'parameters', href: '/parameters', label: 'Parameters', icon: 'sliders', needs: 'parameters' },
      { id: 'drift', href: '/drift', label: 'Drift', icon: 'drift', needs: 'served' },
      { id: 'changes', href: '/changes', label: 'Changes', icon: 'history', needs: 'changes' },
      { id: 'files', href: '/files', label: 'Files', icon: 'files', needs: 'auxiliary' },
    ],
  },
  {
    heading: 'Operations',
    entries: [
      { id: 'alarms', href: '/alarms', label: 'Alarms', icon: 'bell', needs: 'alarmDesk' },
      { id: 'forwarding', href: '/forwarding', label: 'Forwarding', icon: 'send', needs: 'forwarding' },
      { id: 'backup', href: '/backup', label: 'Backup', icon: 'box', needs: 'backup' },
      { id: 'archive', href: '/archive', label: 'Import and export', icon: 'download', needs: 'archive' },
      { id: 'messages', href: '/messages', label: 'Log messages', icon: 'note', needs: 'messages' },
    ],
  },
  {
    heading: 'Network',
    entries: [
      { id: 'dhcp', href: '/dhcp', label: 'DHCP', icon: 'network', needs: 'dhcpDesk' },
      { id: 'finding', href: '/finding', label: 'Finding us', icon: 'compass', needs: 'redirects' },
    ],
  },
] as const

/** A menu entry. */
export type SectionId = (typeof MENU)[number]['entries'][number]['id']

export interface Page {
  /** Template below `views/`. */
  readonly view: string
  readonly title: string
  /** The menu entry to mark as current. */
  readonly section?: SectionId
  /** The event stream that keeps the page up to date (see `eventsUrl`). */
  readonly events?: string
  /** Without scripts, the page loads itself again after so many seconds. */
  readonly refresh?: number
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
    menu: menuOf(web, page.section, session !== undefined),
    flash: web.flashes.take(ctx),
    tasks: runningTasks(web, ctx),
    refresh: page.refresh ?? 0,
    events: page.events ?? '',
    trouble: session ? troubleHtml(web) : '',
    zone: web.time.zone,
    ...page.data,
  })
}

/** What is served, in its groups. `marked`: with what waits there. */
function menuOf(web: Web, current: SectionId | undefined, marked: boolean): object[] {
  return MENU.map(({ heading, entries }) => ({
    heading,
    entries: entries
      .filter((entry) => !('needs' in entry) || web.port[entry.needs] !== undefined)
      .map((entry) => ({
        ...{ ...entry, current: entry.id === current },
        mark: marked && entry.id === 'alarms' ? alarmMarkHtml(web) : '',
      })),
  })).filter(({ entries }) => entries.length > 0)
}

/** What this admin has at work elsewhere, for the way back to it. */
function runningTasks(web: Web, ctx: WebContext): object[] {
  const { session } = ctx.state
  if (!session) return []
  const running = web.tasks.running(session.account.name).map(({ id, title }) => ({ title, href: `/tasks/${id}` }))
  return running.filter(({ href }) => href !== ctx.path)
}

/** Every page follows it: the store's trouble above the page, and how many alarms wait, in the menu. */
export function shellFragments(web: Pick<Web, 'port' | 'views'>): Fragments {
  return { trouble: { scope: 'fleet', render: () => troubleHtml(web) + alarmMarkHtml(web) } }
}

function troubleHtml({ port, views }: Pick<Web, 'port' | 'views'>): string {
  return views.render('fragments/trouble', { banners: bannersOf(port) })
}

interface Banner {
  readonly tone: 'tone-bad' | 'tone-warn'
  readonly title: string
  readonly text: string
}

/** What every page should say while it is so. */
function bannersOf(port: Web['port']): Banner[] {
  const banners: Banner[] = []
  const trouble = port.storeTrouble()
  if (trouble !== undefined) banners.push({ tone: 'tone-bad', title: 'Changes cannot be saved.', text: trouble })
  const reload = port.configuration.lastReload()
  if (reload?.outcome === 'refused') {
    const text = `The old one stays in force. ${reload.complaints[0] ?? ''}`
    banners.push({ tone: 'tone-warn', title: 'The changed configuration was refused.', text })
  }
  if (reload && reload.restart.length > 0) {
    const text = `Restart Offhook to put them in force: ${reload.restart.join(', ')}`
    banners.push({ tone: 'tone-warn', title: 'Changed settings wait for a restart.', text })
  }
  return banners
}

/** Alarms that nobody has acknowledged. */
function alarmMarkHtml({ port, views }: Pick<Web, 'port' | 'views'>): string {
  if (!port.alarmDesk) return ''
  const { unacknowledged } = port.alarmDesk.counts()
  return views.render('fragments/alarm-mark', { waiting: unacknowledged, count: count(unacknowledged) })
}
