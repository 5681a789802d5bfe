// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { PlaceholderUse } from '#daemon/domain/provisioning/usage'
import { type NoExtras, queryText, type Web, type WebState } from '#web/context'
import { count } from '#web/format'
import type { Badge } from '#web/kit/cell'
import { table } from '#web/kit/table'
import { showPage } from '#web/pages/shell'
import type { ChangesPort } from '#web/ports/changes'
import { HOME, PLACEHOLDERS } from './words.ts'

const STATES: Readonly<Record<PlaceholderUse['state'], Badge>> = {
  used: { badge: 'In use', tone: 'ok' },
  unused: { badge: 'Unused', tone: 'idle' },
  unset: { badge: 'Set nowhere', tone: 'warn' },
}
const SHOWN_STATES = ['used', 'unused', 'unset'] as const
const MOST_NAMED = 6

/** Which placeholders are used, by whom, and who sets them. */
export function placeholderRoutes(web: Web, changes: ChangesPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  router.get(PLACEHOLDERS, (ctx) => {
    const all = changes.placeholders()
    const asked = queryText(ctx, 'state')
    const chosen = SHOWN_STATES.find((state) => state === asked)
    const shown = all.filter(({ state }) => chosen === undefined || state === chosen)
    const columns = ['Placeholder', 'State', 'Asked for by', 'Set by'].map((label) => ({ label }))
    const rows = shown.map(({ name, state, usedBy, setBy }) => ({
      cells: [
        { text: name, mono: true, strong: true },
        STATES[state],
        { lines: listed(usedBy) },
        { lines: listed(setBy) },
      ],
    }))
    showPage(web, ctx, {
      ...{ view: 'changes/placeholders', title: 'Placeholders in use', section: 'changes' },
      data: {
        head: {
          title: 'Placeholders in use',
          lead: 'Who asks for each and who sets it. A line that asks for one which is set nowhere is left out.',
          trail: [{ label: 'Changes', href: HOME }],
        },
        tabs: [
          { label: 'All', href: PLACEHOLDERS, current: chosen === undefined, count: count(all.length) },
          ...SHOWN_STATES.map((state) => ({
            ...{ label: STATES[state].badge, href: `${PLACEHOLDERS}?state=${state}`, current: chosen === state },
            count: count(all.filter((one) => one.state === state).length),
          })),
        ],
        table: table('Placeholders', columns, rows),
        none: { title: 'None', sentence: 'No placeholder is like that.', icon: 'ok' },
      },
    })
  })
  return router
}

function listed(places: readonly string[]): string[] {
  if (places.length <= MOST_NAMED) return [...places]
  return [...places.slice(0, MOST_NAMED), `and ${count(places.length - MOST_NAMED)} more`]
}
