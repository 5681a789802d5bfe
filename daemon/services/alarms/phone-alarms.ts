// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import type { Alarm, NewAlarm, Severity } from '#daemon/domain/alarm'
import { holderOf } from '#daemon/domain/lease'
import type { Phone } from '#daemon/domain/phone'
import {
  beganAt,
  clearedBy,
  eventTypeOf,
  phoneAlarmKind,
  phoneAlarmName,
  probableCauseOf,
} from '#daemon/domain/phone-alarms'
import type { Store } from '#daemon/store/store'
import { leases, phones } from '#daemon/store/tables'
import type { Alert, AlertAnswer, AlertReport, AlertsPort } from '#protocols/alerts/port'
import { peerAddress } from '#protocols/lib/ipv4'
import { formatMac, type Mac } from '#protocols/lib/mac'
import type { Alarms } from './alarms.ts'
import type { AlarmScopes } from './scopes.ts'

/** Alarms of one phone: so many at once, then one more in each second. */
const BURST = 30
const REFILL_MS = 1_000
/** Alarms of one phone that stand side by side. */
const MOST_ACTIVE = 50
/** Senders whose rate is remembered; the one not heard of for longest makes room. */
const SENDERS = 20_000
/** A flood is over when nothing was left out for so long. */
const FLOOD_OVER_MS = 60_000
/** Phones with a flood or a doubtful sender that are told at once; the others are counted in the log alone. */
const MOST_TOLD = 100
/** A doubtful sender that is not heard of again for so long is forgotten. */
const DOUBT_OVER_MS = 3600_000

const FLOOD = 'PHONE ALARM FLOOD'
const DOUBT = 'PHONE ALARM FROM ANOTHER ADDRESS'

const NAMES: readonly Severity[] = ['cleared', 'indeterminate', 'warning', 'minor', 'major', 'critical']
const OURS = { eventType: 'processingError', severity: 'warning' } as const

interface Sender {
  tokens: number
  at: number
}

export interface PhoneAlarmsOptions {
  readonly store: Store
  readonly alarms: Alarms
  readonly scopes: AlarmScopes
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Makes alarms of what phones report of themselves. A phone has its answer only when its alarms are on disk. */
export class PhoneAlarms implements AlertsPort {
  readonly #options: PhoneAlarmsOptions
  readonly #senders = new Map<string, Sender>()
  readonly #floods = new Map<Mac, { left: number; at: number; told: number }>()
  readonly #doubts = new Map<Mac, number>()
  #leftOut = 0

  constructor(options: PhoneAlarmsOptions) {
    this.#options = options
  }

  /** Alarms of phones that were counted and not kept, since the start. */
  get leftOut(): number {
    return this.#leftOut
  }

  async report(report: AlertReport): Promise<AlertAnswer> {
    const { store, alarms } = this.#options
    const by = report.peer.address
    const writes: Promise<boolean>[] = []
    this.#leftOut += report.leftOut
    for (const alert of report.alerts) {
      const mac = alert.mac ?? report.mac ?? this.#macAt(report.peer.address)
      const phone = mac === undefined ? undefined : store.get(phones, mac)?.value
      if (phone?.approval === 'rejected') {
        return { kind: 'refused', status: 403, reason: `an admin rejected the phone ${phone.mac}` }
      }
      if (alert.severity !== 0) {
        const alarm = this.#alarmOf(alert, mac, phone, report)
        if (alarm) writes.push(alarms.raiseAsked([alarm], by))
      } else if (phone) {
        const ids = this.#clearedBy(alert, phone, report).map(({ id }) => id)
        writes.push(alarms.clearAsked(ids, by))
      }
    }
    return (await Promise.all(writes)).every(Boolean)
      ? { kind: 'taken' }
      : { kind: 'refused', status: 503, reason: 'the alarm could not be written' }
  }

  /** The phone is registered: what said that it could not be is over. */
  registered(mac: Mac): void {
    const { alarms } = this.#options
    const over = alarms.of(mac).filter(({ name, source }) => {
      return source === sourceOf(mac) && phoneAlarmKind(name).endsWithRegistration
    })
    if (over.length > 0)
      void alarms.clearAll(
        over.map(({ id }) => id),
        sourceOf(mac),
      )
  }

  /** Ends floods and doubts that are over, and keeps the numbers of those that last. */
  tick(): void {
    const { store, alarms, now } = this.#options
    for (const [mac, flood] of this.#floods) {
      if (now() - flood.at > FLOOD_OVER_MS) {
        this.#floods.delete(mac)
        void alarms.clear(FLOOD, sourceOf(mac))
      } else if (flood.left >= 2 * flood.told) this.#tellFlood(mac, flood)
    }
    for (const [mac, at] of this.#doubts) {
      if (now() - at <= DOUBT_OVER_MS) continue
      this.#doubts.delete(mac)
      void alarms.clear(DOUBT, sourceOf(mac))
    }
    // Of a phone that is no longer known nobody will hear that it is over.
    for (const { id, mac } of alarms.active()) {
      if (mac !== undefined && id.includes('#') && !store.get(phones, mac)) void alarms.clearAll([id])
    }
    // What a daemon before this one told and this one does not know of.
    for (const { name, source, mac, lastAt } of alarms.active()) {
      if (mac === undefined || now() - lastAt <= DOUBT_OVER_MS) continue
      if ((name === FLOOD && !this.#floods.has(mac)) || (name === DOUBT && !this.#doubts.has(mac))) {
        void alarms.clear(name, source)
      }
    }
  }

  #alarmOf(alert: Alert, mac: Mac | undefined, phone: Phone | undefined, report: AlertReport): NewAlarm | undefined {
    const { scopes, alarms, now } = this.#options
    const peer = report.peer.address
    const name = phoneAlarmName(alert.name)
    const kind = phoneAlarmKind(name)
    const detail = detailOf(alert)
    const active = phone ? alarms.of(phone.mac) : []
    const isNew = !active.some((alarm) => alarm.id.endsWith(`#${detail}`) && alarm.name === name)
    const crowded = isNew && active.length >= MOST_ACTIVE
    if (crowded || !this.#mayTell(phone?.mac ?? `stranger ${peer}`)) {
      this.#leftOut++
      if (phone) this.#flooded(phone.mac)
      return undefined
    }
    const doubt = phone && this.#doubtOf(phone, peer)
    if (phone && doubt) this.#tellDoubt(phone, doubt)
    return {
      name,
      source: mac === undefined ? alert.source || `address/${peer}` : sourceOf(mac),
      detail,
      severity: severityOf(alert),
      description: alert.description || name,
      remedy: kind.remedy,
      eventType: eventTypeOf(alert.type) ?? kind.eventType,
      probableCause: probableCauseOf(alert.probableCause) ?? kind.probableCause,
      additionalInfo: alert.additionalInfo,
      scope: phone ? scopes.of(phone) : '',
      remoteHost: peer,
      raisedAt: beganAt(alert.date, now()),
      ...(mac !== undefined && { mac }),
      ...(doubt !== undefined && { doubt }),
      ...(!phone && { unknown: true }),
    }
  }

  /** A clear from an address that is not the phone's may hide a fault: it is told and not obeyed. */
  #clearedBy(alert: Alert, phone: Phone, { peer }: AlertReport): readonly Alarm[] {
    const name = phoneAlarmName(alert.name)
    const active = this.#options.alarms.of(phone.mac).filter(({ source }) => source === sourceOf(phone.mac))
    const meant = clearedBy(active, { name, description: alert.description }).filter(({ id }) => id.includes('#'))
    const doubt = meant.length > 0 ? this.#doubtOf(phone, peer.address) : undefined
    if (doubt === undefined) return meant
    this.#tellDoubt(phone, doubt)
    return []
  }

  #macAt(address: string): Mac | undefined {
    const { store, now } = this.#options
    return holderOf(store.get(leases, address)?.value, now())
  }

  /** Undefined where the sender's address is one that the phone has, by its lease or its own reports. */
  #doubtOf(phone: Phone, peer: string): string | undefined {
    const address = peerAddress(peer) ?? peer
    const isTheirs = [phone.externalAddress, phone.address].some((known) => (peerAddress(known) ?? known) === address)
    if (isTheirs || this.#macAt(address) === phone.mac) return undefined
    const known = phone.externalAddress || phone.address
    if (known === '') return undefined
    return `It came from ${address}, but the phone was last heard of at ${known}.`
  }

  #mayTell(sender: string): boolean {
    const now = this.#options.now()
    const before = this.#senders.get(sender) ?? { tokens: BURST, at: now }
    const tokens = Math.min(BURST, before.tokens + (now - before.at) / REFILL_MS)
    this.#senders.delete(sender)
    this.#senders.set(sender, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now })
    if (this.#senders.size > SENDERS) {
      for (const oldest of this.#senders.keys()) {
        this.#senders.delete(oldest)
        break
      }
    }
    return tokens >= 1
  }

  #flooded(mac: Mac): void {
    const { now } = this.#options
    const flood = this.#floods.get(mac)
    if (flood) {
      flood.left++
      flood.at = now()
    } else if (this.#floods.size < MOST_TOLD) {
      const begun = { left: 1, at: now(), told: 0 }
      this.#floods.set(mac, begun)
      this.#tellFlood(mac, begun)
    }
  }

  #tellFlood(mac: Mac, flood: { left: number; told: number }): void {
    flood.told = flood.left
    void this.#options.alarms.raise({
      ...{ ...OURS, name: FLOOD, source: sourceOf(mac), mac, scope: this.#scopeOf(mac), probableCause: 0 },
      description: `The phone ${formatMac(mac)} sends more alarms than anybody can read: ${flood.left} were counted and not kept.`,
      remedy: 'Look at the phone, and restart it if it does not come to rest.',
    })
  }

  #tellDoubt(phone: Phone, doubt: string): void {
    const { mac } = phone
    if (!this.#doubts.has(mac) && this.#doubts.size >= MOST_TOLD) return
    this.#doubts.set(mac, this.#options.now())
    void this.#options.alarms.raise({
      ...{ ...OURS, name: DOUBT, source: sourceOf(mac), mac, scope: this.#scopeOf(mac), probableCause: 58 },
      description: `An alarm in the name of the phone ${formatMac(mac)} may be forged. ${doubt}`,
      remedy: 'If the phone did not move, look for the machine with this address. Clears from there are not obeyed.',
    })
  }

  #scopeOf(mac: Mac): string {
    const phone = this.#options.store.get(phones, mac)?.value
    return phone ? this.#options.scopes.of(phone) : ''
  }
}

/** Tells alarms of one phone and name apart; short, whatever the phone sent. */
function detailOf({ uniqueId, description }: Alert): string {
  return createHash('sha256').update(`${uniqueId}\n${description}`).digest('base64url').slice(0, 16)
}

function sourceOf(mac: Mac): string {
  return `IPPhone/${mac}`
}

function severityOf({ severity }: Alert): Exclude<Severity, 'cleared'> {
  const name = NAMES[severity]
  return name === undefined || name === 'cleared' ? 'indeterminate' : name
}
