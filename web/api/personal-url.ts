// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { type Mac, parseMac } from '#protocols/lib/mac'
import { actorOf, type NoExtras, type Web, type WebState } from '#web/context'
import { Problem } from '#web/http/problem'
import type { PersonalUrlsPort } from '#web/ports/phone-secrets'

/** `/api/v1/devices/<mac>/personal-url`, also open to the local token. Times are milliseconds since the epoch. */
export function personalUrlApiRoutes(web: Web, urls: PersonalUrlsPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/devices/:mac/personal-url' })

  router.get('/', (ctx) => {
    ctx.body = urls.of(phoneOf(web, ctx.params.mac))
  })
  /** A new address when the phone next asks from where it is at home. */
  router.post('/renew', async (ctx) => {
    const mac = phoneOf(web, ctx.params.mac)
    await urls.renew(mac, actorOf(ctx))
    ctx.body = urls.of(mac)
  })
  /** No passwords for the phone until it is renewed. */
  router.post('/revoke', async (ctx) => {
    const mac = phoneOf(web, ctx.params.mac)
    await urls.revoke(mac, actorOf(ctx))
    ctx.body = urls.of(mac)
  })
  return router
}

function phoneOf(web: Web, text = ''): Mac {
  const mac = parseMac(text)
  if (!mac) throw new Problem(400, 'The path must name a MAC address.')
  if (!web.port.fleet.device(mac)) throw new Problem(404, 'No phone with this MAC address has been seen.')
  return mac
}
