// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { NoExtras, Web, WebState } from '#web/context'
import { count } from '#web/format'
import { table } from '#web/kit/table'
import { showPage } from '#web/pages/shell'
import type { RolloutsPort } from '#web/ports/rollouts'
import { HOME, STATES, titleOf } from './words.ts'

/** All rollouts, the newest first. */
export function rolloutListRoutes(web: Web, rollouts: RolloutsPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  router.get(HOME, (ctx) => {
    const now = web.port.now()
    const rows = rollouts.list().map(({ rollout, size, flashed }) => ({
      cells: [
        { text: titleOf(rollout), href: `${HOME}/${rollout.id}`, strong: true },
        STATES[rollout.state],
        rollout.stages[rollout.stage]?.name ?? '',
        `${count(flashed)} of ${count(size)}`,
        rollout.by,
        { moment: web.time.moment(rollout.at, now) },
      ],
    }))
    const columns = ['Rollout', 'State', 'Stage', 'Updated', 'By', 'Begun'].map((label) => ({ label }))
    const actions = [{ label: 'New rollout', icon: 'add', look: 'primary', href: `${HOME}/new` }]
    showPage(web, ctx, {
      ...{ view: 'jobs', title: 'Rollouts', section: 'rollouts' },
      data: {
        head: {
          title: 'Rollouts',
          lead: 'New firmware, first on one phone of each model at each site, then on more of them; it halts by itself when they are worse off than before.',
          actions,
        },
        table: table('Rollouts', columns, rows),
        none: {
          title: 'No rollout yet',
          sentence:
            'Upload an image for a model, then begin a rollout: you see who gets it when before anything happens.',
          icon: 'rollouts',
          actions,
        },
      },
    })
  })
  return router
}
