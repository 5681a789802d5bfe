// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { levelOf, SCOPE_KINDS, type Scope, type ScopeTree } from '#daemon/domain/scope'
import type { ScopeDraft } from '#daemon/domain/scope-rules'
import { actorOf, type NoExtras, type WebContext, type WebState } from '#web/context'
import { answerFieldProblems, Problem } from '#web/http/problem'
import type { ScopeAnswer, ScopesPort } from '#web/ports/scopes'
import { bodyFields, bodyText, readVersion } from './parameters.ts'

const ROOT = 'system'

/** `/api/v1/scopes…`, also open to the local token. An edit names the `version` that it was made upon. */
export function scopesApiRoutes(scopes: ScopesPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/scopes' })

  /** All, each before what lies in it. */
  router.get('/', (ctx) => {
    const tree = scopes.tree()
    ctx.body = { rows: tree.below().map((scope) => scopeJson(tree, scope)) }
  })
  router.get('/:id', (ctx) => {
    const tree = scopes.tree()
    const scope = tree.get(ctx.params.id ?? '')
    if (!scope || scope.id === ROOT) throw new Problem(404, 'There is no such scope.')
    const use = scopes.use(scope.id)
    ctx.body = { ...scopeJson(tree, scope), use: { ...use, scopes: use.scopes.map(({ id }) => tree.pathText(id)) } }
  })
  router.post('/', async (ctx) => {
    answer(ctx, scopes, await scopes.add(draftOf(ctx, scopes.tree()), actorOf(ctx)), 201)
  })
  router.put('/:id', async (ctx) => {
    const version = bodyFields(ctx).version
    if (typeof version !== 'number') throw new Problem(400, '"version" must be that of the scope which you read.')
    const draft = draftOf(ctx, scopes.tree())
    answer(ctx, scopes, await scopes.change(ctx.params.id ?? '', draft, version, actorOf(ctx)), 200)
  })
  router.delete('/:id', async (ctx) => {
    const removed = await scopes.remove(ctx.params.id ?? '', readVersion(ctx, 'version'), actorOf(ctx))
    if (removed.kind === 'done') ctx.status = 204
    else answer(ctx, scopes, removed, 200)
  })
  return router
}

/** The id of the scope that a text names by id, path or name; of the system when it is empty. */
export function scopeNamed(tree: ScopeTree, text: string): string {
  if (text === '') return ROOT
  if (tree.get(text)) return text
  const found = tree.find(text)
  if (found.kind === 'found') return found.scope.id
  const shown = text.slice(0, 80)
  if (found.kind === 'none') throw new Problem(422, `There is no region or site “${shown}”.`)
  throw new Problem(422, `“${shown}” can be any of ${found.paths.join(', ')}.`)
}

function scopeJson(tree: ScopeTree, scope: Scope): object {
  return { ...scope, path: tree.pathText(scope.id), level: levelOf(scope.kind) }
}

/** `parent` by id, path or name. */
function draftOf(ctx: WebContext, tree: ScopeTree): ScopeDraft {
  const { subnets = [], kind = 'region' } = bodyFields(ctx)
  if (!Array.isArray(subnets) || !subnets.every((one) => typeof one === 'string')) {
    throw new Problem(400, '"subnets" must be a list of networks such as 10.1.4.0/24.')
  }
  const known = SCOPE_KINDS.find((one) => one === kind)
  if (!known || known === 'system') {
    throw new Problem(400, `"kind" must be one of ${SCOPE_KINDS.filter((one) => one !== 'system').join(', ')}.`)
  }
  return {
    kind: known,
    name: bodyText(ctx, 'name'),
    parent: scopeNamed(tree, bodyText(ctx, 'parent')),
    timeZone: bodyText(ctx, 'timeZone'),
    subnets,
    description: bodyText(ctx, 'description'),
  }
}

function answer(ctx: WebContext, scopes: ScopesPort, given: ScopeAnswer, status: number): void {
  switch (given.kind) {
    case 'done':
      ctx.status = status
      ctx.body = scopeJson(scopes.tree(), given.scope)
      return
    case 'refused': {
      const { field, reason } = given.refusal
      answerFieldProblems(ctx, 'The scope cannot be saved.', [{ field, message: reason }])
      return
    }
    case 'conflict':
      throw new Problem(409, `It was changed meanwhile: its version is ${given.scope.version} now. Read it again.`)
    case 'unknown':
      throw new Problem(404, 'There is no such scope.')
  }
}
