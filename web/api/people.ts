// SPDX-License-Identifier: Apache-2.0
import { PassThrough, Readable } from 'node:stream'
import Router from '@koa/router'
import { actorOf, type NoExtras, queryText, type Web, type WebContext, type WebState } from '#web/context'
import { Problem } from '#web/http/problem'
import { LARGEST_PEOPLE_FILE, type PeopleFilesPort, type PeopleReport } from '#web/ports/people-files'
import type { ScopesPort } from '#web/ports/scopes'
import { received } from './body.ts'
import { CSV_START } from './csv.ts'
import { flag, shortText } from './parameters.ts'
import { scopeNamed } from './scopes.ts'

const NDJSON = 'application/x-ndjson'

/** `/api/v1/people/import` and `/export`: users and their phones as CSV; also open to the local token. */
export function peopleApiRoutes(
  web: Pick<Web, 'onFault'>,
  files: PeopleFilesPort,
  scopes: ScopesPort,
): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/people' })
  let running = false

  /**
   * The body is the file (`text/csv`). `dryRun=true` changes nothing; `createRegions=true` makes regions that are not
   * there. Answers with the report, or, if JSON lines are accepted, with `{done, whole}` as it goes and `{report}` last.
   * Who hangs up stops it; the same file goes on from there.
   */
  router.post('/import', async (ctx) => {
    const options = { dryRun: flag(ctx, 'dryRun') ?? false, createRegions: flag(ctx, 'createRegions') ?? false }
    if (!ctx.is('text/csv', 'text/plain', 'application/octet-stream')) {
      throw new Problem(415, 'The body must be the file, sent as text/csv.')
    }
    if (running) throw new Problem(503, 'Another import is under way. Try again when it has ended.')
    running = true
    const over = () => {
      running = false
    }
    const file = await received(ctx.req, LARGEST_PEOPLE_FILE).catch((error: unknown) => {
      over()
      throw error
    })
    const stop = new AbortController()
    ctx.res.once('close', () => stop.abort())
    const run: Run = (progress) => files.import(file, options, actorOf(ctx), progress, stop.signal).finally(over)
    if (ctx.accepts('json', NDJSON) !== NDJSON) {
      ctx.body = await run()
      return
    }
    ctx.type = NDJSON
    ctx.body = linesOf(run, web.onFault)
  })

  /** `text` and `region` choose as in the list of users. Never holds a password. */
  router.get('/export', (ctx) => {
    const region = queryText(ctx, 'region')
    const chosen = { text: shortText(ctx, 'text', 100), region: region && scopeNamed(scopes.tree(), region) }
    sendPeople(ctx, files, chosen)
  })
  return router
}

/** A file to keep; the byte order mark tells spreadsheets that it is UTF-8. */
export function sendPeople(
  ctx: WebContext,
  files: PeopleFilesPort,
  query: Parameters<PeopleFilesPort['export']>[0],
): void {
  sendRows(ctx, files.export(query))
}

export function sendRows(ctx: WebContext, rows: Iterable<string>): void {
  ctx.set('Content-Disposition', 'attachment; filename="offhook-users.csv"')
  ctx.set('Content-Type', 'text/csv; charset=utf-8; header=present')
  ctx.body = Readable.from(withStart(rows))
}

function* withStart(pieces: Iterable<string>): Iterable<string> {
  yield CSV_START
  yield* pieces
}

type Run = (progress?: (done: number, whole: number) => void) => Promise<PeopleReport>

/** One JSON object in each line: progress as it comes, the report last. */
function linesOf(run: Run, onFault: (error: Error) => void): PassThrough {
  const lines = new PassThrough()
  const write = (line: object) => void (lines.writable && lines.write(`${JSON.stringify(line)}\n`))
  run((done, whole) => write({ done, whole }))
    .then((report) => write({ report }))
    .catch((error: Error) => {
      onFault(error)
      write({ error: 'The import failed. The fault is in the log; the same file goes on from there.' })
    })
    .finally(() => lines.end())
  return lines
}
