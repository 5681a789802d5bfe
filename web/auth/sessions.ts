// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto'
import type { Account } from '#web/port'

export interface Session {
  /** 256 random bits in base64url: the cookie's value. Never logged, never shown. */
  readonly id: string
  readonly account: Account
}

export interface SessionLimits {
  /** Milliseconds without a request of the user's own. */
  readonly idle: number
  /** Milliseconds from sign-in, whatever happens. */
  readonly absolute: number
  /** Sessions at once; beyond it the one unused for longest ends. */
  readonly count: number
}

export const SESSION_LIMITS: SessionLimits = { idle: 30 * 60_000, absolute: 12 * 60 * 60_000, count: 1000 }

interface Entry {
  readonly session: Session
  readonly openedAt: number
  usedAt: number
}

/** Who is signed in: in memory only, so a restart signs everybody out and nothing is left to steal from disk. */
export class Sessions {
  /** By the digest of the id, so that the time of a look-up tells nothing about an id. The unused are first. */
  readonly #entries = new Map<string, Entry>()
  readonly #now: () => number
  readonly #random: (bytes: number) => Uint8Array
  readonly #limits: SessionLimits

  constructor(now: () => number, random: (bytes: number) => Uint8Array, limits = SESSION_LIMITS) {
    this.#now = now
    this.#random = random
    this.#limits = limits
  }

  get size(): number {
    return this.#entries.size
  }

  /** Always a fresh id: nobody can plant one before sign-in. */
  open(account: Account): Session {
    const now = this.#now()
    for (const [key, entry] of this.#entries) if (this.#over(entry, now)) this.#entries.delete(key)
    const oldest = this.#entries.keys().next()
    if (this.#entries.size >= this.#limits.count && !oldest.done) this.#entries.delete(oldest.value)
    const session = { id: Buffer.from(this.#random(32)).toString('base64url'), account }
    this.#entries.set(digest(session.id), { session, openedAt: now, usedAt: now })
    return session
  }

  /** The session of a request of the user's own: starts its idle time anew. */
  use(id: string): Session | undefined {
    const session = this.peek(id)
    const key = digest(id)
    const entry = this.#entries.get(key)
    if (!session || !entry) return undefined
    entry.usedAt = this.#now()
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    return session
  }

  /** The same without counting as use: for what a page asks by itself. */
  peek(id: string): Session | undefined {
    const key = digest(id)
    const entry = this.#entries.get(key)
    if (!entry) return undefined
    if (!this.#over(entry, this.#now())) return entry.session
    this.#entries.delete(key)
    return undefined
  }

  end(id: string): void {
    this.#entries.delete(digest(id))
  }

  /** After a change of password, wherever else the account is signed in. */
  endAllOf(name: string): void {
    for (const [key, { session }] of this.#entries) if (session.account.name === name) this.#entries.delete(key)
  }

  #over(entry: Entry, now: number): boolean {
    return now - entry.usedAt >= this.#limits.idle || now - entry.openedAt >= this.#limits.absolute
  }
}

function digest(id: string): string {
  return createHash('sha256').update(id).digest('base64')
}
