// SPDX-License-Identifier: Apache-2.0

import { Readable } from 'node:stream'
import Router from '@koa/router'
import type { Contact } from '#daemon/domain/directory'
import { DIRECTORY_FORMATS } from '#daemon/domain/directory-file'
import type { NoExtras, Web, WebState } from '#web/context'
import { urlPart } from '#web/format'
import type { Empty } from '#web/kit/cell'
import { type ListQuery, listHref, listQuery } from '#web/kit/list-query'
import { paging, rangeText } from '#web/kit/paging'
import { type Row, table } from '#web/kit/table'
import { showPage } from '#web/pages/shell'
import type { ContactOrder, ContactPage, DirectoryPort } from '#web/ports/directory'
import { FORMATS, HOME, nameOf, numbersOf, regionOptions, sourceText, tabs, workOf } from './words.ts'

const PAGE_SIZE = 50
const MOST_NUMBERS = 3
const ORDERS = ['name', 'number', 'company', 'region', 'source', 'changed'] as const satisfies readonly ContactOrder[]
/** In addresses: contacts of no region, which everybody sees. */
const EVERYWHERE = '*'

type Query = ListQuery<(typeof ORDERS)[number]>

/** The contacts, and all of them as a file. */
export function contactsRoutes(web: Web, directory: DirectoryPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: HOME })
  router.get('/', (ctx) => {
    const query = listQuery(ctx, HOME, ['text', 'region', 'source'], ORDERS)
    const found = find(directory, query)
    const pageCount = Math.max(1, Math.ceil(found.total / PAGE_SIZE))
    if (query.page > pageCount) return ctx.redirect(listHref(query, 'name', { page: pageCount }))
    const list = listView(web, directory, query, found)
    ctx.vary('HX-Request')
    if (ctx.get('HX-Request') !== '') {
      ctx.type = 'html'
      ctx.body = web.views.render('directory/list', list)
      return
    }
    showPage(web, ctx, {
      ...{ view: 'directory/contacts', title: 'Directory', section: 'directory' },
      data: { ...list, head: headOf(directory), tabs: tabs(''), search: searchOf(directory, query) },
    })
  })

  router.get('/export.:ending', (ctx) => {
    const format = DIRECTORY_FORMATS.find((name) => FORMATS[name].ending === ctx.params.ending)
    if (!format) return
    ctx.attachment(`phonebook.${FORMATS[format].ending}`)
    ctx.set('Content-Type', FORMATS[format].type)
    ctx.body = Readable.from(directory.contacts.export(format))
  })
  return router
}

function find(directory: DirectoryPort, { filters, order, descending, page }: Query): ContactPage {
  const { text = '', region = '', source = '' } = filters
  return directory.contacts.find({
    ...{ text, order, descending, page, pageSize: PAGE_SIZE },
    ...(region !== '' && { region: region === EVERYWHERE ? '' : region }),
    ...(source !== '' && { source }),
  })
}

function listView(web: Web, directory: DirectoryPort, query: Query, { rows, total }: ContactPage): object {
  const columns = [
    { label: 'Name', order: 'name' },
    { label: 'Numbers', order: 'number', kind: 'mono' },
    { label: 'Work', order: 'company' },
    { label: 'Region', order: 'region' },
    { label: 'From', order: 'source' },
    { label: 'Changed', order: 'changed', wideOnly: true },
  ] as const
  const pageCount = Math.ceil(total / PAGE_SIZE)
  return {
    table: table(
      'Contacts',
      columns,
      rows.map((contact) => rowOf(web, contact)),
      { query, first: 'name' },
    ),
    found: rangeText(query.page, PAGE_SIZE, rows.length, total, 'contact', 'contacts'),
    pages: paging(query.page, pageCount, (page) => listHref(query, 'name', { page })),
    none: directory.contacts.count() === 0 ? NO_CONTACTS : nothingFound(query),
  }
}

function rowOf({ port, time }: Web, contact: Contact): Row {
  const numbers = numbersOf(contact)
  const more = numbers.length - MOST_NUMBERS
  const href = `${HOME}/contacts/${urlPart(contact.id)}`
  const name = nameOf(contact)
  return {
    cells: [
      { text: name, href, strong: true, ...(contact.owner && { note: `of ${contact.owner}` }) },
      { lines: [...numbers.slice(0, MOST_NUMBERS), ...(more > 0 ? [`and ${more} more`] : [])], mono: true },
      workOf(contact),
      contact.region || { text: 'All', note: '' },
      sourceText(contact.source),
      { moment: time.moment(contact.changedAt, port.now()) },
    ],
    actions: [{ label: 'Remove', of: name, href: `${href}/remove` }],
  }
}

function headOf({ enabled, contacts }: DirectoryPort): object {
  return {
    title: 'Directory',
    lead: enabled
      ? 'What phones find when somebody types a name or number: these contacts, and every user of the fleet.'
      : 'Phones cannot search it yet: the LDAP server is switched off. Set ldap.enabled in the configuration.',
    actions: [
      ...(contacts.count() > 0
        ? DIRECTORY_FORMATS.map((format) => ({
            label: FORMATS[format].label,
            icon: 'download',
            href: `${HOME}/export.${FORMATS[format].ending}`,
          }))
        : []),
      { label: 'Import', icon: 'upload', href: `${HOME}/import` },
      { label: 'Add contact', icon: 'add', look: 'primary', href: `${HOME}/contacts/new` },
    ],
  }
}

function searchOf(directory: DirectoryPort, { filters, order, descending }: Query): object {
  const { text = '', region = '', source = '' } = filters
  const [all, ...regions] = regionOptions(directory, 'All', region === EVERYWHERE ? '' : region)
  const everywhere = { value: EVERYWHERE, label: 'Seen by all' }
  const sources = new Set([...directory.contacts.sources(), ...(source === '' ? [] : [source])])
  return {
    ...{ action: HOME, label: 'Name, company or number', text },
    filters: [
      { name: 'region', label: 'Region', value: region, options: [all, everywhere, ...regions] },
      {
        ...{ name: 'source', label: 'From', value: source },
        options: [
          { value: '', label: 'Anywhere' },
          ...[...sources].map((name) => ({ value: name, label: sourceText(name) })),
        ],
      },
    ],
    ...(order !== 'name' || descending ? { hidden: { order: `${descending ? '-' : ''}${order}` } } : {}),
  }
}

const NO_CONTACTS: Empty = {
  title: 'No contact yet',
  sentence:
    'Users of the fleet are found without being entered here. Add customers, suppliers or whoever else is called often, or import a phonebook from CSV, LDIF or vCard.',
  icon: 'book',
  actions: [
    { label: 'Add contact', href: `${HOME}/contacts/new`, icon: 'add', look: 'primary' },
    { label: 'Import', href: `${HOME}/import`, icon: 'upload' },
  ],
}

function nothingFound({ filters }: Query): Empty {
  const { text = '' } = filters
  const what =
    text === ''
      ? 'No contact has this region and source.'
      : `Nothing begins with “${text}” in its names, company or numbers.`
  return { title: 'No contact matches', sentence: what, icon: 'search', actions: [{ label: 'Show all', href: HOME }] }
}
