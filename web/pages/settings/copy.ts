// SPDX-License-Identifier: Apache-2.0
import type Router from '@koa/router'
import { type LevelKey, parseLevelKey } from '#daemon/domain/provisioning/level-settings'
import { formField, formList, type NoExtras, queryText, type Web, type WebContext, type WebState } from '#web/context'
import { stepOf } from '#web/pages/changes/review'
import { placeText, scopeOptions } from '#web/pages/people/words'
import { showPage } from '#web/pages/shell'
import { reviewDraft } from '#web/pages/templates/review'
import { levelHref, SETTINGS, TEMPLATES_TRAIL } from '#web/pages/templates/words'
import type { CopyChoice, LevelView } from '#web/ports/levels'
import type { FieldError } from '#web/ports/saved'
import { titleOf } from './list.ts'
import type { SettingPages } from './ports.ts'

const COPY = `${SETTINGS}/copy`

/** Takes settings of one level over to others: which, and where to. */
export function copyRoutes(
  web: Web,
  router: Router<WebState, NoExtras>,
  ports: SettingPages,
  gone: (ctx: WebContext) => void,
): void {
  router.get('/copy', (ctx) => {
    const view = viewOf(ports, queryText(ctx, 'from'))
    if (view) show(web, ctx, ports, view, undefined, [])
    else gone(ctx)
  })
  router.post('/copy', async (ctx) => {
    const view = viewOf(ports, formField(ctx, 'from'))
    if (!view) return gone(ctx)
    const what: CopyChoice = {
      names: listed(ctx, 'name'),
      features: listed(ctx, 'feature'),
      lines: formField(ctx, 'lines') === '1',
    }
    const to = [...listed(ctx, 'to'), ...formField(ctx, 'others').split(/[\s,]+/)].filter((text) => text !== '')
    const keys = to.flatMap((text): LevelKey[] => {
      const key = parseLevelKey(text)
      return key ? [key] : []
    })
    if (stepOf(ctx) === 'form') return show(web, ctx, ports, view, { what, to }, [])
    const unread = to.length - keys.length
    const drafted =
      unread > 0
        ? ({ kind: 'refused', errors: [{ field: 'to', message: NO_LEVEL }] } as const)
        : ports.levels.copy(view.key, keys, what)
    await reviewDraft(web, ctx, ports.changes, drafted, {
      ...{ section: 'templates', action: COPY, cancel: levelHref(view.key), done: SETTINGS },
      fields: {
        ...{ from: view.key, others: keys.join(' '), lines: what.lines ? '1' : '' },
        ...{ name: what.names.join(' '), feature: what.features.join(' ') },
      },
      refuse: (errors) => show(web, ctx, ports, view, { what, to }, errors),
      gone: () => gone(ctx),
    })
  })
}

const NO_LEVEL = 'Write levels as user/anna or device/00908f123456, with blanks between them.'

/** Checked boxes, or all of them in one field as the page that asks again sends them. */
function listed(ctx: WebContext, name: string): string[] {
  return formList(ctx, name).flatMap((text) => text.split(' ').filter((one) => one !== ''))
}

function viewOf({ levels }: SettingPages, text: string): LevelView | undefined {
  const key = parseLevelKey(text)
  return key && levels.get(key)
}

function show(
  web: Web,
  ctx: WebContext,
  { levels, scopes }: SettingPages,
  view: LevelView,
  sent: { readonly what: CopyChoice; readonly to: readonly string[] } | undefined,
  errors: readonly FieldError[],
): void {
  const title = `Copy settings of ${titleOf(view.name)}`
  const tree = scopes.tree()
  const own = view.placeholders.filter(({ own: value }) => value !== undefined)
  const isSent = (text: string, all: readonly string[] | undefined) => all?.includes(text) ?? false
  showPage(web, ctx, {
    ...{ view: 'settings/copy', title, section: 'templates' },
    data: {
      head: { title, trail: [...TEMPLATES_TRAIL, { label: 'Settings', href: SETTINGS }] },
      ...{ action: COPY, from: view.key, cancel: levelHref(view.key) },
      errors: errors.map(({ message }) => message),
      names: own.map(({ name, own: value, secret }) => ({
        ...{ name, value: secret ? 'a secret' : value, checked: !sent || isSent(name, sent.what.names) },
      })),
      features: levels.features
        .filter(({ id }) => Object.hasOwn(view.chosen, id))
        .map(({ id, title: label, choices }) => ({
          ...{ id, label, choice: choices.find((one) => one.id === view.chosen[id])?.label ?? '' },
          checked: !sent || isSent(id, sent.what.features),
        })),
      lines: view.lines,
      linesChecked: sent?.what.lines ?? false,
      places: [
        { key: 'system', label: 'The system' },
        ...scopeOptions(tree, '')
          .slice(1)
          .map(({ value }) => ({ key: `scope/${value}`, label: placeText(tree, value) })),
      ]
        .filter(({ key }) => key !== view.key)
        .map((place) => ({ ...place, checked: isSent(place.key, sent?.to) })),
    },
  })
}
