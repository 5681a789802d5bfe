// SPDX-License-Identifier: Apache-2.0
import type { Alarm, AlarmEvent } from '#daemon/domain/alarm'
import type { Store } from '#daemon/store/store'
import { phones } from '#daemon/store/tables'
import { formatMac, parseMac } from '#protocols/lib/mac'
import type {
  ActiveSeverity,
  AlarmCounts,
  AlarmFilter,
  AlarmOutcome,
  AlarmPage,
  AlarmQuery,
  AlarmScope,
  AlarmsPort,
  HistoryPage,
  HistoryQuery,
  MaintenanceDraft,
  MaintenanceWindow,
} from '#web/ports/alarms'
import type { Saved } from '#web/ports/directory'
import type { Alarms } from './alarms.ts'
import type { MaintenanceWindows } from './maintenance.ts'
import type { AlarmScopes } from './scopes.ts'

const LONGEST_TEXT = 1_000
const LONGEST_SEARCH = 100
const MOST_EVENTS = 1_000
const SORRY = 'It could not be written: the disk refuses. Try again.'

export interface AlarmDeskOptions {
  readonly alarms: Alarms
  readonly store: Store
  readonly scopes: AlarmScopes
  readonly maintenance: MaintenanceWindows
}

/** Alarms as people see and handle them. */
export class AlarmDesk implements AlarmsPort {
  readonly #options: AlarmDeskOptions

  constructor(options: AlarmDeskOptions) {
    this.#options = options
  }

  list({ page, pageSize, ...filter }: AlarmQuery): AlarmPage {
    const { alarms } = this.#options
    const from = filter.unknown ? alarms.strangers() : alarms.active()
    const wanted = this.#wanted(filter)
    const isSearch = filter.text.trim() !== '' || filter.mac !== undefined || filter.parent !== undefined
    const rows = from.filter((alarm) => (isSearch || alarm.parent === undefined) && wanted(alarm))
    const pageCount = Math.max(1, Math.ceil(rows.length / pageSize))
    const shown = Math.min(Math.max(1, page), pageCount)
    return { rows: rows.slice((shown - 1) * pageSize, shown * pageSize), page: shown, pageCount, total: rows.length }
  }

  get(id: string): Alarm | undefined {
    return this.#options.alarms.get(id)
  }

  counts(): AlarmCounts {
    const { alarms } = this.#options
    const counts = { critical: 0, major: 0, minor: 0, warning: 0, indeterminate: 0 }
    let total = 0
    let unacknowledged = 0
    let folded = 0
    for (const { severity, parent, acknowledged } of alarms.active()) {
      if (parent !== undefined) {
        folded++
        continue
      }
      counts[severity]++
      total++
      if (!acknowledged) unacknowledged++
    }
    return { ...counts, total, unacknowledged, folded, unknown: alarms.strangerCount }
  }

  history({ kinds, from = 0, to = Number.POSITIVE_INFINITY, before, limit, ...query }: HistoryQuery): HistoryPage {
    const most = Math.min(Math.max(1, limit), MOST_EVENTS)
    const wanted = this.#wanted(query)
    const events: AlarmEvent[] = []
    for (const event of this.#options.alarms.events(before)) {
      const { at, kind, alarm } = event
      if (at < from || at >= to || (kinds.length > 0 && !kinds.includes(kind))) continue
      if ((query.id !== undefined && alarm.id !== query.id) || !wanted(alarm)) continue
      if (events.length === most) return { events, next: events.at(-1)?.sequence }
      events.push(event)
    }
    return { events, next: undefined }
  }

  scopes(): readonly AlarmScope[] {
    return this.#options.scopes.list()
  }

  follow(listener: (event: AlarmEvent) => void): () => void {
    return this.#options.alarms.follow(listener)
  }

  acknowledge(id: string, who: string, note: string): Promise<AlarmOutcome> {
    const fault = note.length > LONGEST_TEXT ? `The note has more than ${LONGEST_TEXT} characters.` : undefined
    return this.#step(id, fault, () => this.#options.alarms.acknowledge(id, who, note))
  }

  unacknowledge(id: string, who: string): Promise<AlarmOutcome> {
    return this.#step(id, undefined, () => this.#options.alarms.unacknowledge(id, who))
  }

  comment(id: string, who: string, text: string): Promise<AlarmOutcome> {
    const fits = text.trim() !== '' && text.length <= LONGEST_TEXT
    const fault = fits ? undefined : `A comment has 1 to ${LONGEST_TEXT} characters.`
    return this.#step(id, fault, () => this.#options.alarms.comment(id, who, text))
  }

  async clear(id: string, who: string): Promise<AlarmOutcome> {
    const { alarms } = this.#options
    const alarm = alarms.get(id)
    if (!alarm) return { kind: 'gone' }
    const parts = alarm.blast === undefined ? [] : alarms.active().filter(({ parent }) => parent === id)
    const isWritten = await alarms.dismiss([...parts.map((part) => part.id), id], who)
    return isWritten ? { kind: 'done', alarm } : { kind: 'refused', reason: SORRY }
  }

  maintenance(): readonly MaintenanceWindow[] {
    return this.#options.maintenance.list()
  }

  saveMaintenance(draft: MaintenanceDraft, who: string): Promise<Saved<MaintenanceWindow>> {
    return this.#options.maintenance.save(draft, who)
  }

  removeMaintenance(id: string, _who: string): Promise<boolean> {
    return this.#options.maintenance.remove(id)
  }

  async #step(id: string, fault: string | undefined, step: () => Promise<boolean> | undefined): Promise<AlarmOutcome> {
    if (fault !== undefined) return { kind: 'refused', reason: fault }
    const written = step()
    const alarm = this.#options.alarms.get(id)
    if (!written || !alarm) return { kind: 'gone' }
    return (await written) ? { kind: 'done', alarm } : { kind: 'refused', reason: SORRY }
  }

  #wanted(filter: Partial<AlarmFilter>): (alarm: Alarm) => boolean {
    const { text = '', severities = [], scope, acknowledged, mac, parent } = filter
    const words = text.slice(0, LONGEST_SEARCH).toLowerCase().split(/\s+/).filter(Boolean)
    const wanted = new Set<ActiveSeverity>(severities)
    return (alarm) =>
      (wanted.size === 0 || wanted.has(alarm.severity)) &&
      (mac === undefined || alarm.mac === mac) &&
      (parent === undefined || alarm.parent === parent) &&
      (acknowledged === undefined || (alarm.acknowledged !== undefined) === acknowledged) &&
      (scope === undefined || this.#options.scopes.path(alarm.scope).includes(scope)) &&
      (words.length === 0 || this.#holds(alarm, words))
  }

  #holds(alarm: Alarm, words: readonly string[]): boolean {
    const { mac, name, description, source, remoteHost, severity } = alarm
    const phone = mac === undefined ? undefined : this.#options.store.get(phones, mac)?.value
    const user = phone ? `${phone.userName} ${phone.displayName}` : ''
    const address = mac === undefined ? [] : [mac, formatMac(mac)]
    const text = [name, description, source, remoteHost, ...address, user, severity].join('\n').toLowerCase()
    return words.every((word) => text.includes(word) || (mac !== undefined && parseMac(word) === mac))
  }
}
