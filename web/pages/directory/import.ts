// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream'
import Router from '@koa/router'
import { DIRECTORY_FORMATS } from '#daemon/domain/directory-file'
import { CSV_START, csvLine } from '#web/api/csv'
import { formField, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import { Problem } from '#web/http/problem'
import { goOn } from '#web/kit/flash'
import { type Filled, form, readForm, type Section, type Values } from '#web/kit/form'
import { fileOf } from '#web/kit/upload'
import { showMessage } from '#web/pages/message'
import { showPage } from '#web/pages/shell'
import { startTask } from '#web/pages/tasks'
import type { DirectoryPort } from '#web/ports/directory'
import type { FieldError } from '#web/ports/saved'
import { fileText, formatOf } from './file-text.ts'
import { type Draft, ImportDrafts } from './import-drafts.ts'
import { previewView } from './import-preview.ts'
import { FORMATS, HOME, regionOptions, TRAIL } from './words.ts'

const PATH = `${HOME}/import`
const LARGEST_FILE = 32 * 2 ** 20
const LONGEST_SOURCE = 64
/** In characters: a longer text that was pasted is not sent back with its errors. */
const LONGEST_ECHO = 1_000_000

/** From a file to contacts: choose, look at what would happen, do it. */
export function importRoutes(web: Web, directory: DirectoryPort): Router<WebState, NoExtras> {
  const drafts = new ImportDrafts(() => web.port.now(), web.random)
  const router = new Router<WebState, NoExtras>({ prefix: PATH })
  web.uploads.allow(PATH, LARGEST_FILE)

  router.get('/', (ctx) => show(web, ctx, directory, { values: {}, errors: [] }))
  router.post('/', async (ctx) => {
    const read = readUpload(ctx, sections(directory))
    if ('errors' in read) {
      ctx.status = 422
      return show(web, ctx, directory, read)
    }
    const draft = drafts.put(read.name, read.encoding, read.file)
    await plan(web, ctx, directory, draft)
  })

  router.get('/:id', (ctx) => {
    const draft = drafts.get(ctx.params.id ?? '')
    if (!draft?.preview) return gone(web, ctx)
    showPage(web, ctx, {
      ...{ view: 'directory/import', title: `Import ${draft.name}`, section: 'directory' },
      data: previewView(web, ctx, draft, draft.preview, hrefOf(draft)),
    })
  })

  router.get('/:id/rejected.csv', (ctx) => {
    const draft = drafts.get(ctx.params.id ?? '')
    if (!draft?.preview) return gone(web, ctx)
    ctx.attachment('rejected.csv')
    ctx.set('Content-Type', 'text/csv; charset=utf-8')
    const lines = draft.preview.rejected.map(({ line, reason }) => csvLine([line, reason]))
    ctx.body = Readable.from([CSV_START, csvLine(['line', 'reason']), ...lines])
  })

  router.post('/:id', async (ctx) => {
    const draft = drafts.get(ctx.params.id ?? '')
    if (!draft?.preview) return gone(web, ctx)
    // Pressed twice: the second shows what the first did.
    if (draft.state === 'applying' || draft.state === 'done') return goOn(web, ctx, hrefOf(draft))
    await apply(web, ctx, directory, draft, formField(ctx, 'hash'))
  })
  return router
}

async function plan(web: Web, ctx: WebContext, { imports }: DirectoryPort, draft: Draft): Promise<void> {
  await startTask(web, ctx, {
    ...{ title: `Reading ${draft.name}`, back: PATH },
    run: async (progress) => {
      draft.preview = await imports.plan(draft.file, progress)
      return { sentence: 'The file is read; nothing is changed yet.', href: hrefOf(draft) }
    },
  })
}

async function apply(web: Web, ctx: WebContext, { imports }: DirectoryPort, draft: Draft, hash: string): Promise<void> {
  await startTask(web, ctx, {
    ...{ title: `Importing ${draft.name}`, back: hrefOf(draft) },
    run: async (progress) => {
      draft.state = 'applying'
      try {
        const end = await imports.apply(draft.file, hash, progress)
        draft.preview = end.preview
        draft.state = end.kind
        if (end.kind === 'done') draft.file = { ...draft.file, text: '' }
        const sentence = end.kind === 'done' ? 'The file is imported.' : 'The contacts have changed meanwhile.'
        return { sentence, href: hrefOf(draft) }
      } catch (error) {
        draft.state = 'planned'
        throw error
      }
    },
  })
}

function hrefOf({ id }: Draft): string {
  return `${PATH}/${id}`
}

interface Read extends Pick<Draft, 'name' | 'encoding' | 'file'> {}

function readUpload(ctx: WebContext, fields: readonly Section[]): Read | Filled {
  const { values, errors } = readForm(ctx, fields)
  const upload = fileOf(ctx, 'file')
  const pasted = values.text ?? ''
  const problems: FieldError[] = [...errors]
  if (!upload && pasted === '') problems.push({ field: 'file', message: 'Choose a file, or paste its text below.' })
  if (upload && pasted !== '')
    problems.push({ field: 'text', message: 'There is a file, too: leave one of them empty.' })
  if (upload?.bytes.length === 0) problems.push({ field: 'file', message: `${upload.name || 'The file'} is empty.` })
  const name = upload ? upload.name || 'unnamed file' : 'pasted text'
  const source = values.source || (upload ? sourceOf(name) : '')
  if (source === '') problems.push({ field: 'source', message: 'Give the phonebook a name, such as “Suppliers”.' })
  if (source.toLowerCase() === 'manual')
    problems.push({ field: 'source', message: '“manual” means contacts written here. Choose another name.' })
  if (problems.length > 0)
    return { values: { ...values, text: pasted.length > LONGEST_ECHO ? '' : pasted }, errors: problems }
  const { text, encoding } = upload ? fileText(upload.bytes) : { text: pasted, encoding: '' }
  const format = DIRECTORY_FORMATS.find((known) => known === values.format) ?? formatOf(name, text)
  const file = { text, format, source, region: values.region ?? '', replace: values.replace === '1' }
  return { name, encoding, file }
}

/** The name of a phonebook after its file: `Staff 2026.csv` becomes `Staff 2026`. */
function sourceOf(name: string): string {
  return name
    .replace(/\.[^.]*$/, '')
    .replaceAll(/[^\p{L}\p{N} ._-]+/gu, ' ')
    .trim()
    .slice(0, LONGEST_SOURCE)
}

function sections(directory: DirectoryPort, values: Values = {}): Section[] {
  const sources = directory.contacts.sources().filter((name) => name !== 'manual')
  const formats = DIRECTORY_FORMATS.map((value) => ({ value, label: FORMATS[value].label }))
  return [
    {
      legend: 'What',
      fields: [
        {
          ...{ name: 'file', label: 'File', kind: 'file', wide: true, accept: '.csv,.tsv,.txt,.ldif,.ldi,.vcf,.vcard' },
          hint: 'CSV with a first row of column names (of Outlook, Google or your own), LDIF or vCard; up to 32 MB.',
        },
        { name: 'text', label: 'Or its text', kind: 'textarea', rows: 4, mono: true, maxLength: LARGEST_FILE },
        {
          ...{ name: 'format', label: 'Format', kind: 'select', hint: 'Usually the file tells.' },
          options: [{ value: '', label: 'As the file says' }, ...formats],
        },
      ],
    },
    {
      legend: 'Where to',
      fields: [
        {
          ...{ name: 'source', label: 'Name of this phonebook', maxLength: LONGEST_SOURCE, suggestions: sources },
          hint: 'Importing under the same name again changes its entries and no others. Left empty, it is the file’s name.',
        },
        {
          ...{
            name: 'region',
            label: 'Region',
            kind: 'select',
            options: regionOptions(directory, 'All regions', values.region),
          },
          hint: 'For entries that name none themselves.',
        },
        {
          ...{ name: 'replace', label: 'Remove what the file no longer has', kind: 'check', wide: true },
          hint: 'Only of this phonebook; other contacts stay.',
        },
      ],
    },
  ]
}

function show(web: Web, ctx: WebContext, directory: DirectoryPort, filled: Filled): void {
  showPage(web, ctx, {
    ...{ view: 'kit/form-page', title: 'Import contacts', section: 'directory' },
    data: {
      head: {
        title: 'Import contacts',
        trail: TRAIL,
        lead: 'First you see what would happen. Nothing changes before you say so.',
      },
      form: form(web, ctx, {
        ...{
          action: PATH,
          cancel: HOME,
          submit: 'Look what would happen',
          multipart: true,
          twoColumns: true,
          ...filled,
        },
        sections: sections(directory, filled.values),
      }),
    },
  })
}

function gone(web: Web, ctx: WebContext): void {
  if (ctx.method === 'POST') throw new Problem(410, 'This file is kept for an hour only. Choose it again.')
  const sentence = 'A file is kept for an hour, and not over a restart. Choose it again.'
  const ways = [{ label: 'Import contacts', href: PATH }]
  showMessage(web, ctx, 404, { title: 'This import is over', sentence, section: 'directory', ways })
}
