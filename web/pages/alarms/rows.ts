// SPDX-License-Identifier: Apache-2.0
import type { Alarm } from '#daemon/domain/alarm'
import { formatMac } from '#protocols/lib/mac'
import type { Web } from '#web/context'
import { count } from '#web/format'
import type { Badge, Cell } from '#web/kit/cell'
import type { Row } from '#web/kit/table'
import { userText } from '#web/pages/phone-row'
import { sourceText } from './places.ts'
import { alarmHref, lastAction, severityWords } from './words.ts'

/** As the incumbent orders them, so that its admins find theirs. */
export const COLUMNS = [
  { label: 'Alarm' },
  { label: 'Source' },
  { label: 'Severity' },
  { label: 'Remote host', kind: 'mono', wideOnly: true },
  { label: 'Last action' },
  { label: 'Received' },
] as const

export interface RowOptions {
  /** The list's own address: where a button in a row leads back to. */
  readonly back: string
  readonly csrf: string
  /** The address that unfolds or folds a site alarm in this list. */
  readonly fold: (alarm: Alarm) => { readonly href: string; readonly open: boolean }
}

export function alarmRow(web: Web, alarm: Alarm, options: RowOptions): Row {
  const { port, time, views } = web
  const now = port.now()
  const last = lastAction(alarm)
  const key = keyOf(alarm.id)
  const part = alarm.parent !== undefined
  const { href, open } = options.fold(alarm)
  const html = views.render('fragments/alarm-name', {
    ...{ key, name: alarm.name, description: alarm.description, href: alarmHref(alarm.id) },
    ...{ part, stands: standsFor(alarm), foldHref: href, open },
    ...{
      acknowledged: alarm.acknowledged,
      remarks: remarksOf(alarm, part),
      times: alarm.count > 1 ? count(alarm.count) : '',
    },
  })
  const lastHtml = views.render('fragments/alarm-last', {
    ...{ words: last.words, moment: time.moment(last.at, now), key },
    ...{
      act: alarm.acknowledged || part ? '' : `${alarmHref(alarm.id)}/acknowledge`,
      back: options.back,
      csrf: options.csrf,
    },
    of: `${alarm.name}, ${sourceText(alarm.source, port.alarmDesk)}`,
  })
  return {
    cells: [
      { html },
      linkedCell(web, sourceCell(web, alarm)),
      severityBadge(alarm),
      { text: alarm.remoteHost, mono: true },
      { html: lastHtml },
      { moment: time.moment(alarm.raisedAt, now) },
    ],
  }
}

export function severityBadge({ severity }: Pick<Alarm, 'severity'>): Badge {
  const { label, tone } = severityWords(severity)
  return { badge: label, tone }
}

/** What an alarm is about; a phone by its user's name, with a link to its page. */
export function sourceCell({ port }: Pick<Web, 'port'>, { mac, source }: Pick<Alarm, 'mac' | 'source'>): Cell {
  const phone = mac && port.fleet.device(mac)?.phone
  if (!phone) return sourceText(source, port.alarmDesk)
  const user = userText(phone)
  const address = formatMac(phone.mac)
  return { text: user || address, href: `/devices/${phone.mac}`, ...(user === '' ? {} : { note: address }) }
}

/** A link with what is said about it on a line of its own: inside one line, only its colour would tell it apart. */
export function linkedCell({ views }: Pick<Web, 'views'>, cell: Cell): Cell {
  return typeof cell === 'object' && 'href' in cell ? { html: views.render('fragments/linked', cell) } : cell
}

/** `37 phones`; empty for an alarm that stands for itself. */
export function standsFor({ blast }: Pick<Alarm, 'blast'>): string {
  if (blast === undefined) return ''
  return `${count(blast)} ${blast === 1 ? 'phone' : 'phones'}`
}

const QUIET = {
  window: 'not forwarded yet: others like it are awaited',
  folded: 'not forwarded: its site alarm is',
  maintenance: 'not forwarded: maintenance',
  unknown: 'not forwarded: the sender is no known phone',
} as const

/**
 * What else is to be known of an active alarm, in sentences without a full stop: doubt about its sender, that it comes
 * and goes, and why nobody outside was told of it. A `part` beneath its site alarm need not say that it is one.
 */
export function remarksOf({ doubt, flapping, quiet }: Alarm, part = false): string[] {
  const comes = flapping && (flapping.over ? 'it comes and goes, and is over at the moment' : 'it comes and goes')
  const told = quiet && !(part && quiet === 'folded') ? QUIET[quiet] : undefined
  return [doubt, comes, told].filter((remark) => remark !== undefined)
}

/** For ids of elements. */
export function keyOf(id: string): string {
  return Buffer.from(id).toString('base64url')
}
