// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { type NoExtras, queryText, type Web, type WebState } from '#web/context'
import { count } from '#web/format'
import type { MessageRow } from '#web/ports/messages'
import type { Tone } from './presence.ts'
import { showPage } from './shell.ts'

const TONES: Readonly<Record<string, Tone>> = { debug: 'idle', info: 'info', warn: 'warn', error: 'bad', fatal: 'bad' }
const LONGEST = 100

/** `/messages`: what each log line means and asks for; `text` searches. */
export function logMessageRoutes(web: Web, messages: readonly MessageRow[]): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  router.get('/messages', (ctx) => {
    const text = queryText(ctx, 'text').slice(0, LONGEST)
    const words = text.toLowerCase().split(/\s+/)
    const found = messages.filter((row) => {
      const all = [row.id, row.level, row.text, row.meaning, row.remedy].join(' ').toLowerCase()
      return words.every((word) => all.includes(word))
    })
    const rows = found.map((row) => ({ ...row, tone: TONES[row.level] ?? 'idle' }))
    const range = `${count(found.length)} of ${count(messages.length)} messages`
    ctx.vary('HX-Request')
    if (ctx.get('HX-Request') !== '') {
      ctx.type = 'html'
      ctx.body = web.views.render('log-message-list', { rows, range })
      return
    }
    showPage(web, ctx, {
      ...{ view: 'log-messages', title: 'Log messages', section: 'messages' },
      data: {
        ...{ rows, range },
        head: { title: 'Log messages', lead: 'What each line of the log means, and what it asks of you.' },
        search: { action: '/messages', label: 'Search messages', text, filters: [] },
      },
    })
  })
  return router
}
