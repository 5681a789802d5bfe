// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { Contact, PersonAttribute } from '#daemon/domain/directory'
import { valuesOf } from '#daemon/domain/directory-file'
import { formField, type NoExtras, type Web, type WebContext, type WebState } from '#web/context'
import { showQuestion } from '#web/kit/confirm'
import { goOn } from '#web/kit/flash'
import { type Field, form, linesOf, readForm, type Section, type Values } from '#web/kit/form'
import { showMessage } from '#web/pages/message'
import { showPage } from '#web/pages/shell'
import type { DirectoryPort, KeptContact } from '#web/ports/directory'
import type { FieldError } from '#web/ports/saved'
import {
  ALL_WORDS,
  type AttributeWords,
  HOME,
  LONGEST_LIST,
  MORE_WORDS,
  NAME_WORDS,
  NUMBER_WORDS,
  nameOf,
  numbersOf,
  regionOptions,
  sourceText,
  TRAIL,
  WORK_WORDS,
} from './words.ts'

/** One value each, whatever is written. */
const SINGLE: ReadonlySet<PersonAttribute> = new Set(['displayName', 'sn'])

/** Adding, changing and removing a contact. */
export function contactRoutes(web: Web, directory: DirectoryPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: `${HOME}/contacts` })

  router.get('/new', (ctx) => show(web, ctx, directory, undefined, { values: {}, errors: [] }))
  router.post('/new', (ctx) => save(web, ctx, directory, undefined))

  router.get('/:id', (ctx) => {
    const known = directory.contacts.get(ctx.params.id ?? '')
    if (!known) return gone(web, ctx)
    show(web, ctx, directory, known, { values: valuesOfContact(known.contact), errors: [] })
  })
  router.post('/:id', (ctx) => {
    const known = directory.contacts.get(ctx.params.id ?? '')
    return known ? save(web, ctx, directory, known) : gone(web, ctx)
  })

  router.get('/:id/remove', (ctx) => {
    const known = directory.contacts.get(ctx.params.id ?? '')
    if (!known) return gone(web, ctx)
    const { contact } = known
    const name = nameOf(contact)
    const back =
      contact.source === 'manual' ? '' : ` It comes from “${contact.source}”, whose next import brings it back.`
    showQuestion(web, ctx, {
      ...{ section: 'directory', title: `Remove ${name}?`, act: 'Remove contact', cancel: HOME, trail: TRAIL },
      sentence: `Phones no longer find it. This cannot be undone.${back}`,
      touches: numbersOf(contact),
    })
  })
  router.post('/:id/remove', async (ctx) => {
    const known = directory.contacts.get(ctx.params.id ?? '')
    if (!known || !(await directory.contacts.remove(known.contact.id))) return gone(web, ctx)
    goOn(web, ctx, HOME, `Removed ${nameOf(known.contact)}.`)
  })
  return router
}

interface Filled {
  readonly values: Values
  readonly errors: readonly FieldError[]
}

async function save(
  web: Web,
  ctx: WebContext,
  directory: DirectoryPort,
  known: KeptContact | undefined,
): Promise<void> {
  const filled = readForm(ctx, sections(directory, undefined))
  if (filled.errors.length > 0) return refuse(web, ctx, directory, known, 422, filled)
  const { values } = filled
  const given = ALL_WORDS.map(({ name }): [PersonAttribute, string | string[]] => {
    return [name, SINGLE.has(name) ? (values[name] ?? '') : linesOf(values[name] ?? '')]
  })
  const saved = await directory.contacts.save({
    ...(known && { known: { id: known.contact.id, revision: Number(formField(ctx, 'revision')) } }),
    ...{ region: values.region ?? '', owner: values.owner ?? '' },
    attributes: Object.fromEntries(given.filter(([, value]) => value.length > 0)),
  })
  switch (saved.kind) {
    case 'saved':
      return goOn(web, ctx, HOME, `${known ? 'Saved' : 'Added'} ${nameOf(saved.value)}.`)
    case 'refused':
      return refuse(web, ctx, directory, known, 422, { values, errors: saved.errors })
    case 'conflict':
      return refuse(web, ctx, directory, known, 409, { values, errors: [{ field: '', message: CONFLICT }] })
  }
}

const CONFLICT = 'Somebody else has changed this contact since you opened it. Saving again replaces what they wrote.'

function refuse(
  web: Web,
  ctx: WebContext,
  directory: DirectoryPort,
  known: KeptContact | undefined,
  status: number,
  filled: Filled,
): void {
  ctx.status = status
  show(web, ctx, directory, known, filled)
}

function show(
  web: Web,
  ctx: WebContext,
  directory: DirectoryPort,
  known: KeptContact | undefined,
  filled: Filled,
): void {
  const title = known ? nameOf(known.contact) : 'Add contact'
  const remove = known ? [{ label: 'Remove', href: `${ctx.path}/remove`, of: title }] : []
  const from = known && known.contact.source !== 'manual' ? known.contact.source : ''
  showPage(web, ctx, {
    ...{ view: 'kit/form-page', title, section: 'directory' },
    data: {
      head: {
        ...{ title, trail: TRAIL, actions: remove },
        ...(from && {
          lead: `It comes from “${sourceText(from)}”: the next import or run replaces what is changed here.`,
        }),
      },
      form: form(web, ctx, {
        ...{ action: ctx.path, cancel: HOME, twoColumns: true, submit: known ? 'Save' : 'Add contact', ...filled },
        sections: sections(directory, filled.values),
        ...(known && { hidden: { revision: String(known.revision) } }),
      }),
    },
  })
}

/** To read a form, everything that may have several values is taken as lines; to show one, what needs them has them. */
function sections(directory: DirectoryPort, values: Values | undefined): Section[] {
  const fields = (words: readonly AttributeWords[]): Field[] => words.map((one) => fieldOf(one, values))
  return [
    { legend: 'Name', fields: fields(NAME_WORDS) },
    {
      legend: 'Numbers',
      hint: 'One in each line, written as you like: signs and blanks do not matter.',
      fields: fields(NUMBER_WORDS),
    },
    { legend: 'Work', fields: fields(WORK_WORDS) },
    {
      legend: 'Who finds it',
      fields: [
        {
          ...{ name: 'region', label: 'Region', kind: 'select' },
          ...(values !== undefined && { options: regionOptions(directory, 'All regions', values.region) }),
          hint: 'Only phones of this region find it.',
        },
        {
          name: 'owner',
          label: 'Personal contact of',
          hint: 'Name of a user who alone finds it; empty for everybody.',
          maxLength: 128,
        },
      ],
    },
    { legend: 'More', fields: fields(MORE_WORDS), folded: true },
  ]
}

function fieldOf({ name, label, hint, several = false }: AttributeWords, values: Values | undefined): Field {
  const about = { name, label, ...(hint !== undefined && { hint }) }
  if (SINGLE.has(name)) return about
  const lines = values === undefined || several || (values[name] ?? '').includes('\n')
  const shown = Math.min(6, Math.max(2, (values?.[name] ?? '').split('\n').length))
  return lines ? { ...about, kind: 'lines', maxLength: LONGEST_LIST, rows: shown } : about
}

function valuesOfContact({ region, owner, attributes }: Contact): Values {
  const lists = ALL_WORDS.map(({ name }) => [name, valuesOf(attributes, name).join('\n')])
  const values: Record<string, string> = { ...Object.fromEntries(lists), region, owner }
  // Made of the display name: saying it twice would only have to be kept alike.
  if (values.cn === values.displayName) values.cn = ''
  return values
}

function gone(web: Web, ctx: WebContext): void {
  const sentence = 'There is no such contact: somebody may have removed it.'
  showMessage(web, ctx, 404, {
    title: 'Contact not found',
    sentence,
    section: 'directory',
    ways: [{ label: 'Directory', href: HOME }],
  })
}
