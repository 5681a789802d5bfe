// SPDX-License-Identifier: Apache-2.0
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { DirectoryAccount } from '#daemon/domain/directory'
import type { Announce } from '#daemon/messages'
import type { Alarms } from '#daemon/services/alarms'
import type { Store } from '#daemon/store/store'
import { directoryAccounts } from '#daemon/store/tables'
import { KnownPasswords, verifyPassword } from './passwords.ts'

/** Passwords that may be tried from one address in a minute; then the address waits one. */
const TRIES = 20
/** Addresses under suspicion at a time; each holds an alarm. */
const SUSPECTS = 100
/** scrypt at work at a time: each takes 32 MB. */
const AT_ONCE = 4

const ALARM = 'DIRECTORY BIND ATTACK'

export type BindVerdict =
  | { readonly kind: 'right'; readonly account: DirectoryAccount }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'wait'; readonly seconds: number }

export interface BindsOptions {
  readonly store: Store
  readonly alarms: Alarms
  readonly announce: Announce
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** Checks names and passwords, slows down who guesses, and raises the alarm. */
export class Binds {
  readonly #options: BindsOptions
  readonly #known = new KnownPasswords()
  readonly #tries = new RateLimiterMemory({ points: TRIES, duration: 60, blockDuration: 60 })
  /** Addresses with an alarm, and when each may try again. */
  readonly #suspects = new Map<string, number>()
  #atWork = 0

  constructor(options: BindsOptions) {
    this.#options = options
  }

  async check(name: string, password: Uint8Array, address: string): Promise<BindVerdict> {
    this.#clearSuspects()
    const account = this.#options.store.get(directoryAccounts, name)?.value
    // Phones that share an address with a guesser, or an account with its victim, are not locked out.
    if (account && this.#known.has(account.passwordHash, password)) return { kind: 'right', account }
    const seconds = await this.#take(address)
    if (seconds > 0) return { kind: 'wait', seconds }
    if (this.#atWork >= AT_ONCE) return { kind: 'wait', seconds: 1 }
    this.#atWork++
    try {
      // An unknown name costs as much time as a wrong password, so that names cannot be told apart.
      const right = await verifyPassword(password, account?.passwordHash ?? NOBODY)
      if (account && right) {
        this.#known.add(account.passwordHash, password)
        await this.#tries.delete(address)
        return { kind: 'right', account }
      }
    } finally {
      this.#atWork--
    }
    this.#options.announce('directory.wrong-password', { account: name.slice(0, 64), from: address })
    return { kind: 'wrong' }
  }

  /** Counts a try; gives the seconds to wait, 0 when it may be made. */
  async #take(address: string): Promise<number> {
    try {
      await this.#tries.consume(address)
      return 0
    } catch (refused) {
      if (!(refused instanceof RateLimiterRes)) throw refused
      this.#suspect(address, refused.msBeforeNext)
      return Math.ceil(refused.msBeforeNext / 1_000)
    }
  }

  #suspect(address: string, milliseconds: number): void {
    const known = this.#suspects.has(address)
    if (!known && this.#suspects.size >= SUSPECTS) return
    this.#suspects.set(address, this.#options.now() + milliseconds)
    if (known) return
    this.#options.alarms.raise({
      name: ALARM,
      source: `ldap/${address}`,
      severity: 'major',
      description: `More than ${TRIES} wrong directory passwords came from ${address} within a minute.`,
      remedy: 'Look at that machine. If it is a phone, correct the LDAP password in its configuration.',
    })
  }

  #clearSuspects(): void {
    for (const [address, until] of this.#suspects) {
      if (until > this.#options.now()) continue
      this.#suspects.delete(address)
      this.#options.alarms.clear(ALARM, `ldap/${address}`)
    }
  }
}

/** Stands in for the hash of an account that does not exist. */
const NOBODY = ['scrypt', 2 ** 15, 8, 1, 'AAAA', 'AAAA'].join('$')
