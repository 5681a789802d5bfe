// SPDX-License-Identifier: Apache-2.0
import { formField, type Web, type WebContext } from '#web/context'
import type { Action, Cell, Head } from '#web/kit/cell'
import { form, readForm, type Section, type Values } from '#web/kit/form'
import { table } from '#web/kit/table'
import { stepOf } from '#web/pages/changes/review'
import { scopeHref, userHref } from '#web/pages/people/words'
import { showPage } from '#web/pages/shell'
import { reviewDraft } from '#web/pages/templates/review'
import { levelHref, SETTINGS, TEMPLATES_TRAIL, templateHref } from '#web/pages/templates/words'
import type { LevelView } from '#web/ports/levels'
import type { FieldError } from '#web/ports/saved'
import { atFields, draftOf, hasSecretField, secretsApart, sectionsOf, valuesOf } from './fields.ts'
import { titleOf } from './list.ts'
import type { SettingPages } from './ports.ts'

const MOST_SHOWN = 300
const MOST_SEALED = 500

export function showLevel(
  web: Web,
  ctx: WebContext,
  ports: SettingPages,
  view: LevelView,
  filled?: {
    readonly values: Values
    readonly errors: readonly FieldError[]
    readonly sealed: Readonly<Record<string, string>>
  },
): void {
  const title = `${titleOf(view.name)}: settings`
  const isAnything = view.values + view.secrets + view.features + view.lines > 0
  const head: Head = {
    ...{ title, trail: [...TEMPLATES_TRAIL, { label: 'Settings', href: SETTINGS }] },
    lead: 'What is empty here comes from farther away; the value beside each name is the one that holds then.',
    actions: [
      ...ownPage(view),
      { label: 'Directory (LDAP)', href: '/directory/phones' },
      ...(isAnything ? [{ label: 'Copy', href: `${SETTINGS}/copy?from=${encodeURIComponent(view.key)}` }] : []),
    ],
  }
  showPage(web, ctx, {
    ...{ view: 'settings/level', title, section: 'templates' },
    data: {
      head,
      above: view.above.map(({ key, name }) => ({ label: titleOf(name), href: levelHref(key) })),
      conflicts: view.conflicts.map(({ key, said }) => ({
        key,
        said: said.map(({ from, value }) => `${titleOf(from)} says ${value}`).join('; '),
      })),
      form: form(web, ctx, {
        ...{ action: levelHref(view.key), submit: 'Look at what changes', cancel: SETTINGS, twoColumns: true },
        sections: sections(ports, view),
        values: filled?.values ?? valuesOf(view),
        errors: filled?.errors ?? [],
        hidden: {
          // Upon what the form was first shown, however often it is shown again.
          revision: filled ? formField(ctx, 'revision') : String(view.revision),
          ...(filled && {
            ...Object.fromEntries(Object.entries(filled.sealed).map(([name, text]) => [`sealed-${name}`, text])),
            sealed: Object.keys(filled.sealed).join(' '),
          }),
        },
      }),
      values: table(
        'All placeholders seen from here',
        [
          ...[{ label: 'Placeholder' }, { label: 'Value' }, { label: 'From' }],
          ...[
            { label: 'Overridden', wideOnly: true },
            { label: 'Used by', wideOnly: true },
          ],
        ],
        view.placeholders
          .filter(({ said }) => said.length > 0)
          .slice(0, MOST_SHOWN)
          .map(({ name, description, said, usedBy }) => {
            const last = said.at(-1)
            return {
              cells: [
                { text: name, mono: true, ...(description !== '' && { note: description }) },
                { text: last?.value === '' ? '(empty)' : (last?.value ?? ''), mono: true },
                last?.source ?? '',
                { lines: said.slice(0, -1).map(({ value, source }) => `${source}: ${value}`) },
                usedText(usedBy),
              ],
            }
          }),
      ),
    },
  })
}

/** `AudioCodes 400HD, generic SIP and 2 more`. */
function usedText(usedBy: readonly string[]): Cell {
  const [first] = usedBy
  if (first === undefined) return { badge: 'Unused', tone: 'warn' }
  return usedBy.length === 1 ? first : `${first} and ${usedBy.length - 1} more`
}

export async function saveLevel(web: Web, ctx: WebContext, ports: SettingPages, view: LevelView): Promise<void> {
  const { levels, changes } = ports
  const { values: sent, errors } = readForm(ctx, sections(ports, view))
  const values = secretsApart(sent)
  const { draft, errors: unread } = draftOf(view, values)
  // What was typed as a secret is not shown again: it travels on sealed.
  const { 'secret-IPPhonePassword': _, ...typed } = values
  const safe: Values = { ...typed, secrets: (values.secrets ?? '').replaceAll(/=.*/g, '=') }
  const sealed = sealedFields(ctx)
  const again = (wrong: readonly FieldError[]) => {
    showLevel(web, ctx, ports, view, { values: safe, errors: atFields(wrong), sealed })
  }
  if (stepOf(ctx) === 'form') return again([])
  if (errors.length + unread.length > 0) {
    ctx.status = 422
    return again([...errors, ...unread])
  }
  const revision = Number(formField(ctx, 'revision')) || 0
  const drafted = levels.change(view.key, { ...draft, secrets: withSealed(draft.secrets, sealed) }, revision)
  const instead = drafted.kind === 'draft' ? Object.keys(drafted.instead ?? {}) : []
  await reviewDraft(web, ctx, changes, drafted, {
    ...{ section: 'templates', action: levelHref(view.key), cancel: levelHref(view.key), done: levelHref(view.key) },
    fields: {
      ...safe,
      revision: String(revision),
      sealed: instead.map((name) => name.slice('sealed-'.length)).join(' '),
    },
    refuse: again,
    gone: () => again([{ field: '', message: 'It is not there any more.' }]),
  })
}

/** Secrets that were typed before the page that asks again, sealed, by name. */
function sealedFields(ctx: WebContext): Readonly<Record<string, string>> {
  const names = formField(ctx, 'sealed').split(' ').slice(0, MOST_SEALED)
  return Object.fromEntries(names.filter((name) => name !== '').map((name) => [name, formField(ctx, `sealed-${name}`)]))
}

/** What was typed since wins; a secret whose line was deleted is none any more. */
function withSealed(
  secrets: Readonly<Record<string, string>>,
  sealed: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const kept = Object.entries(sealed).filter(([name]) => {
    return hasSecretField(name) ? !secrets[name] : Object.hasOwn(secrets, name) && secrets[name] === ''
  })
  return { ...secrets, ...Object.fromEntries(kept) }
}

function sections({ levels, templates }: SettingPages, view: LevelView): Section[] {
  const options = view.key.startsWith('device/')
    ? templates.list().map(({ template: { id, title } }) => ({ value: id, label: title }))
    : []
  return sectionsOf(view, levels.features, options)
}

/** The page of what it is about. */
function ownPage({ key }: LevelView): Action[] {
  const name = key.slice(key.indexOf('/') + 1)
  if (key.startsWith('scope/')) return [{ label: 'The place', href: scopeHref(name) }]
  if (key.startsWith('user/')) return [{ label: 'The user', href: userHref(name) }]
  if (key.startsWith('device/')) return [{ label: 'The phone', href: `/devices/${name}` }]
  return key.startsWith('template/') ? [{ label: 'The template', href: templateHref(name) }] : []
}
