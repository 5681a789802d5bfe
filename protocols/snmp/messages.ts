// SPDX-License-Identifier: Apache-2.0
import type { Oid, Varbind } from './port.ts'

/** What stands in a varbind instead of a value [RFC3416 §3]. */
export type Absence = 'noSuchObject' | 'noSuchInstance' | 'endOfMibView'

/** A varbind as it is on the wire: also those that we only receive. */
export type WireVarbind =
  | Varbind
  | { readonly oid: Oid; readonly type: Absence }
  | { readonly oid: Oid; readonly type: 'opaque'; readonly value: Uint8Array }

/** PDU tags [RFC3416 §3, RFC1157 §4.1]. */
export const PDU = {
  get: 0xa0,
  getNext: 0xa1,
  response: 0xa2,
  set: 0xa3,
  trapV1: 0xa4,
  getBulk: 0xa5,
  inform: 0xa6,
  trap: 0xa7,
  report: 0xa8,
} as const
export type PduKind = keyof typeof PDU

/** Error statuses [RFC3416 §3]. */
export const ERROR_STATUS = {
  noError: 0,
  tooBig: 1,
  noSuchName: 2,
  badValue: 3,
  readOnly: 4,
  genErr: 5,
  noAccess: 6,
  wrongType: 7,
  wrongLength: 8,
  wrongEncoding: 9,
  wrongValue: 10,
  noCreation: 11,
  inconsistentValue: 12,
  resourceUnavailable: 13,
  commitFailed: 14,
  undoFailed: 15,
  authorizationError: 16,
  notWritable: 17,
  inconsistentName: 18,
} as const

export function errorStatusName(status: number): string {
  return Object.entries(ERROR_STATUS).find(([, value]) => value === status)?.[0] ?? `error status ${status}`
}

export interface Pdu {
  readonly kind: Exclude<PduKind, 'trapV1'>
  readonly requestId: number
  /** In a GetBulk the number of non-repeaters [RFC3416 §3]. */
  readonly errorStatus: number
  /** In a GetBulk max-repetitions. */
  readonly errorIndex: number
  readonly varbinds: readonly WireVarbind[]
}

/** The trap of version 1 [RFC1157 §4.1.6]. */
export interface TrapV1 {
  readonly kind: 'trapV1'
  readonly enterprise: Oid
  readonly agentAddress: string
  readonly generic: number
  readonly specific: number
  readonly timestamp: number
  readonly varbinds: readonly WireVarbind[]
}

/** Versions 1 and 2c on the wire [RFC1157 §4, RFC1901 §3]. */
export interface CommunityMessage {
  readonly version: '1' | '2c'
  readonly community: Uint8Array
  readonly pdu: Pdu | TrapV1
}

/** What version 3 puts around a PDU [RFC3412 §6]. */
export interface ScopedPdu {
  readonly contextEngineId: Uint8Array
  readonly contextName: string
  readonly pdu: Pdu
}

/** msgFlags [RFC3412 §6.4]. */
export const FLAG = { auth: 1, priv: 2, reportable: 4 } as const

/** The User-based Security Model's number [RFC3411 §5 SnmpSecurityModel]. */
export const USM = 3

/** UsmSecurityParameters [RFC3414 §2.4]. */
export interface SecurityParameters {
  readonly engineId: Uint8Array
  readonly boots: number
  readonly time: number
  readonly userName: string
  readonly authentication: Uint8Array
  readonly privacy: Uint8Array
}

export interface V3Message {
  readonly version: '3'
  readonly id: number
  readonly maxSize: number
  readonly flags: number
  readonly securityModel: number
  readonly security: SecurityParameters
  /** The scoped PDU: with the flag `priv` its encrypted bytes, else its contents without tag and length. */
  readonly data: Uint8Array
  /** Where the authentication parameters lie in the whole message. */
  readonly authenticationAt: number
}

export type Message = CommunityMessage | V3Message
