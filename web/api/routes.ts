// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { Presence } from '#daemon/domain/phone'
import { parseMac } from '#protocols/lib/mac'
import { type NoExtras, queryText, sessionOf, type Web, type WebContext, type WebState } from '#web/context'
import { Problem } from '#web/http/problem'
import { PRESENCES, settled } from '#web/pages/presence'
import type { DeviceDetail, DeviceRow, WebPort } from '#web/port'
import { wholeNumber } from './parameters.ts'

const MOST_ROWS = 200

/** `GET /api/v1/…`: what the pages show, for programs. Times are milliseconds since the epoch. */
export function apiRoutes(web: Web): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1' })
  const { fleet } = web.port

  /** Who is signed in; an open page asks it to learn whether its session still lives. */
  router.get('/session', (ctx) => {
    ctx.body = { name: sessionOf(ctx).account.name }
  })

  router.get('/summary', (ctx) => {
    const summary = fleet.summary()
    const whole = settled(summary)
    ctx.body = { ...summary, registeredShare: whole === 0 ? null : summary.registered / whole }
  })

  router.get('/devices', (ctx) => {
    const presence = presenceParameter(ctx)
    const found = fleet.devices({
      text: queryText(ctx, 'text').slice(0, 100),
      page: wholeNumber(ctx, 'page', 1, 1_000_000),
      pageSize: wholeNumber(ctx, 'pageSize', 50, MOST_ROWS),
      ...(presence ? { presence } : {}),
    })
    ctx.body = { ...found, rows: found.rows.map(rowJson) }
  })

  router.get('/devices/:mac', (ctx) => {
    const mac = parseMac(ctx.params.mac ?? '')
    if (!mac) throw new Problem(400, 'The last part of the path must be a MAC address.')
    const device = fleet.device(mac)
    if (!device) throw new Problem(404, `No phone with the MAC address ${mac} has been seen.`)
    ctx.body = { ...detailJson(device), ...placeJson(web.port, device) }
  })
  return router
}

function rowJson({ phone, presence }: DeviceRow): object {
  return { ...phone, presence }
}

function detailJson({ user, lease, steps, presences, ...row }: DeviceDetail): object {
  return { ...rowJson(row), user: user ?? null, lease: lease ?? null, steps, presences }
}

/** Where the phone is, and on whose word. */
function placeJson({ scopes }: WebPort, { phone }: DeviceDetail): object {
  if (!scopes) return {}
  const { scope, ...word } = scopes.placementOf(phone)
  return { place: { scope: scope.id, path: scopes.tree().pathText(scope.id), ...word } }
}

function presenceParameter(ctx: WebContext): Presence | undefined {
  const slug = queryText(ctx, 'presence')
  if (slug === '') return undefined
  const known = PRESENCES.find((words) => words.slug === slug || words.presence === slug)
  if (known) return known.presence
  throw new Problem(400, `"presence" must be one of ${PRESENCES.map((words) => words.slug).join(', ')}.`)
}
