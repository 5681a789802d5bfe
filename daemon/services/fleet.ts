// SPDX-License-Identifier: Apache-2.0
import { type BootTimeline, bootStepOf, withStep } from '#daemon/domain/boot'
import { type Identity, newPhone, newUser, type Phone, type ReportedStatus, type User } from '#daemon/domain/phone'
import { reportedStatus, silenceLimit } from '#daemon/domain/presence'
import { type PresenceHistory, withPresence } from '#daemon/domain/presence-history'
import { fitDetails, userName } from '#daemon/domain/user'
import type { Announce } from '#daemon/messages'
import { type Change, Conflict, put, type Store } from '#daemon/store/store'
import { leases, phones, presences, timelines, users } from '#daemon/store/tables'
import type { KeepalivePort, StatusAnswer, StatusReport } from '#protocols/keepalive/port'
import type { Evidence, Exchange } from '#protocols/lib/exchange'
import type { Mac } from '#protocols/lib/mac'
import { LaterWrites } from './later-writes.ts'

export interface FleetSettings {
  readonly zeroTouch: boolean
  readonly keepAliveMinutes: number
  readonly disconnectedAfterMinutes?: number | undefined
  readonly maxPending: number
}

export interface FleetOptions {
  readonly store: Store
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly identify: (evidence: Evidence) => Identity | undefined
  readonly settings: FleetSettings
  readonly announce: Announce
}

/** Whether a phone that waits is let in by a rule, and into which scope. */
export type Admits = (phone: Phone) => { readonly scope: string } | undefined

/** A report that changes nothing is written at most this often, so that a restart still knows who was alive. */
const REWRITE_AFTER = 5 * 60_000
const MOST_BEING_WRITTEN = 1_000
/** Latest reports kept for the dashboard. */
const RECENT = 50
/** A full table is announced once in this many milliseconds, and not once for every packet of a newcomer. */
const FULL_AGAIN_AFTER = 60_000

/**
 * The fleet: learns phones from every exchange that reveals one, and takes their reports. A keep-alive that says
 * nothing new touches no disk.
 */
export class Fleet implements KeepalivePort {
  readonly #options: FleetOptions
  /** When each phone was last heard of by keep-alive; newer than the record's `reportedAt`. */
  readonly #heard = new Map<Mac, number>()
  #recent: Mac[] = []
  readonly #timelines: LaterWrites<BootTimeline>
  readonly #presences: LaterWrites<PresenceHistory>
  /** Those that wait for approval; who is let in or removed elsewhere leaves it by the store's notice. */
  readonly #pending = new Set<string>()
  #stopWatching = () => {}
  #admits: Admits = () => undefined
  /** Reports that were answered before they were written. */
  #beingWritten = 0
  #toldFullAt = Number.NEGATIVE_INFINITY

  constructor(options: FleetOptions) {
    this.#options = options
    const onFault = (error: unknown) => this.#unwritten(error)
    this.#timelines = new LaterWrites(options.store, timelines, onFault)
    this.#presences = new LaterWrites(options.store, presences, onFault)
  }

  /** Counts and orders what the store holds; call once, after the store is open. */
  load(): void {
    const reported: Phone[] = []
    for (const { value } of this.#options.store.entries(phones)) {
      if (value.approval === 'pending') this.#pending.add(value.mac)
      if (value.reportedAt > 0) reported.push(value)
    }
    reported.sort((a, b) => b.reportedAt - a.reportedAt)
    this.#recent = reported.slice(0, RECENT).map(({ mac }) => mac)
    this.#stopWatching = this.#options.store.watch(phones, 'now', ({ key, value }) => {
      if (value?.approval === 'pending') this.#pending.add(key)
      else this.#pending.delete(key)
      if (!value) this.#heard.delete(key as Mac)
      // Notices come after later reports were taken: what counts is what the phone is now.
      const phone = this.#options.store.get(phones, key)?.value
      if (phone) this.#became(phone, phone.status, this.#options.now())
    })
  }

  /** By which rule phones are let in that nobody decided about. */
  admitBy(admits: Admits): void {
    this.#admits = admits
  }

  /** Follows nothing any more, and writes what waits to be written; call it before the store closes. */
  async flush(): Promise<void> {
    this.#stopWatching()
    await this.#timelines.flush()
    await this.#presences.flush()
  }

  /** The steps a phone took, the newest included. */
  timelineOf(mac: Mac): BootTimeline | undefined {
    return this.#timelines.of(mac)
  }

  /** What the phone was, the newest change included. */
  presencesOf(mac: Mac): PresenceHistory | undefined {
    return this.#presences.of(mac)
  }

  /** When the phone's last keep-alive came, in milliseconds since the epoch; 0 for never. */
  heardAt(phone: Phone): number {
    return Math.max(phone.reportedAt, this.#heard.get(phone.mac) ?? 0)
  }

  /** MACs of the phones that reported last, newest first. */
  recent(): readonly Mac[] {
    return this.#recent
  }

  /** How long a phone may be silent, in milliseconds. */
  get silenceLimit(): number {
    const { keepAliveMinutes, disconnectedAfterMinutes } = this.#options.settings
    return disconnectedAfterMinutes === undefined ? silenceLimit(keepAliveMinutes) : disconnectedAfterMinutes * 60_000
  }

  async report(report: StatusReport): Promise<StatusAnswer> {
    const { store, now, announce } = this.#options
    const stored = store.get(phones, report.mac)
    const before = stored?.value
    if (before?.approval === 'rejected') return { kind: 'refused', status: 403, reason: 'an admin rejected this phone' }
    if (!before && !this.#mayEnter()) {
      return { kind: 'refused', status: 503, reason: 'too many phones wait for approval' }
    }
    const at = now()
    const reported = this.#admitted(this.#afterReport(before ?? newPhone(report.mac, at), report, at))
    const user = this.#newUser(reported, at)
    const after = this.#owned(before, reported, user)
    if (before) this.#wasSilent(before, at)
    this.#hear(report.mac, at)
    if (before && sameButTime(before, after) && at - before.reportedAt < REWRITE_AFTER) {
      return { kind: 'accepted', requests: [] }
    }
    const changes: Change[] = [put(phones, after.mac, after, stored?.revision ?? 'absent')]
    if (user) changes.push(put(users, user.name, user, 'absent'))
    try {
      await this.#write(changes, !before || user !== undefined)
    } catch (error) {
      if (error instanceof Conflict) return this.report(report)
      throw error
    }
    if (!before) this.#entered(after)
    this.#became(after, after.status, at)
    if (before && before.status !== after.status) {
      announce('fleet.phone.status', { mac: after.mac, from: before.status, to: after.status, user: after.userName })
    }
    if (user) announce('fleet.user.new', { user: user.name, mac: after.mac })
    if (before?.owner && before.owner !== after.owner) {
      announce('fleet.phone.moved', { mac: after.mac, from: before.owner, to: after.owner, by: 'report' })
    }
    return { kind: 'accepted', requests: [] }
  }

  /** Every exchange is evidence about a phone: it may introduce one, correct what is known of it, or be a boot step. */
  sighted(exchange: Exchange): void {
    if (exchange.ending === 'malformed') return
    const { store, now, identify } = this.#options
    const { evidence, peer } = exchange
    const identity = identify(evidence)
    const mac = evidence.mac ?? identity?.mac ?? store.get(leases, peer.address)?.value.mac
    if (!mac) return
    const at = now()
    const stored = store.get(phones, mac)
    const before = stored?.value
    if (!before && (!identity || !this.#mayEnter())) return
    const after = seen(before ?? newPhone(mac, at), identity, evidence)
    if (after !== before) this.#note(put(phones, mac, after, stored?.revision ?? 'absent'))
    if (!before) this.#entered(after)
    const step = bootStepOf(exchange, at)
    if (step) this.#timelines.set(mac, withStep(this.#timelines.of(mac), step))
  }

  #afterReport(phone: Phone, report: StatusReport, at: number): Phone {
    const { identify, settings } = this.#options
    const identity = identify({ mac: report.mac, model: report.model, userAgent: report.userAgent })
    const status = reportedStatus(report.status)
    const { vlanId, userId, sipProxy } = report
    return {
      ...phone,
      vendor: identity?.vendor ?? phone.vendor,
      model: identity?.model || report.model || phone.model,
      firmware: report.firmware || phone.firmware,
      approval: settings.zeroTouch && status === 'registered' ? 'approved' : phone.approval,
      status,
      address: report.ip || phone.address,
      externalAddress: report.peer.address,
      subnet: report.subnet || phone.subnet,
      // `started` comes with the user fields empty: nobody is signed in at that moment.
      userName: report.userName || report.userId,
      displayName: report.userName || report.userId,
      phoneNumber: report.phoneNumber,
      location: report.location,
      userAgent: report.userAgent || phone.userAgent,
      extra: { ...report.extra, ...present({ vlanId, userId, sipProxy }) },
      reportedAt: at,
    }
  }

  /** A rule may let a phone in that waits. */
  #admitted(phone: Phone): Phone {
    const admitted = phone.approval === 'pending' ? this.#admits(phone) : undefined
    return admitted ? { ...phone, approval: 'approved', ...admitted } : phone
  }

  /** Zero touch makes the user whom a registered phone names, unless there is one or the name is none. */
  #newUser(phone: Phone, at: number): User | undefined {
    const { settings, store } = this.#options
    if (!settings.zeroTouch || phone.status !== 'registered') return undefined
    const name = userName(phone.userName)
    if ('reason' in name || store.get(users, name.text)) return undefined
    return { ...newUser(name.text, at), ...fitDetails({ name: phone.displayName, number: phone.phoneNumber }) }
  }

  /**
   * A phone at which another user registers is that user's from then on. A report that repeats the old name moves
   * nothing: an admin may have given the phone to somebody else since.
   */
  #owned(before: Phone | undefined, phone: Phone, made: User | undefined): Phone {
    if (phone.approval !== 'approved' || phone.status !== 'registered') return phone
    const name = phone.userName.toLowerCase()
    const repeated = phone.owner !== '' && name === before?.userName.toLowerCase()
    if (name === '' || name === phone.owner || repeated) return phone
    if (made?.name !== name && !this.#options.store.get(users, name)) return phone
    return { ...phone, owner: name, ownerFrom: 'report' }
  }

  /**
   * Whoever is new is on disk before the answer. A change of what is known is in memory at once, and the next report
   * brings it again: its answer waits for the disk only when that falls behind.
   */
  async #write(changes: readonly Change[], isNew: boolean): Promise<void> {
    const { store } = this.#options
    const written = store.commit(changes, { durable: isNew })
    if (isNew || this.#beingWritten >= MOST_BEING_WRITTEN || store.trouble() !== undefined) {
      await written
      return
    }
    this.#beingWritten++
    written
      .catch((error: unknown) => this.#unwritten(error))
      .finally(() => {
        this.#beingWritten--
      })
  }

  #hear(mac: Mac, at: number): void {
    this.#heard.set(mac, at)
    if (this.#recent[0] !== mac) this.#recent = [mac, ...this.#recent.filter((other) => other !== mac)].slice(0, RECENT)
  }

  /** A phone that falls silent makes no event of its own: it is noted when it is back, for the moment when it was due. */
  #wasSilent(phone: Phone, at: number): void {
    const heardAt = this.heardAt(phone)
    const due = heardAt + this.silenceLimit
    if (heardAt === 0 || at <= due) return
    this.#became(phone, 'disconnected', due)
  }

  #became(phone: Phone, status: ReportedStatus | 'disconnected', at: number): void {
    const known = this.#presences.of(phone.mac)
    const after = withPresence(known, { ...phone, status }, at)
    if (after !== undefined && after !== known) this.#presences.set(phone.mac, after)
  }

  #mayEnter(): boolean {
    const { settings, now, announce } = this.#options
    if (this.#pending.size < settings.maxPending) return true
    if (now() - this.#toldFullAt >= FULL_AGAIN_AFTER) {
      this.#toldFullAt = now()
      announce('fleet.full', { maxPending: settings.maxPending })
    }
    return false
  }

  #entered(phone: Phone): void {
    if (phone.approval === 'pending') this.#pending.add(phone.mac)
    const { mac, model, approval, virtual } = phone
    this.#options.announce('fleet.phone.new', { mac, model, approval, virtual })
  }

  #note(change: Change): void {
    this.#options.store.commit([change], { durable: false }).catch((error: unknown) => {
      // Two sightings of one new phone may race; the next one brings the same evidence again.
      if (!(error instanceof Conflict)) this.#unwritten(error)
    })
  }

  #unwritten(error: unknown): void {
    this.#options.announce('daemon.fault', { error: `a sighting could not be written: ${String(error)}` })
  }
}

/** The phone with what the evidence adds; the same object when that is nothing, as for most packets. */
function seen(phone: Phone, identity: Identity | undefined, evidence: Evidence): Phone {
  const vendor = identity?.vendor || phone.vendor
  const model = identity?.model || phone.model
  const firmware = identity?.firmware || phone.firmware
  const address = evidence.address ?? phone.address
  const userAgent = evidence.userAgent ?? phone.userAgent
  const isKnown =
    vendor === phone.vendor &&
    model === phone.model &&
    firmware === phone.firmware &&
    address === phone.address &&
    userAgent === phone.userAgent
  return isKnown ? phone : { ...phone, vendor, model, firmware, address, userAgent }
}

function sameButTime(a: Phone, b: Phone): boolean {
  return (Object.keys(b) as (keyof Phone)[]).every(
    (key) => key === 'reportedAt' || a[key] === b[key] || (key === 'extra' && sameText(a.extra, b.extra)),
  )
}

function present(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''))
}

function sameText(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(b)
  return keys.length === Object.keys(a).length && keys.every((key) => a[key] === b[key])
}
