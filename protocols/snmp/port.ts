// SPDX-License-Identifier: Apache-2.0

/** An object identifier in dotted decimal, without a dot in front: `1.3.6.1.2.1.1.3.0`. */
export type Oid = string

/** A value with its type on the wire [RFC2578 §7.1]. */
export type Varbind =
  | { readonly oid: Oid; readonly type: 'integer'; readonly value: number }
  /** Text goes as UTF-8; a zero-length one is allowed. */
  | { readonly oid: Oid; readonly type: 'octets'; readonly value: string | Uint8Array }
  | { readonly oid: Oid; readonly type: 'oid'; readonly value: Oid }
  | { readonly oid: Oid; readonly type: 'ipAddress'; readonly value: string }
  | { readonly oid: Oid; readonly type: 'counter32' | 'gauge32' | 'timeTicks'; readonly value: number }
  | { readonly oid: Oid; readonly type: 'counter64'; readonly value: bigint }
  | { readonly oid: Oid; readonly type: 'null' }

export type SecurityLevel = 'noAuthNoPriv' | 'authNoPriv' | 'authPriv'
export type AuthProtocol = 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512'
/**
 * AES-128 in CFB mode [RFC3826], and AES-256, which has no RFC: `aes256` stretches short keys as
 * draft-blumenthal-aes-usm-04 does (net-snmp's AES-256), `aes256c` as draft-reeder-snmpv3-usm-3desede-00 does (Cisco).
 * DES is left out: it protects nothing, and the OpenSSL of Node does not have it any more.
 */
export type PrivProtocol = 'aes128' | 'aes256' | 'aes256c'

/** A user of the User-based Security Model [RFC3414]. The two pass phrases have at least 8 characters [§11.2]. */
export interface SnmpUser {
  readonly name: string
  readonly level: SecurityLevel
  /** Needed for `authNoPriv` and `authPriv`. */
  readonly authProtocol?: AuthProtocol
  readonly authKey?: string
  /** Needed for `authPriv`. */
  readonly privProtocol?: PrivProtocol
  readonly privKey?: string
}

/** Where notifications go, and how. Two targets that say the same share one session. */
export interface SnmpTarget {
  /** An IPv4 address: names are the caller's matter. */
  readonly address: string
  readonly port: number
  readonly version: '1' | '2c' | '3'
  /** For versions 1 and 2c. */
  readonly community?: string
  /** For version 3. */
  readonly user?: SnmpUser
  /** An inform is answered by its receiver, a trap is not. Version 1 has no informs [RFC3584 §3.2]. */
  readonly inform: boolean
  /** How long the first try of an inform waits for its answer; each further one waits twice as long. */
  readonly timeoutMillis: number
  /** Tries after the first one. */
  readonly retries: number
}

/** What is told; the sender puts sysUpTime.0 and snmpTrapOID.0 in front of the varbinds [RFC3416 §4.2.6]. */
export interface Notification {
  /** The notification's name, for snmpTrapOID.0. */
  readonly oid: Oid
  readonly varbinds: readonly Varbind[]
  /** sysUpTime in hundredths of a second; it wraps at 2^32. */
  readonly uptime: number
}

/**
 * - `timeout`: no (credible) answer to any try
 * - `report`: the receiver refuses our security; the message names the counter, e.g. `usmStatsUnknownUserNames`
 * - `refused`: the receiver answered with an error status, which the message names
 * - `invalid`: what was to be sent cannot be: a bad target, OID or value, or one too large for a datagram
 * - `busy`: too many notifications wait for this target
 * - `unreachable`: the system could not send it
 * - `closed`: the sender was closed meanwhile
 */
export type SnmpErrorCode = 'timeout' | 'report' | 'refused' | 'invalid' | 'busy' | 'unreachable' | 'closed'

/** Why a notification was not sent or not acknowledged. The message never holds a community or a key. */
export class SnmpError extends Error {
  override readonly name = 'SnmpError'
  readonly code: SnmpErrorCode

  constructor(code: SnmpErrorCode, message: string) {
    super(message)
    this.code = code
  }
}

export interface NotificationSender {
  /** A trap: resolves when it left. An inform: when its receiver acknowledged it. Rejects with an SnmpError. */
  send(target: SnmpTarget, notification: Notification): Promise<void>
  /** What waits is rejected as `closed`. */
  close(): Promise<void>
}

/** Who we are in version 3. It outlives restarts; `boots` grows by one at each start [RFC3414 §2.2.2]. */
export interface EngineState {
  /** 5 to 32 octets [RFC3411 §5 SnmpEngineID]. */
  readonly id: Uint8Array
  /** 0 to 2147483647, where it stays. */
  readonly boots: number
}

export const SNMP_PROFILES = ['ovoc', 'rfc3877', 'offhook'] as const
/** How an alarm is told: with the OIDs of AudioCodes' manager, of the ALARM-MIB [RFC3877], or of our own OFFHOOK-MIB. */
export type SnmpProfile = (typeof SNMP_PROFILES)[number]

/** What SNMP has to know of an alarm. The daemon's own alarms fit; severities and numbers are theirs. */
export interface ToldAlarm {
  /** A positive number below 2^31 that the alarm keeps while it is active: its row in the tables. */
  readonly index: number
  readonly id: string
  readonly name: string
  readonly source: string
  readonly severity: 'indeterminate' | 'warning' | 'minor' | 'major' | 'critical'
  readonly description: string
  readonly remedy: string
  readonly eventType:
    | 'other'
    | 'communications'
    | 'qualityOfService'
    | 'processingError'
    | 'equipment'
    | 'environmental'
  readonly probableCause: number
  readonly additionalInfo: readonly string[]
  readonly remoteHost: string
  /** Milliseconds since the epoch. */
  readonly raisedAt: number
  readonly lastAt: number
  readonly count: number
  readonly acknowledged?: { readonly by: string }
  readonly blast?: number
}

/** What a notification tells; `at` is in milliseconds since the epoch. */
export type Tidings =
  | { readonly kind: 'raised' | 'changed' | 'cleared'; readonly at: number; readonly alarm: ToldAlarm }
  /** We are alive. */
  | { readonly kind: 'heartbeat'; readonly at: number; readonly activeAlarms: number }

/** Words tidings as a notification; made by `profiles.ts`, one for each profile. `uptime` as in Notification. */
export type Wording = (tidings: Tidings, uptime: number) => Notification

/** How the fleet is, for the scalars of OFFHOOK-MIB. */
export interface FleetCounters {
  readonly known: number
  readonly registered: number
  /** Started and not registered yet. */
  readonly starting: number
  readonly notRegistered: number
  /** Silent for too long. */
  readonly disconnected: number
  /** Seen, but it never reported. */
  readonly seen: number
  readonly pendingApproval: number
  readonly leasesActive: number
}

/** What the agent shows. */
export interface AgentPicture {
  /** sysName, sysContact and sysLocation [RFC3418]. */
  readonly name: string
  readonly contact: string
  readonly location: string
  readonly fleet: FleetCounters
  /** In any order, each with an index of its own; the same array as long as it can be, since the agent keeps what it
   * made of it. */
  readonly alarms: readonly ToldAlarm[]
}

export interface AgentPort {
  picture(): Promise<AgentPicture>
}

/** Who may read. */
export interface AgentAccess {
  /** Version 2c; none: version 3 only. */
  readonly communities: readonly string[]
  readonly users: readonly SnmpUser[]
  /** Networks as `address/prefix` that may ask; everybody else gets no answer, not even an error. */
  readonly sources: readonly string[]
}
