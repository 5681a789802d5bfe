// SPDX-License-Identifier: Apache-2.0
import { holderOf } from '#daemon/domain/lease'
import { type Collection, isForgotten, withCollection } from '#daemon/domain/log-collection'
import type { Phone } from '#daemon/domain/phone'
import type { Announce } from '#daemon/messages'
import { put, remove, type Store } from '#daemon/store/store'
import { leases, phones, logCollections as table } from '#daemon/store/tables'
import { peerAddress } from '#protocols/lib/ipv4'
import { type Mac, parseMac } from '#protocols/lib/mac'
import { withoutToken } from '#protocols/lib/secret-path'
import type { Received, SyslogMessage, SyslogPort } from '#protocols/syslog/port'
import type { CollectOutcome, PhoneLog, PhoneLogsPort } from '#web/ports/phone-logs'
import type { LogFiles } from './log-files.ts'

const LONGEST_COLLECTION = 24 * 60
/** Phones asked for their logs at once. */
const MOST_COLLECTIONS = 200
/** How long it is remembered which phone has which address, in milliseconds. */
const ADDRESSES_FOR = 5_000
const SEVERITIES = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug']

export interface PhoneLogsOptions {
  readonly store: Store
  readonly files: LogFiles
  readonly announce: Announce
  /** The receiver's port, as phones reach it; undefined while it is switched off. */
  readonly port: number | undefined
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Keeps what phones log, and has them send it when somebody wants to read it. */
export class PhoneLogs implements SyslogPort, PhoneLogsPort {
  readonly #options: PhoneLogsOptions
  #addresses: { readonly until: number; readonly phones: ReadonlyMap<string, readonly Phone[]> } | undefined

  constructor(options: PhoneLogsOptions) {
    this.#options = options
  }

  async log({ message, peer }: Received): Promise<boolean> {
    const mac = this.#sender(peerAddress(peer.address) ?? peer.address, message)
    if (!mac) return false
    this.#options.files.add(mac, lineOf(message, this.#options.now()))
    return true
  }

  async read(mac: Mac, limit: number): Promise<PhoneLog | undefined> {
    const { store, files, now } = this.#options
    if (!store.get(phones, mac)) return undefined
    const collection = store.get(table, mac)?.value
    const log = { lines: await files.last(mac, limit), leftOut: files.leftOut(mac) }
    return collection && now() < collection.until ? { ...log, collection } : log
  }

  async collect(mac: Mac, minutes: number, who: string): Promise<CollectOutcome> {
    const { store, now, port } = this.#options
    if (!store.get(phones, mac)) return { kind: 'unknown' }
    if (port === undefined)
      return { kind: 'refused', reason: 'The receiver of logs is switched off: set syslog.enabled.' }
    if (!Number.isInteger(minutes) || minutes < 1 || minutes > LONGEST_COLLECTION) {
      return { kind: 'refused', reason: `"minutes" must be a whole number from 1 to ${LONGEST_COLLECTION}.` }
    }
    const others = [...store.entries(table)].filter(({ key, value }) => key !== mac && now() < value.until)
    if (others.length >= MOST_COLLECTIONS) {
      return { kind: 'refused', reason: `${MOST_COLLECTIONS} phones are asked for their logs already.` }
    }
    const collection: Collection = { mac, from: now(), until: now() + minutes * 60_000, by: who }
    await store.commit([put(table, mac, collection)], { durable: true })
    this.#options.announce('log.collect', { mac, minutes, by: who })
    return { kind: 'done', collection }
  }

  async endCollection(mac: Mac, who: string): Promise<boolean> {
    const { store, now } = this.#options
    const stored = store.get(table, mac)
    if (!stored || now() >= stored.value.until) return false
    await store.commit([put(table, mac, { ...stored.value, until: now() }, stored.revision)], { durable: true })
    this.#options.announce('log.collect-end', { mac, by: who })
    return true
  }

  /** The phone's file as it is to be while its log is collected, and until that is taken back. */
  amend(mac: Mac, file: string, server: string): string {
    const { store, now, port } = this.#options
    const collection = store.get(table, mac)?.value
    return collection ? withCollection(file, collection, server, port ?? 514, now()) : file
  }

  /** Forgets collections that were over long ago. */
  async tick(): Promise<void> {
    const { store, now } = this.#options
    const old = [...store.entries(table)].filter(({ value }) => isForgotten(value, now()))
    if (old.length > 0)
      await store.commit(
        old.map(({ key }) => remove(table, key)),
        { durable: false },
      )
  }

  /** By its lease, or its own reports; behind a NAT by what the message says of itself. */
  #sender(address: string, { hostname }: SyslogMessage): Mac | undefined {
    const { store, now } = this.#options
    const leased = holderOf(store.get(leases, address)?.value, now())
    if (leased && store.get(phones, leased)) return leased
    const there = this.#phonesAt(address)
    if (there.length <= 1) return there[0]?.mac
    const named = parseMac(hostname)
    return there.find(({ mac, address: own }) => mac === named || own === hostname || own === address)?.mac
  }

  #phonesAt(address: string): readonly Phone[] {
    const { store, now } = this.#options
    if (!this.#addresses || now() >= this.#addresses.until) {
      const found = new Map<string, Phone[]>()
      for (const { value: phone } of store.entries(phones)) {
        for (const at of new Set([phone.address, peerAddress(phone.externalAddress) ?? phone.externalAddress])) {
          const there = found.get(at)
          if (there) there.push(phone)
          else if (at !== '') found.set(at, [phone])
        }
      }
      this.#addresses = { until: now() + ADDRESSES_FOR, phones: found }
    }
    return this.#addresses.phones.get(address) ?? []
  }
}

/**
 * `2026-11-20T12:00:00.000Z error sip[77]: REGISTER 401`. The phone's own clock is not trusted. Phones log the addresses
 * that they ask; the secret in their own is left out.
 */
function lineOf({ severity, app, processId, data, text }: SyslogMessage, now: number): string {
  const who = app === '' ? '' : `${app}${processId && `[${processId}]`}: `
  return `${new Date(now).toISOString()} ${SEVERITIES[severity]} ${who}${data && `${data} `}${withoutToken(text)}`
}
