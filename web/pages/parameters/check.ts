// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { Finding } from '#daemon/domain/provisioning/lint-codes'
import type { NoExtras, Web, WebContext, WebState } from '#web/context'
import { count } from '#web/format'
import { form, readForm, type Section, type Values } from '#web/kit/form'
import { type Row, table } from '#web/kit/table'
import { showPage } from '#web/pages/shell'
import type { ParametersPort } from '#web/ports/parameters'
import type { FieldError } from '#web/ports/saved'
import { CHECK, parameterTabs, remedyOf, severityBadge } from './words.ts'

/** Forms are at most 64 KB, in which letters may take three bytes. */
const LONGEST = 20_000

const SECTIONS: readonly Section[] = [
  {
    fields: [
      { name: 'model', label: 'Model', placeholder: '440HD', maxLength: 32, hint: 'All models if empty.' },
      { name: 'firmware', label: 'Firmware', placeholder: 'UC_3.0.4', maxLength: 100, hint: 'May be empty.' },
      {
        ...{
          name: 'text',
          label: 'The file',
          kind: 'textarea',
          required: true,
          maxLength: LONGEST,
          rows: 16,
          mono: true,
        },
        ...{ wide: true, placeholder: 'provisioning/method=Static' },
        hint: 'A phone’s cfg, or a template with placeholders. It is checked and not kept.',
      },
    ],
  },
]

/** `/parameters/check`: what is wrong with a file that somebody pastes. */
export function parameterCheckRoutes(web: Web, parameters: ParametersPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  router.get(CHECK, (ctx) => show(web, ctx, {}, []))
  router.post(CHECK, (ctx) => {
    const { values, errors } = readForm(ctx, SECTIONS)
    if (errors.length > 0) {
      ctx.status = 422
      return show(web, ctx, values, errors)
    }
    const { text = '', model, firmware } = values
    show(web, ctx, values, [], parameters.lint(text, { model: model || undefined, firmware: firmware || undefined }))
  })
  return router
}

function show(
  web: Web,
  ctx: WebContext,
  values: Values,
  errors: readonly FieldError[],
  findings?: readonly Finding[],
): void {
  showPage(web, ctx, {
    ...{ view: 'parameters/check', title: 'Check a file', section: 'parameters' },
    data: {
      head: { title: 'Check a file', lead: 'See what a phone would make of a file before it gets it.' },
      tabs: parameterTabs(CHECK),
      form: form(web, ctx, { action: CHECK, sections: SECTIONS, values, errors, submit: 'Check it', twoColumns: true }),
      result: findings && resultOf(findings),
    },
  })
}

const COLUMNS = [
  { label: 'Where' },
  { label: 'Kind' },
  { label: 'Key' },
  { label: 'What is wrong' },
  { label: 'What to do' },
] as const

function resultOf(findings: readonly Finding[]): object {
  const of = (severity: Finding['severity'], one: string, many: string) => {
    const number = findings.filter((finding) => finding.severity === severity).length
    return `${count(number)} ${number === 1 ? one : many}`
  }
  const parts = [of('error', 'error', 'errors'), of('warning', 'warning', 'warnings'), of('hint', 'hint', 'hints')]
  return { summary: `${parts.join(', ')}.`, table: table('Findings', COLUMNS, findings.map(rowOf)) }
}

function rowOf({ line, column, severity, code, message, key = '' }: Finding): Row {
  const place = `Line ${count(line)}${column === undefined ? '' : `, column ${count(column)}`}`
  return { cells: [place, severityBadge(severity), { text: key, mono: true }, message, remedyOf(code)] }
}
