// SPDX-License-Identifier: Apache-2.0
import type { Pdu, WireVarbind } from './messages.ts'
import type { Notification } from './port.ts'
import type { UsmStat } from './usm.ts'

/** What a datagram means to the sender of informs. `id` is that of the message that it answers. */
export type Answer =
  | { readonly kind: 'response'; readonly id: number; readonly requestId: number; readonly errorStatus: number }
  /** `current`: it comes from the engine that we talk to by now. Any other counter than USM's is undefined. */
  | {
      readonly kind: 'report'
      readonly id: number
      readonly stat: UsmStat | undefined
      readonly authentic: boolean
      readonly current: boolean
      readonly engineId: Uint8Array
    }
  /** Not for us, forged or out of time; never a reason to do anything. */
  | { readonly kind: 'stray'; readonly reason: string }

/** How one version of the protocol talks to one target. */
export interface Dialect {
  /** True: nothing can be sent before the receiver's engine is discovered [RFC3414 §4]. */
  readonly mustDiscover: boolean
  /** False: one message at a time, since the first answer brings what the others need. */
  readonly inStep: boolean
  /** Whether each try has a message ID of its own; else a message's ID is that of its request. */
  readonly freshIds: boolean
  /** `localAddress` is where it will come from. Throws SnmpError `invalid`. */
  trap(notification: Notification, requestId: number, localAddress: string): Uint8Array
  /** Asks who the receiver is, without security and without contents [RFC3414 §4]. */
  discovery(pdu: Pdu, id: number): Uint8Array
  /** An inform; while the receiver must be discovered it cannot be made, so that nothing leaves unprotected. */
  request(pdu: Pdu, id: number): Uint8Array
  /** Throws MalformedPacket. */
  read(bytes: Uint8Array): Answer
  discovered(engineId: Uint8Array): void
  /** The receiver is somebody else now. */
  forget(): void
}

const SYS_UP_TIME = '1.3.6.1.2.1.1.3.0'
const SNMP_TRAP_OID = '1.3.6.1.6.3.1.1.4.1.0'

/** What every notification of versions 2c and 3 begins with, and its own varbinds [RFC3416 §4.2.6]. */
export function varbindsOf({ oid, uptime, varbinds }: Notification): readonly WireVarbind[] {
  return [
    { oid: SYS_UP_TIME, type: 'timeTicks', value: wrapped(uptime) },
    { oid: SNMP_TRAP_OID, type: 'oid', value: oid },
    ...varbinds,
  ]
}

/** TimeTicks wrap at 2^32 [RFC2578 §7.1.8]. */
export function wrapped(ticks: number): number {
  return Math.floor(ticks) % 2 ** 32
}
