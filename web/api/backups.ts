// SPDX-License-Identifier: Apache-2.0
import { PassThrough } from 'node:stream'
import Router from '@koa/router'
import { actorOf, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import { Problem } from '#web/http/problem'
import type { BackupPort, BackupRow, Progressed } from '#web/ports/backup'
import { bodyFields } from './parameters.ts'

const NDJSON = 'application/x-ndjson'
/** Milliseconds between two lines of progress. */
const PACE = 200

/** `/api/v1/backups`: copies of everything. Also open to the local token. Times are milliseconds since the epoch. */
export function backupsApiRoutes(web: Pick<Web, 'onFault'>, backups: BackupPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/backups' })

  router.get('/', async (ctx) => {
    ctx.body = await backups.overview()
  })

  /**
   * `why`: "on demand" or "before upgrade". Answers 201 with the backup and its path once it is made and was read back,
   * or, if JSON lines are accepted, with `{done, whole}` as it goes and `{backup}` or `{error}` last.
   */
  router.post('/', async (ctx) => {
    const why = bodyFields(ctx).why ?? 'on demand'
    if (why !== 'on demand' && why !== 'before upgrade') {
      throw new Problem(400, '"why" must be "on demand" or "before upgrade".')
    }
    const make = async (progress?: Progressed) => {
      const row = await backups.make(why, actorOf(ctx), progress)
      return { ...row, path: await backups.path(row.name) }
    }
    if (ctx.accepts('json', NDJSON) === NDJSON) {
      ctx.type = NDJSON
      ctx.body = linesOf(make, web.onFault)
      return
    }
    const made = await make().catch((error: unknown) => {
      throw new Problem(503, told(error) ?? 'The backup failed by a fault of the server, which its log tells.')
    })
    ctx.status = 201
    ctx.body = made
  })

  router.post('/:name/verify', async (ctx) => {
    ctx.body = (await backups.verify(nameOf(ctx)).catch(refuse)) ?? none()
  })

  /** Takes half a minute or so. */
  router.post('/:name/rehearse', async (ctx) => {
    ctx.body = (await backups.rehearse(nameOf(ctx), actorOf(ctx)).catch(refuse)) ?? none()
  })

  /** `changed`: records by table that restoring this backup would lose. */
  router.get('/:name/since', async (ctx) => {
    ctx.body = { changed: (await backups.since(nameOf(ctx))) ?? none() }
  })
  return router
}

function nameOf(ctx: WebContext & { readonly params: Readonly<Record<string, string | undefined>> }): string {
  return ctx.params.name ?? ''
}

function refuse(error: unknown): never {
  throw new Problem(503, told(error) ?? 'It failed by a fault of the server, which its log tells.')
}

function none(): never {
  throw new Problem(404, 'There is no such backup.')
}

/** What an error says to admins; undefined when it is not meant for them. */
export function told(error: unknown): string | undefined {
  return error instanceof Error && 'expose' in error && error.expose === true ? error.message : undefined
}

function linesOf(
  make: (progress: Progressed) => Promise<BackupRow & { path: string | undefined }>,
  onFault: (error: Error) => void,
): PassThrough {
  const body = new PassThrough()
  const line = (value: object) => void (body.writable && body.write(`${JSON.stringify(value)}\n`))
  let next = 0
  const progress: Progressed = (done, whole) => {
    if (performance.now() < next || body.writableNeedDrain) return
    next = performance.now() + PACE
    line({ done, whole })
  }
  make(progress)
    .then(
      (backup) => line({ backup }),
      (error: unknown) => {
        const sentence = told(error)
        if (sentence === undefined) onFault(error instanceof Error ? error : new Error(String(error)))
        line({ error: sentence ?? 'The backup failed by a fault of the server, which its log tells.' })
      },
    )
    .finally(() => body.end())
  return body
}
