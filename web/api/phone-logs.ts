// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { type Mac, parseMac } from '#protocols/lib/mac'
import { actorOf, type NoExtras, type WebState } from '#web/context'
import { Problem } from '#web/http/problem'
import type { CommandsPort } from '#web/ports/commands'
import type { PhoneLogsPort } from '#web/ports/phone-logs'
import { bodyText, wholeNumber } from './parameters.ts'

const MOST_LINES = 5_000

/** `/api/v1/devices/<mac>/log`, also open to the local token. Times are milliseconds since the epoch. */
export function phoneLogsApiRoutes(logs: PhoneLogsPort, commands?: CommandsPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/devices/:mac/log' })

  router.get('/', async (ctx) => {
    const found = await logs.read(macOf(ctx.params.mac), wholeNumber(ctx, 'limit', 500, MOST_LINES))
    if (!found) throw new Problem(404, NO_PHONE)
    ctx.body = { ...found, collection: found.collection ?? null }
  })

  /** `minutes`. The phone sends its log from its next fetch of its configuration on, and is told to fetch it. */
  router.post('/collection', async (ctx) => {
    const text = bodyText(ctx, 'minutes')
    const minutes = /^\d{1,5}$/.test(text) ? Number(text) : 0
    const [mac, by] = [macOf(ctx.params.mac), actorOf(ctx)]
    const outcome = await logs.collect(mac, minutes, by)
    if (outcome.kind === 'unknown') throw new Problem(404, NO_PHONE)
    if (outcome.kind === 'refused') throw new Problem(422, outcome.reason)
    await checkSoon(commands, mac, by)
    ctx.status = 201
    ctx.body = outcome.collection
  })

  router.delete('/collection', async (ctx) => {
    const [mac, by] = [macOf(ctx.params.mac), actorOf(ctx)]
    const isEnded = await logs.endCollection(mac, by)
    if (!isEnded) throw new Problem(404, 'This phone is not asked for its log.')
    await checkSoon(commands, mac, by)
    ctx.status = 204
  })
  return router
}

/**
 * Tells the phone to fetch its configuration, so that it begins or ends soon. Returns a sentence on when that will be; a
 * refusal only means later.
 */
export async function checkSoon(commands: CommandsPort | undefined, mac: Mac, by: string): Promise<string> {
  const later = 'It takes that up when it fetches its configuration the next time.'
  // One that waits already will do.
  if (commands?.of(mac).some(({ kind, state }) => kind === 'check' && state === 'waiting')) return SOON
  const saved = await commands?.submit(mac, { kind: 'check' }, by)
  return saved?.kind === 'saved' ? SOON : later
}

const SOON = 'It is being told to check its configuration.'
const NO_PHONE = 'No phone with this MAC address has been seen.'

function macOf(text = ''): Mac {
  const mac = parseMac(text)
  if (!mac) throw new Problem(400, 'The path must name a MAC address.')
  return mac
}
