// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { MappingRule } from '#daemon/domain/provisioning/template'
import { type NoExtras, queryText, type WebContext, type WebState } from '#web/context'
import { fileBody } from '#web/http/body'
import { answerFieldProblems, Problem } from '#web/http/problem'
import type { ChangesPort } from '#web/ports/changes'
import type { TemplateDraft, TemplatePart, TemplateRow, TemplatesPort } from '#web/ports/templates'
import { answerDraft } from './drafts.ts'
import { bodyFields, bodyText, shortText, wholeNumber } from './parameters.ts'

/** Bytes of one part sent as a file. */
const LARGEST_PART = 256 * 1024
const PARTS: readonly TemplatePart[] = ['global', 'private']

/** `/api/v1/templates…`: an edit names the `revision` that it was made upon (0 for a shipped one). */
export function templatesApiRoutes(templates: TemplatesPort, changes: ChangesPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/templates' })
  const known = (id = ''): TemplateRow => {
    const row = templates.get(id)
    if (row) return row
    throw new Problem(404, 'There is no such template.')
  }

  router.get('/', (ctx) => {
    ctx.body = { rows: templates.list().map(rowJson) }
  })
  router.get('/:id', (ctx) => {
    const row = known(ctx.params.id)
    ctx.body = { ...rowJson(row), ...row.template, findings: templates.findings(row.template) }
  })
  router.post('/', (ctx) => answerDraft(ctx, changes, templates.add(draftOf(ctx, bodyText(ctx, 'id')))))
  router.put('/:id', (ctx) => {
    const { template, revision } = known(ctx.params.id)
    const draft = draftOf(ctx, template.id, template)
    return answerDraft(ctx, changes, templates.change(draft, revisionOf(ctx, revision)))
  })
  for (const part of PARTS) {
    router.get(`/:id/${part}`, (ctx) => {
      ctx.type = 'text/plain; charset=utf-8'
      ctx.body = known(ctx.params.id).template[part]
    })
    /** One part as the file that it is, for texts beyond what JSON bodies may have. */
    router.put(`/:id/${part}`, async (ctx) => {
      const { template, revision } = known(ctx.params.id)
      const asked = wholeNumber(ctx, 'revision', revision || 1, Number.MAX_SAFE_INTEGER)
      const draft = { ...template, [part]: await fileBody(ctx, LARGEST_PART) }
      await answerDraft(ctx, changes, templates.change(draft, revision === 0 ? 0 : asked))
    })
  }
  router.delete('/:id', (ctx) => answerDraft(ctx, changes, templates.remove(ctx.params.id ?? '')))
  router.post('/:id/restore', (ctx) => answerDraft(ctx, changes, templates.restore(ctx.params.id ?? '')))
  return router
}

/** `/api/v1/template-mapping`: all rules at once, and the tester. */
export function templateMappingApiRoutes(templates: TemplatesPort, changes: ChangesPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/template-mapping' })
  router.get('/', (ctx) => {
    ctx.body = templates.mapping()
  })
  router.put('/', (ctx) => answerDraft(ctx, changes, templates.map(rulesOf(ctx), revisionOf(ctx))))
  router.get('/test', (ctx) => {
    const answer = templates.ask({
      model: shortText(ctx, 'model', 32),
      firmware: shortText(ctx, 'firmware', 100),
      mac: shortText(ctx, 'mac', 32),
      scope: queryText(ctx, 'scope'),
    })
    if (answer.kind === 'refused') answerFieldProblems(ctx, 'It cannot be asked like this.', answer.errors)
    else if (answer.kind === 'none') ctx.body = { template: null, reason: answer.reason }
    else ctx.body = { ...answer, kind: undefined, template: answer.template.id }
  })
  return router
}

/** Without its texts. */
function rowJson({ template, ...row }: TemplateRow): object {
  const { id, title, description, models, firmware } = template
  return { id, title, description, models, firmware, ...row }
}

function revisionOf(ctx: WebContext, otherwise?: number): number {
  const { revision = otherwise } = bodyFields(ctx)
  if (typeof revision === 'number' && Number.isSafeInteger(revision) && revision >= 0) return revision
  throw new Problem(400, '"revision" must be the one that you read.')
}

/** What is left out stays as it is. */
function draftOf(ctx: WebContext, id: string, before?: TemplateDraft): TemplateDraft {
  const fields = bodyFields(ctx)
  const text = (name: 'title' | 'description' | 'global' | 'private') =>
    fields[name] === undefined && before ? before[name] : bodyText(ctx, name)
  const { models = before?.models ?? [], firmware = before?.firmware ?? 'sip' } = fields
  if (!Array.isArray(models) || !models.every((one) => typeof one === 'string')) {
    throw new Problem(400, '"models" must be a list of models such as 440HD.')
  }
  if (firmware !== 'sip' && firmware !== 'uc') throw new Problem(400, '"firmware" must be sip or uc.')
  return {
    ...{ id, models, firmware, title: text('title'), description: text('description') },
    ...{ global: text('global'), private: text('private') },
  }
}

function rulesOf(ctx: WebContext): MappingRule[] {
  const { rules } = bodyFields(ctx)
  if (!Array.isArray(rules)) throw new Problem(400, '"rules" must be a list.')
  return rules.map((rule: unknown) => {
    const { model, scope, template } = Object(rule) as Record<string, unknown>
    if (typeof model === 'string' && typeof scope === 'string' && typeof template === 'string') {
      return { model, scope, template }
    }
    throw new Problem(400, 'A rule has a "model", a "scope" and a "template", each a text.')
  })
}
