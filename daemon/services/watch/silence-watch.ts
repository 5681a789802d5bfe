// SPDX-License-Identifier: Apache-2.0
import { type Alarm, type NewAlarm, PROBABLE_CAUSE } from '#daemon/domain/alarm'
import { alarmId } from '#daemon/domain/alarm-steps'
import { isThere } from '#daemon/domain/flapping'
import { type Census, type FoldPlan, type FoldSettings, planFolds, type Silent } from '#daemon/domain/folding'
import type { Phone } from '#daemon/domain/phone'
import type { Alarms } from '#daemon/services/alarms/alarms'
import type { Store } from '#daemon/store/store'
import { phones } from '#daemon/store/tables'
import { formatMac, type Mac } from '#protocols/lib/mac'

export const DISCONNECTED = 'PHONE DISCONNECTED'
export const SILENT_PLACE = 'PHONES SILENT'
const BY = 'folding'

/** Alarms in one commit: the servers get their turn between two. */
const PORTION = 500
/** A report may be late by this share of its period, and by this many milliseconds, before it is missed. */
const LATE_SHARE = 0.1
const LATE_MS = 60_000

export interface SilenceWatchOptions {
  readonly store: Store
  readonly alarms: Alarms
  /** When each phone was last heard of, and for how long it may be silent, in milliseconds. */
  readonly fleet: { heardAt(phone: Phone): number; readonly silenceLimit: number }
  /** The period of the reports, in milliseconds. */
  readonly period: () => number
  /** A phone's places from narrow to wide. */
  readonly scopes: { placesOf(phone: Phone): readonly string[]; of(phone: Phone): string; label(scope: string): string }
  readonly isMaintained: (scope: string) => boolean
  readonly settings: FoldSettings
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/**
 * Raises an alarm for each phone that fell silent, and one for all where they have a place in common. After a start,
 * phones have one period to report before their silence counts: it may have been ours.
 */
export class SilenceWatch {
  readonly #options: SilenceWatchOptions
  readonly #startedAt: number
  /** Phones with an alarm, and when each was last heard of: an alarm that a person clears is not raised anew. */
  readonly #told = new Map<Mac, number>()
  #running: Promise<void> | undefined

  constructor(options: SilenceWatchOptions) {
    this.#options = options
    this.#startedAt = options.now()
  }

  /** Looks at all phones. A look that takes longer than the pause to the next one is not doubled. */
  look(): Promise<void> {
    this.#running ??= this.#look().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  /** Resolves when no look is under way. */
  async rest(): Promise<void> {
    await this.#running
  }

  async #look(): Promise<void> {
    const { alarms } = this.#options
    const { fallen, back, overdue, isSettled } = this.#survey()
    for (const portion of portions(back)) await alarms.clearAll(portion)
    for (const portion of portions(fallen)) {
      await alarms.raiseAll(
        portion.map((phone) => this.#alarmOf(phone)),
        'offhook',
        'window',
      )
    }
    const active = alarms.active().filter(({ name }) => name === DISCONNECTED || name === SILENT_PLACE)
    // Before that nobody knows who else missed a report: what is folded stays so.
    if (active.length > 0 && isSettled) await this.#fold(overdue)
    else await this.#releaseOld(active)
  }

  #survey(): { fallen: Phone[]; back: string[]; overdue: Set<Mac>; isSettled: boolean } {
    const { store, alarms, fleet, period, now } = this.#options
    const limit = fleet.silenceLimit
    const missed = period() * (1 + LATE_SHARE) + LATE_MS
    const isSettled = now() - this.#startedAt > missed
    const fallen: Phone[] = []
    const back: string[] = []
    const overdue = new Set<Mac>()
    for (const { value: phone } of store.entries(phones)) {
      if (phone.status === 'silent' || phone.approval === 'rejected') continue
      const heardAt = fleet.heardAt(phone)
      const silence = now() - heardAt
      const id = idOf(phone.mac)
      const isTold = alarms.isThere(id)
      if (silence > limit) {
        const wasCleared = !isTold && this.#told.get(phone.mac) === heardAt
        if (!isTold && !wasCleared && isSettled) fallen.push(phone)
        if (isTold) this.#told.set(phone.mac, heardAt)
      } else {
        this.#told.delete(phone.mac)
        if (isTold) back.push(id)
        if (silence > missed && isSettled) overdue.add(phone.mac)
      }
    }
    // Phones that are no longer watched: removed, or rejected.
    for (const { id, name, mac, flapping } of alarms.active()) {
      if (name !== DISCONNECTED || mac === undefined || flapping?.over) continue
      const phone = store.get(phones, mac)?.value
      if (phone && phone.approval !== 'rejected') continue
      this.#told.delete(mac)
      back.push(id)
    }
    return { fallen, back, overdue, isSettled }
  }

  async #fold(overdue: ReadonlySet<Mac>): Promise<void> {
    const { alarms, settings, now } = this.#options
    const { census, paths } = this.#census(overdue)
    const silent: Silent[] = []
    for (const alarm of alarms.active()) {
      if (alarm.name !== DISCONNECTED || !isThere(alarm)) continue
      const path = (alarm.mac && paths.get(alarm.mac)) ?? []
      silent.push({ ...alarm, path, raisedAt: alarm.raisedAt })
    }
    const folds = alarms
      .active()
      .filter((alarm) => alarm.name === SILENT_PLACE && isThere(alarm))
      .map(({ id, source, blast = 0 }) => ({ id, scope: placeOf(source), blast }))
    await this.#apply(planFolds(silent, folds, census, settings, now()), census)
  }

  /** Phones of each place; those whose silence was told on its own before, and is old, count no more. */
  #census(overdue: ReadonlySet<Mac>): { census: Map<string, Census>; paths: Map<Mac, readonly string[]> } {
    const { store, scopes } = this.#options
    const census = new Map<string, { phones: number; overdue: number }>()
    const paths = new Map<Mac, readonly string[]>()
    for (const { value: phone } of store.entries(phones)) {
      if (phone.status === 'silent' || phone.approval === 'rejected') continue
      const path = scopes.placesOf(phone)
      paths.set(phone.mac, path)
      for (const place of path) {
        const count = census.get(place) ?? { phones: 0, overdue: 0 }
        count.phones++
        if (overdue.has(phone.mac)) count.overdue++
        census.set(place, count)
      }
    }
    return { census, paths }
  }

  async #apply(plan: FoldPlan, census: ReadonlyMap<string, Census>): Promise<void> {
    const { alarms } = this.#options
    const ended = new Set(plan.end)
    if (ended.size > 0) {
      const parts = alarms.active().filter(({ parent }) => parent !== undefined && ended.has(parent))
      for (const portion of portions(parts.map(({ id }) => id))) {
        await alarms.amend(portion, ({ parent: _, ...alarm }) => alarm)
      }
      await alarms.clearAll(plan.end, BY)
    }
    for (const { scope, ids, blast } of plan.begin) {
      const fold = this.#foldOf(scope, blast, census.get(scope)?.phones ?? blast)
      await alarms.raise(fold, BY)
      await this.#adopt(alarmId(fold), ids)
    }
    for (const { fold, ids } of plan.join) await this.#adopt(fold, ids)
    for (const { fold, blast } of plan.resize) {
      await alarms.restate(
        fold,
        (alarm) => ({ ...alarm, blast, ...this.#words(placeOf(alarm.source), blast, census) }),
        BY,
      )
    }
    for (const portion of portions(plan.release)) await this.#release(portion)
  }

  async #adopt(parent: string, ids: readonly string[]): Promise<void> {
    for (const portion of portions(ids)) {
      await this.#options.alarms.amend(portion, (alarm) => {
        const part = { ...alarm, parent }
        return alarm.quiet === undefined ? part : { ...part, quiet: 'folded' }
      })
    }
  }

  /** Those who waited for others when the daemon before this one ended. */
  async #releaseOld(active: readonly Alarm[]): Promise<void> {
    const { now, settings } = this.#options
    const isWaiting = ({ name, quiet, parent, raisedAt }: Alarm) =>
      name === DISCONNECTED && quiet === 'window' && parent === undefined && now() - raisedAt >= settings.windowMs
    for (const portion of portions(active.filter(isWaiting).map(({ id }) => id))) await this.#release(portion)
  }

  async #release(ids: readonly string[]): Promise<void> {
    const { alarms, isMaintained } = this.#options
    const covered = ids.filter((id) => isMaintained(alarms.get(id)?.scope ?? ''))
    const waiting = new Set(covered)
    await alarms.amend(covered, (alarm) => ({ ...alarm, quiet: 'maintenance' }))
    await alarms.release(
      ids.filter((id) => !waiting.has(id)),
      BY,
    )
  }

  #alarmOf(phone: Phone): NewAlarm {
    const { fleet, now, scopes } = this.#options
    const minutes = Math.floor((now() - fleet.heardAt(phone)) / 60_000)
    const who = phone.displayName || phone.userName
    return {
      ...{ name: DISCONNECTED, source: `IPPhone/${phone.mac}`, severity: 'major', mac: phone.mac },
      ...{ eventType: 'communications', probableCause: PROBABLE_CAUSE.communicationsSubsystemFailure },
      description: `The phone ${formatMac(phone.mac)}${who && ` of ${who}`} has not reported for ${minutes} minutes.`,
      remedy: 'Check its power and network. If it was taken away, remove it from the device list.',
      additionalInfo: phone.address === '' ? [] : [`last address ${phone.address}`],
      remoteHost: phone.externalAddress,
      scope: scopes.of(phone),
    }
  }

  #foldOf(scope: string, blast: number, all: number): NewAlarm {
    return {
      ...{ name: SILENT_PLACE, source: `scope/${scope}`, scope, blast, severity: 'critical' },
      ...{ eventType: 'communications', probableCause: PROBABLE_CAUSE.lanError },
      ...this.#words(scope, blast, new Map([[scope, { phones: all, overdue: 0 }]])),
      remedy:
        'Look for what they have in common: the switch and its power, the uplink, the VLAN, the DHCP relay. The phones are listed beneath.',
    }
  }

  #words(scope: string, blast: number, census: ReadonlyMap<string, Census>): { description: string } {
    const all = Math.max(blast, census.get(scope)?.phones ?? 0)
    return { description: `${blast} of ${all} phones of ${this.#options.scopes.label(scope)} are silent.` }
  }
}

function idOf(mac: Mac): string {
  return alarmId({ name: DISCONNECTED, source: `IPPhone/${mac}` })
}

function placeOf(source: string): string {
  return source.slice('scope/'.length)
}

function* portions<T>(list: readonly T[]): Iterable<T[]> {
  for (let at = 0; at < list.length; at += PORTION) yield list.slice(at, at + PORTION)
}
