// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { nameOf, sendImage } from '#web/api/firmware'
import { actorOf, formField, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import { count } from '#web/format'
import type { Fact } from '#web/kit/cell'
import { showQuestion } from '#web/kit/confirm'
import { goOn } from '#web/kit/flash'
import { type Filled, form, readForm, type Section } from '#web/kit/form'
import { showMessage } from '#web/pages/message'
import { showPage } from '#web/pages/shell'
import type { FirmwarePort } from '#web/ports/firmware'
import type { ScopesPort } from '#web/ports/scopes'
import {
  CHECKSUMS,
  GONE,
  IMAGES,
  IMAGES_TRAIL,
  imageBadge,
  imageHref,
  modelHref,
  sizeText,
  useSentence,
  versionText,
} from './words.ts'

type Shown = NonNullable<ReturnType<FirmwarePort['image']>>

const DESCRIPTION: readonly Section[] = [
  {
    fields: [
      { name: 'description', label: 'Description', maxLength: 500, wide: true, hint: 'What people should know of it.' },
    ],
  },
]
const SAID = { '': '', header: 'from its header', 'file name': 'from its name', admin: 'from who uploaded it' }

/** One image: what it is, what uses it, its description, a download, and its removal. */
export function firmwareImageRoutes(web: Web, firmware: FirmwarePort, scopes: ScopesPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: `${IMAGES}/:id` })
  const find = (ctx: WebContext, id: string | undefined) => {
    const found = firmware.image(id ?? '')
    if (!found) {
      showMessage(web, ctx, 404, {
        ...{ title: 'Image not found', section: 'firmware', ways: [{ label: 'Images', href: IMAGES }] },
        sentence: 'Somebody may have removed it.',
      })
    }
    return found
  }

  router.get('/', (ctx) => {
    const found = find(ctx, ctx.params.id)
    if (found) show(web, ctx, scopes, found, { values: { description: found.image.description }, errors: [] })
  })
  router.post('/', async (ctx) => {
    const found = find(ctx, ctx.params.id)
    if (!found) return
    const { values, errors } = readForm(ctx, DESCRIPTION)
    const { id } = found.image
    const saved =
      errors.length > 0
        ? ({ kind: 'refused', errors } as const)
        : await firmware.describe(id, values.description ?? '', Number(formField(ctx, 'revision')))
    if (saved.kind === 'saved') return goOn(web, ctx, imageHref(id), 'Saved the description.')
    ctx.status = saved.kind === 'refused' ? 422 : 409
    const wrong = saved.kind === 'refused' ? saved.errors : [{ field: '', message: GONE }]
    show(web, ctx, scopes, found, { values, errors: wrong })
  })

  router.get('/download', (ctx) => sendImage(ctx, firmware, ctx.params.id ?? ''))

  router.get('/remove', (ctx) => {
    const found = find(ctx, ctx.params.id)
    if (!found) return
    const href = imageHref(found.image.id)
    if (found.uses.length > 0) return goOn(web, ctx, href, 'It is in use: see below where.', 'warn')
    showQuestion(web, ctx, {
      ...{ section: 'firmware', act: 'Remove image', cancel: href, trail: IMAGES_TRAIL },
      title: `Remove ${versionText(found.image)}?`,
      sentence: 'Its file is deleted. This cannot be undone; download it first if you may need it again.',
      touches: [`${nameOf(found.image)}, ${sizeText(found.image.size)}`],
    })
  })
  router.post('/remove', async (ctx) => {
    const removed = await firmware.remove(ctx.params.id ?? '', actorOf(ctx))
    if (removed.kind === 'removed') return goOn(web, ctx, IMAGES, `Removed ${versionText(removed.image)}.`)
    if (removed.kind === 'unknown') return goOn(web, ctx, IMAGES, 'Somebody else has removed it already.', 'warn')
    goOn(web, ctx, imageHref(ctx.params.id ?? ''), 'It has come into use meanwhile: see below where.', 'warn')
  })
  return router
}

function show(web: Web, ctx: WebContext, scopes: ScopesPort, found: Shown, filled: Filled): void {
  const { image, revision, uses } = found
  const href = imageHref(image.id)
  showPage(web, ctx, {
    ...{ view: 'firmware/image', title: `Firmware ${versionText(image)}`, section: 'firmware' },
    data: {
      head: {
        ...{ title: versionText(image), badge: imageBadge(found), trail: IMAGES_TRAIL },
        lead: `For ${image.models.join(', ')}`,
        actions: [
          ...(found.isLost ? [] : [{ label: 'Download', icon: 'download', href: `${href}/download` }]),
          ...(uses.length > 0 ? [] : [{ label: 'Remove', href: `${href}/remove`, look: 'danger' }]),
        ],
      },
      doubts: [
        ...(found.isLost ? [LOST] : []),
        ...image.doubts.map((doubt) => `Kept although it looked wrong: ${doubt}`),
      ],
      facts: factsOf(web, found),
      uses: uses.map((use) => ({
        text: useSentence(use, scopes.tree()),
        href: use.model === '' ? '' : modelHref(use.model),
      })),
      form: form(web, ctx, {
        ...{ action: href, sections: DESCRIPTION, hidden: { revision: String(revision) }, submit: 'Save', ...filled },
      }),
    },
  })
}

const LOST =
  'Its file is missing or has another size. Phones are refused it and keep what they run: upload the same file again.'

function factsOf(web: Web, { image, wanted, running }: Shown): Fact[] {
  return [
    { label: 'Version', cell: { text: image.version || 'not known', note: SAID[image.versionFrom] } },
    { label: 'Models', cell: { text: image.models.join(', '), note: SAID[image.modelsFrom] } },
    { label: 'Built', cell: image.built.replace('_', ' ') },
    { label: 'Checksum', cell: CHECKSUMS[image.checksum] },
    { label: 'Size', cell: `${sizeText(image.size)} (${count(image.size)} bytes)` },
    { label: 'Phones that should run it', cell: count(wanted) },
    { label: 'Phones that do', cell: count(running) },
    { label: 'File', cell: image.fileName },
    { label: 'Uploaded', cell: { moment: web.time.moment(image.uploadedAt, web.port.now()) } },
    { label: 'By', cell: image.by },
    { label: 'SHA-256', cell: { code: image.id } },
  ]
}
