// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { LARGEST_PINNED, type PinnedFile, pinnedName } from '#daemon/domain/pinned'
import { formatMac } from '#protocols/lib/mac'
import { actorOf, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import { count } from '#web/format'
import { showQuestion } from '#web/kit/confirm'
import { goOn } from '#web/kit/flash'
import { type Filled, form, type Section } from '#web/kit/form'
import { table } from '#web/kit/table'
import { fileOf } from '#web/kit/upload'
import { showMessage } from '#web/pages/message'
import { showPage } from '#web/pages/shell'
import type { PinnedPort } from '#web/ports/pinned'
import { fileTabs } from './tabs.ts'

const PATH = '/pinned'
const TRAIL = [{ label: 'Pinned files', href: PATH }]
const UPLOAD: readonly Section[] = [
  {
    fields: [
      {
        ...{ name: 'file', label: 'File', kind: 'file', required: true, accept: '.cfg,.cfx' },
        hint: 'Called after its phone: 00908f123456.cfg, or .cfx if it is encrypted. It replaces the one before it.',
      },
    ],
  },
]

/** Files that single phones are given as they were uploaded. */
export function pinnedRoutes(web: Web, pinned: PinnedPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: PATH })
  web.uploads.allow(`${PATH}/upload`, LARGEST_PINNED + 65_536)

  router.get('/', (ctx) => showList(web, ctx, pinned))
  router.get('/upload', (ctx) => showUpload(web, ctx, { values: {}, errors: [] }))
  router.post('/upload', async (ctx) => {
    const file = fileOf(ctx, 'file')
    const saved = file ? await pinned.pin(file.name, file.bytes, actorOf(ctx)) : undefined
    if (saved?.kind === 'saved') {
      return goOn(web, ctx, PATH, `${formatMac(saved.value.mac)} is given this file from now on, byte for byte.`)
    }
    ctx.status = 422
    const errors = saved?.kind === 'refused' ? saved.errors : [{ field: 'file', message: 'Choose a file.' }]
    showUpload(web, ctx, { values: {}, errors })
  })
  router.get('/:name/remove', (ctx) => {
    const found = fileAt(pinned, ctx.params.name)
    if (!found) return unknown(web, ctx)
    showQuestion(web, ctx, {
      ...{ section: 'files', title: `Let go of ${nameOf(found)}?`, act: 'Let it go', cancel: PATH, trail: TRAIL },
      sentence: 'The phone is given what its template and settings make again. The uploaded file is not kept.',
    })
  })
  router.post('/:name/remove', async (ctx) => {
    const found = fileAt(pinned, ctx.params.name)
    if (!found) return unknown(web, ctx)
    await pinned.unpin(found.mac, found.ending, actorOf(ctx))
    goOn(web, ctx, PATH, `${formatMac(found.mac)} gets what is made for it again.`)
  })
  return router
}

function fileAt(pinned: PinnedPort, name = ''): PinnedFile | undefined {
  const named = pinnedName(name)
  return named && pinned.of(named.mac).find(({ ending }) => ending === named.ending)
}

function nameOf({ mac, ending }: PinnedFile): string {
  return `${mac}.${ending}`
}

function showUpload(web: Web, ctx: WebContext, filled: Filled): void {
  const built = form(web, ctx, {
    ...{ ...filled, action: `${PATH}/upload`, sections: UPLOAD, submit: 'Pin it', cancel: PATH, multipart: true },
  })
  const head = { title: 'Pin a file to a phone', trail: TRAIL }
  showPage(web, ctx, { view: 'kit/form-page', title: head.title, section: 'files', data: { head, form: built } })
}

function showList(web: Web, ctx: WebContext, pinned: PinnedPort): void {
  const now = web.port.now()
  const all = [...pinned.list()].sort((a, b) => b.at - a.at)
  const upload = { label: 'Pin a file', href: `${PATH}/upload`, look: 'primary' as const }
  showPage(web, ctx, {
    ...{ view: 'files', title: 'Pinned files', section: 'files' },
    data: {
      tabs: fileTabs(web.port, PATH),
      head: {
        title: 'Pinned files',
        lead: 'Phones that are given a file as it was uploaded, instead of what their template and settings make.',
        actions: [upload],
      },
      empty: {
        title: 'No file is pinned',
        sentence:
          'Every phone gets what its template and settings make. Pin a <MAC>.cfg or an encrypted <MAC>.cfx to make one phone an exception.',
        actions: [upload],
      },
      files:
        all.length > 0 &&
        table(
          'Pinned files',
          [{ label: 'Phone' }, { label: 'File' }, { label: 'Size' }, { label: 'Uploaded' }, { label: 'By' }],
          all.map((file) => ({
            cells: [
              { text: formatMac(file.mac), href: `/devices/${file.mac}`, mono: true },
              { text: nameOf(file), mono: true, ...(file.ending === 'cfx' && { note: '(encrypted by its maker)' }) },
              { text: `${count(file.size)} bytes` },
              { moment: web.time.moment(file.at, now) },
              { text: file.by },
            ],
            actions: [{ label: 'Let go', of: nameOf(file), href: `${PATH}/${nameOf(file)}/remove` }],
          })),
        ),
    },
  })
}

function unknown(web: Web, ctx: WebContext): void {
  showMessage(web, ctx, 404, {
    title: 'No such file',
    section: 'files',
    sentence: 'Nothing is pinned under this name.',
  })
}
