// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { NoExtras, Web, WebState } from '#web/context'
import type { ForwardingPort } from '#web/ports/forwarding'
import { destinationRoutes } from './destination.ts'
import { destinationFormRoutes } from './edit.ts'
import { forwardingListRoutes } from './list.ts'

/** `/forwarding…`. */
export function forwardingRoutes(web: Web, forwarding: ForwardingPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  forwardingListRoutes(web, forwarding, router)
  destinationFormRoutes(web, forwarding, router)
  destinationRoutes(web, forwarding, router)
  return router
}
