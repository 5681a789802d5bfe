// SPDX-License-Identifier: Apache-2.0
import type { Contact } from '#daemon/domain/directory'
import { valuesOf } from '#daemon/domain/directory-file'
import type { Web, WebContext } from '#web/context'
import { count, urlPart } from '#web/format'
import { form } from '#web/kit/form'
import { type Row, table } from '#web/kit/table'
import type { ImportPreview } from '#web/ports/directory'
import type { Draft } from './import-drafts.ts'
import { ALL_WORDS, FORMATS, HOME, nameOf, numbersOf, TRAIL, workOf } from './words.ts'

/** Rows that a page shows; all of them are in the file to download. */
const MOST_REJECTED = 50

/** What an import would do, or has done. */
export function previewView(web: Web, ctx: WebContext, draft: Draft, preview: ImportPreview, href: string): object {
  const done = draft.state === 'done'
  const work = preview.added + preview.changed + preview.removed
  const { format, source, region, replace } = draft.file
  const details = [
    { label: 'Format', cell: FORMATS[format].label },
    { label: 'Encoding', cell: draft.encoding },
    { label: 'Phonebook', cell: source },
    { label: 'Region', cell: region || 'All' },
    { label: 'Entries it no longer has', cell: replace ? 'are removed' : 'stay' },
  ]
  return {
    head: { title: `Import ${draft.name}`, trail: [...TRAIL, { label: 'Import', href: `${HOME}/import` }] },
    state: draft.state,
    counts: countsOf(preview, done),
    facts: details,
    verdict: verdictOf(draft, work),
    examples: done ? undefined : examplesOf(preview),
    rejected: preview.rejected.length > 0 ? rejectedOf(preview, href) : undefined,
    found: `${HOME}?source=${urlPart(source)}`,
    form:
      !done && draft.state !== 'applying' && work > 0
        ? form(web, ctx, {
            ...{ action: href, sections: [], submit: `Import: ${sentenceOf(preview)}`, cancel: `${HOME}/import` },
            ...{ hidden: { hash: preview.hash }, ...(preview.removed > 0 && { look: 'danger' as const }) },
          })
        : undefined,
  }
}

function countsOf(preview: ImportPreview, done: boolean): object[] {
  const rejected = preview.rejected.length
  return [
    { label: 'Added', value: count(preview.added), tone: preview.added > 0 ? 'ok' : 'idle' },
    { label: 'Changed', value: count(preview.changed), tone: preview.changed > 0 ? 'info' : 'idle' },
    { label: 'Unchanged', value: count(preview.unchanged), tone: 'idle' },
    { label: 'Removed', value: count(preview.removed), tone: preview.removed > 0 ? 'warn' : 'idle' },
    { label: done ? 'Left out' : 'Cannot be taken', value: count(rejected), tone: rejected > 0 ? 'bad' : 'idle' },
  ]
}

function verdictOf({ state }: Draft, work: number): { readonly tone: string; readonly text: string } {
  if (state === 'done') return { tone: 'ok', text: 'Imported. Phones find the contacts as they are now.' }
  if (state === 'applying') return { tone: 'info', text: 'It is being imported just now.' }
  if (state === 'changed') {
    const text = 'The contacts have changed since you looked, so nothing was imported. This is what would happen now.'
    return { tone: 'warn', text }
  }
  return work > 0
    ? { tone: 'info', text: 'Nothing is changed yet. This is what would happen.' }
    : { tone: 'idle', text: 'There is nothing to import: no entry is new or different.' }
}

/** `add 10,000, change 2 and remove 1`. */
function sentenceOf({ added, changed, removed }: ImportPreview): string {
  const parts = [
    added > 0 ? `add ${count(added)}` : '',
    changed > 0 ? `change ${count(changed)}` : '',
    removed > 0 ? `remove ${count(removed)}` : '',
  ].filter((part) => part !== '')
  return parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}` : (parts[0] ?? '')
}

const COLUMNS = [{ label: 'Name' }, { label: 'Numbers', kind: 'mono' }, { label: 'Work' }, { label: 'Region' }] as const

function examplesOf({ examples, added, removed, changed }: ImportPreview): object[] {
  const { added: fresh, removed: gone, changed: both } = examples
  const few = (shown: number, all: number) => (shown < all ? `, the first ${shown} of ${count(all)}` : '')
  return [
    ...(fresh.length > 0
      ? [{ heading: `Would be added${few(fresh.length, added)}`, table: table('Added', COLUMNS, fresh.map(rowOf)) }]
      : []),
    ...(both.length > 0
      ? [
          {
            heading: `Would be changed${few(both.length, changed)}`,
            table: table('Changed', [{ label: 'Name' }, { label: 'Now' }, { label: 'Then' }], both.map(changeOf)),
          },
        ]
      : []),
    ...(gone.length > 0
      ? [{ heading: `Would be removed${few(gone.length, removed)}`, table: table('Removed', COLUMNS, gone.map(rowOf)) }]
      : []),
  ]
}

function rowOf(contact: Contact): Row {
  return {
    cells: [
      { text: nameOf(contact), strong: true },
      { lines: numbersOf(contact).slice(0, 3), mono: true },
      workOf(contact),
      contact.region || 'All',
    ],
  }
}

function changeOf({ before, after }: ImportPreview['examples']['changed'][number]): Row {
  const text = (contact: Contact) =>
    new Map([
      ...ALL_WORDS.map(({ name, label }) => [label, valuesOf(contact.attributes, name).join(', ')] as const),
      ['Region', contact.region || 'All'] as const,
    ])
  const [old, fresh] = [text(before), text(after)]
  const labels = [...old.keys()].filter((label) => old.get(label) !== fresh.get(label))
  const lines = (values: ReadonlyMap<string, string>) => labels.map((label) => `${label}: ${values.get(label) || '–'}`)
  return { cells: [{ text: nameOf(after), strong: true }, { lines: lines(old) }, { lines: lines(fresh) }] }
}

function rejectedOf({ rejected }: ImportPreview, href: string): object {
  const rows = rejected
    .slice(0, MOST_REJECTED)
    .map(({ line, reason }) => ({ cells: [line > 0 ? `Line ${count(line)}` : '–', reason] }))
  return {
    table: table('Rejected', [{ label: 'Where' }, { label: 'Why' }], rows),
    more: rejected.length > MOST_REJECTED ? `and ${count(rejected.length - MOST_REJECTED)} more in the file` : '',
    download: { label: 'Download all with their reasons', href: `${href}/rejected.csv`, icon: 'download' },
  }
}
