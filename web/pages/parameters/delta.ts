// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { type Deviation, deltaLines, deviations } from '#daemon/domain/provisioning/delta'
import type { NoExtras, Web, WebContext, WebState } from '#web/context'
import { count } from '#web/format'
import { form, readForm, type Section, type Values } from '#web/kit/form'
import { table } from '#web/kit/table'
import { showPage } from '#web/pages/shell'
import type { FieldError } from '#web/ports/saved'
import { DELTA, parameterTabs } from './words.ts'

/** Forms are at most 64 KB, in which letters may take three bytes. */
const LONGEST = 10_000

const TEXT = { kind: 'textarea', required: true, maxLength: LONGEST, rows: 12, mono: true } as const

const SECTIONS: readonly Section[] = [
  {
    fields: [
      { ...TEXT, name: 'before', label: 'Before', hint: 'The file that the phone’s own page saved before the change.' },
      { ...TEXT, name: 'after', label: 'After', hint: 'The same, saved after it. Neither is kept.' },
    ],
  },
]

/** `/parameters/delta`: what somebody changed on a phone, as lines for all the others. */
export function parameterDeltaRoutes(web: Web): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  router.get(DELTA, (ctx) => show(web, ctx, {}, []))
  router.post(DELTA, (ctx) => {
    const { values, errors } = readForm(ctx, SECTIONS)
    if (errors.length > 0) {
      ctx.status = 422
      return show(web, ctx, values, errors)
    }
    show(web, ctx, values, [], deviations(values.before ?? '', values.after ?? ''))
  })
  return router
}

function show(
  web: Web,
  ctx: WebContext,
  values: Values,
  errors: readonly FieldError[],
  found?: readonly Deviation[],
): void {
  showPage(web, ctx, {
    ...{ view: 'parameters/delta', title: 'Compare two files', section: 'parameters' },
    data: {
      head: {
        title: 'Compare two files',
        lead: 'Change one phone by hand, and turn what you did into lines for a template.',
      },
      tabs: parameterTabs(DELTA),
      form: form(web, ctx, { action: DELTA, sections: SECTIONS, values, errors, submit: 'Compare', twoColumns: true }),
      result: found && resultOf(found),
    },
  })
}

function resultOf(found: readonly Deviation[]): object {
  const rows = found.map(({ key, before = '–', after = '–' }) => ({
    cells: [
      { text: key, mono: true, strong: true },
      { text: before, mono: true },
      { text: after, mono: true },
    ],
  }))
  return {
    summary: found.length === 1 ? 'One setting differs.' : `${count(found.length)} settings differ.`,
    table: table('Differences', [{ label: 'Key' }, { label: 'Before' }, { label: 'After' }], rows),
    lines: deltaLines(found),
  }
}
