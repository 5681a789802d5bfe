// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { sentences } from '#daemon/domain/dhcp/sentences'
import { parseMac } from '#protocols/lib/mac'
import type { NoExtras, Web, WebState } from '#web/context'
import { Problem } from '#web/http/problem'

/** `GET /api/v1/dhcp/…`: why clients got what they got. Also open to whoever may read the daemon's local token. */
export function dhcpApiRoutes({ port }: Web): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/dhcp' })

  /** The last exchanges of a client, newest first; an empty list if none is remembered. */
  router.get('/explain/:mac', (ctx) => {
    const mac = parseMac(ctx.params.mac ?? '')
    if (!mac) throw new Problem(400, 'The last part of the path must be a MAC address.')
    const exchanges = port.explain(mac).map((one) => ({ ...one, sentences: sentences(one) }))
    ctx.body = { mac, exchanges }
  })
  return router
}
