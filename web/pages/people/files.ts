// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import Router from '@koa/router'
import { sendPeople, sendRows } from '#web/api/people'
import { notProved } from '#web/auth/proof'
import { actorOf, formField, type NoExtras, queryText, type Web, type WebContext, type WebState } from '#web/context'
import { count } from '#web/format'
import { goOn } from '#web/kit/flash'
import { type Filled, form, readForm, type Section } from '#web/kit/form'
import { table } from '#web/kit/table'
import { fileOf } from '#web/kit/upload'
import { showMessage } from '#web/pages/message'
import { showPage } from '#web/pages/shell'
import { startTask } from '#web/pages/tasks'
import { LARGEST_PEOPLE_FILE, type PeopleFilesPort, type PeopleReport } from '#web/ports/people-files'
import type { FieldError } from '#web/ports/saved'
import { USERS, USERS_TRAIL } from './words.ts'

const IMPORT = `${USERS}/import`
/** Files between their dry run and their import: in memory, few, for an hour. */
const MOST_DRAFTS = 4
const LIFETIME = 60 * 60_000
/** Rejected rows that a page shows. */
const MOST_REJECTED = 200

interface Draft {
  readonly name: string
  /** Let go once it is imported. */
  readonly bytes: Uint8Array
  readonly createRegions: boolean
  readonly report: PeopleReport | undefined
  readonly state: 'tried' | 'applying' | 'done'
  readonly at: number
}

/** Users and phones from a file, after a dry run, and into one. */
export function peopleFileRoutes(web: Web, files: PeopleFilesPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: USERS })
  const drafts = new Map<string, Draft>()
  web.uploads.allow(IMPORT, LARGEST_PEOPLE_FILE + 65_536)
  const tidy = () => {
    for (const [id, { at }] of drafts) {
      if (drafts.size > MOST_DRAFTS || web.port.now() - at > LIFETIME) drafts.delete(id)
    }
  }
  const report = async (id: string, draft: Draft, run: Promise<PeopleReport>, state: Draft['state']) => {
    const said = await run
    const bytes = state === 'done' ? new Uint8Array() : draft.bytes
    drafts.set(id, { ...draft, bytes, report: said, state })
    return { sentence: sentenceOf(said), href: `${IMPORT}/${id}` }
  }

  router.get('/export.csv', (ctx) => {
    sendPeople(ctx, files, {
      text: queryText(ctx, 'text').slice(0, 100),
      region: queryText(ctx, 'region').slice(0, 100),
    })
  })
  router.get('/export-passwords', (ctx) => showProof(web, ctx, []))
  router.post('/export-passwords', async (ctx) => {
    const wrong = await notProved(web, ctx, formField(ctx, 'password'))
    if (wrong !== undefined) {
      ctx.status = 422
      return showProof(web, ctx, [{ field: 'password', message: wrong }])
    }
    sendRows(ctx, files.exportWithPasswords({ text: '', region: '' }, actorOf(ctx)))
  })
  router.get('/import', (ctx) => showUpload(web, ctx, { values: {}, errors: [] }))
  router.post('/import', async (ctx) => {
    const { values } = readForm(ctx, UPLOAD)
    const file = fileOf(ctx, 'file')
    if (!file || file.bytes.length === 0) {
      ctx.status = 422
      return showUpload(web, ctx, { values, errors: [{ field: 'file', message: 'Choose a file that is not empty.' }] })
    }
    tidy()
    const id = randomBytes(16).toString('base64url')
    const createRegions = values.createRegions === '1'
    const name = file.name || 'the file'
    const draft: Draft = {
      name,
      bytes: file.bytes,
      createRegions,
      report: undefined,
      state: 'tried',
      at: web.port.now(),
    }
    drafts.set(id, draft)
    const by = actorOf(ctx)
    await startTask(web, ctx, {
      ...{ title: `Checking ${name}`, back: IMPORT },
      run: (progress, signal) =>
        report(id, draft, files.import(draft.bytes, { dryRun: true, createRegions }, by, progress, signal), 'tried'),
    })
  })
  router.get('/import/:id', (ctx) => {
    const id = ctx.params.id ?? ''
    const draft = drafts.get(id)
    if (!draft?.report) return gone(web, ctx)
    showReport(web, ctx, id, draft, draft.report)
  })
  router.post('/import/:id', async (ctx) => {
    const id = ctx.params.id ?? ''
    const draft = drafts.get(id)
    if (!draft?.report) return gone(web, ctx)
    // Sent twice: the first one is at work, or was.
    if (draft.state !== 'tried' || formField(ctx, 'go') !== '1') return goOn(web, ctx, `${IMPORT}/${id}`)
    drafts.set(id, { ...draft, state: 'applying' })
    const by = actorOf(ctx)
    const { createRegions } = draft
    await startTask(web, ctx, {
      ...{ title: `Importing ${draft.name}`, back: `${IMPORT}/${id}` },
      run: (progress, signal) =>
        report(
          id,
          draft,
          files.import(draft.bytes, { dryRun: false, createRegions }, by, progress, signal),
          'done',
        ).catch((error) => {
          drafts.set(id, draft)
          throw error
        }),
    })
  })
  return router
}

function showProof(web: Web, ctx: WebContext, errors: readonly FieldError[]): void {
  const title = 'Export with passwords'
  showPage(web, ctx, {
    ...{ view: 'kit/form-page', title, section: 'users' },
    data: {
      head: {
        title,
        lead: 'A CSV file of all users with their SIP passwords in clear. Keep it as you would keep the passwords; the log says that you have it.',
        trail: USERS_TRAIL,
      },
      form: form(web, ctx, {
        ...{ action: `${USERS}/export-passwords`, submit: 'Export', cancel: USERS, values: {}, errors },
        sections: [
          {
            fields: [
              {
                name: 'password',
                label: 'Your own password',
                kind: 'password',
                required: true,
                autocomplete: 'current-password',
              },
            ],
          },
        ],
      }),
    },
  })
}

const UPLOAD: readonly Section[] = [
  {
    fields: [
      {
        ...{ name: 'file', label: 'CSV file', kind: 'file', required: true, accept: '.csv,text/csv,text/plain' },
        hint: 'With the columns Name, Password, Display Name, Region (or Tenant), Device 1 MAC Address, Device 1 IP Phone Model, Device 2 MAC Address …, in any order. At most 16 MB.',
      },
      {
        ...{ name: 'createRegions', label: 'Make regions that are not there', kind: 'check' },
        hint: 'Otherwise rows that name one are left out.',
      },
    ],
  },
]

function showUpload(web: Web, ctx: WebContext, filled: Filled): void {
  const title = 'Import users and devices'
  showPage(web, ctx, {
    ...{ view: 'kit/form-page', title, section: 'users' },
    data: {
      head: { title, lead: 'First you see what would happen; nothing is changed by that.', trail: USERS_TRAIL },
      form: form(web, ctx, {
        ...{ action: IMPORT, sections: UPLOAD, submit: 'Check the file', cancel: USERS, multipart: true, ...filled },
      }),
    },
  })
}

function showReport(web: Web, ctx: WebContext, id: string, draft: Draft, report: PeopleReport): void {
  const title = draft.name
  const { users, devices, regions, rejected, unknownColumns } = report
  const work = users.added + users.changed + devices.added + devices.changed + devices.moved
  const tried = draft.state === 'tried'
  const rows = rejected.slice(0, MOST_REJECTED).map(({ line, reason }) => ({ cells: [`Line ${count(line)}`, reason] }))
  showPage(web, ctx, {
    ...{ view: 'people/import', title, section: 'users' },
    data: {
      head: { title, trail: [...USERS_TRAIL, { label: 'Import', href: IMPORT }] },
      verdict: verdictOf(draft, report, work),
      counts: countsOf(report, tried),
      regions: regions.length > 0 ? `Regions that ${tried ? 'would be' : 'were'} made: ${regions.join(', ')}.` : '',
      unknown: unknownColumns.length > 0 ? `Columns that are not read: ${unknownColumns.join(', ')}.` : '',
      rejected: rows.length > 0 ? table('Left out', [{ label: 'Where' }, { label: 'Why' }], rows) : undefined,
      more: rejected.length > rows.length ? `and ${count(rejected.length - rows.length)} more` : '',
      ...{ again: IMPORT, users: USERS, done: draft.state === 'done' },
      form:
        tried && work > 0
          ? form(web, ctx, {
              ...{ action: `${IMPORT}/${id}`, sections: [], hidden: { go: '1' }, cancel: IMPORT },
              submit: rejected.length > 0 ? 'Import the other rows' : 'Import',
            })
          : undefined,
    },
  })
}

function verdictOf(
  { state }: Draft,
  { complete, rejected }: PeopleReport,
  work: number,
): { tone: string; text: string } {
  if (state === 'applying') return { tone: 'info', text: 'It is being imported just now.' }
  if (!complete) return { tone: 'warn', text: 'It was stopped before the end. The same file goes on from there.' }
  if (state === 'done')
    return { tone: 'ok', text: 'Imported. The phones are approved and get their files when they ask.' }
  if (work > 0) return { tone: 'info', text: 'Nothing is changed yet. This is what would happen.' }
  if (rejected.length > 0) return { tone: 'bad', text: 'There is nothing to import: see below why.' }
  return { tone: 'idle', text: 'There is nothing to import: everything is as the file says.' }
}

function countsOf({ users, devices, rejected }: PeopleReport, tried: boolean): object[] {
  const one = (label: string, value: number, tone: string) => ({
    label,
    value: count(value),
    tone: value > 0 ? tone : 'idle',
  })
  return [
    one('Users added', users.added, 'ok'),
    one('Users changed', users.changed, 'info'),
    one('Devices added', devices.added, 'ok'),
    one('Devices moved from another user', devices.moved, 'warn'),
    one('Devices changed', devices.changed, 'info'),
    one(tried ? 'Rows that cannot be taken' : 'Rows left out', rejected.length, 'bad'),
  ]
}

function sentenceOf({ dryRun, users, devices, rejected }: PeopleReport): string {
  const start = dryRun ? 'Checked' : 'Imported'
  return `${start}: ${count(users.added)} new users, ${count(devices.added)} new devices, ${count(rejected.length)} rows left out.`
}

function gone(web: Web, ctx: WebContext): void {
  showMessage(web, ctx, 404, {
    title: 'Import not found',
    sentence: 'The file was let go after an hour, or the server was started anew. Choose it again.',
    section: 'users',
    ways: [{ label: 'Import', href: IMPORT }],
  })
}
