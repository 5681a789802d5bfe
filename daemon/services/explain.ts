// SPDX-License-Identifier: Apache-2.0
import type { Evaluation } from '#daemon/domain/dhcp/evaluate'
import { type Explanation, explain, type Verdict } from '#daemon/domain/dhcp/explanation'
import type { LeaseAnswer, LeaseQuery } from '#protocols/dhcp/port'
import type { Mac } from '#protocols/lib/mac'
import type { ExchangeLog, Rehearsal } from './addressing/addressing.ts'

/** One decision as it was made: the evaluation is the very record that the answer came from. */
interface Entry {
  readonly at: number
  readonly query: LeaseQuery
  readonly answer: LeaseAnswer
  readonly evaluation: Evaluation | undefined
  onWire: readonly number[] | undefined
}

export interface ExplainLimits {
  /** Exchanges kept of one client. */
  readonly each: number
  /** Clients kept; the one not heard of for longest makes room. */
  readonly clients: number
}

const LIMITS: ExplainLimits = { each: 4, clients: 16_384 }

/** The last exchanges of every client, bounded, in memory. */
export class Explain implements ExchangeLog {
  readonly #now: () => number
  readonly #limits: ExplainLimits
  /** Not heard of for longest first; of one client the oldest first. */
  readonly #entries = new Map<Mac, Entry[]>()

  /** Messages by class; as many as the plan has classes. */
  readonly #classes = new Map<string, number>()

  constructor(now: () => number, limits = LIMITS) {
    this.#now = now
    this.#limits = limits
  }

  record(query: LeaseQuery, answer: LeaseAnswer, evaluation: Evaluation | undefined): void {
    const entries = this.#entries.get(query.mac) ?? []
    this.#entries.delete(query.mac)
    this.#entries.set(query.mac, entries)
    for (const { name, member } of evaluation?.classes ?? []) {
      if (member) this.#classes.set(name, (this.#classes.get(name) ?? 0) + 1)
    }
    entries.push({ at: this.#now(), query, answer, evaluation, onWire: undefined })
    if (entries.length > this.#limits.each) entries.shift()
    if (this.#entries.size <= this.#limits.clients) return
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }

  answered(query: LeaseQuery, sent: ReadonlyMap<number, Uint8Array>): void {
    const entry = this.#entries.get(query.mac)?.find((one) => one.query === query)
    if (entry) entry.onWire = [...sent.keys()]
  }

  classCounts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#classes)
  }

  /** The client's last exchanges, newest first. */
  of(mac: Mac): Explanation[] {
    const entries = this.#entries.get(mac) ?? []
    return [...entries]
      .reverse()
      .map(({ at, query, answer, evaluation, onWire }) =>
        explain({ at, asked: query, packet: query.packet, verdict: verdictOf(answer), evaluation, onWire }),
      )
  }
}

/** What would become of a made-up message. */
export function explainRehearsal(query: LeaseQuery, { evaluation, address, refusal }: Rehearsal): Explanation {
  const verdict: Verdict = refusal
    ? { kind: 'silent', reason: refusal }
    : { kind: 'lease', address, leaseSeconds: undefined }
  return explain({ at: undefined, asked: query, packet: query.packet, verdict, evaluation })
}

function verdictOf(answer: LeaseAnswer): Verdict {
  if (answer.kind === 'lease') return { kind: 'lease', address: answer.address, leaseSeconds: answer.leaseSeconds }
  return { kind: answer.kind, reason: answer.reason }
}
