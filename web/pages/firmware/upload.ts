// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { actorOf, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import { goOn } from '#web/kit/flash'
import { type Filled, form, readForm, type Section } from '#web/kit/form'
import { showPage } from '#web/pages/shell'
import type { Added, FirmwarePort } from '#web/ports/firmware'
import { IMAGES, IMAGES_TRAIL, imageHref, UPLOAD, versionText } from './words.ts'

/** What a form has beside its file. */
const BESIDE = 64 * 1024

/** A new image: written to disk as it comes, looked at, and kept only if it is whole. */
export function firmwareUploadRoutes(web: Web, firmware: FirmwarePort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  const results = new WeakMap<WebContext, Added>()
  web.uploads.stream(
    UPLOAD,
    () => firmware.mostBytes + BESIDE,
    async (ctx, fields, fileName, bytes) => {
      const { model = '', version = '', description = '', insist = '' } = fields
      const said = { fileName, model, version, description, insist: insist === '1' }
      results.set(ctx, await firmware.add(bytes, said, actorOf(ctx)))
    },
  )

  router.get(UPLOAD, (ctx) => show(web, ctx, firmware, { values: {}, errors: [] }))
  router.post(UPLOAD, (ctx) => {
    const { values } = readForm(ctx, sections(firmware))
    const added = results.get(ctx)
    const refuse = (status: number, errors: Filled['errors']) => {
      ctx.status = status
      show(web, ctx, firmware, { values, errors })
    }
    if (!added) return refuse(422, [{ field: 'file', message: 'Choose a file.' }])
    if (added.kind === 'refused') return refuse(422, added.errors)
    if (added.kind === 'not taken') {
      return refuse(added.why === 'too large' ? 413 : 503, [{ field: 'file', message: added.message }])
    }
    const { image } = added.value
    const done = added.known
      ? `This very image is here already: ${versionText(image)}.`
      : `Added ${versionText(image)} for ${image.models.join(', ')}. Now choose it for its model.`
    goOn(web, ctx, imageHref(image.id), done, added.known ? 'info' : 'ok')
  })
  return router
}

function sections({ mostBytes }: FirmwarePort): Section[] {
  return [
    {
      fields: [
        {
          name: 'description',
          label: 'Description',
          maxLength: 500,
          wide: true,
          hint: 'What people should know of it. May stay empty.',
        },
      ],
    },
    {
      legend: 'If the file does not say it all',
      folded: true,
      fields: [
        {
          name: 'model',
          label: 'Model',
          maxLength: 32,
          placeholder: '440HD',
          hint: 'Taken from its header, or else from its name.',
        },
        { name: 'version', label: 'Version', maxLength: 40, placeholder: '2.2.16.704', hint: 'The same.' },
        {
          ...{ name: 'insist', label: 'Keep it although it looks wrong', kind: 'check' },
          hint: 'The page of the image says then what was wrong with it, and who kept it.',
        },
      ],
    },
    // A form is sent in its order, and what is said of a file must be known before it comes: it is the last.
    {
      fields: [
        {
          ...{
            name: 'file',
            label: 'Firmware file',
            kind: 'file',
            required: true,
            accept: '.img,application/octet-stream',
          },
          hint: `At most ${Math.floor(mostBytes / 2 ** 20)} MB. It is looked at as it comes, and nothing of it is kept if it is cut off, damaged or for another model.`,
        },
      ],
    },
  ]
}

function show(web: Web, ctx: WebContext, firmware: FirmwarePort, filled: Filled): void {
  showPage(web, ctx, {
    ...{ view: 'kit/form-page', title: 'Upload firmware', section: 'firmware' },
    data: {
      head: { title: 'Upload firmware', lead: 'Phones get it only once it is chosen for them.', trail: IMAGES_TRAIL },
      form: form(web, ctx, {
        ...{ action: UPLOAD, sections: sections(firmware), submit: 'Upload', cancel: IMAGES, ...filled },
        ...{ multipart: true, progress: true },
      }),
    },
  })
}
