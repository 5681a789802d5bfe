// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { diffLines } from '#daemon/domain/provisioning/line-diff'
import { DRIFT_STATES } from '#daemon/domain/provisioning/served'
import { type Mac, parseMac } from '#protocols/lib/mac'
import { type NoExtras, queryText, type WebState } from '#web/context'
import { Problem } from '#web/http/problem'
import type { ServedPort } from '#web/ports/served'
import { wholeNumber } from './parameters.ts'

const MOST_ROWS = 200

/** What phones would be, and were, served; passwords masked. Also open to the local token. Times are milliseconds since the epoch. */
export function servedApiRoutes(served: ServedPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1' })

  /** The file as it would be now: each line and value with where it comes from. */
  router.get('/devices/:mac/file', (ctx) => {
    const effective = served.effective(macOf(ctx.params.mac))
    if (!effective) throw new Problem(404, 'No such phone has been seen.')
    if ('none' in effective) throw new Problem(404, `There is no file for it: ${effective.none}.`)
    ctx.body = effective
  })
  router.get('/devices/:mac/drift', async (ctx) => {
    const drift = await served.drift(macOf(ctx.params.mac))
    if (!drift) throw new Problem(404, 'No such phone has been seen.')
    ctx.body = { ...drift, served: drift.served ?? null }
  })
  /** The one that was fetched last stands first. */
  router.get('/devices/:mac/served', (ctx) => {
    ctx.body = { rows: served.history(macOf(ctx.params.mac)) }
  })
  /** One of them; with `against`, the hash of another, also how it differs from that. */
  router.get('/devices/:mac/served/:hash', async (ctx) => {
    const mac = macOf(ctx.params.mac)
    const text = await textOf(served, mac, ctx.params.hash ?? '')
    const against = queryText(ctx, 'against')
    if (against === '') ctx.body = { text }
    else {
      const other = await textOf(served, mac, against)
      ctx.body = { text, difference: diffLines(other.split('\n'), text.split('\n')) }
    }
  })
  /** `state` (one of old, never, waiting, none, current, or firmware), `page`, `pageSize`. */
  router.get('/drift', async (ctx) => {
    const state = queryText(ctx, 'state')
    const known: readonly string[] = ['', 'firmware', ...DRIFT_STATES]
    if (!known.includes(state)) throw new Problem(400, `"state" must be one of ${known.slice(1).join(', ')}.`)
    const page = wholeNumber(ctx, 'page', 1, 1_000_000)
    ctx.body = await served.drifting({ state, page, pageSize: wholeNumber(ctx, 'pageSize', 50, MOST_ROWS) })
  })
  return router
}

async function textOf(served: ServedPort, mac: Mac, hash: string): Promise<string> {
  const text = await served.text(mac, hash)
  if (text === undefined) throw new Problem(404, 'Its text is not kept.')
  return text
}

function macOf(text = ''): Mac {
  const mac = parseMac(text)
  if (!mac) throw new Problem(400, 'The path must name a MAC address.')
  return mac
}
