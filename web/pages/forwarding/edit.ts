// SPDX-License-Identifier: Apache-2.0
import type Router from '@koa/router'
import { actorOf, formField, type NoExtras, queryText, type Web, type WebContext, type WebState } from '#web/context'
import { goOn } from '#web/kit/flash'
import { type Field, form, readForm, type Section, type Values } from '#web/kit/form'
import { showMessage } from '#web/pages/message'
import { showPage } from '#web/pages/shell'
import type { Destination, DestinationDraft, DestinationKind, FormField, ForwardingPort } from '#web/ports/forwarding'
import type { FieldError } from '#web/ports/saved'
import { showNoDestination, TRAIL } from './destination.ts'
import { destinationHref } from './words.ts'

/** Forms name the fields of a kind so: none of them can then be taken for one of the form's own. */
const FIELD = 'v-'
const FORGET = 'forget-'
const LONGEST_LIST = 8000

export function destinationFormRoutes(web: Web, forwarding: ForwardingPort, router: Router<WebState, NoExtras>): void {
  const kindOf = (name: string) => forwarding.kinds().find(({ kind }) => kind === name)

  router.get('/forwarding/new', (ctx) => {
    const kind = kindOf(queryText(ctx, 'kind'))
    if (kind) return showForm(web, ctx, kind, initialValues(kind), [])
    showPage(web, ctx, {
      view: 'destination-kinds',
      title: 'New destination',
      section: 'forwarding',
      data: {
        head: { title: 'New destination', trail: TRAIL, lead: 'What receives the alarms?' },
        kinds: forwarding.kinds().map((one) => ({ ...one, href: `/forwarding/new?kind=${one.kind}` })),
      },
    })
  })
  router.post('/forwarding/new', (ctx) => {
    const kind = kindOf(formField(ctx, 'kind'))
    if (!kind) return showNoDestination(web, ctx)
    return save(web, ctx, forwarding, kind)
  })

  router.get('/forwarding/:id/edit', (ctx) => {
    const one = forwarding.destination(ctx.params.id ?? '')
    const kind = one && kindOf(one.kind)
    if (!one || !kind) return showNoDestination(web, ctx)
    if (one.origin === 'config') return showFixed(web, ctx, one)
    showForm(web, ctx, kind, shownValues(kind, one), [], one)
  })
  router.post('/forwarding/:id/edit', (ctx) => {
    const one = forwarding.destination(ctx.params.id ?? '')
    const kind = one && kindOf(one.kind)
    if (!one || !kind) return showNoDestination(web, ctx)
    if (one.origin === 'config') return showFixed(web, ctx, one)
    return save(web, ctx, forwarding, kind, one)
  })
}

async function save(
  web: Web,
  ctx: WebContext,
  forwarding: ForwardingPort,
  kind: DestinationKind,
  one?: Destination,
): Promise<void> {
  const { values, errors } = readForm(ctx, sectionsOf(kind, one))
  const again = (faults: readonly FieldError[]) => {
    ctx.status = 422
    showForm(web, ctx, kind, values, faults, one)
  }
  // What is not in use may be missing; the daemon judges the rest.
  const unused = new Set(kind.fields.filter((field) => !isUsed(field, values)).map(({ name }) => FIELD + name))
  const faults = errors.filter(({ field }) => !unused.has(field))
  if (faults.length > 0) return again(faults)
  const saved = await forwarding.save(draftOf(ctx, kind, values, one), actorOf(ctx))
  if (saved.kind === 'saved')
    return goOn(web, ctx, destinationHref(saved.value.id), 'Saved. A test shows whether it works.')
  if (saved.kind === 'refused')
    return again(saved.errors.map((error) => ({ ...error, field: shownField(kind, error.field) })))
  const message = 'Somebody else changed or removed it since you opened this form. Open it again; nothing was saved.'
  again([{ field: '', message }])
}

function draftOf(
  ctx: WebContext,
  { kind, fields }: DestinationKind,
  values: Values,
  one?: Destination,
): DestinationDraft {
  const secrets: [string, string][] = []
  const texts: [string, string][] = []
  for (const field of fields) {
    const value = values[FIELD + field.name] ?? ''
    if (field.type === 'check') texts.push([field.name, value === '1' ? 'true' : ''])
    else if (field.type !== 'secret') texts.push([field.name, value])
    else if (value !== '') secrets.push([field.name, value])
    else if (values[FORGET + field.name] === '1') secrets.push([field.name, ''])
  }
  const revision = formField(ctx, 'revision')
  return {
    ...{ name: values.name ?? '', kind, values: Object.fromEntries(texts), secrets: Object.fromEntries(secrets) },
    ...(one ? { id: one.id } : {}),
    ...(one && /^\d{1,15}$/.test(revision) ? { revision: Number(revision) } : {}),
  }
}

function isUsed({ when }: FormField, values: Values): boolean {
  return !when || when.values.includes(values[FIELD + when.field] ?? '')
}

/** The daemon knows nothing of the form's own names. */
function shownField({ fields }: DestinationKind, field: string): string {
  return fields.some(({ name }) => name === field) ? FIELD + field : field
}

function initialValues({ fields }: DestinationKind): Values {
  return Object.fromEntries(fields.map(({ name, type, initial }) => [FIELD + name, shown(type, initial)]))
}

function shownValues({ fields }: DestinationKind, one: Destination): Values {
  const values = fields.map(({ name, type }) => [FIELD + name, shown(type, one.values[name] ?? '')])
  return { ...Object.fromEntries(values), name: one.name }
}

function shown(type: FormField['type'], value: string): string {
  return type === 'check' ? (value === 'true' ? '1' : '0') : value
}

function showForm(
  web: Web,
  ctx: WebContext,
  kind: DestinationKind,
  values: Values,
  errors: readonly FieldError[],
  one?: Destination,
): void {
  const title = one ? `Edit ${one.name}` : `New destination: ${kind.label}`
  const revision = formField(ctx, 'revision') || String(one?.revision ?? '')
  showPage(web, ctx, {
    view: 'alarm-form',
    title,
    section: 'forwarding',
    data: {
      head: { title, lead: kind.meaning, trail: TRAIL },
      form: form(web, ctx, {
        ...{ action: one ? `${destinationHref(one.id)}/edit` : '/forwarding/new', twoColumns: true },
        ...{ sections: sectionsOf(kind, one), values, errors, hidden: { kind: kind.kind, revision } },
        ...{ submit: 'Save destination', cancel: one ? destinationHref(one.id) : '/forwarding' },
      }),
    },
  })
}

function sectionsOf({ fields }: DestinationKind, one?: Destination): readonly Section[] {
  const groups = new Map<string, Field[]>()
  const name: Field = { name: 'name', label: 'Name', required: true, maxLength: 100, wide: true }
  for (const field of fields) {
    const known = groups.get(field.group) ?? []
    groups.set(field.group, [...known, ...fieldsOf(field, fields, one?.secretsSet.includes(field.name) ?? false)])
  }
  return [{ fields: [name] }, ...[...groups].map(([legend, list]) => ({ legend, fields: list }))]
}

function fieldsOf(field: FormField, all: readonly FormField[], isSet: boolean): Field[] {
  const { label, hint, type, options, required, when } = field
  const name = FIELD + field.name
  const shownWhen = when && { field: FIELD + when.field, values: when.values }
  const common = {
    ...{ name, label, ...(hint ? { hint } : {}), ...(required ? { required } : {}) },
    ...(when && shownWhen ? { when: shownWhen, note: whenNote(when, all) } : {}),
  }
  switch (type) {
    case 'secret': {
      const kept = isSet ? `${hint} One is set and never shown; leave it empty to keep it.`.trim() : hint
      const secret: Field = {
        ...common,
        kind: 'password',
        maxLength: 1024,
        autocomplete: 'new-password',
        required: required && !isSet,
      }
      const input = kept ? { ...secret, hint: kept } : secret
      const forget: Field = {
        ...common,
        name: FORGET + field.name,
        label: `Forget the ${label.toLowerCase()}`,
        kind: 'check',
        hint: '',
        required: false,
      }
      return isSet ? [input, forget] : [input]
    }
    case 'select':
      return [{ ...common, kind: 'select', options: options ?? [] }]
    case 'check':
      return [{ ...common, kind: 'check' }]
    case 'list':
      return [{ ...common, kind: 'lines', maxLength: LONGEST_LIST }]
    case 'number':
      // As text: the daemon says what it may be.
      return [{ ...common, maxLength: 20 }]
    default:
      return [{ ...common, maxLength: 1024 }]
  }
}

/** `if Version is 1 or 2c` */
function whenNote({ field, values }: NonNullable<FormField['when']>, all: readonly FormField[]): string {
  const other = all.find(({ name }) => name === field)
  const labels = values.map((value) => other?.options?.find((option) => option.value === value)?.label ?? value)
  return `if ${other?.label ?? field} is ${labels.join(' or ')}`
}

function showFixed(web: Web, ctx: WebContext, { name }: Destination): void {
  const sentence = `“${name}” stands in the configuration file and can only be changed there.`
  showMessage(web, ctx, 409, { title: 'Not to be changed here', section: 'forwarding', sentence })
}
