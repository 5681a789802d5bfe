// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { Scope } from '#daemon/domain/scope'
import { parseMac } from '#protocols/lib/mac'
import { actorOf, type NoExtras, type WebState } from '#web/context'
import { answerFieldProblems, Problem } from '#web/http/problem'
import type { ApprovalsPort, WaitingPhone } from '#web/ports/approvals'
import type { ScopesPort } from '#web/ports/scopes'
import { macsOf } from './macs.ts'
import { bodyFields, bodyText, choices, shortText, wholeNumber } from './parameters.ts'

const MOST_ROWS = 200

/** `/api/v1/approvals`: who waits; and decisions about one phone or many. Also open to the local token. */
export function approvalsApiRoutes(approvals: ApprovalsPort, scopes?: ScopesPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/approvals' })

  router.get('/', (ctx) => {
    const [approval = 'pending'] = choices<'pending' | 'rejected'>(ctx, 'show', ['pending', 'rejected'])
    const [page, pageSize] = [wholeNumber(ctx, 'page', 1, 1_000_000), wholeNumber(ctx, 'pageSize', 50, MOST_ROWS)]
    const found = approvals.list({ approval, text: shortText(ctx, 'text', 100), page, pageSize })
    ctx.body = { ...found, rows: found.rows.map(rowJson) }
  })

  /** `macs`, and `region` by its name or path. */
  router.post('/approve', async (ctx) => {
    const region = bodyText(ctx, 'region')
    ctx.body = await approvals.approve(macsOf(ctx), region === '' ? '' : scopeOf(scopes, region).id, actorOf(ctx))
  })
  router.post('/reject', async (ctx) => {
    ctx.body = await approvals.reject(macsOf(ctx), actorOf(ctx))
  })
  router.post('/readmit', async (ctx) => {
    ctx.body = await approvals.readmit(macsOf(ctx), actorOf(ctx))
  })

  /** One phone, with its user: `name`, `displayName`, `phoneNumber`, `password`, `region`. */
  router.post('/:mac', async (ctx) => {
    const mac = parseMac(ctx.params.mac ?? '')
    if (!mac) throw new Problem(400, 'The path must name a MAC address.')
    const text = (name: string) => bodyText(ctx, name).trim()
    const region = text('region') === '' ? '' : scopeOf(scopes, text('region')).id
    const draft = {
      ...{ name: text('name'), displayName: text('displayName'), phoneNumber: text('phoneNumber'), region },
      ...{ lineUri: text('lineUri'), authName: text('authName'), language: text('language') },
      ...('password' in bodyFields(ctx) && { password: bodyText(ctx, 'password') }),
    }
    const saved = await approvals.approveFor(mac, draft, actorOf(ctx))
    if (saved.kind === 'conflict') throw new Problem(404, 'No phone with this MAC address has been seen.')
    if (saved.kind === 'refused') return answerFieldProblems(ctx, 'The phone cannot be let in.', saved.errors)
    ctx.body = saved.value
  })
  return router
}

function rowJson({ phone, presence, proposed, signsInItself }: WaitingPhone): object {
  return { ...phone, presence, signsInItself, proposed: { id: proposed.id, name: proposed.name } }
}

function scopeOf(scopes: ScopesPort | undefined, text: string): Scope {
  const found = scopes?.tree().find(text)
  if (found?.kind === 'found') return found.scope
  const why = found?.kind === 'ambiguous' ? `can be any of ${found.paths.join(', ')}` : 'is no region or site'
  throw new Problem(422, `"${text.slice(0, 100)}" ${why}.`)
}
