// SPDX-License-Identifier: Apache-2.0

import type { DestinationSettings } from '#daemon/domain/destination'
import type { ScopePath } from '#daemon/domain/destination-filter'
import type { Store } from '#daemon/store/store'
import type { AlarmDesk } from './desk.ts'
import { destinationAlarms } from './destination-alarms.ts'
import type { Events } from './events.ts'
import { Outbox, type Parcel } from './outbox.ts'
import { type Pauses, pauseAfter, Rate } from './pacing.ts'
import { type Outgoing, SendError, type Sender, sentenceOf } from './sender.ts'

export interface ForwarderOptions {
  readonly id: string
  readonly settings: DestinationSettings
  readonly sender: Sender
  readonly store: Store
  readonly events: Events
  readonly desk: AlarmDesk
  readonly pathOf: ScopePath
  readonly now: () => number
  /** In [0, 1). */
  readonly random: () => number
  readonly pauses: Pauses
  readonly onChange: () => void
  readonly onFault: (error: unknown) => void
}

export interface Delivery {
  readonly state: 'working' | 'failing' | 'paused'
  readonly lastError: string
  readonly lastErrorAt: number
  readonly lastDeliveredAt: number
  readonly waiting: number
  readonly lag: number
  readonly delivered: number
  readonly failed: number
  readonly dropped: number
}

/** Failed rounds after which an admin is told. */
const ROUNDS_TO_ALARM = 3
/** A message that the receiver refuses itself is given up after so many tries, lest it hold up all others. */
const MOST_REFUSALS = 5
const LOST_TOLD_EVERY_MS = 60_000
const STOP_MS = 2_000
const TEST_MS = 12_000

/**
 * Tells one destination of every event that it wants, at least once and in order for each alarm. While the destination
 * fails, one parcel at a time is tried, with growing pauses.
 */
export class Forwarder {
  readonly #options: ForwarderOptions
  readonly #outbox: Outbox
  readonly #rate: Rate
  readonly #alarms: ReturnType<typeof destinationAlarms>
  #running = false
  /** Parcels on the way. */
  readonly #ways = new Set<Promise<void>>()
  #retry: Parcel[] = []
  #timer: NodeJS.Timeout | undefined
  #soon: NodeJS.Immediate | undefined
  #heart: NodeJS.Timeout | undefined
  /** Rounds that failed since the last success. */
  #failures = 0
  #resumeAt = 0
  /** The next digest is not due before. */
  #gatherUntil = 0
  #proven = false
  #beating = false
  #counts = { delivered: 0, failed: 0, dropped: 0 }
  #lost = 0
  #lostToldAt = Number.NEGATIVE_INFINITY
  #last = { error: '', errorAt: 0, deliveredAt: 0 }

  constructor(options: ForwarderOptions) {
    this.#options = options
    this.#rate = new Rate(options.settings.ratePerSecond)
    this.#alarms = destinationAlarms(options.desk, options.settings)
    this.#outbox = new Outbox({
      ...{ id: options.id, store: options.store, events: options.events, now: options.now, onFault: options.onFault },
      ...{ filter: options.settings.filter, pathOf: options.pathOf, source: this.#alarms.source },
      activeAlarms: () => options.desk.active(),
      onLost: (count) => this.#missed(count),
      onResent: () => {
        this.#lost = 0
        this.#lostToldAt = Number.NEGATIVE_INFINITY
        this.#alarms.whole()
      },
    })
  }

  async start(): Promise<void> {
    await this.#outbox.load()
    const { settings } = this.#options
    if (settings.resendAtStart) this.#outbox.askResend()
    this.#running = true
    if (settings.heartbeatSeconds && this.#options.sender.heartbeat) {
      this.#heart = setInterval(() => void this.#beat(), settings.heartbeatSeconds * 1_000)
      void this.#beat()
    }
    this.pump()
  }

  /** What is on the way has a moment to arrive; what does not is told again at the next start. */
  async stop(): Promise<void> {
    if (!this.#running) return
    this.#running = false
    clearTimeout(this.#timer)
    clearImmediate(this.#soon)
    clearInterval(this.#heart)
    await Promise.race([Promise.all(this.#ways), new Promise((resolve) => setTimeout(resolve, STOP_MS).unref())])
    await this.#options.sender.close()
    await Promise.all(this.#ways)
    await this.#outbox.save()
  }

  /** There may be something to send. */
  pump(): void {
    if (!this.#running) return
    this.#outbox.notice()
    if (this.#outbox.paused) return
    clearTimeout(this.#timer)
    const { sender, now } = this.#options
    const window = this.#failures > 0 ? 1 : sender.window
    while (this.#ways.size < window) {
      const wait = Math.max(this.#resumeAt - now(), this.#gatherUntil - now(), this.#rate.wait(now()))
      if (wait > 0) {
        this.#timer = setTimeout(() => this.pump(), wait)
        return
      }
      const parcel = this.#retry.shift() ?? this.#outbox.take(sender.most)
      if (!parcel) break
      this.#launch(parcel)
    }
    if (this.#outbox.hasMore && this.#ways.size < window) this.#again()
    else if (this.#ways.size === 0) void this.#outbox.save()
  }

  delivery(): Delivery {
    const since = this.#outbox.waitingSince
    const { error, errorAt, deliveredAt } = this.#last
    const isFailing = this.#failures > 0
    return {
      state: this.#outbox.paused ? 'paused' : isFailing ? 'failing' : 'working',
      ...{ lastError: isFailing ? `${error}.` : '', lastErrorAt: errorAt, lastDeliveredAt: deliveredAt },
      waiting: this.#outbox.waiting,
      lag: since === undefined ? 0 : Math.max(0, this.#options.now() - since),
      ...this.#counts,
    }
  }

  async setPaused(paused: boolean): Promise<void> {
    this.#outbox.paused = paused
    await this.#outbox.save()
    this.#options.onChange()
    this.pump()
  }

  /** How many alarms will be told again. */
  async resend(): Promise<number> {
    const count = this.#outbox.askResend()
    await this.#outbox.save()
    this.pump()
    return count
  }

  /** One message past filter, queue and pause; rejects with what went wrong. Resolves with the milliseconds it took. */
  async test(message: Outgoing): Promise<number> {
    const began = this.#options.now()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const seconds = TEST_MS / 1_000
      timer = setTimeout(() => reject(new SendError(`nothing was heard within ${seconds} seconds`)), TEST_MS)
    })
    await Promise.race([this.#options.sender.send([message]), late]).finally(() => clearTimeout(timer))
    return this.#options.now() - began
  }

  /** Nothing of it is on disk any more. */
  forget(): void {
    this.#alarms.gone()
  }

  #again(): void {
    clearImmediate(this.#soon)
    this.#soon = setImmediate(() => this.pump())
  }

  #launch(parcel: Parcel): void {
    const { sender, now } = this.#options
    this.#rate.use(parcel.messages.length, now())
    this.#gatherUntil = parcel.messages.length < sender.most ? now() + sender.pauseMillis : 0
    const way = sender
      .send(parcel.messages)
      .then(
        () => this.#arrived(parcel),
        (error: unknown) => this.#failed(parcel, error),
      )
      .catch(this.#options.onFault)
      .finally(() => {
        this.#ways.delete(way)
        this.pump()
      })
    this.#ways.add(way)
  }

  #arrived(parcel: Parcel): void {
    this.#outbox.done(parcel, true)
    this.#counts.delivered += parcel.messages.length
    this.#last.deliveredAt = this.#options.now()
    this.#works()
    void this.#outbox.save()
  }

  #failed(parcel: Parcel, error: unknown): void {
    if (!this.#running) return
    this.#counts.failed++
    this.#gatherUntil = 0
    const refusals = parcel.refusals + (error instanceof SendError && error.refused ? 1 : 0)
    if (refusals >= MOST_REFUSALS) this.#giveUp(parcel, error)
    else this.#retry = [...this.#retry, { ...parcel, refusals }].sort((a, b) => numberOf(a) - numberOf(b))
    this.#troubled(error)
  }

  #giveUp(parcel: Parcel, error: unknown): void {
    this.#outbox.done(parcel, false)
    this.#counts.dropped += parcel.messages.length
    this.#alarms.refused(this.#counts.dropped - this.#lost, sentenceOf(error))
    void this.#outbox.save()
  }

  #works(): void {
    // The alarm of an earlier life of the daemon ends with the first success, too.
    if (this.#failures > 0 || !this.#proven) this.#alarms.reachable()
    this.#proven = true
    this.#resumeAt = 0
    this.#failures = 0
    this.#options.onChange()
  }

  /** Many may fail at once: that is one round. */
  #troubled(error: unknown): void {
    const { now, random, pauses } = this.#options
    this.#last = { ...this.#last, error: sentenceOf(error), errorAt: now() }
    if (now() >= this.#resumeAt || this.#failures === 0) {
      this.#failures++
      const asked = error instanceof SendError ? error.waitMillis : undefined
      this.#resumeAt = now() + Math.max(asked ?? 0, pauseAfter(this.#failures, pauses, random))
      if (this.#failures === ROUNDS_TO_ALARM) this.#alarms.unreachable(this.#last.error)
    }
    this.#options.onChange()
  }

  #missed(count: number): void {
    this.#lost += count
    this.#counts.dropped += count
    this.#outbox.askResend()
    // To tell of each would be an event each, which may drop one more.
    if (this.#options.now() - this.#lostToldAt < LOST_TOLD_EVERY_MS) return
    this.#lostToldAt = this.#options.now()
    this.#alarms.lost(this.#lost)
  }

  /** Signs of life are never queued: one that fails is over. */
  async #beat(): Promise<void> {
    const { sender, desk, now, onFault } = this.#options
    if (this.#beating || this.#outbox.paused || !sender.heartbeat) return
    this.#beating = true
    try {
      // As many as the agent shows: what is kept quiet was told to nobody.
      await sender.heartbeat(desk.active().filter(({ quiet }) => quiet === undefined).length, now())
      this.#works()
      this.pump()
    } catch (error) {
      if (this.#running) this.#troubled(error)
    } finally {
      this.#beating = false
    }
    await this.#outbox.save().catch(onFault)
  }
}

/** Parcels are tried again in the order in which they were taken; what is told again has no number and comes last. */
function numberOf({ messages }: Parcel): number {
  return messages[0]?.sequence || Number.POSITIVE_INFINITY
}
