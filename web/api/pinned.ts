// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { LARGEST_PINNED, pinnedName } from '#daemon/domain/pinned'
import { actorOf, type NoExtras, type WebState } from '#web/context'
import { answerFieldProblems, Problem } from '#web/http/problem'
import type { PinnedPort } from '#web/ports/pinned'
import { received } from './body.ts'

/** `/api/v1/pinned`: files that single phones are given as they were uploaded. Their content never comes back. */
export function pinnedApiRoutes(pinned: PinnedPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/pinned' })

  router.get('/', (ctx) => {
    ctx.body = { rows: pinned.list() }
  })
  /** `<MAC>.cfg` or `<MAC>.cfx`; the file is the body. */
  router.put('/:name', async (ctx) => {
    const bytes = await received(ctx.req, LARGEST_PINNED)
    const saved = await pinned.pin(ctx.params.name ?? '', bytes, actorOf(ctx))
    if (saved.kind === 'refused') return answerFieldProblems(ctx, 'The file was not taken.', saved.errors)
    if (saved.kind === 'conflict') throw new Problem(409, 'Another change came first. Try again.')
    ctx.body = saved.value
  })
  router.delete('/:name', async (ctx) => {
    const named = pinnedName(ctx.params.name ?? '')
    if (!named || !(await pinned.unpin(named.mac, named.ending, actorOf(ctx)))) throw new Problem(404, 'There is none.')
    ctx.status = 204
  })
  return router
}
