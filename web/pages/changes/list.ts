// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { SUBJECT_KINDS } from '#daemon/domain/provisioning/revision'
import type { NoExtras, Web, WebState } from '#web/context'
import { count } from '#web/format'
import { listHref, listQuery } from '#web/kit/list-query'
import { paging, rangeText } from '#web/kit/paging'
import { table } from '#web/kit/table'
import { showPage } from '#web/pages/shell'
import type { ChangesPort } from '#web/ports/changes'
import { HOME, KINDS, PLACEHOLDERS, subjectText } from './words.ts'

const PAGE_SIZE = 50

/** What was changed of all that phones' files are made of, the newest first. */
export function changeListRoutes(web: Web, changes: ChangesPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  router.get(HOME, (ctx) => {
    const now = web.port.now()
    const query = listQuery(ctx, HOME, ['text', 'subject', 'by'], ['newest'])
    const { text = '', subject = '', by = '' } = query.filters
    const found = changes.revisions({ text, subject, by, page: query.page, pageSize: PAGE_SIZE })
    const rows = found.rows.map((revision) => ({
      cells: [
        { text: revision.summary, href: `${HOME}/${revision.sequence}`, strong: true, note: revision.why },
        subjectText(revision.subject),
        revision.phones === undefined ? '' : count(revision.phones),
        revision.by,
        { moment: web.time.moment(revision.at, now) },
      ],
    }))
    const columns = [
      { label: 'Change' },
      { label: 'About' },
      { label: 'Phones', kind: 'number' as const },
      { label: 'By' },
      { label: 'When' },
    ]
    const narrowed = text !== '' || subject !== '' || by !== ''
    const all = { value: '', label: 'All' }
    const data = {
      table: table('Changes', columns, rows),
      pages: paging(found.page, found.pageCount, (page) => listHref(query, 'newest', { page })),
      range: rangeText(found.page, PAGE_SIZE, rows.length, found.total, 'change', 'changes'),
      none: {
        title: narrowed ? 'No such change' : 'No change yet',
        sentence: narrowed
          ? 'Take a filter away, or search for something else.'
          : 'Every change of templates, settings and places is kept here, with who made it and the way back.',
        icon: 'history',
      },
    }
    if (ctx.get('HX-Request') !== '') {
      ctx.type = 'html'
      ctx.body = web.views.render('changes/found', data)
      return
    }
    showPage(web, ctx, {
      ...{ view: 'changes/list', title: 'Changes', section: 'changes' },
      data: {
        ...data,
        head: {
          title: 'Changes',
          lead: 'Who changed what phones’ files are made of, when and why; and the way back.',
          actions: [{ label: 'Placeholders in use', href: PLACEHOLDERS }],
        },
        search: {
          ...{ action: HOME, label: 'Search changes', text },
          filters: [
            {
              ...{ name: 'subject', label: 'About', value: subject },
              options: [all, ...SUBJECT_KINDS.map((kind) => ({ value: kind, label: KINDS[kind] }))],
            },
            {
              ...{ name: 'by', label: 'By', value: by },
              options: [all, ...changes.people().map((name) => ({ value: name, label: name }))],
            },
          ],
        },
      },
    })
  })
  return router
}
