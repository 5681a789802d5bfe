// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream'
import Router from '@koa/router'
import { type NoExtras, queryText, sessionOf, type Web, type WebContext, type WebState } from '#web/context'
import { count } from '#web/format'
import { Problem } from '#web/http/problem'
import { form, readForm, type Section, type Values } from '#web/kit/form'
import { table } from '#web/kit/table'
import { fileOf } from '#web/kit/upload'
import { showPage } from '#web/pages/shell'
import { type DhcpDesk, type ImportKind, LEASE_FILES, type LeaseFileKind, type LeaseImport } from '#web/ports/dhcp'
import type { FieldError } from '#web/ports/saved'
import { TRAIL } from './words.ts'

const PATH = '/dhcp/leases'
/** 100,000 leases of ISC dhcpd take half of it. */
export const LARGEST_LEASE_FILE = 64 * 2 ** 20
/** As many as somebody reads; the report says how many there are. */
const MOST_SHOWN = 200

export const FILE_TYPES: Readonly<Record<LeaseFileKind, { readonly type: string; readonly name: string }>> = {
  csv: { type: 'text/csv; charset=utf-8', name: 'leases.csv' },
  json: { type: 'application/x-ndjson; charset=utf-8', name: 'leases.jsonl' },
  kea: { type: 'text/csv; charset=utf-8', name: 'kea-leases4.csv' },
  isc: { type: 'text/plain; charset=utf-8', name: 'dhcpd.leases' },
}

const SECTIONS: readonly Section[] = [
  {
    fields: [
      {
        ...{ name: 'kind', label: 'What the file is', kind: 'select', required: true },
        options: [
          { value: 'json', label: 'Offhook (JSON lines)' },
          { value: 'kea', label: 'Kea: kea-leases4.csv' },
          { value: 'isc', label: 'ISC dhcpd: dhcpd.leases' },
        ],
      },
      { name: 'file', label: 'File', kind: 'file', hint: 'At most 64 MB.' },
      {
        ...{ name: 'deed', label: 'What to do', kind: 'radio', required: true },
        options: [
          { value: 'try', label: 'Say what would happen, and change nothing' },
          { value: 'import', label: 'Import: newer leases of ours stay' },
        ],
      },
    ],
  },
]

/** Files of leases: out as they are now, and in from another server. */
export function dhcpLeaseFileRoutes(web: Web, desk: DhcpDesk): Router<WebState, NoExtras> {
  web.uploads.allow(`${PATH}/import`, LARGEST_LEASE_FILE)
  const router = new Router<WebState, NoExtras>()
  router.get(`${PATH}/export`, (ctx) => {
    const kind = queryText(ctx, 'kind')
    if (kind === '') return showExport(web, ctx)
    sendLeaseFile(ctx, desk, kind)
  })
  router.get(`${PATH}/import`, (ctx) => showImport(web, ctx, { deed: 'try', kind: 'json' }, []))
  router.post(`${PATH}/import`, async (ctx) => {
    const { values, errors } = readForm(ctx, SECTIONS)
    const file = fileOf(ctx, 'file')
    const all = file ? errors : [...errors, { field: 'file', message: 'Choose a file.' }]
    if (!file || all.length > 0) {
      ctx.status = 422
      return showImport(web, ctx, values, all)
    }
    const [kind, dryRun] = [values.kind as ImportKind, values.deed !== 'import']
    const text = file.bytes.toString('utf8')
    const report = await desk.importLeases(kind, text, dryRun, sessionOf(ctx).account.name)
    showImport(web, ctx, { ...values, deed: dryRun ? 'import' : 'try' }, [], { name: file.name, report })
  })
  return router
}

/** Streams the file; throws a Problem for a kind there is not. */
export function sendLeaseFile(ctx: WebContext, desk: DhcpDesk, asked: string): void {
  const kind = LEASE_FILES.find((known) => known === asked)
  if (!kind) throw new Problem(400, `The kind is one of ${LEASE_FILES.join(', ')}.`)
  const { type, name } = FILE_TYPES[kind]
  ctx.type = type
  ctx.attachment(name)
  ctx.body = Readable.from(desk.leaseFile(kind))
}

function showExport(web: Web, ctx: WebContext): void {
  const file = (kind: LeaseFileKind, what: string) => {
    return { label: FILE_TYPES[kind].name, href: `${PATH}/export?kind=${kind}`, what }
  }
  showPage(web, ctx, {
    view: 'dhcp/lease-export',
    title: 'Export leases',
    section: 'dhcp',
    data: {
      head: { title: 'Export leases', trail: [...TRAIL, { label: 'Leases', href: PATH }] },
      files: [
        file('csv', 'A table for people and spreadsheets.'),
        file('json', 'Everything we know, one lease in each line; for another Offhook.'),
        file('kea', 'For Kea’s memfile backend.'),
        file('isc', 'For ISC dhcpd.'),
      ],
    },
  })
}

interface Done {
  readonly name: string
  readonly report: LeaseImport
}

function showImport(web: Web, ctx: WebContext, values: Values, errors: readonly FieldError[], done?: Done): void {
  const lead = 'Take over the leases of another server, so that no client changes its address. Try it first.'
  showPage(web, ctx, {
    view: 'dhcp/lease-import',
    title: 'Import leases',
    section: 'dhcp',
    data: {
      head: { title: 'Import leases', lead, trail: [...TRAIL, { label: 'Leases', href: PATH }] },
      done: done && reportOf(done),
      form: form(web, ctx, {
        ...{ action: `${PATH}/import`, sections: SECTIONS, values, errors, multipart: true, cancel: PATH },
        submit: 'Go',
      }),
    },
  })
}

function reportOf({ name, report }: Done): object {
  const { dryRun, imported, kept, rejected, keeps, rejections } = report
  const columns = [{ label: 'Line', kind: 'number' as const }, { label: 'Why' }]
  const rows = (list: LeaseImport['keeps']) =>
    list.slice(0, MOST_SHOWN).map(({ line, reason }) => ({ cells: [count(line), reason] }))
  return {
    tone: rejected > 0 ? 'warn' : dryRun ? 'info' : 'ok',
    title: dryRun ? 'Nothing was changed.' : 'Imported.',
    text: `${name}: ${count(imported)} ${dryRun ? 'would be imported' : 'imported'}, ${count(kept)} of ours are as new or newer and stay, ${count(rejected)} rejected.`,
    rejected: rejections.length > 0 && table('Rejected lines', columns, rows(rejections)),
    kept: keeps.length > 0 && table('Leases of ours that stay', columns, rows(keeps)),
  }
}
