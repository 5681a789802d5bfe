// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { type Mac, parseMac } from '#protocols/lib/mac'
import { actorOf, type NoExtras, type WebState } from '#web/context'
import { answerFieldProblems, Problem } from '#web/http/problem'
import type { NamePort, RedirectsPort } from '#web/ports/redirects'
import { bodyText } from './parameters.ts'

/** `/api/v1/redirects`, and `/api/v1/provisioning-name`: how phones find us that DHCP tells nothing. */
export function findingApiRoutes(redirects: RedirectsPort, name: NamePort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1' })

  router.get('/provisioning-name', async (ctx) => {
    ctx.body = await name.check()
  })
  router.get('/redirects', (ctx) => {
    ctx.body = { enabled: redirects.isOn(), rows: redirects.list() }
  })
  /** `url`, empty for ourselves, and `note`. */
  router.put('/redirects/:mac', async (ctx) => {
    const mac = macOf(ctx.params.mac)
    const saved = await redirects.set([mac], bodyText(ctx, 'url'), bodyText(ctx, 'note'), actorOf(ctx))
    if (saved.kind === 'refused') return answerFieldProblems(ctx, 'Nothing was changed.', saved.errors)
    ctx.status = 204
  })
  router.delete('/redirects/:mac', async (ctx) => {
    if (!(await redirects.unset(macOf(ctx.params.mac), actorOf(ctx)))) throw new Problem(404, 'It is not on the list.')
    ctx.status = 204
  })
  return router
}

function macOf(text = ''): Mac {
  const mac = parseMac(text)
  if (!mac) throw new Problem(400, 'The path must name a MAC address.')
  return mac
}
