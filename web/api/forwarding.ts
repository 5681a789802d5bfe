// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { actorOf, type NoExtras, type WebContext, type WebState } from '#web/context'
import { answerFieldProblems, Problem } from '#web/http/problem'
import type { DestinationDraft, ForwardingPort } from '#web/ports/forwarding'
import { bodyFields, bodyText } from './parameters.ts'

/** `/api/v1/forwarding…`, also open to the local token. No answer holds a secret. */
export function forwardingApiRoutes(forwarding: ForwardingPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/forwarding' })

  const save = async (ctx: WebContext, id?: string) => {
    const saved = await forwarding.save(draftOf(ctx, id), actorOf(ctx))
    if (saved.kind === 'refused') return answerFieldProblems(ctx, 'The destination cannot be saved.', saved.errors)
    if (saved.kind === 'conflict') throw new Problem(409, 'It is gone, or somebody else changed it since it was read.')
    ctx.status = id === undefined ? 201 : 200
    ctx.body = saved.value
  }

  /** What each kind of destination asks for. */
  router.get('/kinds', (ctx) => {
    ctx.body = { rows: forwarding.kinds() }
  })
  router.get('/mib', (ctx) => {
    const { fileName, text } = forwarding.mib()
    ctx.attachment(fileName)
    ctx.type = 'text/plain; charset=utf-8'
    ctx.body = text
  })
  router.get('/destinations', (ctx) => {
    ctx.body = { rows: forwarding.destinations() }
  })
  router.post('/destinations', (ctx) => save(ctx))
  router.get('/destinations/:id', (ctx) => {
    ctx.body = known(forwarding.destination(ctx.params.id ?? ''))
  })
  router.put('/destinations/:id', (ctx) => save(ctx, ctx.params.id ?? ''))
  router.delete('/destinations/:id', async (ctx) => {
    const end = await forwarding.remove(ctx.params.id ?? '', actorOf(ctx))
    if (end === 'gone') known(undefined)
    if (end === 'fixed') throw new Problem(409, 'It stands in the configuration file and can only be removed there.')
    ctx.status = 204
  })

  /** `ok` false is an answer, too: the test ran and `sentence` says what went wrong. */
  router.post('/destinations/:id/test', async (ctx) => {
    ctx.body = known(await forwarding.test(ctx.params.id ?? '', actorOf(ctx)))
  })
  router.post('/destinations/:id/resend', async (ctx) => {
    ctx.body = { queued: known(await forwarding.resend(ctx.params.id ?? '', actorOf(ctx))) }
  })
  router.post('/destinations/:id/pause', async (ctx) => {
    const paused = await forwarding.pause(ctx.params.id ?? '', actorOf(ctx))
    ctx.body = known(paused ? forwarding.destination(ctx.params.id ?? '') : undefined)
  })
  router.post('/destinations/:id/continue', async (ctx) => {
    const goesOn = await forwarding.proceed(ctx.params.id ?? '', actorOf(ctx))
    ctx.body = known(goesOn ? forwarding.destination(ctx.params.id ?? '') : undefined)
  })
  return router
}

function known<T>(found: T | undefined): T {
  if (found === undefined) throw new Problem(404, 'There is no such destination.')
  return found
}

function draftOf(ctx: WebContext, id: string | undefined): DestinationDraft {
  const { revision } = bodyFields(ctx)
  if (revision !== undefined && !(Number.isSafeInteger(revision) && Number(revision) >= 0))
    throw new Problem(400, '"revision" must be a whole number.')
  return {
    name: bodyText(ctx, 'name').trim(),
    kind: bodyText(ctx, 'kind'),
    values: texts(ctx, 'values'),
    secrets: texts(ctx, 'secrets'),
    ...(id === undefined ? {} : { id }),
    ...(revision === undefined ? {} : { revision: Number(revision) }),
  }
}

/** An object of texts; numbers and switches may be written as such, lists as lists of text. */
function texts(ctx: WebContext, name: string): Record<string, string> {
  const given = bodyFields(ctx)[name] ?? {}
  if (typeof given !== 'object' || Array.isArray(given)) throw new Problem(400, `"${name}" must be an object.`)
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, text(`${name}.${key}`, value)]))
}

function text(name: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  if (typeof value === 'boolean') return value ? 'true' : ''
  if (Array.isArray(value) && value.every((one) => typeof one === 'string' && !/[\r\n]/.test(one)))
    return value.join('\n')
  throw new Problem(400, `"${name.slice(0, 100)}" must be text, a number, true or false, or a list of texts.`)
}
