// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { type NoExtras, queryText, sessionOf, type Web, type WebContext, type WebState } from '#web/context'
import { Problem } from '#web/http/problem'
import { parseWanted } from './fragments.ts'
import { EventStream } from './stream.ts'

/** `GET /events?show=<names>&of=<macs>&item=<id>`: server-sent events, each a `swap` of fragments, a JSON list of HTML. */
export function eventsRoutes(web: Web): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  router.get('/events', (ctx) => {
    const wanted = parseWanted(web.fragments, queryText(ctx, 'show'), queryText(ctx, 'of'), queryText(ctx, 'item'))
    if (!wanted)
      throw new Problem(400, '"show" must name known fragments, "of" be up to 100 MAC addresses, and "item" an id.')
    if (web.feed.full) {
      ctx.set('Retry-After', '10')
      throw new Problem(503, 'Too many pages are following at the moment.')
    }
    if (ctx.method === 'HEAD') {
      ctx.type = 'text/event-stream'
      ctx.status = 200
      return
    }
    const { id } = sessionOf(ctx)
    open(ctx)
    web.feed.join(
      wanted,
      (catchUp) => new EventStream(ctx.res, catchUp),
      () => web.sessions.peek(id) !== undefined,
    )
  })
  return router
}

/** Takes the response out of Koa's hands: it lives until the client or the server goes. */
function open(ctx: WebContext): void {
  ctx.respond = false
  ctx.set('Content-Type', 'text/event-stream; charset=utf-8')
  ctx.set('X-Accel-Buffering', 'no')
  ctx.res.writeHead(200)
  ctx.res.flushHeaders()
}
