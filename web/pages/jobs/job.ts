// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { TARGET_STATES, type TargetState } from '#daemon/domain/job'
import { timeOfDay } from '#daemon/domain/job-order'
import { formatMac } from '#protocols/lib/mac'
import { exportJob } from '#web/api/jobs'
import { actorOf, type NoExtras, queryText, type Web, type WebContext, type WebState } from '#web/context'
import { count, type TimeFormat } from '#web/format'
import { showQuestion } from '#web/kit/confirm'
import { goOn } from '#web/kit/flash'
import { paging, rangeText } from '#web/kit/paging'
import { table } from '#web/kit/table'
import type { Fragments } from '#web/live/fragments'
import { showMessage } from '#web/pages/message'
import { userText } from '#web/pages/phone-row'
import { showPage } from '#web/pages/shell'
import type { WebPort } from '#web/port'
import type { JobRow, JobsPort, PublicJob } from '#web/ports/jobs'
import type { Views } from '#web/views'
import { HOME, progressText, STATES, TARGETS, titleOf } from './words.ts'

const PAGE_SIZE = 50
/** Seconds between two looks without scripts. */
const REFRESH = 5

/** One job: how far it is, phone by phone; and the ways to stop it. */
export function jobRoutes(web: Web, jobs: JobsPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: `${HOME}/:id` })
  const find = (ctx: WebContext, id = ''): JobRow | undefined => {
    const row = jobs.get(id)
    if (!row) {
      const sentence = 'There is no such job; old ones that ended give way to new ones.'
      showMessage(web, ctx, 404, { title: 'No such job', section: 'jobs', sentence })
    }
    return row
  }

  router.get('/', (ctx) => {
    const row = find(ctx, ctx.params.id)
    if (row) show(web, ctx, jobs, row)
  })
  router.get('/export', (ctx) => exportJob(ctx, jobs, ctx.params.id ?? ''))
  router.get('/cancel', (ctx) => {
    const row = find(ctx, ctx.params.id)
    if (!row) return
    const back = `${HOME}/${row.job.id}`
    showQuestion(web, ctx, {
      ...{ section: 'jobs', title: 'Cancel this job?', act: 'Cancel the job', cancel: back },
      sentence: 'Phones that were not told yet will not be. It cannot be continued afterwards.',
      touches: [titleOf(row.job), progressText(row.progress)],
      trail: [{ label: 'Jobs', href: HOME }],
    })
  })

  const act = (name: 'stop' | 'continue' | 'cancel', done: string) => {
    router.post(`/${name}`, async (ctx) => {
      const id = ctx.params.id ?? ''
      const run = { stop: jobs.pause, continue: jobs.continue, cancel: jobs.cancel }[name].bind(jobs)
      const saved = await run(id, actorOf(ctx))
      const told = saved.kind === 'saved' ? done : 'The job is not in a state for that any more.'
      goOn(web, ctx, jobs.get(id) ? `${HOME}/${id}` : HOME, told)
    })
  }
  act('stop', 'No further phone is told.')
  act('continue', 'The job goes on.')
  act('cancel', 'The job is cancelled.')
  return router
}

export function jobFragments(port: WebPort, views: Views, time: TimeFormat): Fragments {
  return {
    'job-progress': {
      scope: 'item',
      render: (id) => {
        const row = port.jobs?.get(id)
        return row ? views.render('fragments/job-progress', progressView(row, time, port.now())) : ''
      },
    },
  }
}

function progressView({ job, progress }: JobRow, time: TimeFormat, now: number): object {
  const ended = progress.confirmed + progress.failed + progress.skipped
  return {
    ...{ id: job.id, state: STATES[job.state], text: progressText(progress), ended, size: job.size },
    percent: job.size === 0 ? 100 : Math.floor((ended / job.size) * 100),
    next:
      job.state === 'running' && progress.waiting > 0 && job.nextAt > now ? time.moment(job.nextAt, now) : undefined,
    starts: job.state === 'scheduled' ? time.moment(job.startAt, now) : undefined,
  }
}

/** Who began it, and how fast it goes. */
function leadOf({ by, batch, delay, retries, perSite = 0, window }: PublicJob): string {
  const says = [`${count(batch)} at once`, `every ${count(delay / 1000)} seconds`]
  if (perSite > 0) says.push(`at most ${count(perSite)} at work in one place`)
  if (window) says.push(`only between ${timeOfDay(window.from)} and ${timeOfDay(window.to)} where the phone is`)
  says.push(`told again ${retries === 1 ? 'once' : `${retries} times`} if it failed`)
  return `Begun by ${by}: ${says.join(', ')}.`
}

function show(web: Web, ctx: WebContext, jobs: JobsPort, row: JobRow): void {
  const { job, progress } = row
  const { time, port } = web
  const now = port.now()
  const state = TARGET_STATES.find((one) => one === queryText(ctx, 'state'))
  const wanted = /^[1-9]\d{0,6}$/.test(queryText(ctx, 'page')) ? Number(queryText(ctx, 'page')) : 1
  const found = jobs.targets(job.id, { page: wanted, pageSize: PAGE_SIZE, ...(state && { state }) })
  const href = (page: number, of: TargetState | undefined = state) => {
    const query = new URLSearchParams({ ...(of && { state: of }), ...(page > 1 && { page: String(page) }) })
    return query.size === 0 ? `${HOME}/${job.id}` : `${HOME}/${job.id}?${query}`
  }
  const rows = found.rows.map(({ target, phone }) => ({
    cells: [
      { text: (phone && userText(phone)) || formatMac(target.mac), href: `/devices/${target.mac}`, strong: true },
      { text: formatMac(target.mac), mono: true },
      TARGETS[target.state],
      target.state === 'waiting' && target.notBefore > now
        ? `${target.reason}, not before ${time.moment(target.notBefore, now).precise}`
        : target.reason,
      { moment: time.moment(target.at, now) },
    ],
  }))
  const columns = ['Phone', 'MAC', 'State', 'Why', 'Since'].map((label) => ({ label }))
  const open = job.state === 'running' || job.state === 'scheduled' || job.state === 'stopped'
  const csrf = web.forms.token(ctx)
  const self = `${HOME}/${job.id}`
  showPage(web, ctx, {
    ...{
      view: 'job',
      title: titleOf(job),
      section: 'jobs',
      events: `/events?show=trouble,job-progress&item=${job.id}`,
    },
    ...(job.state === 'running' && { refresh: REFRESH }),
    data: {
      head: {
        title: titleOf(job),
        lead: leadOf(job),
        trail: [{ label: 'Jobs', href: HOME }],
        live: true,
        actions: [
          ...(open && job.state !== 'stopped' ? [{ label: 'Stop', href: `${self}/stop`, csrf }] : []),
          ...(job.state === 'stopped' ? [{ label: 'Continue', href: `${self}/continue`, csrf, look: 'primary' }] : []),
          ...(open ? [{ label: 'Cancel', href: `${self}/cancel` }] : []),
          { label: 'Results as CSV', href: `${self}/export` },
        ],
      },
      progress: web.views.render('fragments/job-progress', progressView(row, time, now)),
      tabs: [
        { label: 'All', href: href(1, undefined), current: state === undefined, count: count(job.size) },
        ...TARGET_STATES.map((one) => ({
          ...{
            label: TARGETS[one].badge,
            href: `${self}?state=${one}`,
            current: state === one,
            count: count(progress[one]),
          },
        })),
      ],
      range: rangeText(found.page, PAGE_SIZE, rows.length, found.total, 'phone', 'phones'),
      table: table('Phones of this job', columns, rows),
      pages: paging(found.page, found.pageCount, (page) => href(page)),
    },
  })
}
