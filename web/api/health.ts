// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { NoExtras, Web, WebState } from '#web/context'

/** `GET /api/v1/health`: where each server listens, and how it is. Open to the local token: `offhook healthcheck` asks. */
export function healthApiRoutes({ port }: Web): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/health' })
  router.get('/', (ctx) => {
    const servers = port.servers().map(({ name, health }) => ({ name, ...health }))
    ctx.body = { servers, storeTrouble: port.storeTrouble() ?? null }
  })
  return router
}
