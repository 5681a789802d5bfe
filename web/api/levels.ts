// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { type LevelKey, parseLevelKey } from '#daemon/domain/provisioning/level-settings'
import type { NoExtras, WebContext, WebState } from '#web/context'
import { Problem } from '#web/http/problem'
import type { ChangesPort } from '#web/ports/changes'
import type { LevelDraft, LevelsPort, LevelView } from '#web/ports/levels'
import { answerDraft } from './drafts.ts'
import { bodyFields, bodyText } from './parameters.ts'

/** `/api/v1/levels/<key>`, where a key is `system`, `template/<id>`, `scope/<id>`, `user/<name>` or `device/<mac>`. */
export function levelsApiRoutes(levels: LevelsPort, changes: ChangesPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/levels' })

  router.get('/', (ctx) => {
    ctx.body = { rows: levels.list(), features: levels.features }
  })
  router.post('/copy', (ctx) => {
    const { to, names = [], features = [], lines = false } = bodyFields(ctx)
    if (typeof lines !== 'boolean') throw new Problem(400, '"lines" must be true or false.')
    const what = { names: textsOf('names', names), features: textsOf('features', features), lines }
    const targets = textsOf('to', to).map(keyOf)
    return answerDraft(ctx, changes, levels.copy(keyOf(bodyText(ctx, 'from')), targets, what))
  })
  const get = (ctx: WebContext, key: LevelKey) => {
    const view = levels.get(key)
    if (!view) throw new Problem(404, 'There is no such place, user, phone or template.')
    ctx.body = view
  }
  const change = (ctx: WebContext, key: LevelKey) => {
    const view = levels.get(key)
    if (!view) throw new Problem(404, 'There is no such place, user, phone or template.')
    const { revision } = bodyFields(ctx)
    if (typeof revision !== 'number') throw new Problem(400, '"revision" must be the one that you read; 0 for none.')
    return answerDraft(ctx, changes, levels.change(key, draftOf(ctx, view), revision))
  }
  router.get('/system', (ctx) => get(ctx, 'system'))
  router.put('/system', (ctx) => change(ctx, 'system'))
  router.get('/:kind/:name', (ctx) => get(ctx, keyOf(`${ctx.params.kind}/${ctx.params.name}`)))
  router.put('/:kind/:name', (ctx) => change(ctx, keyOf(`${ctx.params.kind}/${ctx.params.name}`)))
  return router
}

function keyOf(text: string): LevelKey {
  const key = parseLevelKey(text)
  if (key) return key
  throw new Problem(400, `“${text.slice(0, 80)}” is no level: write system, scope/<id>, user/<name> or alike.`)
}

/** All that is to be set: what is left out is as it is. */
function draftOf(ctx: WebContext, view: LevelView): LevelDraft {
  const { values, secrets, features, descriptions } = bodyFields(ctx)
  const own = view.placeholders.filter((one) => one.own !== undefined)
  const plain = own.filter(({ secret }) => !secret).map(({ name, own: value = '' }) => [name, value])
  const sealed = own.filter(({ secret }) => secret).map(({ name }) => [name, ''])
  const described = own.map(({ name, description }) => [name, description])
  return {
    values: values === undefined ? Object.fromEntries(plain) : recordOf('values', values),
    secrets: secrets === undefined ? Object.fromEntries(sealed) : recordOf('secrets', secrets),
    features: features === undefined ? view.chosen : recordOf('features', features),
    descriptions: descriptions === undefined ? Object.fromEntries(described) : recordOf('descriptions', descriptions),
    lines: bodyFields(ctx).lines === undefined ? view.text : bodyText(ctx, 'lines'),
    template: bodyFields(ctx).template === undefined ? view.template : bodyText(ctx, 'template'),
  }
}

function recordOf(name: string, value: unknown): Record<string, string> {
  const entries = typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [[]]
  if (entries.every((entry): entry is [string, string] => typeof entry[1] === 'string'))
    return Object.fromEntries(entries)
  throw new Problem(400, `"${name}" must be an object of texts.`)
}

function textsOf(name: string, value: unknown): string[] {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
  throw new Problem(400, `"${name}" must be a list of texts.`)
}
