// SPDX-License-Identifier: Apache-2.0
import type { Web, WebContext } from '#web/context'
import { count } from '#web/format'
import type { Row } from '#web/kit/table'
import { table } from '#web/kit/table'
import { showPage } from '#web/pages/shell'
import type { TemplateRow, TemplatesPort } from '#web/ports/templates'
import { FLAVOURS, originBadge, TEMPLATES, templateHref, templateTabs } from './words.ts'

export function showTemplates(web: Web, ctx: WebContext, templates: TemplatesPort): void {
  // What phones get, or people made, before what only came along.
  const isOfUse = ({ phones, origin }: TemplateRow) => phones > 0 || origin !== 'shipped'
  const all = templates.list()
  const rows = [...all.filter(isOfUse), ...all.filter((row) => !isOfUse(row))].map(rowOf)
  showPage(web, ctx, {
    ...{ view: 'templates/list', title: 'Templates', section: 'templates' },
    data: {
      head: {
        title: 'Templates',
        lead: 'What the phones of each model are told. Settings of a place, a person or a phone fill in the rest.',
        actions: [{ label: 'Add template', href: `${TEMPLATES}/new`, icon: 'add', look: 'primary' }],
      },
      tabs: templateTabs(TEMPLATES),
      table: table(
        'Templates',
        [
          { label: 'Template' },
          { label: 'Models' },
          { label: 'Firmware', wideOnly: true },
          { label: 'Phones', kind: 'number' },
          { label: 'Used by', wideOnly: true },
          { label: 'State' },
        ],
        rows,
      ),
    },
  })
}

function rowOf({ template, origin, phones, usedBy, rules, chosenFor }: TemplateRow): Row {
  const { id, title, models, firmware } = template
  const users = [
    ...usedBy.map((name) => `Template ${name}`),
    ...(rules.length > 0 ? [`${count(rules.length)} ${rules.length === 1 ? 'mapping rule' : 'mapping rules'}`] : []),
    ...(chosenFor.length > 0 ? [`Chosen for ${count(chosenFor.length)}`] : []),
  ]
  return {
    cells: [
      { text: title, href: templateHref(id), strong: true },
      models.length > 4 ? `${models.slice(0, 3).join(', ')} and ${models.length - 3} more` : models.join(', '),
      FLAVOURS[firmware],
      count(phones),
      { lines: users.length > 3 ? [...users.slice(0, 2), `and ${users.length - 2} more`] : users },
      originBadge(origin),
    ],
    actions: [{ label: 'Duplicate', href: `${TEMPLATES}/new?from=${encodeURIComponent(id)}`, of: title }],
  }
}
