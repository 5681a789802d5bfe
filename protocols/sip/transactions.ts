// SPDX-License-Identifier: Apache-2.0
import type { Endpoint } from '#protocols/lib/exchange'
import type { SipResponse } from './codec.ts'

export interface SipTimers {
  /** The estimated round trip, in milliseconds; 500 by default [RFC 3261 §17.1.1.1]. */
  readonly t1: number
  /** The longest pause between two sendings, in milliseconds; 4,000 by default. */
  readonly t2: number
}

export const TIMERS: SipTimers = { t1: 500, t2: 4_000 }
/** Timers F and J: a transaction lasts so many times T1 [RFC 3261 §17.1.2.2, §17.2.2]. */
const PATIENCE = 64
const MOST_ANSWERED = 4_096
const MOST_ASKED = 2_000

interface Answered {
  readonly packet: Uint8Array
  readonly until: number
}

/** The server side of requests that are no INVITE: a repeat gets the same answer again [RFC 3261 §17.2.2]. Bounded. */
export class AnsweredRequests {
  readonly #patience: number
  /** The oldest first. */
  readonly #answered = new Map<string, Answered>()

  constructor(timers: SipTimers = TIMERS) {
    this.#patience = timers.t1 * PATIENCE
  }

  /** The answer that this request had, while it may still be repeated; `now` in milliseconds. */
  find(key: string, now: number): Uint8Array | undefined {
    const found = this.#answered.get(key)
    return found && found.until > now ? found.packet : undefined
  }

  keep(key: string, packet: Uint8Array, now: number): void {
    this.#answered.delete(key)
    this.#answered.set(key, { packet, until: now + this.#patience })
    for (const [oldest, { until }] of this.#answered) {
      if (until > now && this.#answered.size <= MOST_ANSWERED) return
      this.#answered.delete(oldest)
    }
  }
}

export type Asked =
  | { readonly kind: 'final'; readonly response: SipResponse }
  | { readonly kind: 'timeout' | 'given up' }

interface Asking {
  readonly timers: Set<NodeJS.Timeout>
  readonly end: (asked: Asked) => void
  provisional: boolean
}

/** The client side of requests that are no INVITE, over UDP: sent again until they are answered [RFC 3261 §17.1.2]. */
export class AskedRequests {
  readonly #send: (packet: Uint8Array, to: Endpoint) => void
  readonly #timers: SipTimers
  readonly #asking = new Map<string, Asking>()

  constructor(send: (packet: Uint8Array, to: Endpoint) => void, timers: SipTimers = TIMERS) {
    this.#send = send
    this.#timers = timers
  }

  /** Whether one more may be sent: what waits for answers is bounded. */
  get hasRoom(): boolean {
    return this.#asking.size < MOST_ASKED
  }

  /** Never rejects. `branch` must be new [RFC 3261 §17.1.3]. */
  ask(branch: string, packet: Uint8Array, to: Endpoint): Promise<Asked> {
    const { t1, t2 } = this.#timers
    return new Promise((resolve) => {
      const timers = new Set<NodeJS.Timeout>()
      const end = (asked: Asked) => {
        for (const timer of timers) clearTimeout(timer)
        this.#asking.delete(branch)
        resolve(asked)
      }
      const asking: Asking = { timers, end, provisional: false }
      this.#asking.set(branch, asking)
      timers.add(setTimeout(end, t1 * PATIENCE, { kind: 'timeout' }))
      const again = (pause: number) => {
        this.#send(packet, to)
        const timer = setTimeout(() => {
          timers.delete(timer)
          again(asking.provisional ? t2 : Math.min(pause * 2, t2))
        }, pause)
        timers.add(timer)
      }
      again(t1)
    })
  }

  /** A response has come; false when nobody waits for it. */
  answer(branch: string, response: SipResponse): boolean {
    const asking = this.#asking.get(branch)
    if (!asking) return false
    if (response.status < 200) asking.provisional = true
    else asking.end({ kind: 'final', response })
    return true
  }

  /** Ends all that waits. */
  giveUp(): void {
    for (const { end } of [...this.#asking.values()]) end({ kind: 'given up' })
  }
}
