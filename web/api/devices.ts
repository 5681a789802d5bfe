// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { parseMac } from '#protocols/lib/mac'
import { actorOf, type NoExtras, type WebState } from '#web/context'
import { Problem } from '#web/http/problem'
import type { DevicesPort } from '#web/ports/devices'

/** `DELETE /api/v1/devices/<mac>`: forgets a phone; also open to the local token. */
export function devicesApiRoutes(devices: DevicesPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/devices' })
  router.delete('/:mac', async (ctx) => {
    const mac = parseMac(ctx.params.mac ?? '')
    if (!mac) throw new Problem(400, 'The last part of the path must be a MAC address.')
    const saved = await devices.remove(mac, actorOf(ctx))
    if (saved.kind !== 'saved') throw new Problem(404, `No phone with the MAC address ${mac} has been seen.`)
    ctx.status = 204
  })
  return router
}
