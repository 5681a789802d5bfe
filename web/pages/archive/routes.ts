// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import Router from '@koa/router'
import { sendArchive } from '#web/api/archive'
import { actorOf, formField, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import { goOn } from '#web/kit/flash'
import { type Filled, form, type Section } from '#web/kit/form'
import { fileOf } from '#web/kit/upload'
import { showMessage } from '#web/pages/message'
import { showPage } from '#web/pages/shell'
import { startTask } from '#web/pages/tasks'
import { type ArchivePort, LARGEST_ARCHIVE } from '#web/ports/archive'
import { type Draft, reportView } from './report.ts'

const HOME = '/archive'
const IMPORT = `${HOME}/import`
/** Archives between their dry run and their import: in memory, few, for an hour. */
const MOST_DRAFTS = 2
const LIFETIME = 60 * 60_000

/** The whole configuration as files: another manager's in, ours out and in again. */
export function archiveRoutes(web: Web, archive: ArchivePort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: HOME })
  const drafts = new Map<string, Draft>()
  web.uploads.allow(IMPORT, LARGEST_ARCHIVE)

  router.get('/', (ctx) => showUpload(web, ctx, { values: {}, errors: [] }))
  router.get('/offhook-configuration.zip', async (ctx) => sendArchive(ctx, archive))
  router.post('/import', async (ctx) => {
    const file = fileOf(ctx, 'file')
    if (!file || file.bytes.length === 0) {
      ctx.status = 422
      const errors = [{ field: 'file', message: 'Choose a ZIP file that is not empty.' }]
      return showUpload(web, ctx, { values: {}, errors })
    }
    tidy(drafts, web.port.now())
    const id = randomBytes(16).toString('base64url')
    const name = file.name || 'the archive'
    const by = actorOf(ctx)
    await startTask(web, ctx, {
      ...{ title: `Checking ${name}`, back: HOME },
      run: async () => {
        const report = await archive.import(file.bytes, true, by)
        drafts.set(id, { name, bytes: file.bytes, report, state: 'tried', at: web.port.now() })
        const sentence = 'kind' in report ? report.reason : 'The archive is read; nothing is changed yet.'
        return { sentence, href: `${IMPORT}/${id}` }
      },
    })
  })
  router.get('/import/:id', (ctx) => {
    const id = ctx.params.id ?? ''
    const draft = drafts.get(id)
    if (!draft) return gone(web, ctx)
    const trail = [{ label: 'Import and export', href: HOME }]
    const go = form(web, ctx, {
      ...{ action: `${IMPORT}/${id}`, sections: [], hidden: { go: '1' }, cancel: HOME, submit: 'Import all this' },
    })
    showPage(web, ctx, {
      ...{ view: 'archive/report', title: draft.name, section: 'archive' },
      data: {
        head: { title: draft.name, trail },
        ...reportView(draft),
        form: draft.state === 'tried' && !('kind' in draft.report) ? go : undefined,
      },
    })
  })
  router.post('/import/:id', async (ctx) => {
    const id = ctx.params.id ?? ''
    const draft = drafts.get(id)
    if (!draft) return gone(web, ctx)
    // Sent twice: the first one is at work, or was.
    if (draft.state !== 'tried' || formField(ctx, 'go') !== '1') return goOn(web, ctx, `${IMPORT}/${id}`)
    drafts.set(id, { ...draft, state: 'applying' })
    const by = actorOf(ctx)
    await startTask(web, ctx, {
      ...{ title: `Importing ${draft.name}`, back: `${IMPORT}/${id}` },
      run: async () => {
        try {
          const report = await archive.import(draft.bytes, false, by)
          drafts.set(id, { ...draft, bytes: new Uint8Array(), report, state: 'done' })
          const sentence = 'kind' in report ? report.reason : 'The archive is imported.'
          return { sentence, href: `${IMPORT}/${id}` }
        } catch (error) {
          drafts.set(id, draft)
          throw error
        }
      },
    })
  })
  return router
}

function tidy(drafts: Map<string, Draft>, now: number): void {
  for (const [id, { at }] of drafts) if (drafts.size >= MOST_DRAFTS || now - at > LIFETIME) drafts.delete(id)
}

const UPLOAD: readonly Section[] = [
  {
    fields: [
      {
        ...{ name: 'file', label: 'ZIP file', kind: 'file', required: true, accept: '.zip,application/zip' },
        hint: 'An export of AudioCodes’ manager (its configuration, its users, or both packed into one), one of Offhook, or a folder of phones’ files packed: they are compared with what Offhook would give. At most 64 MB.',
      },
    ],
  },
]

function showUpload(web: Web, ctx: WebContext, filled: Filled): void {
  const title = 'Import and export'
  showPage(web, ctx, {
    ...{ view: 'archive/home', title, section: 'archive' },
    data: {
      head: {
        title,
        lead: 'Take over another phone manager, or move a whole configuration. First you see what would happen.',
        actions: [{ label: 'Export all', href: `${HOME}/offhook-configuration.zip`, icon: 'download' }],
      },
      form: form(web, ctx, {
        ...{
          action: IMPORT,
          sections: UPLOAD,
          submit: 'Look what would happen',
          cancel: '/',
          multipart: true,
          ...filled,
        },
      }),
    },
  })
}

function gone(web: Web, ctx: WebContext): void {
  showMessage(web, ctx, 404, {
    title: 'Import not found',
    sentence: 'The archive was let go after an hour, or the server was started anew. Choose it again.',
    section: 'archive',
    ways: [{ label: 'Import and export', href: HOME }],
  })
}
