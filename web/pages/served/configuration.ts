// SPDX-License-Identifier: Apache-2.0
import Router from '@koa/router'
import { diffLines } from '#daemon/domain/provisioning/line-diff'
import { formatMac, type Mac, parseMac } from '#protocols/lib/mac'
import { type NoExtras, queryText, type Web, type WebContext, type WebState } from '#web/context'
import type { Cell } from '#web/kit/cell'
import { table } from '#web/kit/table'
import { showMessage } from '#web/pages/message'
import { showPage } from '#web/pages/shell'
import type { Drift, Effective, ServedPort } from '#web/ports/served'
import { configurationPath, howText, STATES, servedPath } from './words.ts'

/** What one phone is served and why, what it has, and what it was served before. */
export function configurationRoutes(web: Web, served: ServedPort): Router<WebState, NoExtras> {
  const router = new Router<WebState, NoExtras>({ prefix: '/devices/:mac/configuration' })

  router.get('/', async (ctx) => {
    const mac = parseMac(ctx.params.mac ?? '')
    const drift = mac && (await served.drift(mac))
    const effective = mac && served.effective(mac)
    if (!mac || !drift || !effective) return missing(web, ctx)
    showPage(web, ctx, {
      ...{ view: 'served/configuration', title: 'Configuration', section: 'devices' },
      data: {
        head: {
          ...{ title: 'Configuration', trail: trailOf(mac), badge: STATES[drift.state] },
          lead: 'What it is served now, where every line and value comes from, and what it was served before.',
        },
        reason: drift.reason,
        facts: factsOf(web, drift, effective),
        ...('none' in effective ? { file: undefined } : { file: fileView(effective) }),
        history: historyTable(web, mac, served),
      },
    })
  })

  router.get('/:hash', async (ctx) => {
    const mac = parseMac(ctx.params.mac ?? '')
    const all = mac ? served.history(mac) : []
    const at = all.findIndex(({ hash }) => hash === ctx.params.hash)
    const one = all[at]
    if (!mac || !one) return missing(web, ctx)
    const asked = queryText(ctx, 'against')
    const other = all.find(({ hash }) => hash === asked) ?? all[at + 1]
    const text = await served.text(mac, one.hash)
    const before = other && (await served.text(mac, other.hash))
    const now = web.port.now()
    showPage(web, ctx, {
      ...{ view: 'served/file', title: 'A file that was served', section: 'devices' },
      data: {
        head: {
          title: 'A file that was served',
          trail: [...trailOf(mac), { label: 'Configuration', href: configurationPath(mac) }],
        },
        facts: [
          { label: 'First fetched', cell: { moment: web.time.moment(one.first, now) } },
          { label: 'Last fetched', cell: { moment: web.time.moment(one.last, now) } },
          { label: 'How', cell: howText(one) },
          { label: 'From', cell: { text: one.address, mono: true } },
          { label: 'Template', cell: one.template },
          ...(one.change > 0
            ? [{ label: 'Last change then', cell: { text: `Change ${one.change}`, href: `/changes/${one.change}` } }]
            : []),
        ],
        text,
        lines: before === undefined || text === undefined ? [] : diffLines(before.split('\n'), text.split('\n')),
        compared: other && { moment: web.time.moment(other.first, now), known: before !== undefined },
        others: all
          .filter((file) => file !== one && file !== other)
          .map((file) => ({
            moment: web.time.moment(file.first, now),
            href: `${servedPath(mac, one.hash)}?against=${file.hash}`,
          })),
      },
    })
  })
  return router
}

function trailOf(mac: Mac) {
  return [
    { label: 'Devices', href: '/devices' },
    { label: formatMac(mac), href: `/devices/${mac}` },
  ]
}

function factsOf(web: Web, drift: Drift, effective: Effective | { readonly none: string }) {
  const { served, schedule, firmware } = drift
  const wanted = firmware.state === 'other' ? ` (should be ${firmware.chosen})` : ''
  const made = 'none' in effective ? undefined : effective
  return [
    { label: 'Last fetched', cell: served ? { moment: web.time.moment(served.last, web.port.now()) } : 'Never' },
    { label: 'How', cell: served ? howText(served) : '' },
    { label: 'Looks for another', cell: schedule },
    { label: 'Firmware', cell: firmware.reported === '' ? '' : `${firmware.reported}${wanted}` },
    { label: 'Template', cell: made ? { text: made.template, note: made.why } : '' },
    { label: 'Place', cell: made?.place.join(' / ') ?? '' },
    ...('none' in effective ? [{ label: 'No file', cell: effective.none }] : []),
  ]
}

function fileView({ lines, shared, left, disagreements, values }: Effective): object {
  const asked = values.filter(({ used }) => used)
  const unasked = values.filter(({ used }) => !used)
  const valueRows = asked.map(({ name, value, source, overridden }) => ({
    cells: [
      { text: name, mono: true },
      { code: value } satisfies Cell,
      source,
      { lines: overridden.map((one) => `${one.value || 'empty'} (${one.source})`) },
    ],
  }))
  return {
    lines: lines.map(({ text, from, line }) => ({ text, from: `${from}, line ${line}` })),
    shared,
    left: left.map(({ from, line, missing }) => ({ where: `${from}, line ${line}`, missing })),
    disagreements,
    unasked: unasked.map(({ name }) => name).join(', '),
    values: table(
      'Values',
      ['Placeholder', 'Value', 'From', 'Overrides'].map((label) => ({ label })),
      valueRows,
    ),
  }
}

function historyTable(web: Web, mac: Mac, served: ServedPort) {
  const now = web.port.now()
  const columns = ['First fetched', 'Last fetched', 'How', 'Template', 'Last change then'].map((label) => ({ label }))
  const rows = served.history(mac).map((file) => ({
    cells: [
      { text: web.time.moment(file.first, now).exact, href: servedPath(mac, file.hash), strong: true },
      { moment: web.time.moment(file.last, now) },
      howText(file),
      file.template,
      file.change === 0 ? '' : { text: `Change ${file.change}`, href: `/changes/${file.change}` },
    ],
  }))
  return table('Files it was served', columns, rows)
}

function missing(web: Web, ctx: WebContext): void {
  showMessage(web, ctx, 404, {
    ...{ title: 'Nothing is known of it', section: 'devices' },
    sentence: 'There is no such phone, or what it was served is not kept any more.',
  })
}
