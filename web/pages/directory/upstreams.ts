// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { NoExtras, Web, WebContext, WebState } from '#web/context'
import { count, duration, urlPart } from '#web/format'
import type { Badge, Cell } from '#web/kit/cell'
import { type Row, table } from '#web/kit/table'
import { showMessage } from '#web/pages/message'
import { showPage } from '#web/pages/shell'
import { startTask } from '#web/pages/tasks'
import type { DirectoryPort, SyncRun, Upstream } from '#web/ports/directory'
import { HOME, tabs } from './words.ts'

const PATH = `${HOME}/upstreams`

/** Other directories whose people are copied here. */
export function upstreamsRoutes(web: Web, directory: DirectoryPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: PATH })

  router.get('/', (ctx) => {
    const csrf = web.forms.token(ctx)
    const columns = [
      { label: 'Name' },
      { label: 'State' },
      { label: 'Last run' },
      { label: 'What it did' },
      { label: 'Next run' },
      { label: 'Schedule', kind: 'mono' as const },
    ]
    const rows = directory.upstreams.list().map((upstream) => rowOf(web, upstream, csrf))
    showPage(web, ctx, {
      ...{ view: 'directory/table-page', title: 'Other directories', section: 'directory' },
      data: {
        head: {
          title: 'Other directories',
          lead: 'LDAP servers whose people are copied here on a schedule, such as an Active Directory. They are only read.',
        },
        tabs: tabs('/upstreams'),
        table: table('Other directories', columns, rows),
        none: {
          title: 'No other directory',
          sentence:
            'Name one under ldap.upstreams in the configuration, with its url and base, and what to bind with; then restart.',
          icon: 'book',
        },
      },
    })
  })

  router.post('/:name/sync', async (ctx) => {
    const { upstreams } = directory
    const upstream = upstreams.list().find(({ name }) => name === ctx.params.name)
    if (!upstream) return gone(web, ctx)
    await startTask(web, ctx, {
      ...{ title: `Copying ${upstream.name}`, back: PATH },
      run: async () => {
        const run = await upstreams.sync(upstream.name)
        return { sentence: run ? wordsOf(run) : 'It is no longer configured.', href: PATH }
      },
    })
  })
  return router
}

function rowOf({ port, time }: Web, upstream: Upstream, csrf: string): Row {
  const { name, url, base, region, schedule, running, last, next } = upstream
  const now = port.now()
  const href = `${PATH}/${urlPart(name)}/sync`
  const where = `${url}, ${base}${region === '' ? '' : `, for ${region}`}`
  const cells: Cell[] = [
    { text: name, strong: true, note: where },
    stateOf(upstream),
    { moment: time.moment(last?.at ?? 0, now) },
    last ? wordsOf(last) : '',
    next === undefined ? '' : { moment: time.moment(next, now) },
    schedule,
  ]
  return { cells, actions: running ? [] : [{ label: 'Copy now', of: name, href, csrf }] }
}

function stateOf({ running, last }: Upstream): Badge {
  if (running) return { badge: 'Copying', tone: 'info' }
  if (!last) return { badge: 'Not yet', tone: 'idle' }
  return last.problem === undefined ? { badge: 'Well', tone: 'ok' } : { badge: 'Failed', tone: 'bad' }
}

/** `12 added, 3 changed, 1 removed, 4,008 as before; in 2.1 s`. */
function wordsOf({ problem, added, changed, removed, unchanged, rejected, took }: SyncRun): string {
  if (problem !== undefined) return problem
  const parts = [
    added > 0 ? `${count(added)} added` : '',
    changed > 0 ? `${count(changed)} changed` : '',
    removed > 0 ? `${count(removed)} removed` : '',
    `${count(unchanged)} as before`,
    rejected > 0 ? `${count(rejected)} not taken` : '',
  ]
  return `${parts.filter((part) => part !== '').join(', ')}; in ${duration(took * 1000)}`
}

function gone(web: Web, ctx: WebContext): void {
  const sentence = 'No directory of this name is configured.'
  const ways = [{ label: 'Other directories', href: PATH }]
  showMessage(web, ctx, 404, { title: 'Directory not found', sentence, section: 'directory', ways })
}
