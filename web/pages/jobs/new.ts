// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { isCommandKind } from '#daemon/domain/command'
import { BATCH, DELAY } from '#daemon/domain/job'
import type { Mac } from '#protocols/lib/mac'
import { actorOf, formField, type NoExtras, queryText, type Web, type WebContext, type WebState } from '#web/context'
import { count } from '#web/format'
import { goOn } from '#web/kit/flash'
import { form, readForm, type Section, type Values } from '#web/kit/form'
import { PRESENCES, presenceFromSlug } from '#web/pages/presence'
import { showPage } from '#web/pages/shell'
import type { JobsPort } from '#web/ports/jobs'
import type { FieldError } from '#web/ports/saved'
import { ACTIONS, HOME } from './words.ts'

const PAGE = 200
const EXAMPLES = 8

const SECTIONS: readonly Section[] = [
  {
    legend: 'Which phones',
    fields: [
      { name: 'text', label: 'With this in their user, MAC, IP, model or firmware', maxLength: 100 },
      {
        ...{ name: 'presence', label: 'Status', kind: 'select' },
        options: [{ value: '', label: 'Any' }, ...PRESENCES.map(({ slug, label }) => ({ value: slug, label }))],
      },
    ],
  },
  {
    legend: 'What they do',
    fields: [
      {
        ...{ name: 'kind', label: 'Action', kind: 'select', required: true },
        options: Object.entries(ACTIONS).map(([value, label]) => ({ value, label })),
      },
      { name: 'message', label: 'Text of the message', maxLength: 500, hint: 'For a message only.' },
    ],
  },
  {
    legend: 'How fast',
    fields: [
      { name: 'batch', label: 'Phones at once', kind: 'number', required: true, min: BATCH.least, max: BATCH.most },
      {
        name: 'delay',
        label: 'Seconds between batches',
        kind: 'number',
        required: true,
        min: DELAY.least,
        max: DELAY.most,
      },
      { name: 'retries', label: 'Tell again, if it failed', kind: 'number', required: true, min: 0, max: 10 },
      {
        ...{ name: 'expiry', label: 'Give up after hours', kind: 'number', required: true, min: 1, max: 720 },
        hint: 'Phones that are switched off are told when they come back, until then.',
      },
    ],
  },
]

const USUAL: Values = {
  kind: 'restart',
  batch: String(BATCH.usual),
  delay: String(DELAY.usual),
  retries: '1',
  expiry: '24',
}

/** Choosing phones and an action; then a look at what will happen; then the job. */
export function jobNewRoutes(web: Web, jobs: JobsPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: `${HOME}/new` })

  router.get('/', (ctx) => {
    const chosen = { text: queryText(ctx, 'text').slice(0, 100), presence: queryText(ctx, 'presence') }
    show(web, ctx, { values: { ...USUAL, ...chosen }, errors: [] })
  })

  router.post('/', async (ctx) => {
    const { values, errors } = readForm(ctx, SECTIONS)
    if (errors.length > 0) return refuse(web, ctx, values, errors)
    const macs = phonesOf(web, values)
    if (macs.length === 0) return refuse(web, ctx, values, [{ field: 'text', message: 'No phone matches.' }])
    // What was shown must be what is done: another number of phones is shown again.
    if (formField(ctx, 'seen') !== String(macs.length)) return preview(web, ctx, values, macs)
    const kind = values.kind ?? ''
    if (!isCommandKind(kind)) return refuse(web, ctx, values, [{ field: 'kind', message: 'Choose one of these.' }])
    const number = (name: string) => Number(values[name])
    const saved = await jobs.begin(
      {
        ...{ kind, text: kind === 'message' ? (values.message ?? '') : '', macs, startAt: 0 },
        ...{ batch: number('batch'), delaySeconds: number('delay') },
        ...{ retries: number('retries'), expiryHours: number('expiry') },
      },
      actorOf(ctx),
    )
    if (saved.kind === 'saved') return goOn(web, ctx, `${HOME}/${saved.value.id}`, 'The job has begun.')
    refuse(web, ctx, values, saved.kind === 'refused' ? saved.errors.map(renamed) : [])
  })
  return router
}

/** The form calls a message's text otherwise than the port does. */
function renamed({ field, message }: FieldError): FieldError {
  return { field: field === 'text' ? 'message' : field, message }
}

function phonesOf({ port }: Web, { text = '', presence: slug = '' }: Values): Mac[] {
  const presence = presenceFromSlug(slug)
  const macs: Mac[] = []
  for (let page = 1, pageCount = 1; page <= pageCount; page++) {
    const found = port.fleet.devices({ text, page, pageSize: PAGE, ...(presence && { presence }) })
    pageCount = found.pageCount
    for (const { phone } of found.rows) if (phone.approval === 'approved') macs.push(phone.mac)
  }
  return macs
}

function refuse(web: Web, ctx: WebContext, values: Values, errors: readonly FieldError[]): void {
  ctx.status = 422
  show(web, ctx, { values, errors })
}

function show(web: Web, ctx: WebContext, filled: { values: Values; errors: readonly FieldError[] }): void {
  showPage(web, ctx, {
    ...{ view: 'command', title: 'New job', section: 'jobs' },
    data: {
      head: {
        title: 'New job',
        lead: 'Only phones that were let in are told. Next you see how many there are.',
        trail: [{ label: 'Jobs', href: HOME }],
      },
      form: form(web, ctx, {
        ...filled,
        action: `${HOME}/new`,
        sections: SECTIONS,
        submit: 'See what it does',
        cancel: HOME,
      }),
    },
  })
}

/** How many, how long, and some of them by name. */
function preview(web: Web, ctx: WebContext, values: Values, macs: readonly Mac[]): void {
  const [batch, delay] = [Number(values.batch), Number(values.delay)]
  const minutes = Math.ceil(((Math.ceil(macs.length / batch) - 1) * delay) / 60)
  const named = macs.slice(0, EXAMPLES).map((mac) => {
    const phone = web.port.fleet.device(mac)?.phone
    return [phone?.displayName || phone?.userName, phone?.model, mac].filter(Boolean).join(', ')
  })
  const more = macs.length - named.length
  const kind = values.kind ?? ''
  const action = isCommandKind(kind) ? ACTIONS[kind] : kind
  showPage(web, ctx, {
    ...{ view: 'kit/confirm', title: 'Begin this job?', section: 'jobs' },
    data: {
      head: {
        title: `${action} on ${count(macs.length)} ${macs.length === 1 ? 'phone' : 'phones'}?`,
        trail: [{ label: 'Jobs', href: HOME }],
      },
      sentence: `${count(batch)} at once, the last ones ${minutes === 0 ? 'at once, too' : `after ${count(minutes)} minutes`}. You can stop it at any time; what phones were told already cannot be taken back.`,
      touches: more > 0 ? [...named, `and ${count(more)} more`] : named,
      form: form(web, ctx, {
        ...{ action: `${HOME}/new`, sections: [], submit: 'Begin', look: 'danger', cancel: HOME },
        hidden: { ...values, seen: String(macs.length) },
      }),
    },
  })
}
