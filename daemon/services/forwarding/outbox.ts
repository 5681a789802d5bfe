// SPDX-License-Identifier: Apache-2.0
import type { Alarm, AlarmEvent } from '#daemon/domain/alarm'
import type { DestinationFilter, ForwardCursor } from '#daemon/domain/destination'
import { passes, type ScopePath } from '#daemon/domain/destination-filter'
import { put, type Store } from '#daemon/store/store'
import { forwardCursors } from '#daemon/store/tables'
import type { Events } from './events.ts'
import { Resend } from './resend.ts'
import type { Outgoing } from './sender.ts'
import { Told } from './told.ts'

/** What goes out together. */
export interface Parcel {
  readonly messages: readonly Outgoing[]
  /** How often the receiver refused it. */
  readonly refusals: number
}

export interface OutboxOptions {
  readonly id: string
  readonly store: Store
  readonly events: Events
  readonly filter: DestinationFilter
  readonly pathOf: ScopePath
  /** Alarms with this source are about the destination itself, which is never told of them. */
  readonly source: string
  readonly activeAlarms: () => readonly Alarm[]
  readonly now: () => number
  /** The history dropped so many events before they were taken. */
  readonly onLost: (count: number) => void
  /** All active alarms were told again. */
  readonly onResent: () => void
  readonly onFault: (error: unknown) => void
}

/** Events looked at in one go, so that a filter that lets nothing pass holds nobody up. */
const AT_ONCE = 2_000

/**
 * A destination's place in the alarm events: no copy of them but a number, on disk. What was taken counts as waiting until
 * it is done, over restarts too. Of one alarm there is never more than one parcel on the way, so its order is kept.
 */
export class Outbox {
  readonly #options: OutboxOptions
  readonly #told: Told
  readonly #resend: Resend
  #next = 1
  #paused = false
  /** Taken and not done. */
  readonly #open = new Set<number>()
  /** Taken before the last restart and not done: to be taken again first. */
  #again: number[] = []
  /** Alarms that are on the way. */
  readonly #held = new Set<string>()
  #hasMore = false
  #dirty = false
  #saving: Promise<void> | undefined

  constructor(options: OutboxOptions) {
    this.#options = options
    this.#told = new Told(options.store, options.id)
    this.#resend = new Resend({ ...options, told: this.#told })
  }

  /** A destination that is new begins with what happens next. */
  async load(): Promise<void> {
    const { store, id, events } = this.#options
    const known = store.get(forwardCursors, id)?.value
    // A cursor ahead of the events: they were lost with a power cut, or taken away by hand.
    this.#next = Math.min(known?.next ?? Number.POSITIVE_INFINITY, events.newest + 1)
    this.#paused = known?.paused ?? false
    this.#again = (known?.open ?? []).filter((sequence) => sequence < this.#next).sort((a, b) => a - b)
    for (const sequence of this.#again) this.#open.add(sequence)
    if (known?.resend) this.askResend()
    this.#dirty = known === undefined
    await this.save()
  }

  get paused(): boolean {
    return this.#paused
  }

  set paused(paused: boolean) {
    this.#paused = paused
    this.#dirty = true
  }

  /** Events not dealt with; of those that were not looked at yet, some may be none of this destination's business. */
  get waiting(): number {
    return this.#open.size + Math.max(0, this.#options.events.newest + 1 - this.#next) + this.#resend.waiting
  }

  /** True when `take` stopped only to hold nobody up: ask it again. */
  get hasMore(): boolean {
    return this.#hasMore
  }

  /** When the oldest event that waits happened. */
  get waitingSince(): number | undefined {
    const first = Math.min(this.#next, ...this.#open)
    return this.#options.events.get(first)?.at
  }

  /** Every active alarm once more, after what waits now; how many there are. */
  askResend(): number {
    this.#dirty = true
    return this.#resend.ask(this.#options.events.newest)
  }

  /** Counts what the history dropped, as soon as it did. */
  notice(): void {
    const { events } = this.#options
    if (this.#next < events.oldest) this.#missed(this.#next, false)
  }

  /** The next parcel, of at most so many messages; undefined when there is none or the next must wait for another. */
  take(most: number): Parcel | undefined {
    const messages: Outgoing[] = []
    /** Whether an alarm will have been told by this very parcel. */
    const inside = new Map<string, boolean>()
    this.#hasMore = true
    for (let looked = 0; this.#hasMore && looked < AT_ONCE && messages.length < most; looked++) {
      const message = this.#takeOne(inside)
      if (message === 'none') this.#hasMore = false
      else if (message) messages.push(message)
    }
    this.#finishResend()
    for (const { alarm } of messages) this.#held.add(alarm.id)
    return messages.length > 0 ? { messages, refusals: 0 } : undefined
  }

  /** It was told, or given up for good. */
  done({ messages }: Parcel, isTold: boolean): void {
    for (const { kind, sequence, alarm } of messages) {
      this.#held.delete(alarm.id)
      this.#open.delete(sequence)
      if (kind === 'cleared' && isTold) this.#told.remove(alarm.id)
      else if (isTold && (kind === 'raised' || kind === 'changed' || kind === 'resent')) this.#told.add(alarm)
      if (sequence === 0) this.#resend.done()
    }
    this.#dirty = true
    this.#finishResend()
  }

  /** Everything done so far on disk; whoever asks meanwhile shares the next write. */
  save(): Promise<void> {
    if (this.#saving) return this.#saving
    if (!this.#dirty) return Promise.resolve()
    this.#saving = this.#write().finally(() => {
      this.#saving = undefined
    })
    return this.#saving
  }

  /** Until nothing is left to write, or the disk refuses. */
  async #write(): Promise<void> {
    while (this.#dirty) {
      this.#dirty = false
      const told = this.#told.drain()
      const cursor: ForwardCursor = {
        next: this.#next,
        open: [...this.#open],
        paused: this.#paused,
        resend: this.#resend.isAsked,
      }
      try {
        await this.#options.store.commit([...told, put(forwardCursors, this.#options.id, cursor)], { durable: true })
      } catch (error) {
        this.#told.restore(told)
        this.#options.onFault(error)
        // Tried again with the next parcel; until then a crash would tell some alarms twice.
        this.#dirty = true
        return
      }
    }
  }

  /** `none`: there is nothing, or it must wait; undefined: that was one to leave out. */
  #takeOne(inside: Map<string, boolean>): Outgoing | 'none' | undefined {
    const { events } = this.#options
    const again = this.#again[0]
    if (again === undefined && this.#resend.isDue(this.#next)) return this.#takeResent(inside)
    if (again === undefined && this.#next > events.newest) return 'none'
    const sequence = again ?? this.#next
    const event = events.get(sequence)
    if (!event) {
      this.#missed(sequence, again !== undefined)
      return undefined
    }
    if (this.#held.has(event.alarm.id)) return 'none'
    if (again === undefined) this.#next++
    else this.#again.shift()
    this.#dirty = true
    if (!this.#wants(event, inside)) {
      this.#open.delete(sequence)
      return undefined
    }
    this.#open.add(sequence)
    const { kind, at, by, alarm } = event
    if (kind === 'cleared') inside.set(alarm.id, false)
    else if (kind === 'raised' || kind === 'changed') inside.set(alarm.id, true)
    return { kind, sequence, at, by, alarm }
  }

  #takeResent(inside: Map<string, boolean>): Outgoing | 'none' | undefined {
    const message = this.#resend.take((id) => this.#held.has(id) || inside.has(id))
    if (message && message !== 'none') inside.set(message.alarm.id, message.kind !== 'cleared')
    return message
  }

  #finishResend(): void {
    if (!this.#resend.finish()) return
    this.#dirty = true
    this.#options.onResent()
  }

  #wants({ kind, alarm, forward }: AlarmEvent, inside: ReadonlyMap<string, boolean>): boolean {
    const { filter, source, pathOf } = this.#options
    if (alarm.source === source) return false
    const isTold = inside.get(alarm.id) ?? this.#told.has(alarm.id)
    if (kind === 'cleared') return isTold
    if (kind === 'acknowledged' || kind === 'commented') return filter.notes && isTold
    if (!forward) return false
    if (kind === 'event') return filter.events && passes(filter, alarm, pathOf)
    return passes(filter, alarm, pathOf) || (kind === 'changed' && isTold)
  }

  /** It is not there: dropped by the history, or never written because the disk refused. */
  #missed(sequence: number, isAgain: boolean): void {
    const { events, onLost } = this.#options
    this.#dirty = true
    if (isAgain) {
      this.#again.shift()
      this.#open.delete(sequence)
      if (sequence < events.oldest) onLost(1)
    } else if (sequence < events.oldest) {
      this.#next = events.oldest
      onLost(events.oldest - sequence)
    } else {
      this.#next++
    }
  }
}
