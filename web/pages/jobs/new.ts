// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { isChangeKind, usualDelay } from '#daemon/domain/job'
import { timeOfDay } from '#daemon/domain/job-order'
import type { RejectedLine } from '#daemon/domain/mac-csv'
import { LARGEST_PHONE_FILE, phonesOf, phonesOfFile } from '#web/choose-phones'
import { actorOf, formField, type NoExtras, queryText, type Web, type WebContext, type WebState } from '#web/context'
import { count } from '#web/format'
import { goOn } from '#web/kit/flash'
import { form, readForm, type Values } from '#web/kit/form'
import { fileOf } from '#web/kit/upload'
import { showPage } from '#web/pages/shell'
import type { JobDraft, JobsPort } from '#web/ports/jobs'
import type { FieldError } from '#web/ports/saved'
import { draftOf, filterOf, renamed, sectionsOf, USUAL } from './form.ts'
import { ACTIONS, HOME } from './words.ts'

const EXAMPLES = 8
const MOST_REJECTED = 20
/** Jobs between their look and their beginning: in memory, few, for an hour. */
const MOST_DRAFTS = 8
const LIFETIME = 60 * 60_000

interface Draft {
  readonly draft: JobDraft
  readonly values: Values
  readonly at: number
  readonly by: string
}

/** Choosing phones and an action; then a look at what will happen; then the job, on the phones that were shown. */
export function jobNewRoutes(web: Web, jobs: JobsPort): Router<WebState, NoExtras> {
  const path = `${HOME}/new`
  const router = new Router<WebState, NoExtras>({ prefix: path })
  const drafts = new Map<string, Draft>()
  web.uploads.allow(path, LARGEST_PHONE_FILE + 65_536)

  router.get('/', (ctx) => {
    const chosen = { text: queryText(ctx, 'text').slice(0, 100), presence: queryText(ctx, 'presence') }
    show(web, ctx, { values: { ...USUAL, ...chosen }, errors: [] })
  })

  router.post('/', async (ctx) => {
    const seen = formField(ctx, 'draft')
    if (seen !== '') return begin(ctx, seen)
    const { values, errors } = readForm(ctx, sectionsOf(web))
    if (errors.length > 0) return refuse(web, ctx, values, errors)
    const file = fileOf(ctx, 'file')
    const draft = draftOf(values, web.time.zone, [], usualDelay)
    if ('field' in draft) return refuse(web, ctx, values, [draft])
    const { macs, rejected } =
      file && file.bytes.length > 0
        ? phonesOfFile(web.port, draft.kind, file.bytes)
        : { macs: phonesOf(web.port, draft.kind, filterOf(values)), rejected: [] }
    if (macs.length === 0) {
      const field = rejected.length > 0 ? 'file' : 'text'
      const [first] = rejected
      const message = first ? `No row names a phone. Line ${first.line}: ${first.reason}.` : 'No phone matches.'
      return refuse(web, ctx, values, [{ field, message }])
    }
    const whole = { ...draft, macs }
    const problem = jobs.problemOf(whole)
    if (problem) return refuse(web, ctx, values, [renamed(problem, draft.kind)])
    const now = web.port.now()
    for (const [id, { at }] of drafts) if (drafts.size >= MOST_DRAFTS || now - at > LIFETIME) drafts.delete(id)
    const id = Buffer.from(web.random(16)).toString('base64url')
    drafts.set(id, { draft: whole, values, at: now, by: actorOf(ctx) })
    preview(web, ctx, id, whole, rejected)
  })

  async function begin(ctx: WebContext, id: string): Promise<void> {
    const found = drafts.get(id)
    drafts.delete(id)
    if (!found || found.by !== actorOf(ctx)) {
      return goOn(web, ctx, path, 'That was too long ago, or has begun already. Choose again.', 'warn')
    }
    const saved = await jobs.begin(found.draft, actorOf(ctx))
    if (saved.kind === 'saved') return goOn(web, ctx, `${HOME}/${saved.value.id}`, 'The job has begun.')
    const errors = saved.kind === 'refused' ? saved.errors : []
    refuse(
      web,
      ctx,
      found.values,
      errors.map((error) => renamed(error, found.draft.kind)),
    )
  }
  return router
}

function refuse(web: Web, ctx: WebContext, values: Values, errors: readonly FieldError[]): void {
  ctx.status = 422
  show(web, ctx, { values: { ...values, password: '' }, errors })
}

function show(web: Web, ctx: WebContext, filled: { values: Values; errors: readonly FieldError[] }): void {
  showPage(web, ctx, {
    ...{ view: 'command', title: 'New job', section: 'jobs' },
    data: {
      head: {
        title: 'New job',
        lead: 'Only phones that were let in are told anything. Next you see how many there are.',
        trail: [{ label: 'Jobs', href: HOME }],
      },
      form: form(web, ctx, {
        ...filled,
        ...{ action: `${HOME}/new`, sections: sectionsOf(web), multipart: true },
        ...{ submit: 'See what it does', cancel: HOME },
      }),
    },
  })
}

/** How many, how long, and some of them by name. */
function preview(web: Web, ctx: WebContext, id: string, draft: JobDraft, rejected: readonly RejectedLine[]): void {
  const { kind, macs, batch } = draft
  const named = macs.slice(0, EXAMPLES).map((mac) => {
    const phone = web.port.fleet.device(mac)?.phone
    return [phone?.displayName || phone?.userName, phone?.model, mac].filter(Boolean).join(', ')
  })
  const more = macs.length - named.length
  const wrong = rejected.slice(0, MOST_REJECTED).map(({ line, reason }) => `Line ${line} is left out: ${reason}.`)
  if (rejected.length > wrong.length) wrong.push(`${count(rejected.length - wrong.length)} more lines are left out.`)
  const end = isChangeKind(kind)
    ? 'You can stop it at any time; what was changed stays changed.'
    : 'You can stop it at any time; what phones were told already cannot be taken back.'
  showPage(web, ctx, {
    ...{ view: 'kit/confirm', title: 'Begin this job?', section: 'jobs' },
    data: {
      head: {
        title: `${ACTIONS[kind]} on ${count(macs.length)} ${macs.length === 1 ? 'phone' : 'phones'}?`,
        trail: [{ label: 'Jobs', href: HOME }],
      },
      sentence: [`${count(batch)} at once, ${durationOf(draft)}.`, ...whenOf(web, draft), end].join(' '),
      touches: [...(more > 0 ? [...named, `and ${count(more)} more`] : named), ...wrong],
      form: form(web, ctx, {
        ...{ action: `${HOME}/new`, sections: [], submit: 'Begin', look: 'danger', cancel: HOME },
        hidden: { draft: id },
      }),
    },
  })
}

function durationOf({ macs, batch, delaySeconds }: JobDraft): string {
  const minutes = Math.ceil(((Math.ceil(macs.length / batch) - 1) * delaySeconds) / 60)
  if (minutes === 0) return 'the last ones at once, too'
  return `the last ones after ${count(minutes)} ${minutes === 1 ? 'minute' : 'minutes'}`
}

function whenOf({ port, time }: Web, { startAt, window, perSite = 0 }: JobDraft): string[] {
  const says: string[] = []
  if (startAt > port.now()) says.push(`Not before ${time.moment(startAt, port.now()).exact}.`)
  if (window) {
    says.push(
      `Only between ${timeOfDay(window.from)} and ${timeOfDay(window.to)} where the phone is, so it may take days.`,
    )
  }
  if (perSite > 0) says.push(`At most ${count(perSite)} at work in one place.`)
  return says
}
