// SPDX-License-Identifier: Apache-2.0
import type { Endpoint } from '#protocols/lib/exchange'
import { assertTarget } from './check.ts'
import type { Dialect } from './dialect.ts'
import { CommunityDialect } from './dialect-community.ts'
import { UsmDialect } from './dialect-usm.ts'
import type { LocalEngine } from './engine.ts'
import { type Notification, type NotificationSender, SnmpError, type SnmpTarget } from './port.ts'
import { Session } from './session.ts'
import { Salts } from './usm.ts'

export interface SnmpSenderOptions {
  /** Whom all senders and the agent share; its state is already stored, see `nextBoot`. */
  readonly engine: LocalEngine
  /** Milliseconds, never going backwards. */
  readonly now: () => number
  /** As many random bytes. */
  readonly random: (size: number) => Uint8Array
  /** Informs to one target that wait for an answer at a time (64). */
  readonly maxInFlight?: number
  /** Notifications that wait for one target (1000). */
  readonly maxWaiting?: number
  /** Targets that are remembered at a time (64). */
  readonly maxSessions?: number
  /** A datagram from a target that was no answer: garbage, forged, or late. */
  readonly stray?: (target: Endpoint, reason: string) => void
}

const IDS_AT_ONCE = 256

/** Sends traps and informs, to many targets at a time. */
export class SnmpSender implements NotificationSender {
  readonly #options: Required<SnmpSenderOptions>
  readonly #salts: Salts
  /** By what is said about the target; the one that was used last is the last. */
  readonly #sessions = new Map<string, Session>()
  /** Random numbers are fetched many at a time: each fetch costs more than the rest of a message. */
  #ids = Buffer.alloc(0)
  #nextId = 0
  #closed = false

  constructor(options: SnmpSenderOptions) {
    this.#options = { maxInFlight: 64, maxWaiting: 1000, maxSessions: 64, stray: () => {}, ...options }
    this.#salts = new Salts(options.random(8))
  }

  async send(target: SnmpTarget, notification: Notification): Promise<void> {
    if (this.#closed) throw new SnmpError('closed', 'the sender was closed')
    assertTarget(target)
    const session = this.#session(target)
    await (target.inform ? session.inform(notification, target) : session.trap(notification))
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const session of this.#sessions.values()) session.close()
    this.#sessions.clear()
  }

  #session(target: SnmpTarget): Session {
    const { address, port, version, community, user } = target
    const key = JSON.stringify([address, port, version, version === '3' ? user : community])
    const session = this.#sessions.get(key) ?? this.#make(target)
    this.#sessions.delete(key)
    this.#sessions.set(key, session)
    return session
  }

  #make(target: SnmpTarget): Session {
    if (this.#sessions.size >= this.#options.maxSessions) this.#evict()
    const { address, port } = target
    const { maxInFlight, maxWaiting, stray } = this.#options
    return new Session({
      ...{ address, port, dialect: this.#dialect(target), maxInFlight, maxWaiting },
      newId: () => this.#newId(),
      stray: (reason) => stray({ address, port }, reason),
    })
  }

  #evict(): void {
    for (const [key, session] of this.#sessions) {
      if (!session.idle) continue
      session.close()
      this.#sessions.delete(key)
      return
    }
    throw new SnmpError('busy', `notifications to ${this.#sessions.size} targets are on their way`)
  }

  #dialect({ version, community = '', user }: SnmpTarget): Dialect {
    if (version !== '3') return new CommunityDialect(version, community)
    if (!user) throw new SnmpError('invalid', 'version 3 needs a user')
    return new UsmDialect({ user, engine: this.#options.engine, salts: this.#salts, now: this.#options.now })
  }

  #newId(): number {
    if (this.#nextId >= this.#ids.length) {
      this.#ids = Buffer.from(this.#options.random(IDS_AT_ONCE * 4))
      this.#nextId = 0
    }
    const id = this.#ids.readUInt32BE(this.#nextId) >>> 1
    this.#nextId += 4
    return id || 1
  }
}
