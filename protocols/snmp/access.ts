// SPDX-License-Identifier: Apache-2.0
import { createHash, timingSafeEqual } from 'node:crypto'
import { MalformedPacket } from '#protocols/lib/malformed'
import { faultOfUser } from './check.ts'
import { decode, decodeScoped, encodeCommunity, encodeScoped } from './codec-message.ts'
import { COUNTERS, type Counter, type Counters } from './counters.ts'
import { type Keys, localize } from './crypto.ts'
import type { LocalEngine } from './engine.ts'
import { type CommunityMessage, FLAG, type Pdu, type ScopedPdu, USM, type V3Message } from './messages.ts'
import type { AgentAccess, SecurityLevel, SnmpUser } from './port.ts'
import { flagsOf, isAuthentic, MAX_SIZE, protect, reveal, type Salts } from './usm.ts'

/** What becomes of a datagram before anybody looks at what it asks. */
export type Admission =
  | { readonly kind: 'request'; readonly pdu: Pdu; readonly maxSize: number; readonly encode: (pdu: Pdu) => Buffer }
  /** Its sender may not read: an answer at its own level says so. */
  | { readonly kind: 'denied'; readonly pdu: Pdu; readonly encode: (pdu: Pdu) => Buffer; readonly reason: string }
  | { readonly kind: 'report'; readonly counter: Counter; readonly bytes: Buffer }
  | { readonly kind: 'drop'; readonly reason: string }

interface Known {
  readonly user: SnmpUser
  readonly keys: Keys
}

export interface AdmissionOptions {
  readonly access: AgentAccess
  readonly engine: LocalEngine
  readonly counters: Counters
  readonly salts: Salts
}

/** Versions 2c and 3 at the door of the agent [RFC3412 §7.2, RFC3414 §3.2]. */
export class Door {
  readonly #options: AdmissionOptions
  readonly #communities: readonly Buffer[]
  readonly #users: ReadonlyMap<string, Known>

  /** Makes the users' keys, which takes some milliseconds each; throws RangeError for a user who cannot be. */
  constructor(options: AdmissionOptions) {
    this.#options = options
    const { communities, users } = options.access
    this.#communities = communities.map((community) => digest(Buffer.from(community)))
    for (const user of users) {
      const fault = faultOfUser(user)
      if (fault) throw new RangeError(`the SNMP user ${JSON.stringify(user.name)}: ${fault}`)
    }
    this.#users = new Map(users.map((user) => [user.name, { user, keys: localize(user, options.engine.id) }]))
  }

  /** Throws MalformedPacket for what is no message. */
  admit(bytes: Uint8Array): Admission {
    const { counters } = this.#options
    counters.add('snmpInPkts')
    const message = this.#decode(bytes)
    if (message.version === '3') return this.#secure(bytes, message)
    if (message.version === '2c') return this.#community(message)
    counters.add('snmpInBadVersions')
    return drop('version 1 is not served')
  }

  #decode(bytes: Uint8Array) {
    try {
      return decode(bytes)
    } catch (error) {
      const isVersion = error instanceof MalformedPacket && error.code === 'bad-version'
      this.#options.counters.add(isVersion ? 'snmpInBadVersions' : 'snmpInASNParseErrs')
      throw error
    }
  }

  #community({ community, pdu }: CommunityMessage): Admission {
    // All are compared, by digests of one length, so that the time tells nothing.
    const given = digest(community)
    const matches = this.#communities.filter((known) => timingSafeEqual(known, given))
    if (matches.length === 0) {
      this.#options.counters.add('snmpInBadCommunityNames')
      return drop('an unknown community')
    }
    if (pdu.kind === 'trapV1') return drop('a trap')
    const encode = (answer: Pdu) => encodeCommunity({ version: '2c', community, pdu: answer })
    return { kind: 'request', pdu, maxSize: MAX_SIZE, encode }
  }

  #secure(bytes: Uint8Array, message: V3Message): Admission {
    const { engine, counters } = this.#options
    const { flags, security, securityModel } = message
    if (securityModel !== USM) {
      counters.add('snmpUnknownSecurityModels')
      return drop('an unknown security model')
    }
    if (Buffer.compare(security.engineId, engine.id) !== 0) return this.#report(message, 'usmStatsUnknownEngineIDs')
    const known = this.#users.get(security.userName)
    if (!known) return this.#report(message, 'usmStatsUnknownUserNames')
    const { user, keys } = known
    const level = flags & (FLAG.auth | FLAG.priv)
    if ((level & ~flagsOf(user.level)) !== 0) return this.#report(message, 'usmStatsUnsupportedSecLevels')
    if ((flags & FLAG.auth) !== 0) {
      if (!isAuthentic(bytes, message, keys)) return this.#report(message, 'usmStatsWrongDigests')
      if (!engine.isTimely(security.boots, security.time)) {
        return this.#report(message, 'usmStatsNotInTimeWindows', known)
      }
    }
    const contents = reveal(message, keys)
    if (!contents) return this.#report(message, 'usmStatsDecryptionErrors')
    return this.#scoped(message, known, this.#decodeScoped(contents))
  }

  #decodeScoped(contents: Uint8Array): ScopedPdu {
    try {
      return decodeScoped(contents)
    } catch (error) {
      this.#options.counters.add('snmpInASNParseErrs')
      throw error
    }
  }

  #scoped(message: V3Message, known: Known, { contextEngineId, contextName, pdu }: ScopedPdu): Admission {
    const { engine } = this.#options
    // We have one context, without a name, of our own engine [RFC3412 §7.2 13].
    if (Buffer.compare(contextEngineId, engine.id) !== 0) return this.#report(message, 'snmpUnknownPDUHandlers', known)
    if (contextName !== '') return this.#report(message, 'snmpUnknownContexts', known)
    const level = levelOf(message.flags)
    const encode = (answer: Pdu) => this.#encode(message, level, known, answer)
    if (level !== known.user.level) {
      return { kind: 'denied', pdu, encode, reason: `${known.user.name} has to ask with ${known.user.level}` }
    }
    return { kind: 'request', pdu, maxSize: Math.min(message.maxSize, MAX_SIZE), encode }
  }

  /** Counts, and tells the sum if the sender wants to know [RFC3414 §3.2, RFC3412 §7.1 3]. */
  #report(message: V3Message, counter: Counter, known?: Known): Admission {
    const value = this.#options.counters.add(counter)
    if ((message.flags & FLAG.reportable) === 0) return drop(counter)
    const pdu: Pdu = {
      ...{ kind: 'report', requestId: requestIdOf(message), errorStatus: 0, errorIndex: 0 },
      varbinds: [{ oid: `${COUNTERS[counter]}.0`, type: 'counter32', value }],
    }
    // Who could prove who they are get a signed report, and of the time only that one counts [RFC3414 §3.2 7a].
    const isSigned = known !== undefined && (message.flags & FLAG.auth) !== 0
    return {
      kind: 'report',
      counter,
      bytes: this.#encode(message, isSigned ? 'authNoPriv' : 'noAuthNoPriv', known, pdu),
    }
  }

  #encode({ id, security }: V3Message, level: SecurityLevel, known: Known | undefined, pdu: Pdu): Buffer {
    const { engine, salts } = this.#options
    const contents = encodeScoped({ contextEngineId: engine.id, contextName: '', pdu })
    const { userName } = security
    return protect({ id, reportable: false, level, userName, keys: known?.keys ?? {}, engine, contents, salts })
  }
}

function drop(reason: string): Admission {
  return { kind: 'drop', reason }
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest()
}

function levelOf(flags: number): SecurityLevel {
  if ((flags & FLAG.auth) === 0) return 'noAuthNoPriv'
  return (flags & FLAG.priv) === 0 ? 'authNoPriv' : 'authPriv'
}

/** 0 when it is encrypted or cannot be read [RFC3412 §7.1 3]. */
function requestIdOf({ flags, data }: V3Message): number {
  if ((flags & FLAG.priv) !== 0) return 0
  try {
    return decodeScoped(data).pdu.requestId
  } catch {
    return 0
  }
}
