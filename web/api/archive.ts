// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { actorOf, type NoExtras, type WebContext, type WebState } from '#web/context'
import { Problem } from '#web/http/problem'
import { type ArchivePort, LARGEST_ARCHIVE } from '#web/ports/archive'
import { flag } from './parameters.ts'

/** `/api/v1/archive`: the whole configuration as a ZIP; also open to the local token. */
export function archiveApiRoutes(archive: ArchivePort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/archive' })

  /** The body is the ZIP (`application/zip`). `dryRun=true` changes nothing. Answers with the report. */
  router.post('/', async (ctx) => {
    const dryRun = flag(ctx, 'dryRun') ?? false
    if (!ctx.is('application/zip', 'application/octet-stream')) {
      throw new Problem(415, 'The body must be the archive, sent as application/zip.')
    }
    const report = await archive.import(await received(ctx), dryRun, actorOf(ctx))
    if ('kind' in report) throw new Problem(422, report.reason)
    ctx.body = report
  })

  /** Holds no secret. */
  router.get('/', async (ctx) => sendArchive(ctx, archive))
  return router
}

export async function sendArchive(ctx: WebContext, archive: ArchivePort): Promise<void> {
  ctx.attachment('offhook-configuration.zip')
  ctx.type = 'application/zip'
  ctx.body = Buffer.from(await archive.export())
}

async function received({ req }: WebContext): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of req) {
      size += (chunk as Buffer).length
      if (size > LARGEST_ARCHIVE) throw new Problem(413, `An archive has at most ${LARGEST_ARCHIVE / 2 ** 20} MB.`)
      chunks.push(chunk as Buffer)
    }
  } catch (error) {
    throw error instanceof Problem ? error : new Problem(400, 'The archive was cut off on its way.')
  }
  return Buffer.concat(chunks)
}
