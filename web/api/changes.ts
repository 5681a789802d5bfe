// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { Draft, Preview } from '#daemon/domain/provisioning/revision'
import { actorOf, type NoExtras, type WebContext, type WebState } from '#web/context'
import { answerFieldProblems, Problem, problemDetails } from '#web/http/problem'
import type { ChangesPort } from '#web/ports/changes'
import { bodyText, choices, shortText, wholeNumber } from './parameters.ts'

const MOST_ROWS = 200

/**
 * `/api/v1/changes`: what was changed of all that phones' files are made of, and the way back. Also open to the local
 * token. Times are milliseconds since the epoch.
 */
export function changesApiRoutes(changes: ChangesPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/changes' })

  /** The newest first; `subject` (`template` or `template/<id>`), `by`, `text`, `page`, `pageSize`. */
  router.get('/', (ctx) => {
    ctx.body = changes.revisions({
      subject: shortText(ctx, 'subject', 200),
      by: shortText(ctx, 'by', 100),
      text: shortText(ctx, 'text', 100),
      page: wholeNumber(ctx, 'page', 1, 1_000_000),
      pageSize: wholeNumber(ctx, 'pageSize', 50, MOST_ROWS),
    })
  })
  router.get('/:sequence', (ctx) => {
    const revision = changes.revision(sequenceOf(ctx.params.sequence))
    if (!revision) throw new Problem(404, 'There is no such change, or it is too old to be kept.')
    ctx.body = revision
  })
  /** The way back to before it: without `hash` a preview, with the preview's `hash` (and `why`) it is done. */
  router.post('/:sequence/restore', async (ctx) => {
    const restored = changes.restore(sequenceOf(ctx.params.sequence))
    if (restored.kind === 'unknown') throw new Problem(404, 'There is no such change, or it is too old to be kept.')
    if (restored.kind === 'impossible') throw new Problem(422, restored.reason)
    await answerDraft(ctx, changes, restored.draft)
  })
  return router
}

/** `GET /api/v1/placeholders`: who asks for each and who sets it; `state` is used, unused or unset. */
export function placeholdersApiRoutes(changes: ChangesPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  router.get('/api/v1/placeholders', (ctx) => {
    const states = choices(ctx, 'state', ['used', 'unused', 'unset'])
    const rows = changes.placeholders().filter(({ state }) => states.length === 0 || states.includes(state))
    ctx.body = { rows }
  })
  return router
}

/**
 * For every route that changes what phones' files are made of. A body without `hash` asks what would change: the answer
 * is the preview. With the preview's `hash` it is saved, if nothing has moved: else 409, with the new `preview`.
 */
export async function answerDraft(ctx: WebContext, changes: ChangesPort, draft: Draft): Promise<void> {
  const hash = bodyText(ctx, 'hash')
  if (hash === '') {
    ctx.body = { saved: false, preview: await changes.preview(draft) }
    return
  }
  const applied = await changes.apply(draft, hash, actorOf(ctx), bodyText(ctx, 'why'))
  if (applied.kind === 'done') ctx.body = { saved: true, revision: applied.revision }
  else if (applied.kind === 'refused') answerFieldProblems(ctx, 'It cannot be saved.', applied.errors)
  else answerMoved(ctx, applied.preview)
}

function answerMoved(ctx: WebContext, preview: Preview): void {
  ctx.status = 409
  ctx.body = { ...problemDetails(409, 'Something changed since the preview: this is the new one.'), preview }
  ctx.type = 'application/problem+json'
}

function sequenceOf(text = ''): number {
  return /^[1-9]\d{0,11}$/.test(text) ? Number(text) : 0
}
