// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import {
  type AuxiliaryFile,
  type AuxiliaryKind,
  isSlot,
  KINDS,
  LARGEST_AUXILIARY,
  SLOTS,
} from '#daemon/domain/auxiliary'
import { actorOf, type NoExtras, queryText, type Web, type WebState } from '#web/context'
import { answerFieldProblems, Problem } from '#web/http/problem'
import { levelOf } from '#web/pages/files/level'
import type { AuxiliaryPort } from '#web/ports/auxiliary'
import { received } from './body.ts'
import { bodyText } from './parameters.ts'

/** `/api/v1/files`: directories, ring tones, certificates and keys for phones. Times are milliseconds since the epoch. */
export function filesApiRoutes(web: Web, files: AuxiliaryPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/files' })

  router.get('/', (ctx) => {
    ctx.body = { files: files.list().map(shown), assignments: files.assignments() }
  })

  /** The file is the body; `kind` and `name` stand in the query. */
  router.post('/', async (ctx) => {
    const kind = queryText(ctx, 'kind')
    if (!isKind(kind)) throw new Problem(400, `"kind" must be one of ${Object.keys(KINDS).join(', ')}.`)
    const bytes = await received(ctx.req, LARGEST_AUXILIARY)
    const saved = await files.add(kind, queryText(ctx, 'name').slice(0, 200), bytes, actorOf(ctx))
    if (saved.kind === 'refused') return answerFieldProblems(ctx, 'The file was not taken.', saved.errors)
    if (saved.kind === 'conflict') throw new Problem(409, 'Another change came first. Try again.')
    ctx.status = 201
    ctx.body = shown(saved.value)
  })

  router.delete('/:id', async (ctx) => {
    const saved = await files.remove(ctx.params.id ?? '', actorOf(ctx))
    if (saved.kind === 'conflict') throw new Problem(404, 'There is no such file.')
    if (saved.kind === 'refused') throw new Problem(409, saved.errors[0]?.message ?? 'It is used.')
    ctx.status = 204
  })

  /** `level` (`system`, `scope/<id>`, `user/<name>`, `device/<mac>`), `slot`, and `file`: its id, or empty for none. */
  router.put('/assignments', async (ctx) => {
    const [slot, level] = [bodyText(ctx, 'slot'), levelOf(web.port, bodyText(ctx, 'level'))]
    if (!isSlot(slot)) throw new Problem(400, `"slot" must be one of ${Object.keys(SLOTS).join(', ')}.`)
    if (!level)
      throw new Problem(400, '"level" must be system, scope/<id>, user/<name> or device/<mac> of one that there is.')
    const saved = await files.assign(level, slot, bodyText(ctx, 'file'), actorOf(ctx))
    if (saved.kind === 'refused') return answerFieldProblems(ctx, 'Nothing was changed.', saved.errors)
    if (saved.kind === 'conflict') throw new Problem(409, 'Another change came first. Try again.')
    ctx.status = 204
  })
  return router
}

function shown({ stored: _, ...file }: AuxiliaryFile) {
  return file
}

export function isKind(text: string): text is AuxiliaryKind {
  return Object.hasOwn(KINDS, text)
}
