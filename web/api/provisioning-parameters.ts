// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { deltaLines, deviations } from '#daemon/domain/provisioning/delta'
import { LONGEST_TEXT } from '#daemon/domain/provisioning/language'
import type { NoExtras, WebContext, WebState } from '#web/context'
import { fileBody } from '#web/http/body'
import { Problem } from '#web/http/problem'
import type { ParametersPort } from '#web/ports/parameters'
import { bodyText, shortText, wholeNumber } from './parameters.ts'

const MOST_ROWS = 1_000
const LONGEST_MODEL = 32

/**
 * `GET /api/v1/parameters?text=&model=&page=&pageSize=`: what is known of the phones' parameters.
 * `POST /api/v1/provisioning/lint`: what is wrong with a cfg or a template, either as JSON (`text`, `model`, `firmware`)
 * or as the file itself (`text/plain`, ≤ 256 KB) with `?model=&firmware=`.
 * `POST /api/v1/provisioning/delta`: what two saved files of a phone (JSON: `before`, `after`) differ in, and the lines for it.
 */
export function parametersApiRoutes(parameters: ParametersPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1' })
  router.get('/parameters', (ctx) => {
    const model = shortText(ctx, 'model', LONGEST_MODEL)
    const found = parameters.search({
      text: shortText(ctx, 'text', 100),
      page: wholeNumber(ctx, 'page', 1, 1_000_000),
      pageSize: wholeNumber(ctx, 'pageSize', 100, MOST_ROWS),
      ...(model !== '' && { model }),
    })
    ctx.body = { models: parameters.models, ...found }
  })
  router.post('/provisioning/lint', async (ctx) => {
    const { text, model, firmware } = ctx.is('json', 'urlencoded') ? sentFields(ctx) : await sentFile(ctx)
    if (model.length > LONGEST_MODEL || firmware.length > 100)
      throw new Problem(400, 'The model or firmware is too long.')
    const findings = parameters.lint(text, { model: model || undefined, firmware: firmware || undefined })
    const count = (severity: string) => findings.filter((finding) => finding.severity === severity).length
    ctx.body = { errors: count('error'), warnings: count('warning'), hints: count('hint'), findings }
  })
  router.post('/provisioning/delta', (ctx) => {
    const differences = deviations(bodyText(ctx, 'before'), bodyText(ctx, 'after'))
    ctx.body = { differences, lines: deltaLines(differences) }
  })
  return router
}

interface Sent {
  readonly text: string
  readonly model: string
  readonly firmware: string
}

function sentFields(ctx: WebContext): Sent {
  return { text: bodyText(ctx, 'text'), model: bodyText(ctx, 'model'), firmware: bodyText(ctx, 'firmware') }
}

async function sentFile(ctx: WebContext): Promise<Sent> {
  const text = await fileBody(ctx, 4 * LONGEST_TEXT)
  return { text, model: shortText(ctx, 'model', LONGEST_MODEL), firmware: shortText(ctx, 'firmware', 100) }
}
