// SPDX-License-Identifier: Apache-2.0
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { PROBABLE_CAUSE } from '#daemon/domain/alarm'
import type { DirectoryAccount } from '#daemon/domain/directory'
import type { Announce } from '#daemon/messages'
import type { Alarms } from '#daemon/services/alarms/alarms'
import { NOBODY, verifyPassword } from '#daemon/services/scrypt'
import type { Store } from '#daemon/store/store'
import { directoryAccounts } from '#daemon/store/tables'
import { KnownPasswords } from './passwords.ts'

/** Addresses under suspicion at a time; each holds an alarm. */
const SUSPECTS = 100
/** scrypt at work at a time: each takes 32 MB. */
const AT_ONCE = 4

/** How often suspects are looked at, in milliseconds. */
const SWEEP = 15_000

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
  /** Wrong passwords that one address may try in a minute before it has to wait one; 20 unless told. */
  readonly triesPerMinute?: number
}

/** Checks names and passwords, slows down who guesses, and raises the alarm. */
export class Binds {
  readonly #options: BindsOptions
  readonly #known = new KnownPasswords()
  readonly #tries: RateLimiterMemory
  /** Addresses with an alarm, and when each may try again. */
  readonly #suspects = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  readonly #atWork = new Map<string, Promise<boolean>>()

  constructor(options: BindsOptions) {
    this.#options = options
    const points = options.triesPerMinute ?? 20
    this.#tries = new RateLimiterMemory({ points, duration: 60, blockDuration: 60 })
  }

  /** Forgets the suspects of the last run, and clears alarms even when nobody binds. */
  start(): void {
    const { alarms } = this.#options
    for (const { name, source } of alarms.active()) if (name === ALARM) void alarms.clear(ALARM, source)
    this.#timer = setInterval(() => this.#clearSuspects(), SWEEP).unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async check(name: string, password: Uint8Array, address: string): Promise<BindVerdict> {
    this.#clearSuspects()
    const account = this.#options.store.get(directoryAccounts, name)?.value
    // Phones that share an address with a guesser, or an account with its victim, are not locked out.
    if (account && this.#known.has(account.passwordHash, password)) return { kind: 'right', account }
    const seconds = await this.#take(address)
    if (seconds > 0) return { kind: 'wait', seconds }
    // An unknown name costs as much time as a wrong password, so that names cannot be told apart.
    const right = await this.#verify(password, account?.passwordHash ?? NOBODY)
    if (right === undefined) return { kind: 'wait', seconds: 1 }
    if (account && right) {
      this.#known.add(account.passwordHash, password)
      await this.#tries.reward(address)
      return { kind: 'right', account }
    }
    this.#options.announce('directory.wrong-password', { account: name.slice(0, 64), from: address })
    return { kind: 'wrong' }
  }

  /** Ten thousand phones that start with one password are one piece of work. Undefined when there is too much of it. */
  #verify(password: Uint8Array, stored: string): Promise<boolean> | undefined {
    const question = this.#known.digest(stored, password)
    const running = this.#atWork.get(question)
    if (running || this.#atWork.size >= AT_ONCE) return running
    const work = verifyPassword(password, stored).finally(() => this.#atWork.delete(question))
    this.#atWork.set(question, work)
    return work
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
      eventType: 'other',
      probableCause: PROBABLE_CAUSE.authenticationFailure,
      remoteHost: address,
      description: `More than ${this.#tries.points} wrong directory passwords came from ${address} within a minute.`,
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
