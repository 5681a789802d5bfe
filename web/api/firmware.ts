// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage } from 'node:http'
import Router from '@koa/router'
import type { Firmware } from '#daemon/domain/firmware'
import { parseMac } from '#protocols/lib/mac'
import { actorOf, type NoExtras, type WebContext, type WebState } from '#web/context'
import { takeTime } from '#web/http/patience'
import { answerFieldProblems, Problem } from '#web/http/problem'
import type { Added, FirmwarePort, ImageRow, ImageUse } from '#web/ports/firmware'
import type { ScopesPort } from '#web/ports/scopes'
import { bodyFields, bodyText, flag, shortText } from './parameters.ts'
import { scopeNamed } from './scopes.ts'

/**
 * `/api/v1/firmware`: images, and which phones get which. Also open to the local token. Times are milliseconds since the
 * epoch; an image's id is the SHA-256 of its bytes.
 */
export function firmwareApiRoutes(firmware: FirmwarePort, scopes: ScopesPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/firmware' })

  /** Each model: how many phones run what was chosen for them, and what was. */
  router.get('/models', async (ctx) => {
    ctx.body = { rows: await firmware.models() }
  })
  router.get('/models/:model', async (ctx) => {
    const detail = await firmware.model((ctx.params.model ?? '').toUpperCase())
    if (!detail) throw new Problem(404, 'Nothing is known of this model.')
    const drifting = detail.drifting.map(({ phone, ...about }) => ({
      mac: phone.mac,
      firmware: phone.firmware,
      ...about,
    }))
    ctx.body = { ...detail, drifting }
  })

  router.get('/images', (ctx) => {
    ctx.body = { rows: firmware.images().map(imageJson) }
  })

  /**
   * The body is the file (`application/octet-stream`), as long as `firmware.maxMegabytes` allows. `name` is what it is
   * called; `model` and `version` where neither header nor name says; `insist=true` keeps one that looks wrong.
   */
  router.post('/images', async (ctx) => {
    if (!ctx.is('application/octet-stream')) {
      throw new Problem(415, 'The body must be the file, sent as application/octet-stream.')
    }
    if ((ctx.request.length ?? 0) > firmware.mostBytes) throw tooLarge(firmware)
    const said = {
      fileName: shortText(ctx, 'name', 200),
      model: shortText(ctx, 'model', 40),
      version: shortText(ctx, 'version', 40),
      description: shortText(ctx, 'description', 500),
      insist: flag(ctx, 'insist') ?? false,
    }
    takeTime(ctx)
    const added = await firmware.add(bodyOf(ctx.req), said, actorOf(ctx))
    // What is left of a refused file is read and forgotten, so that its sender gets to see the answer.
    ctx.req.resume()
    answerAdded(ctx, added)
  })

  router.get('/images/:id', (ctx) => {
    const row = firmware.image(ctx.params.id ?? '')
    if (!row) throw unknown()
    ctx.body = { ...imageJson(row), uses: row.uses }
  })
  router.get('/images/:id/file', (ctx) => sendImage(ctx, firmware, ctx.params.id ?? ''))

  /** `description`, and the `revision` that was read. */
  router.put('/images/:id', async (ctx) => {
    const { revision } = bodyFields(ctx)
    if (typeof revision !== 'number') throw new Problem(400, '"revision" must be that of the image which you read.')
    const id = ctx.params.id ?? ''
    if (!firmware.image(id)) throw unknown()
    const saved = await firmware.describe(id, bodyText(ctx, 'description'), revision)
    if (saved.kind === 'refused') return answerFieldProblems(ctx, 'It cannot be saved.', saved.errors)
    if (saved.kind === 'conflict') throw new Problem(409, 'It was changed meanwhile. Read it again.')
    ctx.body = imageJson(saved.value)
  })

  router.delete('/images/:id', async (ctx) => {
    const removed = await firmware.remove(ctx.params.id ?? '', actorOf(ctx))
    if (removed.kind === 'unknown') throw unknown()
    if (removed.kind === 'in use') throw new Problem(409, `It is in use: ${removed.uses.map(useText).join('; ')}.`)
    ctx.status = 204
  })

  router.get('/choices', (ctx) => {
    ctx.body = { rows: firmware.choices() }
  })

  /**
   * `model`, `image` (its id; empty takes the choice back) and `where`: `system`, a region or site by id, path or name, or
   * a MAC. With `was`, the id chosen before, it fails when somebody chose another meanwhile.
   */
  router.put('/choices', async (ctx) => {
    const { was } = bodyFields(ctx)
    if (was !== undefined && typeof was !== 'string') throw new Problem(400, '"was" must be text.')
    const asked = bodyText(ctx, 'where')
    const model = bodyText(ctx, 'model')
    const draft = { model, where: parseMac(asked) ?? whereOf(firmware, scopes, asked), image: bodyText(ctx, 'image') }
    const saved = await firmware.choose({ ...draft, ...(was !== undefined && { was }) }, actorOf(ctx))
    if (saved.kind === 'refused') return answerFieldProblems(ctx, 'This cannot be chosen.', saved.errors)
    if (saved.kind === 'conflict') throw new Problem(409, 'Somebody else chose another image meanwhile.')
    if (saved.value) ctx.body = saved.value
    else ctx.status = 204
  })

  router.get('/folder', async (ctx) => {
    ctx.body = { rows: await firmware.folder() }
  })
  /** Takes `<MODEL>.img` of the folder as an image. */
  router.post('/folder/:model', async (ctx) => {
    answerAdded(ctx, await firmware.adopt((ctx.params.model ?? '').toUpperCase(), actorOf(ctx)))
  })
  return router
}

/** A file to keep, streamed. */
export async function sendImage(ctx: WebContext, firmware: FirmwarePort, id: string): Promise<void> {
  const image = firmware.image(id)?.image
  const file = await firmware.open(id)
  if (!image || !file) throw unknown()
  ctx.type = 'application/octet-stream'
  ctx.length = file.size
  ctx.attachment(nameOf(image))
  ctx.body = file.bytes()
}

/** `440HD_2.2.16.704.img`: a name by which it is known again when it comes back. */
export function nameOf({ models, version, id }: Firmware): string {
  const safe = (text: string) => text.replaceAll(/[^\w.-]/g, '')
  return `${safe(models[0] ?? '')}_${safe(version) || id.slice(0, 12)}.img`
}

export function useText({ kind, model, where }: ImageUse): string {
  if (kind === 'choice') return `chosen for ${model} (${where})`
  if (kind === 'template') return `named in the ${where}`
  return model === '' ? `needed by ${where}` : `a rollout keeps ${where} phones on it`
}

/** When it is left unread the connection stays, so that the answer can be told. */
function bodyOf(request: IncomingMessage): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => request.iterator({ destroyOnReturn: false }) }
}

/** A place that is gone can still be named by its id, to take its choice back. */
function whereOf(firmware: FirmwarePort, scopes: ScopesPort, text: string): string {
  if (text !== '' && firmware.choices().some(({ where }) => where === text)) return text
  return scopeNamed(scopes.tree(), text)
}

function imageJson({ image, ...about }: ImageRow): object {
  return { ...image, ...about }
}

function answerAdded(ctx: WebContext, added: Added): void {
  switch (added.kind) {
    case 'saved':
      ctx.status = added.known ? 200 : 201
      ctx.body = imageJson(added.value)
      return
    case 'refused':
      answerFieldProblems(ctx, 'This file is not taken.', added.errors)
      return
    case 'not taken':
      throw new Problem({ 'too large': 413, 'no room': 507, busy: 503, 'cut off': 400 }[added.why], added.message)
  }
}

function tooLarge({ mostBytes }: FirmwarePort): Problem {
  return new Problem(413, `A firmware file may have at most ${Math.floor(mostBytes / 2 ** 20)} MB.`)
}

function unknown(): Problem {
  return new Problem(404, 'There is no such image.')
}
