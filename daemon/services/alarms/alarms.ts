// SPDX-License-Identifier: Apache-2.0
import type { Alarm, AlarmEvent, NewAlarm, Quiet } from '#daemon/domain/alarm'
import { acknowledged, afterRaise, alarmId, commented, released } from '#daemon/domain/alarm-steps'
import { FlapMemory, type FlapSettings, isThere } from '#daemon/domain/flapping'
import type { Announce } from '#daemon/messages'
import type { Change, Store } from '#daemon/store/store'
import { alarmEvents } from '#daemon/store/tables'
import { AlarmHistory } from './history.ts'
import { AlarmShelf } from './shelf.ts'

export type { NewAlarm } from '#daemon/domain/alarm'

export interface AlarmSettings {
  /** Most active alarms; what comes beyond is counted in one alarm. */
  readonly maxActive: number
  readonly historyEvents: number
  readonly historyDays: number
  readonly flapping?: FlapSettings
}

const MINUTE_MS = 60_000

const FLAPPING: FlapSettings = { times: 4, windowMs: 10 * MINUTE_MS, quietMs: 10 * MINUTE_MS }
export const ALARM_DEFAULTS: AlarmSettings = { maxActive: 30_000, historyEvents: 50_000, historyDays: 90 }

/** Why an alarm is not told outside at the moment; undefined: tell it. Asked for each new one. */
export type Hush = (alarm: Alarm) => Quiet | undefined

/** Who did it, where nobody else did. */
const OURSELVES = 'offhook'
/** The appliance's own alarms find room when those of phones have taken all. */
const RESERVE = 1_000
const MOST_STRANGERS = 500
const STRANGERS_MS = 7 * 24 * 60 * MINUTE_MS
const FLOOD = 'ALARM FLOOD'
const FLOOD_SOURCE = 'alarms'
/** The flood's alarm is written at most this often. */
const FLOOD_PAUSE_MS = 5_000

/**
 * The active alarms, one for each cause and place, and what happens to them. Every step is an event in the history,
 * written in one commit with the alarm.
 *
 * What returns a promise resolves with true once it is on disk (fsync, shared with all who wait), with false when the
 * disk refused; it never rejects. What the disk refused is kept in memory, shown, and written as soon as the disk
 * takes it, except for `raiseAsked`: there the asker is told and comes again.
 */
export class Alarms {
  readonly #store: Store
  readonly #now: () => number
  readonly #announce: Announce
  readonly #settings: AlarmSettings
  readonly #history: AlarmHistory
  readonly #shelf: AlarmShelf
  readonly #flaps: FlapMemory
  #hush: Hush = () => undefined
  /** Alarms that found no room since the flood began, and when that was last told. */
  #flood = { count: 0, told: 0, toldAt: Number.NEGATIVE_INFINITY }

  constructor(store: Store, now: () => number, announce: Announce, settings: AlarmSettings = ALARM_DEFAULTS) {
    this.#store = store
    this.#now = now
    this.#announce = announce
    this.#settings = settings
    this.#history = new AlarmHistory(store, { events: settings.historyEvents, days: settings.historyDays })
    this.#flaps = new FlapMemory(settings.flapping ?? FLAPPING)
    this.#shelf = new AlarmShelf(store, (error) => {
      announce('daemon.fault', { error: `alarms could not be written: ${String(error)}` })
    })
  }

  /** Whom to ask whether a new alarm is to be forwarded. */
  hushBy(hush: Hush): void {
    this.#hush = hush
  }

  /** Raises an alarm, changes it where it says something else, or counts it once more. */
  raise(alarm: NewAlarm, by = OURSELVES): Promise<boolean> {
    return this.raiseAll([alarm], by)
  }

  /** Many at once, in one commit. `quiet`: not to be forwarded before `release`. */
  raiseAll(raised: readonly NewAlarm[], by = OURSELVES, quiet?: Quiet): Promise<boolean> {
    return this.#commit(this.#raised(raised, by, quiet), 'keep')
  }

  /** For an asker who tries again when the answer is false: nothing of it is left behind then. */
  raiseAsked(raised: readonly NewAlarm[], by: string): Promise<boolean> {
    return this.#commit(this.#raised(raised, by), 'forget')
  }

  /** As `raiseAsked`, for clears. */
  clearAsked(ids: readonly string[], by: string): Promise<boolean> {
    return this.#commit(this.#clearedAll(ids, by), 'forget')
  }

  /** By a person: cleared whatever its cause does. As `raiseAsked`, the asker is told when the disk refuses. */
  dismiss(ids: readonly string[], by: string): Promise<boolean> {
    return this.#commit(this.#clearedAll(ids, by, false), 'forget')
  }

  /** Clears an alarm; clearing one that is not active does nothing. */
  clear(name: string, source: string, by = OURSELVES): Promise<boolean> {
    return this.clearAll([alarmId({ name, source })], by)
  }

  clearAll(ids: readonly string[], by = OURSELVES): Promise<boolean> {
    return this.#commit(this.#clearedAll(ids, by), 'keep')
  }

  /** Something that happened and is over: in the history and forwarded, never active. */
  event(happened: NewAlarm, by = OURSELVES): Promise<boolean> {
    const { alarm } = afterRaise(undefined, happened, this.#now())
    const quiet = this.#hush(alarm)
    return this.#commit(this.#event('event', by, quiet ? { ...alarm, quiet } : alarm), 'keep')
  }

  /** Undefined: it is not active. */
  acknowledge(id: string, by: string, note: string): Promise<boolean> | undefined {
    return this.#replace(id, 'acknowledged', by, (alarm) => acknowledged(alarm, by, note, this.#now()))
  }

  unacknowledge(id: string, by: string): Promise<boolean> | undefined {
    return this.#replace(id, 'changed', by, ({ acknowledged: _, ...alarm }) => ({ ...alarm, lastAt: this.#now() }))
  }

  comment(id: string, by: string, text: string): Promise<boolean> | undefined {
    return this.#replace(id, 'commented', by, (alarm) => commented(alarm, by, text, this.#now()))
  }

  /** Alarms that were quiet are told now: a second `raised`, to be forwarded; or the change that was not told yet. */
  release(ids: readonly string[], by = OURSELVES): Promise<boolean> {
    const changes = ids.flatMap((id) => {
      const alarm = this.#shelf.get(id)
      if (!alarm || alarm.quiet === 'unknown' || !(alarm.quiet || alarm.untold)) return []
      const told = released(alarm)
      return [this.#shelf.put(told), ...this.#event(alarm.quiet ? 'raised' : 'changed', by, told)]
    })
    return this.#commit(changes, 'keep')
  }

  /** A change that is recorded and not told outside. */
  restate(id: string, change: (alarm: Alarm) => Alarm, by = OURSELVES): Promise<boolean> {
    const alarm = this.#shelf.get(id)
    if (!alarm) return this.#commit([], 'keep')
    const after = change(alarm)
    const event = this.#history.append(this.#now(), 'changed', by, after, false)
    return this.#commit([this.#shelf.put(after), ...event], 'keep')
  }

  /** Whether an alarm is active and its cause is there; one that flaps may be held without. */
  isThere(id: string): boolean {
    return isThere(this.#shelf.get(id))
  }

  /** Rewrites what belongs to no step of an alarm's life (its parent, why it is quiet): no event. */
  amend(ids: readonly string[], change: (alarm: Alarm) => Alarm): Promise<boolean> {
    const changes = ids.flatMap((id) => {
      const alarm = this.#shelf.get(id)
      return alarm ? [this.#shelf.put(change(alarm))] : []
    })
    return this.#commit(changes, 'keep')
  }

  get(id: string): Alarm | undefined {
    return this.#shelf.get(id)
  }

  /** The active alarms, the gravest and newest first; not those of unknown senders. */
  active(): readonly Alarm[] {
    return this.#shelf.known()
  }

  /** Alarms of senders that are no known phone, newest first. */
  strangers(): readonly Alarm[] {
    return this.#shelf.strangers()
  }

  /** Active alarms of a phone. */
  of(mac: string): readonly Alarm[] {
    return this.#shelf.of(mac)
  }

  /** Newest first, from before a sequence on. */
  events(before?: number): Iterable<AlarmEvent> {
    return this.#history.newest(before)
  }

  /** Calls back after each event was written. */
  follow(listener: (event: AlarmEvent) => void): () => void {
    return this.#store.watch(alarmEvents, 'now', ({ value }) => value && listener(value))
  }

  /** How many alarms of unknown senders are kept. */
  get strangerCount(): number {
    return this.#shelf.strangerCount
  }

  /** Active alarms by severity. */
  bySeverity(): Record<string, number> {
    const counts: Record<string, number> = { critical: 0, major: 0, minor: 0, warning: 0, indeterminate: 0 }
    for (const { severity } of this.#shelf.all()) counts[severity] = (counts[severity] ?? 0) + 1
    return counts
  }

  /** Writes what the disk refused, and lets go of old history. Call it now and then. */
  tick(): Promise<boolean> {
    const changes = [...this.#history.expired(this.#now()), ...this.#rested(), ...this.#aged(), ...this.#afterFlood()]
    return this.#commit(changes, 'keep')
  }

  /** Strangers that were not heard of for long: nobody will clear what they said. */
  #aged(): Change[] {
    const old = this.#shelf.strangers().filter(({ lastAt }) => this.#now() - lastAt > STRANGERS_MS)
    return old.map((alarm) => this.#shelf.remove(alarm))
  }

  /** Flapping alarms that came to rest: gone if that is how they came to rest, else alarms like others. */
  #rested(): Change[] {
    const changes: Change[] = []
    for (const alarm of [...this.#shelf.all()]) {
      const { flapping, ...calm } = alarm
      if (!flapping || !this.#flaps.rests(flapping, this.#now())) continue
      if (flapping.over) changes.push(...this.#cleared(alarm, OURSELVES))
      else changes.push(this.#shelf.put(calm), ...this.#event('changed', OURSELVES, calm))
    }
    return changes
  }

  #raised(raised: readonly NewAlarm[], by: string, quiet?: Quiet): Change[] {
    return raised.flatMap((alarm) => {
      const found = this.#shelf.get(alarmId(alarm))
      // A stranger that came to be known begins anew, and so does a phone that is known no more.
      const isSame = (found?.unknown ?? false) === (alarm.unknown ?? false)
      const before = isSame ? found : undefined
      if (found && !isSame) return [...this.#cleared(found, by), ...this.#raised([alarm], by, quiet)]
      if (!before && !this.#hasRoom(alarm)) return this.#drowned()
      const { alarm: after, step } = afterRaise(before, alarm, this.#now())
      // A stranger may write nothing into the history: it would push the others out.
      if (alarm.unknown) return [...this.#roomForStranger(before), this.#shelf.put({ ...after, quiet: 'unknown' })]
      const now = this.#now()
      if (before?.flapping?.over) {
        const back = { ...after, flapping: { ...before.flapping, movedAt: now, over: false } }
        return [this.#shelf.put(back), ...(step === 'counted' ? [] : this.#event(step, by, back))]
      }
      if (step === 'counted') return [this.#shelf.put(after)]
      const hushed = before ? undefined : (quiet ?? this.#hush(after))
      const untold = step === 'changed' && !after.quiet && this.#hush(after) !== undefined
      const flaps = !before && this.#flaps.raised(after.id, now)
      const value: Alarm = {
        ...after,
        ...(hushed && { quiet: hushed }),
        ...(untold && { untold }),
        ...(flaps && { flapping: { since: now, movedAt: now, over: false } }),
      }
      if (step === 'raised') this.#announce('alarm.raised', { alarm: alarm.name, ...alarm })
      return [this.#shelf.put(value), ...this.#event(step, by, value)]
    })
  }

  #clearedAll(ids: readonly string[], by: string, hold = true): Change[] {
    const changes = ids.flatMap((id) => {
      const alarm = this.#shelf.get(id)
      if (!alarm) return []
      if (!hold || !alarm.flapping) return this.#cleared(alarm, by)
      // It was here and gone too often: it is held until it rests.
      const flapping = { ...alarm.flapping, movedAt: this.#now(), over: true }
      return alarm.flapping.over ? [] : [this.#shelf.put({ ...alarm, flapping })]
    })
    return changes.length === 0 ? [] : [...changes, ...this.#afterFlood()]
  }

  #cleared(alarm: Alarm, by: string): Change[] {
    const change = this.#shelf.remove(alarm)
    if (alarm.unknown) return [change]
    this.#announce('alarm.cleared', { alarm: alarm.name, source: alarm.source, by })
    return [change, ...this.#event('cleared', by, alarm)]
  }

  #replace(id: string, kind: AlarmEvent['kind'], by: string, change: (alarm: Alarm) => Alarm) {
    const alarm = this.#shelf.get(id)
    if (!alarm) return undefined
    const after = change(alarm)
    return this.#commit([this.#shelf.put(after), ...this.#event(kind, by, after)], 'forget')
  }

  #event(kind: AlarmEvent['kind'], by: string, alarm: Alarm): Change[] {
    const isTold = alarm.quiet === undefined && (kind !== 'changed' || !alarm.untold)
    return this.#history.append(this.#now(), kind, by, alarm, isTold)
  }

  #hasRoom({ name, mac, unknown }: NewAlarm): boolean {
    if (unknown || name === FLOOD) return true
    return this.#shelf.count < this.#settings.maxActive + (mac === undefined ? RESERVE : 0)
  }

  #roomForStranger(before: Alarm | undefined): Change[] {
    if (before || this.#shelf.strangerCount < MOST_STRANGERS) return []
    const oldest = this.#shelf.oldestStranger()
    return oldest ? [this.#shelf.remove(oldest)] : []
  }

  /** One alarm for all that found no room, written now and then. */
  #drowned(): Change[] {
    this.#flood.count++
    const now = this.#now()
    if (now - this.#flood.toldAt < FLOOD_PAUSE_MS || this.#flood.count < 2 * this.#flood.told) return []
    this.#flood.toldAt = now
    this.#flood.told = this.#flood.count
    return this.#raised([this.#floodAlarm()], OURSELVES)
  }

  /** Ends the flood when a tenth of the room is free again; until then its number is kept true. */
  #afterFlood(): Change[] {
    if (this.#flood.count === 0) return []
    const flood = this.#shelf.get(alarmId({ name: FLOOD, source: FLOOD_SOURCE }))
    if (!flood) return []
    if (this.#shelf.count > this.#settings.maxActive * 0.9) {
      if (this.#now() - this.#flood.toldAt < FLOOD_PAUSE_MS || this.#flood.count < 2 * this.#flood.told) return []
      this.#flood.toldAt = this.#now()
      this.#flood.told = this.#flood.count
      return this.#raised([this.#floodAlarm()], OURSELVES)
    }
    this.#flood = { ...this.#flood, count: 0, told: 0 }
    return this.#cleared(flood, OURSELVES)
  }

  #floodAlarm(): NewAlarm {
    return {
      name: FLOOD,
      source: FLOOD_SOURCE,
      severity: 'critical',
      eventType: 'processingError',
      probableCause: 0,
      description: `${this.#settings.maxActive} alarms are active; ${this.#flood.count} more were counted and not listed.`,
      remedy: 'Clear what is over and look for the one cause of many; or raise alarms.maxActive.',
    }
  }

  #commit(changes: readonly Change[], refused: 'keep' | 'forget'): Promise<boolean> {
    return this.#shelf.commit(changes, refused)
  }
}
