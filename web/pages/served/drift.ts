// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { DRIFT_STATES } from '#daemon/domain/provisioning/served'
import { formatMac } from '#protocols/lib/mac'
import type { NoExtras, Web, WebState } from '#web/context'
import { count } from '#web/format'
import { listHref, listQuery } from '#web/kit/list-query'
import { paging, rangeText } from '#web/kit/paging'
import { table } from '#web/kit/table'
import { showPage } from '#web/pages/shell'
import type { Drift, ServedPort } from '#web/ports/served'
import { configurationPath, DRIFT_HOME, STATES } from './words.ts'

const PAGE_SIZE = 50

/** Which phones have not fetched what they should have. */
export function driftRoutes(web: Web, served: ServedPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  router.get(DRIFT_HOME, async (ctx) => {
    const now = web.port.now()
    const query = listQuery(ctx, DRIFT_HOME, ['state'], ['state'])
    const known: readonly string[] = ['firmware', ...DRIFT_STATES]
    const asked = query.filters.state ?? ''
    const state = known.includes(asked) ? asked : ''
    const found = await served.drifting({ state, page: query.page, pageSize: PAGE_SIZE })
    const { counts } = found
    const all = DRIFT_STATES.reduce((sum, one) => sum + counts[one], 0)
    const tab = (value: string, label: string, size: number) => ({
      ...{ label, count: count(size), current: state === value },
      href: value === '' ? DRIFT_HOME : `${DRIFT_HOME}?state=${value}`,
    })
    const columns = ['Phone', 'File', 'Fetched', 'Looks for another', 'Firmware'].map((label) => ({ label }))
    const rows = found.rows.map((drift) => ({
      cells: [
        {
          text: drift.name || formatMac(drift.mac),
          href: configurationPath(drift.mac),
          strong: true,
          note: drift.name === '' ? '' : formatMac(drift.mac),
        },
        STATES[drift.state],
        drift.served ? { moment: web.time.moment(drift.served.last, now) } : '',
        drift.schedule,
        firmwareText(drift),
      ],
    }))
    showPage(web, ctx, {
      ...{ view: 'served/drift', title: 'Drift', section: 'drift' },
      data: {
        head: {
          title: 'Drift',
          lead: 'Phones look for another file by themselves, as often as their file says: who has not got it yet, and who should have.',
        },
        tabs: [
          tab('', 'All', all),
          ...DRIFT_STATES.map((one) => tab(one, STATES[one].badge, counts[one])),
          tab('firmware', 'Other firmware', counts.firmware),
        ],
        range: rangeText(found.page, PAGE_SIZE, rows.length, found.total, 'phone', 'phones'),
        at: web.time.moment(found.at, now),
        table: table('Phones', columns, rows),
        pages: paging(found.page, found.pageCount, (page) => listHref(query, 'state', { page })),
        none: {
          title: all === 0 ? 'No phone yet' : 'No such phone',
          sentence:
            all === 0 ? 'Phones appear here as soon as they ask for anything.' : 'That is well: nothing is to be done.',
          icon: 'ok',
        },
      },
    })
  })
  return router
}

function firmwareText({ firmware: { reported, chosen, state } }: Drift): string {
  return state === 'other' ? `${reported}, should be ${chosen}` : reported
}
