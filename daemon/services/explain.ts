// SPDX-License-Identifier: Apache-2.0
import type { Evaluation } from '#daemon/domain/dhcp/evaluate'
import { type Explanation, explain, type Verdict } from '#daemon/domain/dhcp/explanation'
import type { ExchangeLog, Rehearsal } from '#daemon/services/addressing/addressing'
import type { LeaseAnswer, LeaseQuery } from '#protocols/dhcp/port'
import type { Mac } from '#protocols/lib/mac'

/** What of a message only the socket and the clock knew: with the packet it makes the query again. */
export type Heard = Pick<LeaseQuery, 'kind' | 'link' | 'peer'>
export type ReadAgain = (packet: Uint8Array, heard: Heard) => LeaseQuery

/**
 * One decision as it was made: the evaluation is the very record that the answer came from, and shared by clients that
 * look alike. The message is kept as its bytes, one character each, which takes a fifth of what the query does.
 */
interface Entry {
  readonly at: number
  readonly heard: Heard
  /** Empty where there is none, or it is longer than any client's should be. */
  readonly packet: string
  readonly verdict: Verdict
  readonly evaluation: Evaluation | undefined
  /** Set until the answer has left; for good where no packet is kept, or no answer left. */
  query: LeaseQuery | undefined
  /** The codes of the options that went out, one character each. */
  onWire: string | undefined
}

export interface ExplainLimits {
  /** Exchanges kept of one client. */
  readonly each: number
  /** Clients kept; the one not heard of for longest makes room. */
  readonly clients: number
}

/** What fits an Ethernet frame; senders of more shall not fill our memory with it. */
const LONGEST_PACKET = 1_472

const LIMITS: ExplainLimits = { each: 4, clients: 16_384 }

/** The last exchanges of every client, bounded, in memory. */
export class Explain implements ExchangeLog {
  readonly #now: () => number
  readonly #readAgain: ReadAgain
  readonly #limits: ExplainLimits
  /** Not heard of for longest first; of one client the oldest first. */
  readonly #entries = new Map<Mac, Entry[]>()

  constructor(now: () => number, readAgain: ReadAgain, limits = LIMITS) {
    this.#now = now
    this.#readAgain = readAgain
    this.#limits = limits
  }

  record(query: LeaseQuery, answer: LeaseAnswer, evaluation: Evaluation | undefined): void {
    const entries = this.#entries.get(query.mac) ?? []
    this.#entries.delete(query.mac)
    this.#entries.set(query.mac, entries)
    const entry = { ...kept(query), at: this.#now(), verdict: verdictOf(answer), evaluation, onWire: undefined }
    if (answer.kind === 'silent' && entry.packet !== '') entry.query = undefined
    entries.push(entry)
    if (entries.length > this.#limits.each) entries.shift()
    if (this.#entries.size <= this.#limits.clients) return
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }

  answered(query: LeaseQuery, sent: ReadonlyMap<number, Uint8Array>): void {
    const entry = this.#entries.get(query.mac)?.find((one) => one.query === query)
    if (!entry) return
    if (entry.packet !== '') entry.query = undefined
    entry.onWire = String.fromCharCode(...sent.keys())
  }

  /** The client's last exchanges, newest first. */
  of(mac: Mac): Explanation[] {
    return (this.#entries.get(mac) ?? []).map((entry) => this.#explain(entry)).reverse()
  }

  #explain({ at, heard, packet: text, query, verdict, evaluation, onWire }: Entry): Explanation {
    const packet = text === '' ? undefined : Buffer.from(text, 'latin1')
    const asked = query ?? this.#readAgain(packet ?? new Uint8Array(), heard)
    const codes = onWire === undefined ? undefined : Array.from(onWire, (code) => code.charCodeAt(0))
    return explain({ at, asked, packet, verdict, evaluation, onWire: codes })
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

function kept(query: LeaseQuery): Pick<Entry, 'heard' | 'packet' | 'query'> {
  const { kind, link, peer, packet } = query
  const heard = { kind, link, peer }
  if (!packet || packet.length > LONGEST_PACKET) return { heard, packet: '', query: { ...query, packet: undefined } }
  const text = Buffer.from(packet.buffer, packet.byteOffset, packet.length).toString('latin1')
  return { heard, packet: text, query }
}
