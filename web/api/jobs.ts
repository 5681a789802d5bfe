// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { isCommandKind } from '#daemon/domain/command'
import { BATCH, DELAY, type Job, TARGET_STATES, type TargetState } from '#daemon/domain/job'
import { actorOf, type NoExtras, type WebContext, type WebState } from '#web/context'
import { answerFieldProblems, Problem } from '#web/http/problem'
import type { JobsPort } from '#web/ports/jobs'
import type { Saved } from '#web/ports/saved'
import { csvLine } from './csv.ts'
import { macsOf } from './macs.ts'
import { bodyFields, bodyText, choices, wholeNumber } from './parameters.ts'

const MOST_ROWS = 200

/** `/api/v1/jobs`: one action on many phones. Also open to the local token. Times are milliseconds since the epoch. */
export function jobsApiRoutes(jobs: JobsPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/jobs' })

  router.get('/', (ctx) => {
    ctx.body = { rows: jobs.list().map(({ job, progress }) => ({ ...job, progress })) }
  })

  /** `kind`, `macs`, and if wanted `text`, `batch`, `delaySeconds`, `retries`, `startAt`, `expiryHours`. */
  router.post('/', async (ctx) => {
    const kind = bodyText(ctx, 'kind')
    if (!isCommandKind(kind)) throw new Problem(400, '"kind" must name a command, such as restart.')
    const number = (name: string, otherwise: number) => {
      const value = bodyFields(ctx)[name] ?? otherwise
      if (typeof value === 'number' && Number.isFinite(value)) return value
      throw new Problem(400, `"${name}" must be a number.`)
    }
    const draft = {
      ...{ kind, text: bodyText(ctx, 'text'), macs: macsOf(ctx) },
      ...{ batch: number('batch', BATCH.usual), delaySeconds: number('delaySeconds', DELAY.usual) },
      ...{ retries: number('retries', 0), startAt: number('startAt', 0), expiryHours: number('expiryHours', 24) },
    }
    const saved = await jobs.begin(draft, actorOf(ctx))
    if (saved.kind === 'refused') return answerFieldProblems(ctx, 'The job cannot be begun.', saved.errors)
    if (saved.kind === 'conflict') throw new Problem(409, 'The job cannot be begun now.')
    ctx.status = 201
    ctx.body = saved.value
  })

  router.get('/:id', (ctx) => {
    const row = jobs.get(ctx.params.id ?? '')
    if (!row) throw new Problem(404, 'There is no such job.')
    ctx.body = { ...row.job, progress: row.progress }
  })

  router.get('/:id/phones', (ctx) => {
    const id = ctx.params.id ?? ''
    if (!jobs.get(id)) throw new Problem(404, 'There is no such job.')
    const [state] = choices<TargetState>(ctx, 'state', TARGET_STATES)
    const [page, pageSize] = [wholeNumber(ctx, 'page', 1, 1_000_000), wholeNumber(ctx, 'pageSize', 50, MOST_ROWS)]
    const found = jobs.targets(id, { page, pageSize, ...(state && { state }) })
    ctx.body = { ...found, rows: found.rows.map(({ target, phone }) => ({ ...target, model: phone?.model ?? '' })) }
  })

  router.get('/:id/export', (ctx) => exportJob(ctx, jobs, ctx.params.id ?? ''))

  const act = (name: string, run: (id: string, by: string) => Promise<Saved<Job>>) => {
    router.post(`/:id/${name}`, async (ctx) => {
      const saved = await run(ctx.params.id ?? '', actorOf(ctx))
      if (saved.kind !== 'saved') throw new Problem(409, 'There is no such job, or it is not in a state for that.')
      ctx.body = saved.value
    })
  }
  act('stop', (id, by) => jobs.pause(id, by))
  act('continue', (id, by) => jobs.continue(id, by))
  act('cancel', (id, by) => jobs.cancel(id, by))
  return router
}

/** What became of each phone, as CSV. */
export function exportJob(ctx: WebContext, jobs: JobsPort, id: string): void {
  if (!jobs.get(id)) throw new Problem(404, 'There is no such job.')
  ctx.type = 'text/csv; charset=utf-8'
  ctx.attachment(`job-${id.slice(0, 40)}.csv`)
  const rows = jobs.all(id).map(({ mac, state, tries, reason, at }) => {
    return csvLine([mac, state, String(tries), reason, new Date(at).toISOString()])
  })
  ctx.body = [csvLine(['mac', 'state', 'tries', 'reason', 'at']), ...rows].join('')
}
