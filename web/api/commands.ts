// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { COMMAND_KINDS, isCommandKind } from '#daemon/domain/command'
import { type Mac, parseMac } from '#protocols/lib/mac'
import { actorOf, type NoExtras, type WebState } from '#web/context'
import { answerFieldProblems, Problem } from '#web/http/problem'
import type { CommandsPort } from '#web/ports/commands'
import { bodyText } from './parameters.ts'

/** `/api/v1/devices/<mac>/commands`, also open to the local token. Times are milliseconds since the epoch. */
export function commandsApiRoutes(commands: CommandsPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/devices/:mac/commands' })

  router.get('/', (ctx) => {
    ctx.body = { rows: commands.of(macOf(ctx.params.mac)) }
  })

  /** `kind`, and `text` of a message. 202: the phone is being told; ask again what came of it. */
  router.post('/', async (ctx) => {
    const kind = bodyText(ctx, 'kind')
    if (!isCommandKind(kind)) throw new Problem(400, `"kind" must be one of ${COMMAND_KINDS.join(', ')}.`)
    const saved = await commands.submit(macOf(ctx.params.mac), { kind, text: bodyText(ctx, 'text') }, actorOf(ctx))
    if (saved.kind === 'conflict') throw new Problem(404, 'No phone with this MAC address has been seen.')
    if (saved.kind === 'refused') return answerFieldProblems(ctx, 'The phone cannot be told.', saved.errors)
    ctx.status = 202
    ctx.body = saved.value
  })

  router.delete('/:id', async (ctx) => {
    const saved = await commands.cancel(macOf(ctx.params.mac), ctx.params.id ?? '', actorOf(ctx))
    if (saved.kind === 'conflict') throw new Problem(409, 'It does not wait: the phone was told, or it has ended.')
    ctx.status = 204
  })
  return router
}

function macOf(text = ''): Mac {
  const mac = parseMac(text)
  if (!mac) throw new Problem(400, 'The path must name a MAC address.')
  return mac
}
