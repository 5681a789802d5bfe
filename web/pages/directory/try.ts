// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { type NoExtras, queryText, type Web, type WebState } from '#web/context'
import { count, duration } from '#web/format'
import type { Fact } from '#web/kit/cell'
import { showPage } from '#web/pages/shell'
import type { DirectoryPort, PhoneScreen } from '#web/ports/directory'
import { HOME, regionOptions, tabs } from './words.ts'

const PATH = `${HOME}/try`
const LONGEST = 100
/** Lines that the display of such a phone has room for; the rest is scrolled to. */
const LINES_AT_ONCE = 8

/** Asks what a phone asks, and shows what it would show. */
export function tryRoutes(web: Web, directory: DirectoryPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: PATH })
  router.get('/', (ctx) => {
    const typed = queryText(ctx, 'text').slice(0, LONGEST)
    const region = queryText(ctx, 'region').trim().slice(0, LONGEST)
    const field = queryText(ctx, 'field') === 'number' ? 'number' : 'name'
    const data = resultView(typed, typed === '' ? undefined : directory.try({ region, field, typed }))
    ctx.vary('HX-Request')
    if (ctx.get('HX-Request') !== '') {
      ctx.type = 'html'
      ctx.body = web.views.render('directory/try-result', data)
      return
    }
    const kinds = [
      { value: 'name', label: 'Name' },
      { value: 'number', label: 'Number' },
    ]
    showPage(web, ctx, {
      ...{ view: 'directory/try', title: 'Try it as a phone', section: 'directory' },
      data: {
        ...data,
        head: {
          title: 'Try it as a phone',
          lead: 'Type as somebody would on a phone. It runs the very query of that phone, with its settings and what it may see.',
        },
        tabs: tabs('/try'),
        search: {
          ...{ action: PATH, label: 'What is typed on the phone', text: typed },
          filters: [
            { name: 'field', label: 'Search by', value: field, options: kinds },
            {
              name: 'region',
              label: 'Phone of',
              value: region,
              options: regionOptions(directory, 'No region', region),
            },
          ],
        },
      },
    })
  })
  return router
}

function resultView(typed: string, screen: PhoneScreen | undefined): object {
  if (!screen) return { typed, state: 'waiting', told: '' }
  if (screen.kind === 'problem') return { typed, state: 'problem', problem: screen.problem, told: screen.problem }
  const { hits, more, maxHits, base, filter, touched, micros } = screen
  const facts: Fact[] = [
    { label: 'Filter', cell: { code: filter } },
    { label: 'Base', cell: { code: base } },
    { label: 'Entries looked at', cell: count(touched) },
    { label: 'Found', cell: more ? `more than ${count(hits.length)}` : count(hits.length) },
    { label: 'Most entries', cell: count(maxHits) },
    { label: 'Time on this server', cell: duration(micros) },
  ]
  return {
    ...{ typed, state: 'shown', facts, more, maxHits: count(maxHits) },
    told: hits.length === 0 ? 'Nothing found' : `${count(hits.length)} lines`,
    lines: hits.map(({ shown, numbers, dn }, i) => ({ shown, numbers, dn, first: i === 0 })),
    scrolls: hits.length > LINES_AT_ONCE,
  }
}
