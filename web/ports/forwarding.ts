// SPDX-License-Identifier: Apache-2.0
import type { Saved } from './directory.ts'

/**
 * A field of a destination's form. Values travel as text in both directions: a number in decimal, a `check` as `true`
 * or `` (empty), a `list` with one entry on each line. The service parses them and answers with the fault of each.
 */
export interface FormField {
  /** Its key in `values` and in faults: letters and digits. */
  readonly name: string
  readonly label: string
  /** One sentence, or empty. */
  readonly hint: string
  readonly type: 'text' | 'number' | 'select' | 'check' | 'list' | 'secret'
  /** Of a `select`, in order. */
  readonly options?: readonly { readonly value: string; readonly label: string }[]
  readonly required: boolean
  /** What a new destination begins with. */
  readonly initial: string
  /** Heading under which it stands, e.g. `Connection`, `Filter`; fields of a group follow each other. */
  readonly group: string
  /** Used only while another field has one of these values, e.g. `{ field: 'version', values: ['3'] }`. */
  readonly when?: { readonly field: string; readonly values: readonly string[] }
}

/** What a kind of destination asks for. */
export interface DestinationKind {
  /** `snmp`, `mail`, `syslog`, `webhook`. */
  readonly kind: string
  readonly label: string
  /** One sentence. */
  readonly meaning: string
  readonly fields: readonly FormField[]
}

export type DeliveryState =
  /** The last delivery worked, or nothing was sent yet. */
  | 'working'
  /** The last delivery failed; it is tried again. */
  | 'failing'
  /** A person paused it: the queue grows and nothing is sent. */
  | 'paused'

export interface Destination {
  readonly id: string
  readonly name: string
  readonly kind: string
  /** Where it goes, e.g. `udp 10.1.0.9:162, SNMPv3`. Never a secret. */
  readonly target: string
  /** `config`: it stands in the configuration file and can only be changed there. */
  readonly origin: 'config' | 'here'
  /** By `FormField.name`, secrets left out. */
  readonly values: Readonly<Record<string, string>>
  /** Names of the secret fields that are set. */
  readonly secretsSet: readonly string[]
  /** Changes with every save, for `DestinationDraft.revision`. */
  readonly revision: number
  readonly state: DeliveryState
  /** A sentence about the last failure while `failing`; else empty. Never a secret. */
  readonly lastError: string
  /** Milliseconds since the epoch; 0 for never. */
  readonly lastErrorAt: number
  readonly lastDeliveredAt: number
  /** Events that wait to be delivered. */
  readonly waiting: number
  /** How long the oldest of them has been waiting, in milliseconds; 0 if none waits. */
  readonly lag: number
  /** Since the start of the daemon. */
  readonly delivered: number
  readonly failed: number
  /** Events given up, with the queue full or refused for good. */
  readonly dropped: number
}

/** What a person entered. Without `id`: a new one. */
export interface DestinationDraft {
  readonly id?: string
  /** Of the destination as it was read; another one now answers `conflict`. Absent: whatever it is. */
  readonly revision?: number
  readonly name: string
  readonly kind: string
  readonly values: Readonly<Record<string, string>>
  /** Only those to set; empty text removes one. Absent ones stay as they are. */
  readonly secrets: Readonly<Record<string, string>>
}

/** How a test message fared, within about ten seconds. */
export interface DeliveryTest {
  readonly ok: boolean
  /** What happened, e.g. `The inform was acknowledged after 3 ms.` or why not and what to do. Never a secret. */
  readonly sentence: string
}

/** The ways that alarms leave the appliance. `who` is an account's name. */
export interface ForwardingPort {
  kinds(): readonly DestinationKind[]
  /** In the order of their names. */
  destinations(): readonly Destination[]
  destination(id: string): Destination | undefined
  /** Faults name fields of `kinds`, or `name`. */
  save(draft: DestinationDraft, who: string): Promise<Saved<Destination>>
  /** With its queue. `fixed`: it stands in the configuration file. */
  remove(id: string, who: string): Promise<'removed' | 'gone' | 'fixed'>
  /** Sends one message that says it is a test, past filter, queue and pause. Undefined: there is none with this id. */
  test(id: string, who: string): Promise<DeliveryTest | undefined>
  /** Queues every active alarm that passes the filter once more; how many. Undefined: there is none with this id. */
  resend(id: string, who: string): Promise<number | undefined>
  /** False: there is none with this id. */
  pause(id: string, who: string): Promise<boolean>
  proceed(id: string, who: string): Promise<boolean>
  /** The MIB of this installation, in SMIv2. */
  mib(): { readonly fileName: string; readonly text: string }
  /** Calls back when state, counts or the list changed; returns the way to stop. */
  follow(listener: () => void): () => void
}
