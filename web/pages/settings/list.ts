// SPDX-License-Identifier: Apache-2.0
import type { Web, WebContext } from '#web/context'
import { table } from '#web/kit/table'
import { placeText, scopeOptions } from '#web/pages/people/words'
import { showPage } from '#web/pages/shell'
import { levelHref, SETTINGS, templateTabs } from '#web/pages/templates/words'
import type { LevelRow } from '#web/ports/levels'
import type { SettingPages } from './ports.ts'

export function showLevels(web: Web, ctx: WebContext, { levels, scopes }: SettingPages): void {
  const rows = levels.list()
  const tree = scopes.tree()
  showPage(web, ctx, {
    ...{ view: 'settings/list', title: 'Settings', section: 'templates' },
    data: {
      head: {
        title: 'Settings',
        lead: 'What fills in the templates: built-in values, then the system’s, the template’s, those of regions and sites, of a user, and of a phone. The nearer one wins.',
        actions: [{ label: 'Settings of the system', href: levelHref('system'), look: 'primary' }],
      },
      tabs: templateTabs(SETTINGS),
      table: table(
        'Where something is set',
        [{ label: 'Where' }, { label: 'What is set' }],
        rows.map((row) => ({
          cells: [{ text: titleOf(row.name), href: levelHref(row.key), strong: true }, { lines: whatOf(row) }],
          actions: [{ label: 'Copy', href: `${SETTINGS}/copy?from=${encodeURIComponent(row.key)}`, of: row.name }],
        })),
      ),
      none: {
        title: 'Nothing is set yet',
        sentence:
          'Phones get the built-in values, and what follows from the network. Begin with the settings of the system.',
        icon: 'sliders',
        actions: [{ label: 'Settings of the system', href: levelHref('system') }],
      },
      places: scopeOptions(tree, '')
        .slice(1)
        .map(({ value }) => ({ label: placeText(tree, value), href: levelHref(`scope/${value}`) })),
    },
  })
}

/** `Region Berlin`. */
export function titleOf(name: string): string {
  return name === 'system' ? 'The system' : name.charAt(0).toUpperCase() + name.slice(1)
}

export function whatOf({ values, secrets, features, lines, template }: LevelRow): string[] {
  const many = (count: number, one: string, more: string) =>
    count === 0 ? [] : [`${count} ${count === 1 ? one : more}`]
  return [
    ...many(values, 'placeholder', 'placeholders'),
    ...many(secrets, 'secret', 'secrets'),
    ...many(features, 'key feature', 'key features'),
    ...many(lines, 'line', 'lines'),
    ...(template === '' ? [] : [`Template ${template}`]),
  ]
}
