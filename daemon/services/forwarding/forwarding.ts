// SPDX-License-Identifier: Apache-2.0
import { isDeepStrictEqual } from 'node:util'
import type { DestinationSecrets, DestinationSettings, StoredDestination } from '#daemon/domain/destination'
import type { ScopePath } from '#daemon/domain/destination-filter'
import type { Announce } from '#daemon/messages'
import { put, remove, type Store } from '#daemon/store/store'
import { destinations, forwardCursors, toldAlarms } from '#daemon/store/tables'
import type {
  DeliveryTest,
  Destination,
  DestinationDraft,
  DestinationKind,
  ForwardingPort,
} from '#web/ports/forwarding'
import type { FieldError, Saved } from '#web/ports/saved'
import { testAlarm } from './alarm-text.ts'
import type { AlarmDesk } from './desk.ts'
import { clearAlarmsOfOthers } from './destination-alarms.ts'
import { Events } from './events.ts'
import { destinationKinds, secretsOf, treeOf, valuesOf } from './form.ts'
import { Forwarder } from './forwarder.ts'
import { PAUSES, type Pauses } from './pacing.ts'
import { type Sender, sentenceOf } from './sender.ts'

/** A destination with its secrets, in memory only. */
export interface ReadyDestination {
  readonly settings: DestinationSettings
  readonly secrets: DestinationSecrets
}

/** What the schema says of a destination that somebody entered. */
export type DestinationCheck = (tree: unknown) => ReadyDestination | { readonly faults: readonly FieldError[] }

/** Seals and opens secrets; `place` is part of the seal. */
interface Seals {
  seal(secret: string, place: string): string
  open(sealed: string, place: string): string
}

export interface ForwardingOptions {
  readonly store: Store
  readonly desk: AlarmDesk
  readonly vault: Seals
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
  /** A fresh id. */
  readonly newId: () => string
  readonly announce: Announce
  /** Those of the configuration file, which nobody changes here. */
  readonly configured: readonly ReadyDestination[]
  readonly check: DestinationCheck
  readonly senderFor: (destination: ReadyDestination) => Sender
  readonly pathOf: ScopePath
  /** Between tries. */
  readonly pauses?: Pauses
  /** Names of syslog's facilities, in order. */
  readonly facilities: readonly string[]
  readonly mib: () => { readonly fileName: string; readonly text: string }
}

interface Entry {
  readonly id: string
  readonly origin: Destination['origin']
  readonly ready: ReadyDestination
  readonly revision: number
  /** Undefined where its secrets cannot be opened: it is shown, and sends nothing. */
  readonly forwarder: Forwarder | undefined
  readonly trouble: string
}

const MOST = 50
const HINT_SCOPES = 'One on each line, e.g. subnet/voice; empty for all.'
/** Listeners hear of changes at most this often, in milliseconds. */
const TELL_EVERY_MS = 250

/** All destinations, each with its forwarder. */
export class Forwarding implements ForwardingPort {
  readonly #options: ForwardingOptions
  readonly #events: Events
  readonly #entries = new Map<string, Entry>()
  readonly #listeners = new Set<() => void>()
  #telling: NodeJS.Timeout | undefined
  /** Changes of the list go one after the other. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: ForwardingOptions) {
    this.#options = options
    this.#events = new Events(options.store)
  }

  async start(): Promise<void> {
    const { configured, store, desk } = this.#options
    this.#events.start(() => {
      for (const { forwarder } of this.#entries.values()) forwarder?.pump()
    })
    for (const ready of configured) await this.#enter(configId(ready), 'config', ready, 0)
    for (const { key, value, revision } of [...store.entries(destinations)])
      await this.#enterStored(key, value, revision)
    clearAlarmsOfOthers(
      desk,
      Array.from(this.#entries.values(), ({ ready }) => ready.settings.name),
    )
    await this.#forgetOthers()
  }

  async stop(): Promise<void> {
    this.#events.stop()
    clearTimeout(this.#telling)
    await this.#turn.catch(() => {})
    await Promise.all(Array.from(this.#entries.values(), ({ forwarder }) => forwarder?.stop()))
    this.#entries.clear()
  }

  /** Another list of those of the configuration file; what did not change is not disturbed. */
  reconfigure(configured: readonly ReadyDestination[]): Promise<void> {
    return this.#inTurn(async () => {
      const wanted = new Map(configured.map((ready) => [configId(ready), ready]))
      for (const { id, origin, ready, forwarder } of [...this.#entries.values()]) {
        if (origin !== 'config' || isDeepStrictEqual(wanted.get(id), ready)) continue
        await forwarder?.stop()
        this.#entries.delete(id)
        if (!wanted.has(id)) forwarder?.forget()
      }
      for (const [id, ready] of wanted) if (!this.#entries.has(id)) await this.#enter(id, 'config', ready, 0)
      await this.#forgetOthers()
      this.#tell()
    })
  }

  kinds(): readonly DestinationKind[] {
    return destinationKinds(HINT_SCOPES)
  }

  destinations(): readonly Destination[] {
    const rows = Array.from(this.#entries.values(), (entry) => this.#row(entry))
    return rows.sort((a, b) => a.name.localeCompare(b.name))
  }

  destination(id: string): Destination | undefined {
    const entry = this.#entries.get(id)
    return entry && this.#row(entry)
  }

  save(draft: DestinationDraft, who: string): Promise<Saved<Destination>> {
    return this.#inTurn(() => this.#save(draft, who))
  }

  remove(id: string, who: string): Promise<'removed' | 'gone' | 'fixed'> {
    return this.#inTurn(async () => {
      const entry = this.#entries.get(id)
      if (!entry) return 'gone'
      if (entry.origin === 'config') return 'fixed'
      await this.#options.store.commit([remove(destinations, id)], { durable: true })
      await entry.forwarder?.stop()
      this.#entries.delete(id)
      entry.forwarder?.forget()
      await this.#forgetOthers()
      this.#options.announce('forwarding.removed', { destination: entry.ready.settings.name, who })
      this.#tell()
      return 'removed'
    })
  }

  async test(id: string, who: string): Promise<DeliveryTest | undefined> {
    const entry = this.#entries.get(id)
    if (!entry) return undefined
    const { forwarder, ready, trouble } = entry
    if (!forwarder) return { ok: false, sentence: trouble }
    const at = this.#options.now()
    const { settings } = ready
    try {
      const alarm = testAlarm(settings.name, who, at)
      const millis = await forwarder.test({ kind: 'test', sequence: 0, at, by: who, alarm })
      return { ok: true, sentence: `${acceptance(settings)} after ${millis} ms.` }
    } catch (error) {
      return { ok: false, sentence: `It did not work: ${sentenceOf(error)}.` }
    }
  }

  async resend(id: string, who: string): Promise<number | undefined> {
    const entry = this.#entries.get(id)
    if (!entry) return undefined
    this.#options.announce('forwarding.resend', { destination: entry.ready.settings.name, who })
    return (await entry.forwarder?.resend()) ?? 0
  }

  pause(id: string, who: string): Promise<boolean> {
    return this.#setPaused(id, who, true)
  }

  proceed(id: string, who: string): Promise<boolean> {
    return this.#setPaused(id, who, false)
  }

  mib(): { readonly fileName: string; readonly text: string } {
    return this.#options.mib()
  }

  follow(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  async #save(draft: DestinationDraft, who: string): Promise<Saved<Destination>> {
    const { store, check, newId, vault, announce } = this.#options
    const entry = draft.id === undefined ? undefined : this.#entries.get(draft.id)
    if (draft.id !== undefined && !entry) return { kind: 'conflict' }
    if (entry?.origin === 'config') return refused('name', 'It stands in the configuration file: change it there.')
    if (entry && draft.revision !== undefined && draft.revision !== entry.revision) return { kind: 'conflict' }
    if (!entry && this.#entries.size >= MOST) return refused('name', `There are ${MOST} destinations already.`)
    const kept = entry?.ready.settings.kind === draft.kind ? entry.ready.secrets : {}
    const found = check(treeOf(draft, { ...kept, ...draft.secrets }))
    if ('faults' in found) return { kind: 'refused', errors: found.faults }
    const { name } = found.settings
    if (this.#isTaken(name, draft.id)) return refused('name', `"${name}" is taken.`)

    const id = entry?.id ?? newId()
    const sealed = Object.entries(found.secrets).map(([field, text]) => [field, vault.seal(text, place(id, field))])
    const stored: StoredDestination = { settings: found.settings, sealed: Object.fromEntries(sealed) }
    let revision: number
    try {
      revision = await store.commit([put(destinations, id, stored)], { durable: true })
    } catch (error) {
      return refused('name', `It could not be written: ${sentenceOf(error)}.`)
    }
    await entry?.forwarder?.stop()
    if (entry && entry.ready.settings.name !== name) entry.forwarder?.forget()
    await this.#enter(id, 'here', found, revision)
    announce('forwarding.saved', { destination: name, who })
    this.#tell()
    return { kind: 'saved', value: this.#row(this.#known(id)) }
  }

  async #enterStored(id: string, { settings, sealed }: StoredDestination, revision: number): Promise<void> {
    const secrets: Record<string, string> = {}
    try {
      for (const [field, text] of Object.entries(sealed))
        secrets[field] = this.#options.vault.open(text, place(id, field))
    } catch (error) {
      const trouble = `Its secrets cannot be read: ${sentenceOf(error)}. Enter them again.`
      this.#entries.set(id, {
        id,
        origin: 'here',
        revision,
        ready: { settings, secrets: {} },
        forwarder: undefined,
        trouble,
      })
      return
    }
    await this.#enter(id, 'here', { settings, secrets }, revision)
  }

  async #enter(id: string, origin: Entry['origin'], ready: ReadyDestination, revision: number): Promise<void> {
    const { store, desk, now, random, announce, pathOf, pauses = PAUSES } = this.#options
    const forwarder = new Forwarder({
      ...{ id, store, desk, now, random, pathOf, pauses, events: this.#events, settings: ready.settings },
      sender: this.#options.senderFor(ready),
      onChange: () => this.#tell(),
      onFault: (error) => announce('forwarding.fault', { destination: ready.settings.name, error: sentenceOf(error) }),
    })
    this.#entries.set(id, { id, origin, ready, revision, forwarder, trouble: '' })
    await forwarder.start()
  }

  /** Cursors, and what was told, of destinations that there no longer are. */
  async #forgetOthers(): Promise<void> {
    const { store } = this.#options
    const isOther = (id: string) => !this.#entries.has(id)
    const cursors = [...store.entries(forwardCursors)].filter(({ key }) => isOther(key))
    const told = [...store.entries(toldAlarms)].filter(({ key }) => isOther(key.slice(0, key.indexOf('/'))))
    const changes = [
      ...cursors.map(({ key }) => remove(forwardCursors, key)),
      ...told.map(({ key }) => remove(toldAlarms, key)),
    ]
    if (changes.length > 0) await store.commit(changes, { durable: true })
  }

  async #setPaused(id: string, who: string, paused: boolean): Promise<boolean> {
    const entry = this.#entries.get(id)
    if (!entry) return false
    const { name } = entry.ready.settings
    this.#options.announce(paused ? 'forwarding.paused' : 'forwarding.continued', { destination: name, who })
    await entry.forwarder?.setPaused(paused)
    return true
  }

  #row({ id, origin, ready, revision, forwarder, trouble }: Entry): Destination {
    const { settings, secrets } = ready
    const nothing = { lastErrorAt: 0, lastDeliveredAt: 0, waiting: 0, lag: 0, delivered: 0, failed: 0, dropped: 0 }
    return {
      ...{ id, origin, revision, name: settings.name, kind: settings.kind, target: targetOf(settings) },
      values: valuesOf(settings, this.#options.facilities),
      secretsSet: secretsOf(settings.kind).filter((field) => secrets[field] !== undefined),
      ...(forwarder?.delivery() ?? { state: 'failing', lastError: trouble, ...nothing }),
    }
  }

  #isTaken(name: string, id: string | undefined): boolean {
    for (const entry of this.#entries.values()) {
      if (entry.id !== id && entry.ready.settings.name.toLowerCase() === name.toLowerCase()) return true
    }
    return false
  }

  #known(id: string): Entry {
    const entry = this.#entries.get(id)
    if (!entry) throw new Error(`${id} is no destination`)
    return entry
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work, work)
    this.#turn = turn.catch(() => {})
    return turn
  }

  #tell(): void {
    if (this.#telling || this.#listeners.size === 0) return
    this.#telling = setTimeout(() => {
      this.#telling = undefined
      for (const listener of this.#listeners) listener()
    }, TELL_EVERY_MS)
    this.#telling.unref()
  }
}

/** Follows from the name alone, the only thing that a configured destination keeps; fit for a URL. */
function configId({ settings }: ReadyDestination): string {
  const safe = settings.name
    .toLowerCase()
    .replaceAll(/[^a-z0-9._]/gu, (sign) => `-${sign.codePointAt(0)?.toString(16)}-`)
  return `config.${safe}`
}

function place(id: string, field: string): string {
  return `destination/${id}/${field}`
}

function refused(field: string, message: string): Saved<never> {
  return { kind: 'refused', errors: [{ field, message }] }
}

function targetOf(settings: DestinationSettings): string {
  switch (settings.kind) {
    case 'snmp':
      return `udp ${settings.host}:${settings.port}, SNMPv${settings.version} ${settings.inform ? 'informs' : 'traps'}`
    case 'mail':
      return `${settings.to.join(', ')} by ${settings.host}:${settings.port}`
    case 'syslog':
      return `${settings.transport} ${settings.host}:${settings.port}`
    case 'webhook': {
      // What is behind the question mark may be a key.
      const { origin, pathname } = new URL(settings.url)
      return origin + pathname
    }
  }
}

function acceptance(settings: DestinationSettings): string {
  switch (settings.kind) {
    case 'snmp':
      return settings.inform ? 'The inform was acknowledged' : 'The trap left; traps are not acknowledged'
    case 'mail':
      return 'The mail server took the mail'
    case 'syslog':
      return settings.transport === 'udp' ? 'The datagram left; syslog is not acknowledged' : 'The message was written'
    case 'webhook':
      return 'The receiver acknowledged it'
  }
}
