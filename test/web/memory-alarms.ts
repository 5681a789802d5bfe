// SPDX-License-Identifier: Apache-2.0
import { type Alarm, type AlarmEvent, SEVERITY } from '#daemon/domain/alarm'
import type {
  AlarmCounts,
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

type Raised = Alarm & { readonly unknown?: boolean }

/** Alarms by hand: what a test raises is active until somebody clears it. */
export class MemoryAlarms implements AlarmsPort {
  readonly #now: () => number
  readonly #active = new Map<string, Raised>()
  readonly #listeners = new Set<(event: AlarmEvent) => void>()
  events: AlarmEvent[] = []
  scopeRows: AlarmScope[] = []
  windows: MaintenanceWindow[] = []
  /** What every change is refused with. */
  refusal: string | undefined
  lists = 0

  constructor(now: () => number) {
    this.#now = now
  }

  get followers(): number {
    return this.#listeners.size
  }

  rows(): readonly Alarm[] {
    return [...this.#active.values()]
  }

  replace(alarms: readonly Raised[]): void {
    this.#active.clear()
    for (const alarm of alarms) this.#active.set(alarm.id, alarm)
  }

  raise(alarm: Raised): void {
    const known = this.#active.has(alarm.id)
    this.#active.set(alarm.id, alarm)
    this.#tell(known ? 'changed' : 'raised', alarm.source, alarm)
  }

  list(query: AlarmQuery): AlarmPage {
    this.lists++
    const { page, pageSize, text, severities, scope, acknowledged, mac, parent } = query
    const words = text.toLowerCase().split(/\s+/)
    const found = [...this.#active.values()].filter((alarm) => {
      const all = [alarm.name, alarm.description, alarm.source, alarm.mac, alarm.remoteHost].join('\n').toLowerCase()
      const asked = text !== '' || mac !== undefined || parent !== undefined
      return (
        words.every((word) => all.includes(word) || all.includes(word.replaceAll(/[:.-]/g, ''))) &&
        (severities.length === 0 || severities.includes(alarm.severity)) &&
        (scope === undefined || alarm.scope === scope || alarm.scope.startsWith(`${scope}/`)) &&
        (acknowledged === undefined || (alarm.acknowledged !== undefined) === acknowledged) &&
        (mac === undefined || alarm.mac === mac) &&
        (parent === undefined || alarm.parent === parent) &&
        (asked || alarm.parent === undefined) &&
        (query.unknown ?? false) === (alarm.unknown ?? false)
      )
    })
    found.sort((a, b) => SEVERITY[b.severity] - SEVERITY[a.severity] || b.lastAt - a.lastAt)
    const rows = found.slice((page - 1) * pageSize, page * pageSize)
    return { rows, page, pageCount: Math.ceil(found.length / pageSize), total: found.length }
  }

  get(id: string): Alarm | undefined {
    return this.#active.get(id)
  }

  counts(): AlarmCounts {
    const all = [...this.#active.values()]
    const rows = all.filter((alarm) => alarm.parent === undefined && !alarm.unknown)
    const of = (severity: Alarm['severity']) => rows.filter((alarm) => alarm.severity === severity).length
    return {
      ...{ critical: of('critical'), major: of('major'), minor: of('minor') },
      ...{ warning: of('warning'), indeterminate: of('indeterminate'), total: rows.length },
      unacknowledged: rows.filter((alarm) => !alarm.acknowledged).length,
      folded: all.filter((alarm) => alarm.parent !== undefined).length,
      unknown: all.filter((alarm) => alarm.unknown).length,
    }
  }

  history(query: HistoryQuery): HistoryPage {
    const { text, kinds, severities, id, mac, from = 0, to = Infinity, before = Infinity, limit } = query
    const found = this.events.filter(({ sequence, at, kind, alarm }) => {
      return (
        `${alarm.name}\n${alarm.description}\n${alarm.source}`.toLowerCase().includes(text.toLowerCase()) &&
        (kinds.length === 0 || kinds.includes(kind)) &&
        (severities.length === 0 || severities.includes(alarm.severity)) &&
        (id === undefined || alarm.id === id) &&
        (mac === undefined || alarm.mac === mac) &&
        at >= from &&
        at < to &&
        sequence < before
      )
    })
    const events = found.reverse().slice(0, limit)
    return { events, next: events.length < found.length ? events.at(-1)?.sequence : undefined }
  }

  scopes(): readonly AlarmScope[] {
    return this.scopeRows
  }

  follow(listener: (event: AlarmEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async acknowledge(id: string, who: string, note: string): Promise<AlarmOutcome> {
    const at = this.#now()
    return this.#change(id, 'acknowledged', who, (alarm) => ({ ...alarm, acknowledged: { by: who, at, note } }))
  }

  async unacknowledge(id: string, who: string): Promise<AlarmOutcome> {
    return this.#change(id, 'changed', who, ({ acknowledged: _, ...alarm }) => alarm)
  }

  async comment(id: string, who: string, text: string): Promise<AlarmOutcome> {
    const comment = { by: who, at: this.#now(), text }
    return this.#change(id, 'commented', who, (alarm) => ({ ...alarm, comments: [...alarm.comments, comment] }))
  }

  async clear(id: string, who: string): Promise<AlarmOutcome> {
    const outcome = this.#change(id, 'cleared', who, (alarm) => alarm)
    if (outcome.kind === 'done') {
      this.#active.delete(id)
      for (const part of [...this.#active.values()]) if (part.parent === id) await this.clear(part.id, who)
    }
    return outcome
  }

  maintenance(): readonly MaintenanceWindow[] {
    return this.windows
  }

  async saveMaintenance(draft: MaintenanceDraft, who: string): Promise<Saved<MaintenanceWindow>> {
    const errors = [
      ...(draft.title === '' ? [{ field: 'title', message: 'Say what is being done.' }] : []),
      ...(draft.to <= draft.from ? [{ field: 'to', message: 'It ends before it begins.' }] : []),
    ]
    if (errors.length > 0) return { kind: 'refused', errors }
    const known = this.windows.find(({ id }) => id === draft.id)
    if (draft.id !== undefined && !known) return { kind: 'conflict' }
    const id = draft.id ?? `w${this.windows.length + 1}`
    const value = { by: who, createdAt: this.#now(), ...known, ...draft, id }
    this.windows = [...this.windows.filter((window) => window.id !== id), value]
    return { kind: 'saved', value }
  }

  async removeMaintenance(id: string): Promise<boolean> {
    const before = this.windows.length
    this.windows = this.windows.filter((window) => window.id !== id)
    return this.windows.length < before
  }

  #change(id: string, kind: AlarmEvent['kind'], by: string, to: (alarm: Raised) => Raised): AlarmOutcome {
    const alarm = this.#active.get(id)
    if (!alarm) return { kind: 'gone' }
    if (this.refusal !== undefined) return { kind: 'refused', reason: this.refusal }
    const next = to(alarm)
    this.#active.set(id, next)
    this.#tell(kind, by, next)
    return { kind: 'done', alarm: next }
  }

  #tell(kind: AlarmEvent['kind'], by: string, alarm: Alarm): void {
    const event = { sequence: this.events.length + 1, at: this.#now(), kind, by, alarm, forward: true }
    this.events.push(event)
    for (const listener of this.#listeners) listener(event)
  }
}
