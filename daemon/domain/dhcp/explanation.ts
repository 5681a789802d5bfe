// SPDX-License-Identifier: Apache-2.0
import { optionName, showOptionValue } from '#protocols/lib/dhcp-option'
import type { ClassVerdict } from './classify.ts'
import { type Evaluation, isSent } from './evaluate.ts'

/** What a client asked, as it was understood. */
export interface AskedFacts {
  readonly kind: string
  readonly mac: string
  readonly clientKey: string
  readonly link: string | undefined
  readonly address: string | undefined
  readonly vendorClass: string | undefined
  readonly userClass: string | undefined
  readonly circuitId: string | undefined
  readonly remoteId: string | undefined
  readonly wanted: readonly number[]
}

/** How it ended: addresses as text, so that this stands for what was said as well as for what would be. */
export type Verdict =
  | { readonly kind: 'lease'; readonly address: string | undefined; readonly leaseSeconds: number | undefined }
  | { readonly kind: 'nak' | 'silent'; readonly reason: string }

export interface ExplainedOption {
  readonly code: number
  readonly name: string
  readonly value: string
  readonly source: string
}

/** One exchange laid open. */
export interface Explanation {
  /** Milliseconds since the epoch; undefined for a made-up message. */
  readonly at: number | undefined
  readonly asked: AskedFacts
  /** The message as received, in hex. */
  readonly packet: string | undefined
  readonly verdict: Verdict
  readonly subnet: string | undefined
  readonly model: string | undefined
  readonly pool: string | undefined
  readonly reservation: string | undefined
  readonly classes: readonly ClassVerdict[]
  readonly sent: readonly ExplainedOption[]
  /** Asked for and not sent, and why. */
  readonly missing: readonly { readonly code: number; readonly name: string; readonly reason: string }[]
  /** Set, but not asked for. */
  readonly unasked: readonly ExplainedOption[]
  readonly overridden: readonly { readonly code: number; readonly source: string; readonly by: string }[]
}

export interface Explained {
  readonly at: number | undefined
  readonly asked: AskedFacts
  readonly packet: Uint8Array | undefined
  readonly verdict: Verdict
  readonly evaluation: Evaluation | undefined
  /** The options on the wire, where the answer is known. */
  readonly onWire?: readonly number[] | undefined
}

/** Written by the server itself in every answer that has an address. */
const FROM_LEASE: readonly number[] = [51, 58, 59]
/** In every answer, or copied from the question. */
const FROM_SERVER: readonly number[] = [53, 54, 61, 80, 82]

/** Which options of the record go out, and what becomes of the others. */
export function explain({ at, asked, packet, verdict, evaluation, onWire }: Explained): Explanation {
  const answered = verdict.kind === 'lease'
  const options = evaluation?.options ?? []
  const due = answered ? options.filter((option) => isSent(option, asked.wanted)) : []
  const sent = due.filter(({ code }) => onWire === undefined || onWire.includes(code))
  const show = ({ code, value, source }: (typeof options)[number]): ExplainedOption => {
    return { code, name: optionName(code), value: showOptionValue(value), source }
  }
  const has = new Set(onWire ?? [...sent.map(({ code }) => code), ...ownOptions(verdict)])
  const missing = asked.wanted
    .filter((code) => !has.has(code))
    .map((code) => {
      return { code, name: optionName(code), reason: whyMissing(code, answered, evaluation) }
    })
  return {
    ...{ at, asked, verdict, missing },
    packet: packet && Buffer.from(packet.buffer, packet.byteOffset, packet.length).toString('hex'),
    subnet: evaluation?.subnet,
    model: evaluation?.model,
    pool: evaluation?.pool,
    reservation: evaluation?.reservation,
    classes: evaluation?.classes ?? [],
    sent: sent.map(show),
    unasked: answered ? options.filter((option) => !isSent(option, asked.wanted)).map(show) : [],
    overridden: evaluation?.overridden ?? [],
  }
}

function ownOptions(verdict: Verdict): readonly number[] {
  if (verdict.kind !== 'lease') return []
  return verdict.address === undefined ? FROM_SERVER : [...FROM_SERVER, ...FROM_LEASE]
}

function whyMissing(code: number, answered: boolean, evaluation: Evaluation | undefined): string {
  if (!answered) return 'the message got no such answer'
  const withheld = evaluation?.withheld.find((one) => one.code === code)
  if (withheld) return withheld.reason
  if (FROM_LEASE.includes(code)) return 'an answer without an address has no times'
  if (evaluation?.options.some((option) => option.code === code)) return 'the answer had no room left for it'
  return 'no layer sets it for this client'
}
