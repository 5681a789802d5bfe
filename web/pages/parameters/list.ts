// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import type { Parameter } from '#daemon/domain/provisioning/parameter'
import type { NoExtras, Web, WebState } from '#web/context'
import { count } from '#web/format'
import type { Empty } from '#web/kit/cell'
import { listHref, listQuery } from '#web/kit/list-query'
import { paging, rangeText } from '#web/kit/paging'
import { type Row, table } from '#web/kit/table'
import { showPage } from '#web/pages/shell'
import type { ParametersPort } from '#web/ports/parameters'
import { notesOf, PARAMETERS, parameterTabs, perModel, typeText } from './words.ts'

const PAGE_SIZE = 50
const LONGEST_DEFAULT = 120

/** `/parameters`: what the phones can be told in their files. */
export function parameterListRoutes(web: Web, parameters: ParametersPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>()
  router.get(PARAMETERS, (ctx) => {
    const query = listQuery(ctx, PARAMETERS, ['text', 'model'], ['name'])
    const { text = '' } = query.filters
    const model = parameters.models.find((known) => known === query.filters.model)
    const found = parameters.search({ text, page: query.page, pageSize: PAGE_SIZE, ...(model && { model }) })
    if (query.page > found.pageCount) return ctx.redirect(listHref(query, 'name', { page: found.pageCount }))
    const list = {
      table: table('Parameters', COLUMNS, found.rows.map(rowOf)),
      found: rangeText(found.page, PAGE_SIZE, found.rows.length, found.total, 'parameter', 'parameters'),
      pages: paging(found.page, found.pageCount, (page) => listHref(query, 'name', { page })),
      none: nothingFound(text, model),
    }
    ctx.vary('HX-Request')
    if (ctx.get('HX-Request') !== '') {
      ctx.type = 'html'
      ctx.body = web.views.render('parameters/list', list)
      return
    }
    showPage(web, ctx, {
      ...{ view: 'parameters/parameters', title: 'Parameters', section: 'parameters' },
      data: {
        ...list,
        head: headOf(parameters),
        tabs: parameterTabs(PARAMETERS),
        search: searchOf(parameters, text, model),
      },
    })
  })
  return router
}

const COLUMNS = [
  { label: 'Key' },
  { label: 'Value' },
  { label: 'Default' },
  { label: 'Models' },
  { label: 'Notes' },
] as const

function rowOf(parameter: Parameter): Row {
  const models = [...new Set(parameter.variants.flatMap((facts) => facts.models))].sort()
  return {
    cells: [
      { text: parameter.name, mono: true, strong: true },
      { lines: perModel(parameter, typeText) },
      { lines: perModel(parameter, ({ default: preset = '' }) => shorten(preset)), mono: true },
      models.join(', '),
      { lines: notesOf(parameter) },
    ],
  }
}

function shorten(text: string): string {
  return text.length > LONGEST_DEFAULT ? `${text.slice(0, LONGEST_DEFAULT)}…` : text
}

function headOf({ size, models }: ParametersPort): object {
  return {
    title: 'Parameters',
    lead: `What a phone’s file can set: ${count(size)} keys of firmware 3.0.4 and of manuals. Models listed: ${models.join(', ')}.`,
  }
}

function searchOf({ models }: ParametersPort, text: string, model = ''): object {
  const options = [{ value: '', label: 'All' }, ...models.map((one) => ({ value: one, label: one }))]
  return {
    ...{ action: PARAMETERS, label: 'Part of a key, e.g. ldap port', text },
    filters: [{ name: 'model', label: 'Model', value: model, options }],
  }
}

function nothingFound(text: string, model: string | undefined): Empty {
  const where = model === undefined ? '' : ` of a ${model}`
  return {
    title: 'No parameter matches',
    sentence: `No key${where} has “${text}” in it. Firmware newer than the list may know more.`,
    icon: 'search',
    actions: [{ label: 'Show all parameters', href: PARAMETERS }],
  }
}
