// SPDX-License-Identifier: Apache-2.0
import { LONGEST_TEXT } from '#daemon/domain/provisioning/language'
import { formField, type Web, type WebContext } from '#web/context'
import { type Field, linesOf } from '#web/kit/form'
import { fileOf } from '#web/kit/upload'
import { showPage } from '#web/pages/shell'
import type { FieldError } from '#web/ports/saved'
import type { TemplateDraft, TemplatePart, TemplateRow, TemplatesPort, TextFinding } from '#web/ports/templates'
import {
  levelHref,
  originBadge,
  PART_TITLES,
  severityBadge,
  TEMPLATES,
  TEMPLATES_TRAIL,
  templateHref,
  templateTabs,
} from './words.ts'

/** Bytes of the form: both texts, and what a browser writes around them. */
export const LARGEST_FORM = 2 * LONGEST_TEXT + 64 * 1024
export const SAVE = `${TEMPLATES}/save`
export const PARTS: readonly TemplatePart[] = ['global', 'private']

/** What stands in the editor. */
export interface Editing {
  readonly draft: TemplateDraft
  /** Of the record that is edited; undefined for one that is not there yet. */
  readonly revision: number | undefined
  /** The phone that the example is made for; empty for any. */
  readonly mac: string
  readonly errors?: readonly FieldError[]
  /** A file that was read into the editor and not saved. */
  readonly uploaded?: string
}

/** Line breaks as templates have them; a file that was chosen takes the place of the part that it is for. */
export function readEditing(ctx: WebContext, templates: TemplatesPort): Editing {
  const text = (name: string) => formField(ctx, name).replaceAll(/\r\n?/g, '\n')
  const revision = formField(ctx, 'revision')
  const file = fileOf(ctx, 'file')
  const part = formField(ctx, 'part') === 'private' ? 'private' : 'global'
  const bytes = file && file.bytes.length > 0 ? file.bytes : undefined
  const draft: TemplateDraft = {
    id: text('id').trim(),
    title: text('title').trim(),
    description: text('description').trim(),
    models: linesOf(text('models').replaceAll(',', '\n')),
    firmware: text('firmware') === 'uc' ? 'uc' : 'sip',
    global: text('global'),
    private: text('private'),
  }
  const read = bytes && fileTexts(decoded(bytes), part, templates)
  const errors = read && 'reason' in read ? [{ field: 'file', message: `It cannot be read: ${read.reason}.` }] : []
  const isRead = read !== undefined && errors.length === 0
  return {
    errors,
    ...{
      draft: isRead ? { ...draft, ...read } : draft,
      mac: text('example').trim(),
      revision: /^\d{1,15}$/.test(revision) ? Number(revision) : undefined,
    },
    ...(isRead && file && { uploaded: file.name }),
  }
}

/** A file is one part's text, or the XML of another manager, which holds both. */
function fileTexts(
  text: string,
  part: TemplatePart,
  templates: TemplatesPort,
): Partial<Pick<TemplateDraft, TemplatePart>> | { readonly reason: string } {
  return templates.readXml(text) ?? { [part]: text }
}

/** Bytes that are no UTF-8 show as U+FFFD, so that nobody misses them. */
function decoded(bytes: Uint8Array): string {
  return new TextDecoder('utf-8').decode(bytes).replaceAll(/\r\n?/g, '\n')
}

export function showEditor(web: Web, ctx: WebContext, templates: TemplatesPort, editing: Editing): void {
  const { draft, revision, errors = [], mac, uploaded } = editing
  const known = revision === undefined ? undefined : templates.get(draft.id)
  const findings = draft.global === '' && draft.private === '' ? [] : templates.findings(draft)
  const example = templates.example(draft, mac)
  const title = known ? known.template.title : 'Add template'
  const errorOf = (name: string) => errors.find(({ field }) => field === name)?.message
  showPage(web, ctx, {
    ...{ view: 'templates/editor', title, section: 'templates' },
    data: {
      head: {
        ...{ title, trail: TEMPLATES_TRAIL },
        ...(known && { badge: originBadge(known.origin), actions: actionsOf(known) }),
        ...(known && { lead: usedText(known) }),
      },
      tabs: templateTabs(''),
      action: SAVE,
      errors,
      uploaded,
      hidden: { ...(known && { id: draft.id, revision: String(revision ?? 0) }) },
      fields: fieldsOf(draft, known !== undefined).map(({ value, ...field }) => ({
        ...{ field, value, error: errorOf(field.name), focus: false },
      })),
      parts: PARTS.map((part) => ({
        ...{ part, title: PART_TITLES[part], text: draft[part], error: errorOf(part) },
        hint: HINTS[part],
        lines: draft[part].split('\n').length,
        numbers: draft[part]
          .split('\n')
          .map((_, index) => index + 1)
          .join('\n'),
        download: known && `${templateHref(draft.id)}/${part}.cfg`,
        findings: grouped(findings.filter((finding) => finding.part === part)),
      })),
      partField: {
        ...{ name: 'part', label: 'Read a file into', kind: 'select' },
        options: PARTS.map((part) => ({ value: part, label: PART_TITLES[part] })),
      },
      fileField: { ...{ name: 'file', label: 'File', kind: 'file', accept: '.cfg,.txt,.xml,text/plain,text/xml' } },
      exampleField: {
        ...{ name: 'example', label: 'Example phone', mono: true, maxLength: 32 },
        hint: 'A MAC address; empty for any phone that gets this template.',
      },
      exampleMac: mac,
      example,
      cancel: TEMPLATES,
    },
  })
}

/** The worst first; what is said of many lines is said once. */
function grouped(findings: readonly TextFinding[]): object[] {
  const groups = new Map<string, TextFinding[]>()
  for (const finding of findings) {
    const key = `${finding.severity} ${finding.message}`
    const group = groups.get(key)
    if (group) group.push(finding)
    else groups.set(key, [finding])
  }
  const rank = (severity: TextFinding['severity']) => ['error', 'warning', 'hint'].indexOf(severity)
  return [...groups.values()]
    .flatMap(([first, ...others]) => (first ? [{ first, lines: [first, ...others].map(({ line }) => line) }] : []))
    .toSorted((a, b) => rank(a.first.severity) - rank(b.first.severity))
    .map(({ first: { severity, message }, lines }) => ({
      ...{ message, badge: severityBadge(severity), lines: lines.slice(0, MOST_LINES) },
      more: Math.max(0, lines.length - MOST_LINES),
    }))
}

const MOST_LINES = 12
const HINTS = {
  global: 'One file for all phones of this template. It holds no secrets: everybody can fetch it.',
  private: 'The file of one phone. It begins with the line that includes the shared one.',
} as const

function actionsOf({ template: { id }, origin }: TemplateRow): object[] {
  const href = templateHref(id)
  return [
    { label: 'Duplicate', href: `${TEMPLATES}/new?from=${encodeURIComponent(id)}` },
    { label: 'Its settings', href: levelHref(`template/${id}`) },
    ...(origin === 'changed' ? [{ label: 'Restore as shipped', href: `${href}/restore` }] : []),
    ...(origin === 'own' ? [{ label: 'Delete', href: `${href}/delete` }] : []),
  ]
}

function usedText({ phones, usedBy, rules }: TemplateRow): string {
  const phoneText = phones === 1 ? 'One phone gets it now.' : `${phones || 'No'} phones get it now.`
  const others = usedBy.length > 0 ? ` Its parts are used by ${usedBy.slice(0, 3).join(', ')}.` : ''
  return phoneText + others + (rules.length > 0 ? ` ${rules.length} mapping rules name it.` : '')
}

function fieldsOf(draft: TemplateDraft, isKnown: boolean): (Field & { readonly value: string })[] {
  return [
    { name: 'title', label: 'Title', required: true, maxLength: 100, value: draft.title },
    ...(isKnown
      ? []
      : [
          {
            ...{ name: 'id', label: 'Short name', required: true, maxLength: 64, mono: true, value: draft.id },
            hint: 'Small letters, digits and hyphens: its files are called by it. It cannot be changed later.',
          },
        ]),
    {
      ...{ name: 'firmware', label: 'Firmware', kind: 'select' as const, value: draft.firmware },
      options: [
        { value: 'sip', label: 'Generic SIP' },
        { value: 'uc', label: 'Skype for Business (versions that begin with UC_)' },
      ],
    },
    {
      ...{ name: 'models', label: 'Models', value: draft.models.join(', '), maxLength: 2000 },
      ...{ placeholder: '440HD, 450HD', hint: 'Phones of these get it where no mapping rule says otherwise.' },
    },
    { name: 'description', label: 'Description', maxLength: 500, wide: true, value: draft.description },
  ]
}
