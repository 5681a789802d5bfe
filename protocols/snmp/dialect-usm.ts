// SPDX-License-Identifier: Apache-2.0
import { decode, decodeScoped, encodeScoped } from './codec-message.ts'
import { type Keys, localize } from './crypto.ts'
import { type Answer, type Dialect, varbindsOf } from './dialect.ts'
import { type LocalEngine, RemoteEngine } from './engine.ts'
import { FLAG, type Pdu, USM, type V3Message } from './messages.ts'
import { type Notification, SnmpError, type SnmpUser } from './port.ts'
import { flagsOf, isAuthentic, protect, reveal, type Salts, usmStatOf } from './usm.ts'

export interface UsmDialectOptions {
  readonly user: SnmpUser
  /** We have authority over our traps; over informs their receiver has it [RFC3412 §2.1]. */
  readonly engine: LocalEngine
  readonly salts: Salts
  /** Milliseconds, never going backwards. */
  readonly now: () => number
}

interface Peer {
  readonly engine: RemoteEngine
  readonly keys: Keys
}

const NOBODY = { id: new Uint8Array(0), boots: 0, time: 0 }

/** Version 3 with the User-based Security Model [RFC3414]. */
export class UsmDialect implements Dialect {
  readonly freshIds = true
  readonly #options: UsmDialectOptions
  /** Our keys for traps, once one was sent. */
  #own: Keys | undefined
  #peer: Peer | undefined

  constructor(options: UsmDialectOptions) {
    this.#options = options
  }

  get mustDiscover(): boolean {
    return this.#peer === undefined
  }

  get inStep(): boolean {
    return this.#options.user.level === 'noAuthNoPriv' || this.#peer?.engine.known === true
  }

  trap(notification: Notification, requestId: number): Uint8Array {
    const { user, engine, salts } = this.#options
    this.#own ??= localize(user, engine.id)
    const pdu: Pdu = {
      ...{ kind: 'trap', requestId, errorStatus: 0, errorIndex: 0 },
      varbinds: varbindsOf(notification),
    }
    const contents = encodeScoped({ contextEngineId: engine.id, contextName: '', pdu })
    const { name: userName, level } = user
    return protect({
      ...{ id: requestId, reportable: false, level, userName, keys: this.#own, engine, contents, salts },
    })
  }

  discovery(pdu: Pdu, id: number): Uint8Array {
    const { salts } = this.#options
    const contents = encodeScoped({ contextEngineId: NOBODY.id, contextName: '', pdu })
    return protect({
      ...{ id, reportable: true, level: 'noAuthNoPriv', userName: '', keys: {}, engine: NOBODY, contents, salts },
    })
  }

  request(pdu: Pdu, id: number): Uint8Array {
    const { user, engine: own, salts } = this.#options
    if (!this.#peer) throw new SnmpError('invalid', 'the receiver is not discovered yet')
    const { engine, keys } = this.#peer
    // The context of a notification is ours, whoever has authority over the message [RFC3413 §3.3].
    const contents = encodeScoped({ contextEngineId: own.id, contextName: '', pdu })
    const { name: userName, level } = user
    return protect({ id, reportable: true, level, userName, keys, engine, contents, salts })
  }

  read(bytes: Uint8Array): Answer {
    const message = decode(bytes, 'response')
    if (message.version !== '3') return { kind: 'stray', reason: `version ${message.version}` }
    if (message.securityModel !== USM) return { kind: 'stray', reason: `security model ${message.securityModel}` }
    const { id, flags, security } = message
    const current = this.#peer !== undefined && Buffer.compare(security.engineId, this.#peer.engine.id) === 0
    const authentic = (flags & FLAG.auth) !== 0
    if (authentic) {
      const doubt = this.#doubt(bytes, message, current)
      if (doubt) return { kind: 'stray', reason: doubt }
    }
    const contents = reveal(message, this.#peer?.keys ?? {})
    if (!contents) return { kind: 'stray', reason: 'it cannot be decrypted' }
    const { pdu } = decodeScoped(contents, 'response')
    if (pdu.kind === 'report') {
      const stat = usmStatOf(pdu.varbinds[0]?.oid)
      return { kind: 'report', id, stat, authentic, current, engineId: security.engineId }
    }
    if (pdu.kind !== 'response') return { kind: 'stray', reason: `no response but ${pdu.kind}` }
    // An answer is as well secured as its request, whatever its own flags say [RFC3412 §7.2 10].
    const level = flagsOf(this.#options.user.level)
    if (!current || (flags & (FLAG.auth | FLAG.priv)) !== level) return { kind: 'stray', reason: 'less security' }
    return { kind: 'response', id, requestId: pdu.requestId, errorStatus: pdu.errorStatus }
  }

  discovered(engineId: Uint8Array): void {
    const { user, now } = this.#options
    this.#peer = { engine: new RemoteEngine(engineId, now), keys: localize(user, engineId) }
  }

  forget(): void {
    this.#peer = undefined
  }

  /** Why a message that says it is authentic is not; undefined when it is [RFC3414 §3.2 3–7]. */
  #doubt(bytes: Uint8Array, message: V3Message, current: boolean): string | undefined {
    const { boots, time, userName } = message.security
    if (!this.#peer || !current) return 'another engine'
    if (userName !== this.#options.user.name) return 'another user'
    if (!isAuthentic(bytes, message, this.#peer.keys)) return 'a wrong signature'
    return this.#peer.engine.learn(boots, time) ? undefined : 'outside the time window'
  }
}
