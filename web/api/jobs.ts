// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { isJobKind, JOB_KINDS, type JobKind, TARGET_STATES, type TargetState } from '#daemon/domain/job'
import { LARGEST_PHONE_FILE, type PhoneFilter, phonesOf, phonesOfFile } from '#web/choose-phones'
import { actorOf, type NoExtras, type WebContext, type WebState } from '#web/context'
import { answerFieldProblems, Problem } from '#web/http/problem'
import type { WebPort } from '#web/port'
import type { JobsPort, PublicJob } from '#web/ports/jobs'
import type { Saved } from '#web/ports/saved'
import { received } from './body.ts'
import { csvLine } from './csv.ts'
import { type Fields, filterOf, settingsOf, textOf } from './job-fields.ts'
import { macsOf } from './macs.ts'
import { bodyFields, choices, flag, wholeNumber } from './parameters.ts'
import { scopeNamed } from './scopes.ts'

const MOST_ROWS = 200
/** Rejected rows that an answer names. */
const MOST_REJECTED = 1_000

/** `/api/v1/jobs`: one action on many phones. Also open to the local token. Times are milliseconds since the epoch. */
export function jobsApiRoutes(jobs: JobsPort, port: WebPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/jobs' })

  router.get('/', (ctx) => {
    ctx.body = { rows: jobs.list().map(({ job, progress }) => ({ ...job, progress })) }
  })

  /**
   * As JSON: `kind`, `macs` or `filter` (`text`, `presence`, `approval`, `region`, `model`), and if wanted `text` of a
   * message, `value`, `password`, `afterwards`, `expects`, `restart`, `window` (`from` and `to`, such as `22:00`),
   * `perSite`, `batch`, `delaySeconds`, `retries`, `startAt`, `expiryHours`. As `text/csv`, of any size up to 8 MB, the
   * body is the phones and all else stands in the query; rows that name none are in `rejected` with their lines.
   * `dryRun=true` in the query says what would be done.
   */
  router.post('/', async (ctx) => {
    const isFile = ctx.is('text/csv', 'text/plain', 'application/octet-stream') !== false
    const fields: Fields = isFile ? ctx.query : bodyFields(ctx)
    const kind = textOf(fields, 'kind')
    if (!isJobKind(kind)) throw new Problem(400, `"kind" must be one of ${JOB_KINDS.join(', ')}.`)
    const settings = placed(settingsOf(fields, kind, isFile), port)
    const { macs, rejected } = isFile
      ? phonesOfFile(port, kind, await received(ctx.req, LARGEST_PHONE_FILE))
      : {
          macs:
            fields.filter === undefined ? macsOf(ctx) : phonesOf(port, kind, regionOf(filterOf(fields.filter), port)),
          rejected: [],
        }
    const draft = { ...settings, macs }
    const some = { rejected: rejected.slice(0, MOST_REJECTED), rejectedCount: rejected.length }
    if (flag(ctx, 'dryRun')) {
      const problem = macs.length === 0 ? { field: 'macs', message: 'No phone is meant.' } : jobs.problemOf(draft)
      if (problem) return answerFieldProblems(ctx, 'The job cannot be begun.', [problem])
      ctx.body = { kind, size: macs.length, ...(isFile && some) }
      return
    }
    const saved = await jobs.begin(draft, actorOf(ctx))
    if (saved.kind === 'refused') return answerFieldProblems(ctx, 'The job cannot be begun.', saved.errors)
    if (saved.kind === 'conflict') throw new Problem(409, 'The job cannot be begun now.')
    ctx.status = 201
    ctx.body = { ...saved.value, ...(isFile && some) }
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

  const act = (name: string, run: (id: string, by: string) => Promise<Saved<PublicJob>>) => {
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

/** Regions by id, path, or name. */
function placed<T extends { readonly kind: JobKind; readonly value?: string }>(draft: T, { scopes }: WebPort): T {
  const names = draft.kind === 'set region' || draft.kind === 'approve'
  return names && draft.value && scopes ? { ...draft, value: scopeNamed(scopes.tree(), draft.value) } : draft
}

function regionOf(filter: PhoneFilter, { scopes }: WebPort): PhoneFilter {
  return filter.region && scopes ? { ...filter, region: scopeNamed(scopes.tree(), filter.region) } : filter
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
