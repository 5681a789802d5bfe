// SPDX-License-Identifier: Apache-2.0
import { queryText, type WebContext } from '#web/context'

const LONGEST = 100

/** What a list shows, as its address says it. Empty values and the defaults are left out of addresses. */
export interface ListQuery<Order extends string> {
  readonly path: string
  /** Filters by their parameter's name; of `text` too. Empty means all. */
  readonly filters: Readonly<Record<string, string>>
  readonly order: Order
  readonly descending: boolean
  /** From 1. */
  readonly page: number
}

/** Reads `order` (`-name` descends), `page` and the filters named. What makes no sense counts as absent. */
export function listQuery<Order extends string>(
  ctx: WebContext,
  path: string,
  filters: readonly string[],
  orders: readonly [Order, ...Order[]],
): ListQuery<Order> {
  const asked = queryText(ctx, 'order')
  const name = asked.replace(/^-/, '')
  const order = orders.find((known) => known === name)
  const page = queryText(ctx, 'page')
  return {
    path,
    filters: Object.fromEntries(filters.map((filter) => [filter, queryText(ctx, filter).trim().slice(0, LONGEST)])),
    order: order ?? orders[0],
    descending: order !== undefined && asked.startsWith('-'),
    page: /^[1-9]\d{0,6}$/.test(page) ? Number(page) : 1,
  }
}

/** The address of the same list with something changed. `first` is the order that addresses need not name. */
export function listHref<Order extends string>(
  query: ListQuery<Order>,
  first: Order,
  change: Partial<ListQuery<Order>> = {},
): string {
  const { path, filters, order, descending, page } = { ...query, ...change }
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(filters)) if (value !== '') search.set(name, value)
  if (order !== first || descending) search.set('order', `${descending ? '-' : ''}${order}`)
  if (page > 1) search.set('page', String(page))
  return search.size === 0 ? path : `${path}?${search}`
}
