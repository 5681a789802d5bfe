// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { SYSTEM } from '#daemon/domain/scope'
import { formatMac, parseMac } from '#protocols/lib/mac'
import { actorOf, formField, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import { count } from '#web/format'
import { showQuestion } from '#web/kit/confirm'
import { goOn } from '#web/kit/flash'
import { type Filled, form, readForm, type Section } from '#web/kit/form'
import { table } from '#web/kit/table'
import { showMessage } from '#web/pages/message'
import { scopeOptions } from '#web/pages/people/words'
import { showPage } from '#web/pages/shell'
import type { FirmwarePort, ModelDetail } from '#web/ports/firmware'
import type { ScopesPort } from '#web/ports/scopes'
import { GONE, HOME, imageHref, modelHref, stateOf, TRAIL, UPLOAD, versionText, whereText } from './words.ts'

/** In the select of places. */
const ONE_PHONE = 'phone'

/** One model: which image its phones get where, and what they run. */
export function firmwareModelRoutes(web: Web, firmware: FirmwarePort, scopes: ScopesPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: `${HOME}/models/:model` })
  const find = async (ctx: WebContext, model: string | undefined) => {
    const detail = await firmware.model(model ?? '')
    if (!detail) gone(web, ctx)
    return detail
  }

  router.get('/', async (ctx) => {
    const detail = await find(ctx, ctx.params.model)
    if (detail)
      show(web, ctx, scopes, detail, { values: { where: SYSTEM.id, image: detail.fitting[0]?.id ?? '' }, errors: [] })
  })

  router.post('/', async (ctx) => {
    const detail = await find(ctx, ctx.params.model)
    if (!detail) return
    const { values, errors } = readForm(ctx, sections(scopes, detail))
    const refuse = (status: number, wrong: Filled['errors']) => {
      ctx.status = status
      show(web, ctx, scopes, detail, { values, errors: wrong })
    }
    if (errors.length > 0) return refuse(422, errors)
    const { where = '', mac = '', image = '' } = values
    const place = where === ONE_PHONE ? parseMac(mac) : where
    if (!place) return refuse(422, [{ field: 'mac', message: 'Enter a MAC address such as 00:90:8f:12:34:56.' }])
    const saved = await firmware.choose({ model: detail.model, where: place, image }, actorOf(ctx))
    if (saved.kind === 'refused') {
      const field = where === ONE_PHONE ? 'mac' : 'where'
      return refuse(
        422,
        saved.errors.map((error) => (error.field === 'where' ? { ...error, field } : error)),
      )
    }
    if (saved.kind === 'conflict') return refuse(409, [{ field: '', message: GONE }])
    const said = whereText({ where: place }, scopes.tree())
    const chosen = detail.fitting.find(({ id }) => id === image)
    goOn(
      web,
      ctx,
      modelHref(detail.model),
      `${said}: ${chosen ? versionText(chosen) : 'chosen'} from the next start on.`,
    )
  })

  router.get('/choices/:where/remove', async (ctx) => {
    const detail = await find(ctx, ctx.params.model)
    const chosen = detail?.choices.find(({ choice }) => choice.where === ctx.params.where)
    if (!detail) return
    if (!chosen) return goOn(web, ctx, modelHref(detail.model), GONE, 'warn')
    showQuestion(web, ctx, {
      ...{ section: 'firmware', act: 'Take it back', cancel: modelHref(detail.model) },
      title: `Take back the choice for ${detail.model}?`,
      sentence: 'These phones follow the next wider choice then. Nothing is sent to them; they look when they start.',
      touches: [
        `${whereText(chosen.choice, scopes.tree())}: ${chosen.image ? versionText(chosen.image) : 'an image that is gone'}`,
        `${count(chosen.phones)} of its phones follow it now`,
      ],
      hidden: { was: chosen.choice.image },
      trail: [...TRAIL, { label: detail.model, href: modelHref(detail.model) }],
    })
  })
  router.post('/choices/:where/remove', async (ctx) => {
    const [model, where] = [ctx.params.model ?? '', ctx.params.where ?? '']
    const saved = await firmware.choose({ model, where, image: '', was: formField(ctx, 'was') }, actorOf(ctx))
    if (saved.kind === 'saved') return goOn(web, ctx, modelHref(model), 'The choice was taken back.')
    goOn(web, ctx, modelHref(model), GONE, 'warn')
  })

  router.post('/adopt', async (ctx) => {
    const model = ctx.params.model ?? ''
    const added = await firmware.adopt(model, actorOf(ctx))
    if (added.kind === 'saved') {
      return goOn(web, ctx, modelHref(model), `It is an image now: ${versionText(added.value.image)}.`)
    }
    const why = added.kind === 'refused' ? added.errors.map(({ message }) => message).join(' ') : added.message
    goOn(web, ctx, modelHref(model), why, 'bad')
  })
  return router
}

function sections(scopes: ScopesPort, { fitting }: ModelDetail): Section[] {
  const places = scopeOptions(scopes.tree(), 'Everywhere')
  return [
    {
      fields: [
        {
          name: 'where',
          label: 'For',
          kind: 'select',
          options: [...places, { value: ONE_PHONE, label: 'One phone …' }],
        },
        {
          ...{ name: 'mac', label: 'MAC address', mono: true, placeholder: '00:90:8f:12:34:56' },
          when: { field: 'where', values: [ONE_PHONE] },
        },
        {
          ...{ name: 'image', label: 'Image', kind: 'select', required: true },
          options: fitting.map((image) => ({
            value: image.id,
            label: `${versionText(image)}${image.description === '' ? '' : ` – ${image.description.slice(0, 60)}`}`,
          })),
          hint: 'Phones whose version differs fetch it when they next start. The nearer choice wins: phone, site, region, everywhere.',
        },
      ],
    },
  ]
}

function show(web: Web, ctx: WebContext, scopes: ScopesPort, detail: ModelDetail, filled: Filled): void {
  const { model, fitting, versions, drifting, drift, folder } = detail
  const href = modelHref(model)
  const now = web.port.now()
  const upload = { label: 'Upload image', icon: 'upload', href: UPLOAD }
  showPage(web, ctx, {
    ...{ view: 'firmware/model', title: `Firmware of ${model}`, section: 'firmware' },
    data: {
      head: { title: `Firmware of ${model}`, badge: stateOf(detail), trail: TRAIL, actions: [upload] },
      folder: folder && {
        text: `The file ${model}.img in the firmware folder${folder.version === '' ? '' : ` (${folder.version})`} serves where nothing is chosen.`,
        action: { label: 'Take it as an image', href: `${href}/adopt`, csrf: web.forms.token(ctx) },
      },
      choices: table(
        'What is chosen',
        ['For', 'Image', 'Phones', 'By', 'Since'].map((label) => ({ label })),
        detail.choices.map(({ choice, image, phones }) => ({
          cells: [
            { text: whereText(choice, scopes.tree()), strong: true },
            image ? { text: versionText(image), href: imageHref(image.id) } : { badge: 'Image is gone', tone: 'bad' },
            count(phones),
            choice.by,
            { moment: web.time.moment(choice.at, now) },
          ],
          actions: [
            {
              ...{ label: 'Take back', of: whereText(choice, scopes.tree()) },
              href: `${href}/choices/${encodeURIComponent(choice.where)}/remove`,
            },
          ],
        })),
      ),
      none: {
        ...{ title: 'Nothing is chosen', icon: 'chip' },
        sentence:
          fitting.length > 0 ? 'Choose one of its images below.' : `Upload an image that is for ${model} first.`,
        actions: fitting.length > 0 ? [] : [{ ...upload, look: 'primary' }],
      },
      form:
        fitting.length > 0
          ? form(web, ctx, {
              ...{ action: href, sections: sections(scopes, detail), submit: 'Choose', twoColumns: true, ...filled },
            })
          : undefined,
      versions: table(
        'What its phones run',
        [{ label: 'Version' }, { label: 'Phones' }],
        versions.slice(0, 50).map(({ version, phones }) => ({
          cells: [
            version === '' ? 'not reported yet' : { text: version, href: devicesOf(model, version) },
            count(phones),
          ],
        })),
      ),
      drifting: table(
        'Phones on another version',
        ['Phone', 'Runs', 'Should run', 'Why'].map((label) => ({ label })),
        drifting.map(({ phone, wanted, source }) => ({
          cells: [
            {
              text: formatMac(phone.mac),
              href: `/devices/${phone.mac}`,
              mono: true,
              note: phone.label || phone.displayName,
            },
            phone.firmware,
            wanted,
            source,
          ],
        })),
      ),
      driftNote: [
        `${count(drift.other)} ${drift.other === 1 ? 'runs' : 'run'} another version than is chosen for them.`,
        'A phone fetches its image when it next starts.',
        drift.other > drifting.length ? `The first ${count(drifting.length)} are shown.` : '',
      ].join(' '),
    },
  })
}

function devicesOf(model: string, version: string): string {
  return `/devices?${new URLSearchParams({ text: version || model })}`
}

function gone(web: Web, ctx: WebContext): void {
  showMessage(web, ctx, 404, {
    ...{ title: 'Model not found', section: 'firmware', ways: [{ label: 'Firmware', href: HOME }] },
    sentence: 'No phone of this model is known, and no image is for it.',
  })
}
