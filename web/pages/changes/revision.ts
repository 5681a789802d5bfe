// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { NoExtras, Web, WebContext, WebState } from '#web/context'
import { showMessage } from '#web/pages/message'
import { showPage } from '#web/pages/shell'
import type { ChangesPort, RecordDiff } from '#web/ports/changes'
import { answerReview, phonesText, stepOf } from './review.ts'
import { HOME, subjectText } from './words.ts'

const TRAIL = [{ label: 'Changes', href: HOME }]
const DEEDS = { made: 'Made', changed: 'Changed', removed: 'Removed' } as const

/** One change: what it did, and the way back. */
export function revisionRoutes(web: Web, changes: ChangesPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: `${HOME}/:sequence` })

  router.get('/', (ctx) => {
    const revision = changes.revision(sequenceOf(ctx.params.sequence))
    if (!revision) return missing(web, ctx)
    const { sequence, at, by, why, summary, subject, phones, records } = revision
    showPage(web, ctx, {
      ...{ view: 'changes/revision', title: `Change ${sequence}`, section: 'changes' },
      data: {
        head: {
          title: `Change ${sequence}`,
          lead: `${summary}.`,
          trail: TRAIL,
          ...(records.length > 0 && { actions: [{ label: 'Go back to before', href: `${HOME}/${sequence}/restore` }] }),
        },
        facts: [
          { label: 'By', cell: by },
          { label: 'When', cell: { moment: web.time.moment(at, web.port.now()) } },
          { label: 'Why', cell: why },
          { label: 'About', cell: subjectText(subject) },
          { label: 'Phones', cell: phones === undefined ? '' : `${phonesText(phones)} got another file` },
        ].filter(({ cell }) => cell !== ''),
        records: records.map((record) => ({ heading: headingOf(record), lines: record.lines })),
      },
    })
  })

  router.get('/restore', (ctx) => restore(web, ctx, changes, sequenceOf(ctx.params.sequence)))
  router.post('/restore', (ctx) => restore(web, ctx, changes, sequenceOf(ctx.params.sequence)))
  return router
}

async function restore(web: Web, ctx: WebContext, changes: ChangesPort, sequence: number): Promise<void> {
  const restored = changes.restore(sequence)
  if (restored.kind === 'unknown') return missing(web, ctx)
  const here = `${HOME}/${sequence}`
  if (restored.kind === 'impossible') {
    return showMessage(web, ctx, 422, {
      ...{ title: 'This cannot be taken back here', section: 'changes', sentence: restored.reason },
    })
  }
  // There is no form to go back to.
  if (ctx.method === 'POST' && stepOf(ctx) === 'form') return ctx.redirect(here)
  const trail = [...TRAIL, { label: `Change ${sequence}`, href: here }]
  const { draft } = restored
  await answerReview(web, ctx, changes, {
    ...{ section: 'changes', trail, draft, action: `${here}/restore`, fields: {}, cancel: here, done: HOME },
  })
}

function missing(web: Web, ctx: WebContext): void {
  showMessage(web, ctx, 404, {
    title: 'No such change',
    section: 'changes',
    sentence: 'It was never made, or it is too old to be kept.',
  })
}

function headingOf({ deed, table, key }: RecordDiff): string {
  return `${DEEDS[deed]}: ${table} ${key}`
}

function sequenceOf(text = ''): number {
  return /^[1-9]\d{0,11}$/.test(text) ? Number(text) : 0
}
