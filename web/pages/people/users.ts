// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { SYSTEM } from '#daemon/domain/scope'
import type { NoExtras, Web, WebState } from '#web/context'
import { count } from '#web/format'
import type { Empty } from '#web/kit/cell'
import { type ListQuery, listHref, listQuery } from '#web/kit/list-query'
import { paging, rangeText } from '#web/kit/paging'
import { type Row, table } from '#web/kit/table'
import { showPage } from '#web/pages/shell'
import type { ScopesPort } from '#web/ports/scopes'
import type { UserRow, UsersPort } from '#web/ports/users'
import { placeText, scopeOptions, USERS, userHref } from './words.ts'

const PAGE_SIZE = 50
const ORDERS = ['name'] as const

type Query = ListQuery<'name'>

/** The users: who they are, where, and how many of their phones work. */
export function userListRoutes(web: Web, users: UsersPort, scopes: ScopesPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: USERS })
  router.get('/', (ctx) => {
    const query = listQuery(ctx, USERS, ['text', 'region'], ORDERS)
    const { text = '', region = '' } = query.filters
    const known = scopes.tree().get(region) ? region : ''
    const found = users.list({ text, region: known, page: query.page, pageSize: PAGE_SIZE })
    if (query.page > found.pageCount) return ctx.redirect(listHref(query, 'name', { page: found.pageCount }))
    const list = {
      table: table(
        'Users',
        COLUMNS,
        found.rows.map((row) => rowOf(row, scopes)),
      ),
      found: rangeText(found.page, PAGE_SIZE, found.rows.length, found.total, 'user', 'users'),
      pages: paging(found.page, found.pageCount, (page) => listHref(query, 'name', { page })),
      none: users.count() === 0 ? NO_USERS : nothingFound(query),
    }
    ctx.vary('HX-Request')
    if (ctx.get('HX-Request') !== '') {
      ctx.type = 'html'
      ctx.body = web.views.render('people/list', list)
      return
    }
    showPage(web, ctx, {
      ...{ view: 'people/users', title: 'Users', section: 'users' },
      data: { ...list, head: headOf(web, users, query), search: searchOf(scopes, text, known) },
    })
  })
  return router
}

const COLUMNS = [
  { label: 'Login name' },
  { label: 'Display name' },
  { label: 'Devices', kind: 'number' },
  { label: 'Registered', kind: 'number' },
  { label: 'Region' },
  { label: 'Line', kind: 'mono' },
] as const

function rowOf({ user, devices, registered }: UserRow, scopes: ScopesPort): Row {
  const href = userHref(user.name)
  return {
    cells: [
      { text: user.name, href, strong: true },
      user.displayName,
      count(devices),
      count(registered),
      placeText(scopes.tree(), user.region),
      user.lineUri || user.phoneNumber,
    ],
    actions: [
      { label: 'Add device', of: `to ${user.name}`, href: `${href}/devices/add` },
      { label: 'Remove', of: user.name, href: `${href}/remove` },
    ],
  }
}

function headOf({ port }: Web, users: UsersPort, query: Query): object {
  const search = listHref(query, 'name', { path: `${USERS}/export.csv`, page: 1 })
  const chosen = Object.values(query.filters).some((value) => value !== '')
  return {
    title: 'Users',
    lead: 'The people, or numbers, that phones belong to. Phones get their lines and languages from here.',
    actions: [
      ...(port.peopleFiles
        ? [
            ...(users.count() > 0
              ? [
                  { label: chosen ? 'Export these' : 'Export', href: search, icon: 'download' },
                  { label: 'Export with passwords', href: `${USERS}/export-passwords`, icon: 'download' },
                ]
              : []),
            { label: 'Import', href: `${USERS}/import`, icon: 'upload' },
          ]
        : []),
      { label: 'Add user', href: `${USERS}/add`, icon: 'add', look: 'primary' },
    ],
  }
}

function searchOf(scopes: ScopesPort, text: string, region: string): object {
  const [, ...places] = scopeOptions(scopes.tree(), '')
  const everywhere = [{ value: '', label: 'All' }, ...places]
  const options = region === SYSTEM.id ? [...everywhere, { value: SYSTEM.id, label: 'The system' }] : everywhere
  return {
    ...{ action: USERS, label: 'Name, number, line URI or MAC', text },
    filters: [{ name: 'region', label: 'Region', value: region, options }],
  }
}

const NO_USERS: Empty = {
  title: 'No user yet',
  sentence:
    'Add the first one, or import all of them with their phones from the CSV file that your phone manager or PBX exports.',
  icon: 'people',
  actions: [
    { label: 'Add user', href: `${USERS}/add`, icon: 'add', look: 'primary' },
    { label: 'Import', href: `${USERS}/import`, icon: 'upload' },
  ],
}

function nothingFound({ filters }: Query): Empty {
  const { text = '' } = filters
  const where = filters.region ? ' in this region' : ''
  const sentence =
    text === '' ? `Nobody is${where}.` : `Nobody${where} has “${text}” in a name, number, line URI or MAC address.`
  return { title: 'No user matches', sentence, icon: 'search', actions: [{ label: 'Show all users', href: USERS }] }
}
