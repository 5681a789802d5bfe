// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { NoExtras, Web, WebState } from '#web/context'
import { table } from '#web/kit/table'
import { showPage } from '#web/pages/shell'
import type { JobsPort } from '#web/ports/jobs'
import { HOME, progressText, STATES, titleOf } from './words.ts'

/** All jobs, the newest first. */
export function jobListRoutes(web: Web, jobs: JobsPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  router.get(HOME, (ctx) => {
    const now = web.port.now()
    const rows = jobs.list().map(({ job, progress }) => ({
      cells: [
        { text: titleOf(job), href: `${HOME}/${job.id}`, strong: true },
        STATES[job.state],
        progressText(progress),
        job.by,
        { moment: web.time.moment(job.at, now) },
      ],
    }))
    const columns = ['Job', 'State', 'Progress', 'By', 'Begun'].map((label) => ({ label }))
    showPage(web, ctx, {
      ...{ view: 'jobs', title: 'Jobs', section: 'jobs' },
      data: {
        head: {
          title: 'Jobs',
          lead: 'Actions on many phones: told in batches, and done when each phone was seen to do it.',
          actions: [{ label: 'New job', icon: 'add', look: 'primary', href: `${HOME}/new` }],
        },
        table: table('Jobs', columns, rows),
        none: {
          title: 'No job yet',
          sentence: 'Choose phones on the Devices page, or begin here, and tell all of them at once.',
          icon: 'jobs',
          actions: [{ label: 'New job', icon: 'add', look: 'primary', href: `${HOME}/new` }],
        },
      },
    })
  })
  return router
}
