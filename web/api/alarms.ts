// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { actorOf, type NoExtras, type WebContext, type WebState } from '#web/context'
import { answerFieldProblems, Problem } from '#web/http/problem'
import type { AlarmOutcome, AlarmsPort, MaintenanceDraft } from '#web/ports/alarms'
import { exportAlarms, exportHistory } from './alarm-export.ts'
import { alarmFilter, allAlarms, allEvents, historyQuery } from './alarm-query.ts'
import { bodyFields, bodyText, wholeNumber } from './parameters.ts'

const MOST_ROWS = 200

/**
 * `/api/v1/alarms…`, also open to the local token. An alarm's id stands in the path percent-encoded, slashes too. Times
 * are milliseconds since the epoch.
 */
export function alarmsApiRoutes(alarms: AlarmsPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/alarms' })

  router.get('/', (ctx) => {
    const [page, pageSize] = [wholeNumber(ctx, 'page', 1, 1_000_000), wholeNumber(ctx, 'pageSize', 50, MOST_ROWS)]
    ctx.body = alarms.list({ ...alarmFilter(ctx), page, pageSize })
  })
  router.get('/counts', (ctx) => {
    ctx.body = alarms.counts()
  })
  router.get('/scopes', (ctx) => {
    ctx.body = { rows: alarms.scopes() }
  })
  router.get('/export', (ctx) => exportAlarms(ctx, allAlarms(alarms, alarmFilter(ctx))))

  /** `next` of one answer is `before` of the question for older events. */
  router.get('/history', (ctx) => {
    const { events, next } = alarms.history(historyQuery(ctx))
    ctx.body = { events, next: next ?? null }
  })
  router.get('/history/export', (ctx) => exportHistory(ctx, allEvents(alarms, historyQuery(ctx))))

  maintenanceRoutes(router, alarms)

  router.get('/:id', (ctx) => {
    const id = ctx.params.id ?? ''
    const alarm = alarms.get(id)
    const { events } = alarms.history({ text: '', kinds: [], severities: [], id, limit: 100 })
    if (!alarm && events.length === 0) throw new Problem(404, 'There is no such alarm, and the history knows of none.')
    const parts = alarms.list({ text: '', severities: [], parent: id, page: 1, pageSize: MOST_ROWS })
    ctx.body = { alarm: alarm ?? null, parts: { rows: parts.rows, total: parts.total }, history: events }
  })

  const act = (name: string, run: (ctx: WebContext, id: string) => Promise<AlarmOutcome>) => {
    router.post(`/:id/${name}`, async (ctx) => {
      ctx.body = alarmOf(await run(ctx, ctx.params.id ?? ''))
    })
  }
  act('acknowledge', (ctx, id) => alarms.acknowledge(id, actorOf(ctx), bodyText(ctx, 'note').trim()))
  act('unacknowledge', (ctx, id) => alarms.unacknowledge(id, actorOf(ctx)))
  act('comment', (ctx, id) => alarms.comment(id, actorOf(ctx), bodyText(ctx, 'text').trim()))
  act('clear', (ctx, id) => alarms.clear(id, actorOf(ctx)))
  return router
}

function alarmOf(outcome: AlarmOutcome): object {
  if (outcome.kind === 'done') return { alarm: outcome.alarm }
  if (outcome.kind === 'refused') throw new Problem(422, outcome.reason)
  throw new Problem(409, 'The alarm is not active: it was cleared meanwhile, or never was.')
}

function maintenanceRoutes(router: Router<WebState, NoExtras>, alarms: AlarmsPort): void {
  const save = async (ctx: WebContext, id?: string) => {
    const saved = await alarms.saveMaintenance(draftOf(ctx, id), actorOf(ctx))
    if (saved.kind === 'refused') return answerFieldProblems(ctx, 'The window cannot be saved.', saved.errors)
    if (saved.kind === 'conflict') throw new Problem(404, 'There is no such maintenance window.')
    ctx.status = id === undefined ? 201 : 200
    ctx.body = saved.value
  }
  router.get('/maintenance', (ctx) => {
    ctx.body = { rows: alarms.maintenance() }
  })
  router.post('/maintenance', (ctx) => save(ctx))
  router.put('/maintenance/:id', (ctx) => save(ctx, ctx.params.id ?? ''))
  router.delete('/maintenance/:id', async (ctx) => {
    const removed = await alarms.removeMaintenance(ctx.params.id ?? '', actorOf(ctx))
    if (!removed) throw new Problem(404, 'There is no such maintenance window.')
    ctx.status = 204
  })
}

/** `from` and `to` in milliseconds since the epoch, or as RFC 3339 writes times. */
function draftOf(ctx: WebContext, id: string | undefined): MaintenanceDraft {
  const fields = bodyFields(ctx)
  const at = (name: string) => {
    const value = fields[name]
    const time = typeof value === 'string' ? Date.parse(value) : value
    if (typeof time === 'number' && Number.isFinite(time)) return time
    throw new Problem(400, `"${name}" must be milliseconds since 1970 or a time such as 2026-03-01T14:00:00Z.`)
  }
  const { weekly = false } = fields
  if (typeof weekly !== 'boolean') throw new Problem(400, '"weekly" must be true or false.')
  const when = { from: at('from'), to: at('to'), ...(weekly ? { weekly } : {}) }
  const draft = { title: bodyText(ctx, 'title').trim(), scope: bodyText(ctx, 'scope'), ...when }
  return id === undefined ? draft : { ...draft, id }
}
