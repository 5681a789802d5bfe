// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { NoExtras, Web, WebState } from '#web/context'
import { problemDetails } from '#web/http/problem'

/** `/api/v1/configuration`: what became of the last reload, and another one. Open to the local token, too. */
export function configurationApiRoutes({ port }: Web): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/configuration' })
  router.get('/', (ctx) => {
    ctx.body = { lastReload: port.configuration.lastReload() ?? null }
  })
  /** 422 when the file cannot be used; the body says why, and all stays as it was. */
  router.post('/reload', async (ctx) => {
    const report = await port.configuration.reload()
    if (report.outcome !== 'refused') {
      ctx.body = report
      return
    }
    const detail = report.complaints.join('; ')
    ctx.status = 422
    ctx.body = JSON.stringify({ ...problemDetails(422, `The running configuration stays: ${detail}`), ...report })
    ctx.type = 'application/problem+json'
  })
  return router
}
