// SPDX-License-Identifier: Apache-2.0
import { count } from '#web/format'

export interface PageLink {
  readonly label: string
  /** Empty for a gap. */
  readonly href: string
  readonly current: boolean
}

/** For `views/kit/pages`. */
export interface Paging {
  readonly links: readonly PageLink[]
  /** Empty on the first page. */
  readonly previous: string
  /** Empty on the last page. */
  readonly next: string
}

/** First, last and the two on either side of the current page; undefined when there is one page only. */
export function paging(page: number, pageCount: number, href: (page: number) => string): Paging | undefined {
  if (pageCount <= 1) return undefined
  const links: PageLink[] = []
  let last = 0
  for (let n = 1; n <= pageCount; n = n < page - 2 ? page - 2 : n < page + 2 ? n + 1 : Math.max(n + 1, pageCount)) {
    if (n > last + 1) links.push({ label: '…', href: '', current: false })
    links.push({ label: count(n), href: href(n), current: n === page })
    last = n
  }
  return { links, previous: page > 1 ? href(page - 1) : '', next: page < pageCount ? href(page + 1) : '' }
}

/** `51–100 of 1,204 contacts`. `one` and `many` name what is counted. */
export function rangeText(page: number, pageSize: number, shown: number, total: number, one: string, many: string) {
  const first = (page - 1) * pageSize + 1
  const range = total > pageSize && shown > 0 ? `${count(first)}–${count(first + shown - 1)} of ` : ''
  return `${range}${count(total)} ${total === 1 ? one : many}`
}
