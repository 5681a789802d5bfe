// SPDX-License-Identifier: Apache-2.0
import { encodeV3, unwrapScoped, wrapScoped } from './codec-message.ts'
import { decrypt, encrypt, isSigned, type Keys, sign } from './crypto.ts'
import { FLAG, USM, type V3Message } from './messages.ts'
import type { Oid, SecurityLevel } from './port.ts'

/** The largest UDP payload over IPv4: what we take, and what we send at most. */
export const MAX_SIZE = 65_507

/** usmStats, by their number in the MIB [RFC3414 §5]. */
export const USM_STATS = {
  usmStatsUnsupportedSecLevels: 1,
  usmStatsNotInTimeWindows: 2,
  usmStatsUnknownUserNames: 3,
  usmStatsUnknownEngineIDs: 4,
  usmStatsWrongDigests: 5,
  usmStatsDecryptionErrors: 6,
} as const
export type UsmStat = keyof typeof USM_STATS

export const USM_STATS_ARC: Oid = '1.3.6.1.6.3.15.1.1'

export function usmStatOid(stat: UsmStat): Oid {
  return `${USM_STATS_ARC}.${USM_STATS[stat]}.0`
}

/** The counter that a report tells of; undefined when it is none of USM's. */
export function usmStatOf(oid: Oid | undefined): UsmStat | undefined {
  return (Object.keys(USM_STATS) as UsmStat[]).find((stat) => usmStatOid(stat) === oid)
}

export function flagsOf(level: SecurityLevel): number {
  return level === 'noAuthNoPriv' ? 0 : level === 'authNoPriv' ? FLAG.auth : FLAG.auth | FLAG.priv
}

/** Salts that do not come again as long as their source lives: they count up from a random start [RFC3826 §3.1.2.1]. */
export class Salts {
  #next: bigint

  constructor(random: Uint8Array) {
    this.#next = Buffer.from(random).readBigUInt64BE(0)
  }

  next(): Uint8Array {
    const salt = Buffer.alloc(8)
    salt.writeBigUInt64BE(this.#next)
    this.#next = BigInt.asUintN(64, this.#next + 1n)
    return salt
  }
}

export interface ToProtect {
  readonly id: number
  readonly reportable: boolean
  readonly level: SecurityLevel
  readonly userName: string
  readonly keys: Keys
  /** The authoritative engine's ID and clock. */
  readonly engine: { readonly id: Uint8Array; readonly boots: number; readonly time: number }
  /** What `encodeScoped` made. */
  readonly contents: Uint8Array
  readonly salts: Salts
}

const NOTHING = new Uint8Array(0)

/** Encrypts, encodes and signs [RFC3414 §3.1]. */
export function protect({ id, reportable, level, userName, keys, engine, contents, salts }: ToProtect): Buffer {
  const { boots, time } = engine
  let data = contents
  let privacy = NOTHING
  if (level === 'authPriv' && keys.priv) {
    const salt = salts.next()
    data = encrypt(wrapScoped(contents), keys.priv, { boots, time, salt })
    privacy = Uint8Array.from(salt)
  }
  const authentication = level !== 'noAuthNoPriv' && keys.auth ? new Uint8Array(keys.auth.length) : NOTHING
  const header = {
    id,
    maxSize: MAX_SIZE,
    flags: flagsOf(level) | (reportable ? FLAG.reportable : 0),
    securityModel: USM,
  }
  const security = { engineId: engine.id, boots, time, userName, authentication, privacy }
  const { bytes, authenticationAt } = encodeV3(header, security, data)
  if (authentication.byteLength > 0 && keys.auth) {
    bytes.set(sign(bytes, authenticationAt, keys.auth), authenticationAt)
  }
  return bytes
}

/** Whether its signature is right. The keys decide, never the message: without a key nothing is authentic. */
export function isAuthentic(bytes: Uint8Array, message: V3Message, keys: Keys): boolean {
  return (
    keys.auth !== undefined && isSigned(bytes, message.authenticationAt, message.security.authentication, keys.auth)
  )
}

/** The contents of a message's scoped PDU in the clear; undefined when they cannot be decrypted [RFC3414 §3.2 8]. */
export function reveal({ flags, security, data }: V3Message, keys: Keys): Uint8Array | undefined {
  if ((flags & FLAG.priv) === 0) return data
  if (!keys.priv || security.privacy.byteLength !== 8) return undefined
  const { boots, time, privacy } = security
  try {
    return unwrapScoped(decrypt(data, keys.priv, { boots, time, salt: privacy }))
  } catch {
    return undefined
  }
}
