// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { NoExtras, Web, WebState } from '#web/context'
import { count } from '#web/format'
import type { Action, Cell } from '#web/kit/cell'
import { table } from '#web/kit/table'
import { showPage } from '#web/pages/shell'
import type { FirmwarePort, ModelRow } from '#web/ports/firmware'
import {
  driftLines,
  HOME,
  IMAGES,
  imageBadge,
  imageHref,
  modelHref,
  sizeText,
  stateOf,
  tabs,
  UPLOAD,
  versionText,
} from './words.ts'

const UPLOAD_ACTION: Action = { label: 'Upload image', icon: 'upload', look: 'primary', href: UPLOAD }

/** Models of the fleet with what is chosen for them, and all images. */
export function firmwareListRoutes(web: Web, firmware: FirmwarePort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()

  router.get(HOME, async (ctx) => {
    const models = await firmware.models()
    const columns = ['Model', 'State', 'Everywhere', 'Elsewhere', 'Phones'].map((label) => ({ label }))
    const rows = models.map((row) => ({
      cells: [
        { text: row.model, href: modelHref(row.model), strong: true },
        stateOf(row),
        everywhereCell(row),
        row.elsewhere === 0 ? '' : row.elsewhere === 1 ? '1 exception' : `${count(row.elsewhere)} exceptions`,
        { lines: driftLines(row) },
      ],
      actions: [{ label: 'Choose', of: row.model, href: modelHref(row.model) }],
    }))
    const missing = models.filter((row) => row.missing > 0).map(({ model }) => model)
    showPage(web, ctx, {
      ...{ view: 'firmware/list', title: 'Firmware', section: 'firmware' },
      data: {
        head: { title: 'Firmware', lead: LEAD, actions: [UPLOAD_ACTION] },
        tabs: tabs('models'),
        banner: missing.length > 0 ? missingText(missing) : '',
        table: table('Models', columns, rows),
        none: {
          ...{ title: 'No phone and no firmware yet', icon: 'chip', actions: [UPLOAD_ACTION] },
          sentence: 'Upload an image, then choose it for its model. Phones fetch it when they start.',
        },
      },
    })
  })

  router.get(IMAGES, (ctx) => {
    const now = web.port.now()
    const columns = [
      ...['Version', 'State', 'Models', 'Size', 'Phones'].map((label) => ({ label })),
      { label: 'Uploaded', wideOnly: true },
    ]
    const rows = firmware.images().map((row) => {
      const { image, wanted, running } = row
      return {
        cells: [
          { text: versionText(image), href: imageHref(image.id), strong: true, note: image.description.slice(0, 60) },
          imageBadge(row),
          image.models.join(', '),
          sizeText(image.size),
          { lines: [`${count(wanted)} should run it`, `${count(running)} do`] },
          { moment: web.time.moment(image.uploadedAt, now) },
        ],
      }
    })
    showPage(web, ctx, {
      ...{ view: 'firmware/list', title: 'Firmware images', section: 'firmware' },
      data: {
        head: { title: 'Firmware', lead: LEAD, actions: [UPLOAD_ACTION] },
        ...{ tabs: tabs('images'), banner: '' },
        table: table('Images', columns, rows),
        none: {
          ...{ title: 'No image yet', icon: 'chip', actions: [UPLOAD_ACTION] },
          sentence: 'Upload the .img file of a model. It is looked at before it is kept.',
        },
      },
    })
  })
  return router
}

const LEAD =
  'Which image phones fetch when they start: for each model everywhere, and otherwise in places. The nearer wins.'

function everywhereCell({ everywhere, folder }: ModelRow): Cell {
  if (everywhere?.image) {
    return { text: versionText(everywhere.image), href: imageHref(everywhere.image.id) }
  }
  if (everywhere) return 'an image that is gone'
  return folder ? { text: folder.version || 'not known', note: 'file in the folder' } : 'nothing'
}

function missingText(models: readonly string[]): string {
  const shown = models.slice(0, 5).join(', ')
  return `There are phones that get no firmware: ${shown}${models.length > 5 ? ' …' : ''}. They keep what they run.`
}
