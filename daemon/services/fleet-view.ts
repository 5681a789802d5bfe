// SPDX-License-Identifier: Apache-2.0
import { type Phone, type Presence, publicUser } from '#daemon/domain/phone'
import { presenceOf } from '#daemon/domain/presence'
import type { Store, Table } from '#daemon/store/store'
import { commands, leases, phones, timelines, users } from '#daemon/store/tables'
import { ipv4ToNumber, parseIpv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import type { DeviceDetail, DevicePage, DeviceQuery, DeviceRow, FleetSummary, FleetView } from '#web/port'
import type { Fleet } from './fleet.ts'

/** How often phones are looked at that may have fallen silent, in milliseconds. */
const SWEEP = 5_000

/** The fleet as the web pages read it. */
export class StoreFleetView implements FleetView {
  readonly #store: Store
  readonly #fleet: Fleet
  readonly #now: () => number

  constructor(store: Store, fleet: Fleet, now: () => number) {
    this.#store = store
    this.#fleet = fleet
    this.#now = now
  }

  summary(): FleetSummary {
    const count: Record<Presence, number> = {
      registered: 0,
      'not registered': 0,
      disconnected: 0,
      starting: 0,
      seen: 0,
    }
    let pendingApproval = 0
    for (const { value } of this.#store.entries(phones)) {
      count[this.presenceOf(value)]++
      if (value.approval === 'pending') pendingApproval++
    }
    return {
      registered: count.registered,
      notRegistered: count['not registered'],
      disconnected: count.disconnected,
      starting: count.starting,
      seen: count.seen,
      pendingApproval,
      total: this.#store.count(phones),
    }
  }

  devices({ text, presence, page, pageSize }: DeviceQuery): DevicePage {
    const needle = text.trim().toLowerCase()
    const bareMac = needle.replaceAll(/[:.-]/g, '')
    const rows: DeviceRow[] = []
    for (const { value } of this.#store.entries(phones)) {
      if (needle !== '' && !matches(value, needle, bareMac)) continue
      const row = this.#row(value)
      if (presence === undefined || row.presence === presence) rows.push(row)
    }
    const pageCount = Math.max(1, Math.ceil(rows.length / pageSize))
    const shown = Math.min(Math.max(1, page), pageCount)
    const start = (shown - 1) * pageSize
    return { rows: rows.slice(start, start + pageSize), page: shown, pageCount, total: rows.length }
  }

  recent(limit: number): readonly DeviceRow[] {
    const rows: DeviceRow[] = []
    for (const mac of this.#fleet.recent().slice(0, limit)) {
      const phone = this.#store.get(phones, mac)?.value
      if (phone) rows.push(this.#row(phone))
    }
    return rows
  }

  device(mac: Mac): DeviceDetail | undefined {
    const phone = this.#store.get(phones, mac)?.value
    if (!phone) return undefined
    const address = parseIpv4(phone.address)
    const lease = address === undefined ? undefined : this.#store.get(leases, address)?.value
    const user = this.#store.get(users, phone.owner || phone.userName.toLowerCase())?.value
    return {
      ...this.#row(phone),
      user: user && publicUser(user),
      lease: lease?.mac === mac ? lease : this.#leaseOf(mac),
      steps: this.#fleet.timelineOf(mac)?.steps ?? [],
      presences: this.#fleet.presencesOf(mac)?.changes ?? [],
    }
  }

  follow(listener: (mac: Mac) => void): () => void {
    const tell = ({ key }: { key: string }) => listener(key as Mac)
    const stops = [phones, timelines, commands].map((table: Table<unknown>) => this.#store.watch(table, 'now', tell))
    let last = this.#now()
    const sweep = setInterval(() => {
      const now = this.#now()
      for (const mac of this.#fallenSilent(last, now)) listener(mac)
      last = now
    }, SWEEP)
    return () => {
      clearInterval(sweep)
      for (const stop of stops) stop()
    }
  }

  /** A phone that falls silent makes no event of its own: those whose limit passed between two looks. */
  *#fallenSilent(from: number, to: number): Iterable<Mac> {
    const limit = this.#fleet.silenceLimit
    for (const { value } of this.#store.entries(phones)) {
      const due = this.#fleet.heardAt(value) + limit
      if (due > from && due <= to) yield value.mac
    }
  }

  #leaseOf(mac: Mac) {
    const held = [...this.#store.entries(leases)]
      .map(({ value }) => value)
      .filter((lease) => lease.mac === mac)
      .sort((a, b) => b.updatedAt - a.updatedAt || ipv4ToNumber(a.address) - ipv4ToNumber(b.address))
    return held[0]
  }

  #row(phone: Phone): DeviceRow {
    const heardAt = this.#fleet.heardAt(phone)
    const current = heardAt === phone.reportedAt ? phone : { ...phone, reportedAt: heardAt }
    return { phone: current, presence: this.presenceOf(current) }
  }

  presenceOf(phone: Phone): Presence {
    const reportedAt = this.#fleet.heardAt(phone)
    const current = reportedAt === phone.reportedAt ? phone : { ...phone, reportedAt }
    return presenceOf(current, this.#now(), this.#fleet.silenceLimit)
  }
}

/** Whether any of what people know a phone by holds the text, without regard to case. */
export function phoneMatches(phone: Phone, text: string): boolean {
  const needle = text.trim().toLowerCase()
  return matches(phone, needle, needle.replaceAll(/[:.-]/g, ''))
}

function matches(phone: Phone, needle: string, bareMac: string): boolean {
  return (
    (bareMac !== '' && phone.mac.includes(bareMac)) ||
    [phone.userName, phone.displayName, phone.owner, phone.address, phone.model].some((value) =>
      value.toLowerCase().includes(needle),
    ) ||
    [phone.firmware, phone.phoneNumber, phone.label, phone.serial].some((value) => value.toLowerCase().includes(needle))
  )
}
