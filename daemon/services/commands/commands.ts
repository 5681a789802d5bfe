// SPDX-License-Identifier: Apache-2.0
import {
  aged,
  type Command,
  type CommandKind,
  type CommandQueue,
  confirmed,
  isOpen,
  MOST_OPEN,
  superseded,
  type Way,
  withAttempt,
  withCommand,
  withState,
} from '#daemon/domain/command'
import type { Announce } from '#daemon/messages'
import type { AtHome } from '#daemon/services/at-home'
import { Conflict, put, type Store } from '#daemon/store/store'
import { phones, commands as table } from '#daemon/store/tables'
import type { KeepalivePort, StatusAnswer, StatusReport } from '#protocols/keepalive/port'
import type { Exchange } from '#protocols/lib/exchange'
import { peerAddress } from '#protocols/lib/ipv4'
import type { Mac } from '#protocols/lib/mac'
import type { CommandDraft, CommandsPort } from '#web/ports/commands'
import type { Saved } from '#web/ports/saved'
import type { SipWay } from './sip-way.ts'

export interface CommandSettings {
  /** A way that is not named is never used. */
  readonly ways: readonly Way[]
  /** What the answer to a keep-alive says for each command; without a word it cannot say it. */
  readonly words: Readonly<Partial<Record<CommandKind, string>>>
  readonly expirySeconds: number
}

export interface CommandsOptions {
  readonly store: Store
  readonly fleet: KeepalivePort
  readonly home: Pick<AtHome, 'proofOf'>
  readonly sip: SipWay
  readonly now: () => number
  readonly random: (bytes: number) => Uint8Array
  readonly announce: Announce
  readonly settings: () => CommandSettings
  /** Hears of what went wrong where nobody waits. */
  readonly onFault: (error: unknown) => void
}

const EMPTY: CommandQueue = { commands: [] }
/** How often time is looked at, in milliseconds. */
const TICK = 5_000
const LONGEST_TEXT = 500

/**
 * What phones are told to do, and whether they do it. A command is told by one way at a time, and never again once a
 * phone took it: a phone restarts once, or an admin reads that it was not seen to.
 */
export class Commands implements KeepalivePort, CommandsPort {
  readonly #options: CommandsOptions
  /** Phones with open commands: a report of any other touches nothing here. */
  readonly #open = new Set<Mac>()
  readonly #trying = new Set<Promise<void>>()
  #timer: NodeJS.Timeout | undefined
  #unwatch = () => {}

  constructor(options: CommandsOptions) {
    this.#options = options
  }

  /** Takes up what the opened store holds. What was being tried when we stopped is not tried again. */
  start(): void {
    this.#unwatch = this.#options.store.watch(table, 0, ({ key, value }) => {
      if (value?.commands.some(isOpen)) this.#open.add(key as Mac)
      else this.#open.delete(key as Mac)
    })
    this.#timer = setInterval(() => void this.tick().catch(this.#options.onFault), TICK).unref()
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#trying)
    this.#unwatch()
  }

  of(mac: Mac): readonly Command[] {
    return this.#queue(mac).queue.commands.toReversed()
  }

  /** Puts a command into the phone's queue, on disk before this resolves, and begins to tell it. */
  submit(mac: Mac, draft: CommandDraft, by: string): Promise<Saved<Command>> {
    const { random, now, settings } = this.#options
    const id = Buffer.from(random(9)).toString('hex')
    return this.submitAs(mac, draft, by, { id, expiresAt: now() + settings().expirySeconds * 1000 })
  }

  /** The same under an id of the asker's: asked again, it is the command that there is. */
  async submitAs(
    mac: Mac,
    draft: CommandDraft,
    by: string,
    { id, expiresAt }: Pick<Command, 'id' | 'expiresAt'>,
  ): Promise<Saved<Command>> {
    const { store, now, announce } = this.#options
    if (!store.get(phones, mac)) return { kind: 'conflict' }
    const problem = problemOf(draft)
    if (problem) return { kind: 'refused', errors: [problem] }
    const at = now()
    const command: Command = {
      ...{ id, kind: draft.kind, text: draft.text?.trim() ?? '', by, at },
      ...(draft.expects !== undefined && { expects: draft.expects }),
      ...(draft.restart !== undefined && { restart: draft.restart }),
      ...{ expiresAt, state: 'waiting', since: at, reason: '', attempts: [] },
    }
    const twin = `It is told to ${draft.kind} already.`
    const full = `${MOST_OPEN} commands wait for this phone already.`
    let refusal = ''
    let known: Command | undefined
    await this.#edit(mac, (queue) => {
      known = queue.commands.find((one) => one.id === id)
      if (known) return undefined
      const current = superseded(queue, command, at)
      const open = current.commands.filter(isOpen)
      const isTwin = draft.kind !== 'message' && open.some(({ kind }) => kind === draft.kind)
      refusal = isTwin ? twin : open.length >= MOST_OPEN ? full : ''
      return refusal === '' ? withCommand(current, command) : undefined
    })
    if (known) return { kind: 'saved', value: known }
    if (refusal !== '') return { kind: 'refused', errors: [{ field: 'kind', message: refusal }] }
    announce('command.submitted', { mac, command: command.id, kind: command.kind, by })
    this.#try(mac)
    return { kind: 'saved', value: this.of(mac).find(({ id }) => id === command.id) ?? command }
  }

  /** Takes back a command that no phone was told yet. */
  async cancel(mac: Mac, id: string, by: string): Promise<Saved<Command>> {
    let cancelled: Command | undefined
    await this.#edit(mac, (queue) => {
      const found = queue.commands.find((one) => one.id === id && one.state === 'waiting')
      cancelled = found && withState(found, 'cancelled', this.#options.now())
      return cancelled && withCommand(queue, cancelled)
    })
    if (!cancelled) return { kind: 'conflict' }
    this.#options.announce('command.ended', { mac, command: id, state: 'cancelled', by })
    return { kind: 'saved', value: cancelled }
  }

  /** The fleet's answer to a report, with what waits for this phone. A command is on disk as told before it leaves. */
  async report(report: StatusReport): Promise<StatusAnswer> {
    const waits = this.#open.has(report.mac) && this.#mayTake(report)
    const answer = await this.#options.fleet.report(report)
    if (answer.kind !== 'accepted' || !waits) return answer
    const requests = await this.#take(report.mac)
    return requests.length === 0 ? answer : { kind: 'accepted', requests: [...answer.requests, ...requests] }
  }

  /**
   * A report can be forged, and would take a command from the phone that it is for: only one that was let in is told,
   * where our lease says that it is, or else where it reported from before this.
   */
  #mayTake({ mac, peer }: StatusReport): boolean {
    const phone = this.#options.store.get(phones, mac)?.value
    const address = peerAddress(peer.address)
    if (phone?.approval !== 'approved' || address === undefined) return false
    return this.#options.home.proofOf(phone, address) !== undefined
  }

  /** What a phone does is the proof that it took a command. */
  heard({ protocol, ending, evidence }: Exchange): void {
    const { mac } = evidence
    if (!mac || ending !== 'reply' || !this.#open.has(mac)) return
    const reported = protocol === 'keepalive'
    const fetched = evidence.fileKind === 'device-config'
    if (!reported && !fetched) return
    const firmware = reported ? (evidence.firmware ?? '') : ''
    const seen = { started: reported && evidence.status === 'started', fetched, firmware }
    this.#edit(mac, (queue) => confirmed(queue, seen, this.#options.now())).catch(this.#options.onFault)
  }

  /** Ends what nobody ended, and tells what waits for a way that may be open by now. */
  async tick(): Promise<void> {
    for (const mac of [...this.#open]) {
      const isDue = aged(this.#queue(mac).queue, this.#options.now()) !== undefined
      if (isDue) await this.#edit(mac, (queue) => aged(queue, this.#options.now()))
    }
  }

  /** Tells the oldest waiting command by SIP, if that is a way. Ends by itself; nobody waits for it but `stop`. */
  #try(mac: Mac): void {
    if (!this.#options.settings().ways.includes('sip')) return
    const trying = this.#tryBySip(mac)
      .catch(this.#options.onFault)
      .finally(() => this.#trying.delete(trying))
    this.#trying.add(trying)
  }

  async #tryBySip(mac: Mac): Promise<void> {
    const { store, sip, now } = this.#options
    const phone = store.get(phones, mac)?.value
    const waiting = this.#queue(mac).queue.commands.find(({ state }) => state === 'waiting')
    if (!phone || !waiting) return
    const call = sip.callFor(phone, waiting)
    if (typeof call === 'string') return this.#note(mac, waiting.id, 'sip', { outcome: 'not accepted', detail: call })
    let isOurs = false
    await this.#edit(mac, (queue) => {
      const found = queue.commands.find(({ id, state }) => id === waiting.id && state === 'waiting')
      isOurs = found !== undefined
      return found && withCommand(queue, withState(found, 'trying', now()))
    })
    if (isOurs) await this.#note(mac, waiting.id, 'sip', await sip.tell(call))
  }

  async #note(
    mac: Mac,
    id: string,
    way: Way,
    told: { readonly outcome: 'accepted' | 'not accepted'; readonly detail: string },
  ): Promise<void> {
    const at = this.#options.now()
    await this.#edit(mac, (queue) => {
      const found = queue.commands.find((one) => one.id === id && (one.state === 'waiting' || one.state === 'trying'))
      return found && withCommand(queue, withAttempt(found, { way, at, ...told }))
    })
  }

  async #take(mac: Mac): Promise<string[]> {
    const { settings, now } = this.#options
    const { ways, words } = settings()
    if (!ways.includes('keep-alive')) return []
    let requests: string[] = []
    await this.#edit(mac, (queue) => {
      requests = []
      let changed: CommandQueue | undefined
      for (const command of queue.commands) {
        const word = words[command.kind === 'update firmware' && command.restart ? 'restart' : command.kind]
        if (command.state !== 'waiting' || command.expiresAt <= now() || word === undefined) continue
        const detail = 'it was told in the answer to its keep-alive'
        const told = withAttempt(command, { way: 'keep-alive', at: now(), outcome: 'accepted', detail })
        changed = withCommand(changed ?? queue, told)
        requests.push(JSON.stringify({ cmd: word }))
      }
      return changed
    })
    return requests
  }

  #queue(mac: Mac): { readonly queue: CommandQueue; readonly revision: number | 'absent' } {
    const stored = this.#options.store.get(table, mac)
    return { queue: stored?.value ?? EMPTY, revision: stored?.revision ?? 'absent' }
  }

  /** Changes a phone's queue, on disk before it resolves; again if another writer was first. Undefined changes nothing. */
  async #edit(mac: Mac, change: (queue: CommandQueue) => CommandQueue | undefined): Promise<void> {
    for (;;) {
      const { queue, revision } = this.#queue(mac)
      const next = change(queue)
      if (!next) return
      try {
        await this.#options.store.commit([put(table, mac, next, revision)], { durable: true })
        this.#tell(mac, queue, next)
        return
      } catch (error) {
        if (!(error instanceof Conflict)) throw error
      }
    }
  }

  #tell(mac: Mac, before: CommandQueue, after: CommandQueue): void {
    const states = new Map(before.commands.map(({ id, state }) => [id, state]))
    for (const { id, kind, state, reason } of after.commands) {
      if (state === 'cancelled' || !states.has(id) || states.get(id) === state) continue
      if (['confirmed', 'failed', 'expired'].includes(state)) {
        this.#options.announce('command.ended', { mac, command: id, kind, state, ...(reason && { reason }) })
      }
    }
  }
}

function problemOf({ kind, text = '' }: CommandDraft): { field: string; message: string } | undefined {
  if (kind !== 'message') return undefined
  const length = text.trim().length
  if (length === 0) return { field: 'text', message: 'Write what the phone shall show.' }
  if (length > LONGEST_TEXT) return { field: 'text', message: `A message has at most ${LONGEST_TEXT} characters.` }
  return undefined
}
