// SPDX-License-Identifier: Apache-2.0
import type { Action, Cell } from './cell.ts'
import { type ListQuery, listHref } from './list-query.ts'

export interface Column<Order extends string = string> {
  readonly label: string
  /** Sorts by it when its heading is followed. */
  readonly order?: Order
  readonly kind?: 'number' | 'mono'
  /** Left out on narrow screens. */
  readonly wideOnly?: boolean
}

export interface Row {
  /** Of the row's element; needed only where it is swapped live. */
  readonly id?: string
  /** One for each column; the first names the row. */
  readonly cells: readonly Cell[]
  readonly actions?: readonly Action[]
}

/** For `views/kit/table`: a table that becomes a list of cards on narrow screens. */
export interface TableView {
  readonly caption: string
  readonly columns: readonly (Omit<Column, 'order'> & {
    readonly href: string
    readonly sorted: 'ascending' | 'descending' | ''
  })[]
  readonly rows: readonly Row[]
  readonly hasActions: boolean
}

/** A sortable one needs the list's query; `first` is the order of a list that was not told one. */
export function table<Order extends string>(
  caption: string,
  columns: readonly Column<Order>[],
  rows: readonly Row[],
  sort?: { readonly query: ListQuery<Order>; readonly first: Order },
): TableView {
  return {
    caption,
    rows,
    hasActions: rows.some(({ actions = [] }) => actions.length > 0),
    columns: columns.map(({ order, ...column }) => {
      if (order === undefined || !sort) return { ...column, href: '', sorted: '' }
      const { query, first } = sort
      const current = query.order === order
      const descending = current && !query.descending
      const sorted = current ? (query.descending ? 'descending' : 'ascending') : ''
      return { ...column, href: listHref(query, first, { order, descending, page: 1 }), sorted }
    }),
  }
}
