// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream'
import Router from '@koa/router'
import { PERSON_ATTRIBUTES, type PersonAttributes } from '#daemon/domain/directory'
import { DIRECTORY_FORMATS, type DirectoryFormat } from '#daemon/domain/directory-file'
import { actorOf, type NoExtras, queryText, type WebContext, type WebState } from '#web/context'
import { fileBody } from '#web/http/body'
import { answerFieldProblems, Problem, problemDetails } from '#web/http/problem'
import type { ContactDraft, ContactOrder, DirectoryPort, ImportFile, PhoneLdapSetting } from '#web/ports/directory'
import type { Saved } from '#web/ports/saved'
import { bodyFields, bodyText, choices, flag, shortText, wholeNumber } from './parameters.ts'

const ORDERS = ['name', 'company', 'number', 'region', 'source', 'changed'] as const satisfies readonly ContactOrder[]
const MOST_ROWS = 500
const LARGEST_FILE = 32 * 2 ** 20
const TYPES: Readonly<Record<DirectoryFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  ldif: 'text/x-ldif; charset=utf-8',
  vcard: 'text/vcard; charset=utf-8',
}

/** `/api/v1/directory/…`: the phonebook, also open to the local token. No answer holds a password. */
export function directoryApiRoutes(directory: DirectoryPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/api/v1/directory' })
  contactRoutes(router, directory)
  fileRoutes(router, directory)
  accountRoutes(router, directory)
  phoneRoutes(router, directory)
  router.get('/regions', (ctx) => {
    ctx.body = { rows: directory.regions() }
  })
  router.get('/upstreams', (ctx) => {
    ctx.body = { rows: directory.upstreams.list() }
  })
  /** Answers when the run has ended; a `problem` in it is an answer, too. */
  router.post('/upstreams/:name/sync', async (ctx) => {
    ctx.body = known(await directory.upstreams.sync(ctx.params.name ?? ''), 'There is no such upstream directory.')
  })
  return router
}

type Routes = Router<WebState, NoExtras>

function contactRoutes(router: Routes, { contacts }: DirectoryPort): void {
  const save = async (ctx: WebContext, known?: ContactDraft['known']) => {
    const draft = { ...(known && { known }), region: bodyText(ctx, 'region'), owner: bodyText(ctx, 'owner') }
    answer(ctx, await contacts.save({ ...draft, attributes: attributesOf(ctx) }), known ? 200 : 201)
  }
  router.get('/contacts', (ctx) => {
    const region = ctx.query.region === undefined ? undefined : shortText(ctx, 'region', 64)
    const source = shortText(ctx, 'source', 64)
    const [order = 'name'] = choices(ctx, 'order', ORDERS)
    const page = wholeNumber(ctx, 'page', 1, 1_000_000)
    const query = { text: shortText(ctx, 'text', 100), order, descending: flag(ctx, 'descending') ?? false, page }
    const pageSize = wholeNumber(ctx, 'pageSize', 50, MOST_ROWS)
    const more = { ...(region !== undefined && { region }), ...(source !== '' && { source }) }
    ctx.body = { ...contacts.find({ ...query, pageSize, ...more }), page, pageSize }
  })
  router.post('/contacts', (ctx) => save(ctx))
  router.get('/contacts/:id', (ctx) => {
    ctx.body = known(contacts.get(ctx.params.id ?? ''), 'There is no such contact.')
  })
  router.put('/contacts/:id', async (ctx) => {
    const id = ctx.params.id ?? ''
    known(contacts.get(id), 'There is no such contact.')
    const { revision } = bodyFields(ctx)
    if (!Number.isSafeInteger(revision))
      throw new Problem(400, '"revision" must be the one that the contact was read with.')
    await save(ctx, { id, revision: Number(revision) })
  })
  router.delete('/contacts/:id', async (ctx) => {
    if (!(await contacts.remove(ctx.params.id ?? ''))) throw new Problem(404, 'There is no such contact.')
    ctx.status = 204
  })
}

function fileRoutes(router: Routes, { contacts, imports }: DirectoryPort): void {
  /** The body is the file. With `hash`, which a dry run gives, only what it promised is done. */
  router.post('/import', async (ctx) => {
    const dryRun = flag(ctx, 'dryRun') ?? false
    const hash = shortText(ctx, 'hash', 100)
    const file: ImportFile = {
      ...{ format: formatOf(ctx), source: shortText(ctx, 'source', 64), region: shortText(ctx, 'region', 64) },
      ...{ replace: flag(ctx, 'replace') ?? false, text: await fileBody(ctx, LARGEST_FILE) },
    }
    if (file.source === '') throw new Problem(400, '"source" must name the phonebook.')
    if (dryRun) {
      ctx.body = { dryRun, ...(await imports.plan(file)) }
      return
    }
    const end = await imports.apply(file, hash || (await imports.plan(file)).hash)
    ctx.body = { dryRun, ...end.preview }
    if (end.kind === 'done') return
    ctx.status = 409
    const sentence = 'The contacts have changed since the dry run: nothing was imported.'
    ctx.body = { ...problemDetails(409, sentence), preview: end.preview }
    ctx.type = 'application/problem+json'
  })
  router.get('/export', (ctx) => {
    const format = formatOf(ctx)
    ctx.attachment(`phonebook.${format === 'vcard' ? 'vcf' : format}`)
    ctx.type = TYPES[format]
    ctx.body = Readable.from(contacts.export(format), { objectMode: false, highWaterMark: 65_536 })
  })
}

function accountRoutes(router: Routes, { accounts }: DirectoryPort): void {
  const save = async (ctx: WebContext, name: string, fresh: boolean) => {
    const draft = { name, region: bodyText(ctx, 'region'), owner: bodyText(ctx, 'owner') }
    answer(ctx, await accounts.save({ ...draft, password: bodyText(ctx, 'password'), fresh }), fresh ? 201 : 200)
  }
  router.get('/accounts', (ctx) => {
    ctx.body = { rows: accounts.list() }
  })
  router.post('/accounts', (ctx) => save(ctx, bodyText(ctx, 'name'), true))
  router.put('/accounts/:name', (ctx) => save(ctx, ctx.params.name ?? '', false))
  router.delete('/accounts/:name', async (ctx) => {
    if (!(await accounts.remove(ctx.params.name ?? ''))) throw new Problem(404, 'There is no such account.')
    ctx.status = 204
  })
}

function phoneRoutes(router: Routes, directory: DirectoryPort): void {
  router.get('/phones', (ctx) => {
    ctx.body = directory.phones.get(shortText(ctx, 'region', 64))
  })
  router.put('/phones', async (ctx) => {
    const { values = {}, keepPassword = true } = bodyFields(ctx)
    if (typeof keepPassword !== 'boolean') throw new Problem(400, '"keepPassword" must be true or false.')
    answer(
      ctx,
      await directory.phones.save(shortText(ctx, 'region', 64), textsOf(values), keepPassword, actorOf(ctx)),
      200,
    )
  })
  /** What a phone of the region would show for what was typed. */
  router.get('/test', (ctx) => {
    const [field = 'name'] = choices(ctx, 'field', ['name', 'number'] as const)
    ctx.body = directory.try({ region: shortText(ctx, 'region', 64), field, typed: shortText(ctx, 'typed', 100) })
  })
}

function answer(ctx: WebContext, saved: Saved<unknown>, status: number): void {
  if (saved.kind === 'conflict') throw new Problem(409, 'It is gone, or somebody else changed it since it was read.')
  if (saved.kind === 'refused') answerFieldProblems(ctx, 'It cannot be saved.', saved.errors)
  else {
    ctx.status = status
    ctx.body = saved.value
  }
}

function known<T>(found: T | undefined, sentence: string): T {
  if (found === undefined) throw new Problem(404, sentence)
  return found
}

function formatOf(ctx: WebContext): DirectoryFormat {
  const format = DIRECTORY_FORMATS.find((known) => known === queryText(ctx, 'format'))
  if (format) return format
  throw new Problem(400, `"format" must be one of ${DIRECTORY_FORMATS.join(', ')}.`)
}

/** Each a text, or a list of texts. */
function attributesOf(ctx: WebContext): PersonAttributes {
  const { attributes = {} } = bodyFields(ctx)
  if (typeof attributes !== 'object' || attributes === null || Array.isArray(attributes)) {
    throw new Problem(400, '"attributes" must be an object.')
  }
  for (const [name, value] of Object.entries(attributes)) {
    if (!PERSON_ATTRIBUTES.some((one) => one === name)) {
      throw new Problem(400, `There is no attribute "${name.slice(0, 64)}": there are ${PERSON_ATTRIBUTES.join(', ')}.`)
    }
    const texts: unknown[] = [value].flat()
    if (!texts.every((text) => typeof text === 'string'))
      throw new Problem(400, `"${name}" must be text, or a list of texts.`)
  }
  return attributes
}

function textsOf(values: unknown): Partial<Record<PhoneLdapSetting, string>> {
  if (typeof values !== 'object' || values === null || Array.isArray(values)) {
    throw new Problem(400, '"values" must be an object.')
  }
  for (const [name, value] of Object.entries(values)) {
    if (typeof value !== 'string') throw new Problem(400, `"${name.slice(0, 64)}" must be text.`)
  }
  return values
}
