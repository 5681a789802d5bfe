// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { BATCH } from '#daemon/domain/job'
import { VERDICTS, type Verdict } from '#daemon/domain/rollout/judge'
import { LIMITS, SHARES } from '#daemon/domain/rollout/rollout'
import { TURNS } from '#daemon/domain/rollout/steps'
import { actorOf, type NoExtras, type WebState } from '#web/context'
import { answerFieldProblems, Problem } from '#web/http/problem'
import type { RolloutDraft, RolloutsPort } from '#web/ports/rollouts'
import type { ScopesPort } from '#web/ports/scopes'
import { type Fields, windowOf } from './job-fields.ts'
import { bodyFields, bodyText, choices, flag, wholeNumber } from './parameters.ts'
import { scopeNamed } from './scopes.ts'

const MOST_ROWS = 200

/** `/api/v1/rollouts`: new firmware in stages. Also open to the local token. Times are milliseconds since the epoch. */
export function rolloutsApiRoutes(rollouts: RolloutsPort, scopes?: ScopesPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/rollouts' })

  router.get('/', (ctx) => {
    ctx.body = { rows: rollouts.list().map(({ rollout, ...rest }) => ({ ...rollout, ...rest })) }
  })

  /**
   * `images` (their SHA-256), and if wanted `where` (id, path or name of a scope), `shares` in percent, `soakMinutes`,
   * `patienceMinutes`, `tolerancePercent`, `batch`, `delaySeconds`, `restart`, `window` (`from`, `to`), `seed`.
   * `dryRun=true` in the query answers with the plan.
   */
  router.post('/', async (ctx) => {
    const where = bodyText(ctx, 'where')
    if (!scopes && where !== '' && where !== 'system') throw new Problem(422, 'There are no places to choose from.')
    const draft = draftOf(bodyFields(ctx), where === '' || !scopes ? 'system' : scopeNamed(scopes.tree(), where))
    if (flag(ctx, 'dryRun')) {
      const plan = rollouts.plan(draft)
      if (plan.kind === 'saved') ctx.body = plan.value
      else answerFieldProblems(ctx, 'The rollout cannot be begun.', plan.kind === 'refused' ? plan.errors : [])
      return
    }
    const saved = await rollouts.begin(draft, actorOf(ctx))
    if (saved.kind === 'refused') return answerFieldProblems(ctx, 'The rollout cannot be begun.', saved.errors)
    if (saved.kind === 'conflict') throw new Problem(409, 'The rollout cannot be begun now.')
    ctx.status = 201
    ctx.body = saved.value
  })

  router.get('/:id', (ctx) => {
    const row = rollouts.get(ctx.params.id ?? '')
    if (!row) throw new Problem(404, 'There is no such rollout.')
    const { rollout, ...rest } = row
    ctx.body = { ...rollout, ...rest }
  })

  router.get('/:id/phones', (ctx) => {
    const id = ctx.params.id ?? ''
    if (!rollouts.get(id)) throw new Problem(404, 'There is no such rollout.')
    const [verdict] = choices<Verdict>(ctx, 'verdict', VERDICTS)
    const [page, pageSize] = [wholeNumber(ctx, 'page', 1, 1_000_000), wholeNumber(ctx, 'pageSize', 50, MOST_ROWS)]
    const found = rollouts.members(id, { page, pageSize, ...(verdict && { verdict }) })
    const rows = found.rows.map(({ member, phone, judgement }) => {
      return { ...member, firmware: phone?.firmware ?? '', ...(judgement ?? { verdict: 'not reached', reason: '' }) }
    })
    ctx.body = { ...found, rows }
  })

  for (const turn of TURNS) {
    router.post(`/:id/${turn.replace(' ', '-')}`, async (ctx) => {
      const saved = await rollouts.turn(ctx.params.id ?? '', turn, actorOf(ctx))
      if (saved.kind !== 'saved') throw new Problem(409, 'There is no such rollout, or it is not in a state for that.')
      ctx.body = saved.value
    })
  }
  return router
}

function draftOf(fields: Fields, where: string): RolloutDraft {
  const number = (name: string, otherwise: number) => {
    const value = fields[name] ?? otherwise
    if (typeof value === 'number' && Number.isFinite(value)) return value
    throw new Problem(400, `"${name}" must be a number.`)
  }
  const list = <T>(name: string, otherwise: readonly T[], is: (one: unknown) => one is T) => {
    const value = fields[name] ?? otherwise
    if (Array.isArray(value) && value.length <= 100 && value.every(is)) return value as T[]
    throw new Problem(400, `"${name}" must be a list of ${name === 'images' ? 'hashes' : 'numbers'}.`)
  }
  const { restart = true, seed } = fields
  if (typeof restart !== 'boolean') throw new Problem(400, '"restart" must be true or false.')
  if (seed !== undefined && (typeof seed !== 'string' || seed.length > 64)) {
    throw new Problem(400, '"seed" must be text of at most 64 characters.')
  }
  const window = windowOf(fields, false)
  return {
    images: list('images', [], (one) => typeof one === 'string'),
    ...{ where, shares: list('shares', SHARES, (one) => typeof one === 'number') },
    limits: {
      soakMinutes: number('soakMinutes', LIMITS.soakMinutes.usual),
      patienceMinutes: number('patienceMinutes', LIMITS.patienceMinutes.usual),
      tolerancePercent: number('tolerancePercent', LIMITS.tolerancePercent.usual),
    },
    ...{ batch: number('batch', BATCH.usual), delaySeconds: number('delaySeconds', 30), restart },
    ...(window && { window }),
    ...(seed !== undefined && { seed }),
  }
}
