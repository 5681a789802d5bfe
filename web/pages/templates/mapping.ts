// SPDX-License-Identifier: Apache-2.0
import type { MappingRule } from '#daemon/domain/provisioning/template'
import { formField, queryText, type Web, type WebContext } from '#web/context'
import { form, readForm, type Section, type Values } from '#web/kit/form'
import { table } from '#web/kit/table'
import { stepOf } from '#web/pages/changes/review'
import { placeText, scopeOptions } from '#web/pages/people/words'
import { showPage } from '#web/pages/shell'
import type { ChangesPort } from '#web/ports/changes'
import type { FieldError } from '#web/ports/saved'
import type { ScopesPort } from '#web/ports/scopes'
import type { TemplatesPort } from '#web/ports/templates'
import { reviewDraft } from './review.ts'
import { MAPPING, templateHref, templateTabs } from './words.ts'

interface Ports {
  readonly templates: TemplatesPort
  readonly scopes: ScopesPort
  readonly changes: ChangesPort
}

export function showMapping(
  web: Web,
  ctx: WebContext,
  ports: Ports,
  { values = {}, errors = [] }: { readonly values?: Values; readonly errors?: readonly FieldError[] } = {},
): void {
  const { templates, scopes } = ports
  const { rules, revision } = templates.mapping()
  const tree = scopes.tree()
  showPage(web, ctx, {
    ...{ view: 'templates/mapping', title: 'Mapping', section: 'templates' },
    data: {
      head: {
        title: 'Mapping',
        lead: 'Which template the phones of a model get in a place. The nearest place wins, and a model before a pattern; where no rule fits, a template that knows the model is taken.',
      },
      tabs: templateTabs(MAPPING),
      rules: table(
        'Rules',
        [{ label: 'Model' }, { label: 'In' }, { label: 'Template' }],
        rules.map(({ model, scope, template }, index) => ({
          cells: [
            { text: model, mono: true, strong: true },
            scope === 'system' ? 'Everywhere' : placeText(tree, scope) || 'A place that is gone',
            { text: templates.get(template)?.template.title ?? template, href: templateHref(template) },
          ],
          actions: [{ label: 'Remove', href: `${MAPPING}/remove/${index}?revision=${revision}`, of: model }],
        })),
      ),
      none: {
        title: 'No rule yet',
        sentence: 'Every phone gets a template that knows its model. Add a rule where it should be another one.',
        icon: 'note',
      },
      add: form(web, ctx, {
        ...{ action: MAPPING, submit: 'Look at what changes', values, errors, twoColumns: true },
        sections: ruleSections(ports),
        hidden: { revision: String(revision) },
      }),
      tester: testerOf(ctx, ports),
    },
  })
}

export async function addRule(web: Web, ctx: WebContext, ports: Ports): Promise<void> {
  const { values, errors } = readForm(ctx, ruleSections(ports))
  const refuse = (wrong: readonly FieldError[]) => {
    ctx.status = 422
    showMapping(web, ctx, ports, { values, errors: wrong.map(toField) })
  }
  if (errors.length > 0) return refuse(errors)
  if (stepOf(ctx) === 'form') return showMapping(web, ctx, ports, { values })
  const { model = '', scope = '', template = '' } = values
  const rule: MappingRule = { model, scope, template }
  const { rules } = ports.templates.mapping()
  const revision = Number(formField(ctx, 'revision')) || 0
  await review(web, ctx, ports, [...rules, rule], revision, { ...values }, refuse)
}

export async function removeRule(web: Web, ctx: WebContext, ports: Ports, index: number): Promise<void> {
  if (stepOf(ctx) === 'form') return showMapping(web, ctx, ports)
  const { rules } = ports.templates.mapping()
  const revision = Number(formField(ctx, 'revision') || queryText(ctx, 'revision')) || 0
  const left = rules.filter((_, at) => at !== index)
  await review(web, ctx, ports, left, revision, {}, () => showMapping(web, ctx, ports))
}

function review(
  web: Web,
  ctx: WebContext,
  { templates, changes }: Ports,
  rules: readonly MappingRule[],
  revision: number,
  fields: Values,
  refuse: (errors: readonly FieldError[]) => void,
): Promise<void> {
  return reviewDraft(web, ctx, changes, templates.map(rules, revision), {
    ...{ section: 'templates', action: ctx.path, cancel: MAPPING, done: MAPPING, refuse },
    fields: { ...fields, revision: String(revision) },
    gone: () => refuse([]),
  })
}

/** A rule that is added is the last one: its error is the form's. */
function toField({ field, message }: FieldError): FieldError {
  return { field: field.startsWith('rule-') ? '' : field, message }
}

function ruleSections({ templates, scopes }: Ports): Section[] {
  return [
    {
      fields: [
        {
          ...{ name: 'model', label: 'Model', required: true, maxLength: 32, placeholder: '440HD', mono: true },
          hint: 'Or a pattern such as C4*.',
        },
        { name: 'scope', label: 'In', kind: 'select', options: scopeOptions(scopes.tree(), 'Everywhere') },
        {
          ...{ name: 'template', label: 'Template', kind: 'select', wide: true },
          options: templates.list().map(({ template: { id, title } }) => ({ value: id, label: title })),
        },
      ],
    },
  ]
}

function testerOf(ctx: WebContext, { templates, scopes }: Ports): object {
  const question = {
    model: queryText(ctx, 'model').slice(0, 32),
    firmware: queryText(ctx, 'firmware').slice(0, 100),
    mac: queryText(ctx, 'mac').slice(0, 32),
    scope: queryText(ctx, 'scope'),
  }
  const isAsked = question.model !== '' || question.mac !== ''
  const answer = isAsked ? templates.ask(question) : undefined
  const errorOf = (name: string) =>
    answer?.kind === 'refused' ? answer.errors.find(({ field }) => field === name)?.message : undefined
  const places = [{ value: '', label: 'Where the phone is' }, ...scopeOptions(scopes.tree(), 'The system')]
  const fields = [
    { name: 'model', label: 'Model', mono: true, maxLength: 32, placeholder: '440HD' },
    { name: 'firmware', label: 'Firmware', mono: true, maxLength: 100, placeholder: 'UC_3.0.4' },
    { name: 'mac', label: 'MAC address', mono: true, maxLength: 32, placeholder: '00:90:8f:12:34:56' },
    { name: 'scope', label: 'In', kind: 'select', options: places },
  ] as const
  return {
    fields: fields.map((field) => ({
      // The page has another form with fields of these names.
      field,
      ...{ value: question[field.name], error: errorOf(field.name), focus: false },
    })),
    answer:
      answer?.kind === 'template'
        ? {
            title: answer.template.title,
            href: templateHref(answer.template.id),
            why: `It is ${answer.why}`.replace('It is knows', 'It knows'),
            about: `${answer.model}${answer.firmware === '' ? '' : ` with ${answer.firmware}`} in ${answer.place.join(' / ')}`,
          }
        : undefined,
    none: answer?.kind === 'none' ? answer.reason : '',
  }
}
