// SPDX-License-Identifier: Apache-2.0

import { PROBABLE_CAUSE } from '#daemon/domain/alarm'
import type { Alarms, NewAlarm } from '#daemon/services/alarms/alarms'
import type { LeaseQuery } from '#protocols/dhcp/port'
import type { Ipv4 } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'

/** A boot loader in recovery mode repeats its DISCOVER about every five seconds; this many in a row tell it from luck. */
const REPEATS = 4
const SHORTEST_PAUSE_MS = 2_000
const LONGEST_PAUSE_MS = 12_000
/** Phones watched at once; the one not heard of for longest makes room. */
const MOST_WATCHED = 1_000
/** The same alarm is counted once in this time, however often its cause shows. */
const QUIET_MS = 60_000
const DAY_MS = 24 * 3600 * 1000
/** Alarms that anybody on the network can cause by lying are few at once. */
const MOST_FOREIGN = 16

const EXHAUSTED = 'DHCP pool exhausted'
const QUARANTINED = 'address in quarantine'
const FOREIGN = 'foreign DHCP server'
const RECOVERY = 'phone in recovery mode'

/** Turns what the DHCP service comes across into alarms, and ends them when their cause is gone. */
export class DhcpWatch {
  readonly #alarms: Pick<Alarms, 'raise' | 'clear' | 'active'>
  readonly #now: () => number
  readonly #raisedAt = new Map<string, number>()
  readonly #discovers = new Map<Mac, { at: number; count: number }>()
  readonly #foreign = new Set<string>()
  #sweptAt = Number.NEGATIVE_INFINITY

  constructor(alarms: Pick<Alarms, 'raise' | 'clear' | 'active'>, now: () => number) {
    this.#alarms = alarms
    this.#now = now
  }

  exhausted(subnet: string): void {
    this.#raise({
      name: EXHAUSTED,
      source: `subnet/${subnet}`,
      scope: `subnet/${subnet}`,
      severity: 'major',
      eventType: 'qualityOfService',
      probableCause: PROBABLE_CAUSE.resourceAtOrNearingCapacity,
      description: `No address of subnet ${subnet} is free: new phones there get none.`,
      remedy: 'Enlarge its pools, shorten its lease time, or look for a client that takes many addresses.',
    })
  }

  available(subnet: string): void {
    this.#clear(EXHAUSTED, `subnet/${subnet}`)
  }

  quarantined(address: Ipv4, by: Mac): void {
    this.#raise({
      name: QUARANTINED,
      source: `address/${address}`,
      severity: 'minor',
      eventType: 'communications',
      probableCause: PROBABLE_CAUSE.configurationOrCustomizationError,
      description: `The client ${by} found ${address} in use by another host; nobody gets it for a day.`,
      remedy: 'Find the host that has this address without a lease, or exclude the address from the pool.',
    })
  }

  foreignServer(server: Ipv4, chosenBy: Mac): void {
    if (!this.#foreign.has(server) && this.#foreign.size >= MOST_FOREIGN) return
    this.#foreign.add(server)
    this.#raise({
      name: FOREIGN,
      source: `server/${server}`,
      severity: 'warning',
      eventType: 'communications',
      probableCause: PROBABLE_CAUSE.configurationOrCustomizationError,
      remoteHost: server,
      description: `The client ${chosenBy} chose the DHCP server ${server}, which is not this one.`,
      remedy:
        'If it is not yours, switch it off. If it is, give it the phones’ options, or set dhcp.mode to options-only.',
    })
  }

  /** Looks for recovery mode in what a phone sends: DISCOVER again and again, for boot files and no provisioning URL. */
  heard({ kind, mac, wanted }: LeaseQuery, model: string): void {
    const asksBootFiles = (wanted.includes(66) || wanted.includes(67)) && !wanted.includes(160)
    if (kind !== 'discover' || !asksBootFiles) {
      if (wanted.includes(160)) {
        this.#discovers.delete(mac)
        this.#clear(RECOVERY, `IPPhone/${mac}`)
      }
      return
    }
    const now = this.#now()
    const before = this.#discovers.get(mac)
    const pause = before ? now - before.at : Number.POSITIVE_INFINITY
    if (before && pause < SHORTEST_PAUSE_MS) return // a copy of the same one, by another relay
    const count = before && pause <= LONGEST_PAUSE_MS ? before.count + 1 : 1
    this.#discovers.delete(mac)
    this.#discovers.set(mac, { at: now, count })
    if (this.#discovers.size > MOST_WATCHED)
      for (const oldest of this.#discovers.keys()) {
        this.#discovers.delete(oldest)
        break
      }
    if (count >= REPEATS) this.#raiseRecovery(mac, model)
  }

  /** Ends the alarms of addresses out of quarantine and of servers gone for a day; looks once a minute at most. */
  sweep(isQuarantined: (address: string) => boolean): void {
    if (this.#now() - this.#sweptAt < QUIET_MS) return
    this.#sweptAt = this.#now()
    for (const { name, source, lastAt } of this.#alarms.active()) {
      if (name === FOREIGN && this.#now() - lastAt > DAY_MS) {
        this.#foreign.delete(source.slice('server/'.length))
        this.#clear(name, source)
      }
      if (name === QUARANTINED && !isQuarantined(source.slice('address/'.length))) this.#clear(name, source)
    }
  }

  #raiseRecovery(mac: Mac, model: string): void {
    const file = model === '' ? 'its firmware' : `${model}.img`
    this.#raise({
      name: RECOVERY,
      source: `IPPhone/${mac}`,
      mac,
      severity: 'major',
      eventType: 'equipment',
      probableCause: PROBABLE_CAUSE.softwareError,
      description: `The phone ${mac} repeats its DISCOVER for a boot file: its firmware is damaged or missing.`,
      remedy: `Put ${file} into the firmware folder and check that the phone reaches the TFTP server.`,
    })
  }

  #raise(alarm: NewAlarm): void {
    const id = `${alarm.name}@${alarm.source}`
    const now = this.#now()
    if (now - (this.#raisedAt.get(id) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) return
    if (this.#raisedAt.size >= MOST_WATCHED) this.#raisedAt.clear()
    this.#raisedAt.set(id, now)
    this.#alarms.raise(alarm)
  }

  #clear(name: string, source: string): void {
    this.#raisedAt.delete(`${name}@${source}`)
    this.#alarms.clear(name, source)
  }
}
