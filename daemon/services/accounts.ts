// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { StoredAccount } from '#daemon/domain/account'
import type { Announce } from '#daemon/messages'
import { put, type Store } from '#daemon/store/store'
import { accounts as table } from '#daemon/store/tables'
import type { AccountsPort, SignIn } from '#web/port'
import { hashPassword, NOBODY, verifyPassword } from './scrypt.ts'

const SHORTEST = 12
const LONGEST = 256

/** Wrong tries allowed in a minute, for one account and for one address. */
const TRIES_BY_ACCOUNT = 5
const TRIES_BY_ADDRESS = 20

/** Local accounts of admins. Of their passwords only a hash is kept. */
export class Accounts implements AccountsPort {
  readonly #store: Store
  readonly #now: () => number
  readonly #announce: Announce
  readonly #byAccount = new RateLimiterMemory({ points: TRIES_BY_ACCOUNT, duration: 60, blockDuration: 60 })
  readonly #byAddress = new RateLimiterMemory({ points: TRIES_BY_ADDRESS, duration: 60, blockDuration: 60 })

  readonly #onThrottled: (account: string, from: string) => void

  constructor(
    store: Store,
    now: () => number,
    announce: Announce,
    onThrottled: (account: string, from: string) => void = () => {},
  ) {
    this.#onThrottled = onThrottled
    this.#store = store
    this.#now = now
    this.#announce = announce
  }

  /**
   * Until the first admin has chosen a password there is a one-time one, made anew at each start: the caller prints
   * it. Undefined once somebody has chosen.
   */
  async oneTimePassword(): Promise<{ name: string; password: string } | undefined> {
    const admin = this.#store.get(table, 'admin')?.value
    if (admin ? !admin.mustChangePassword : this.#store.count(table) > 0) return undefined
    const password = randomBytes(12).toString('base64url')
    await this.#save({
      name: 'admin',
      passwordHash: await hashPassword(password),
      mustChangePassword: true,
      createdAt: admin?.createdAt ?? this.#now(),
    })
    this.#announce('account.one-time-password', { account: 'admin' })
    return { name: 'admin', password }
  }

  async signIn(name: string, password: string, from: string): Promise<SignIn> {
    const key = name.toLowerCase().slice(0, 64)
    const seconds = await this.#take(key, from)
    if (seconds > 0) {
      this.#announce('account.wrong-password', { account: key, from, waitSeconds: seconds })
      this.#onThrottled(key, from)
      return { kind: 'wait', seconds }
    }
    const account = this.#store.get(table, key)?.value
    // An unknown name costs as much time as a wrong password, so that names cannot be told apart.
    const right = await verifyPassword(password.slice(0, LONGEST), account?.passwordHash ?? NOBODY)
    if (!account || !right) {
      this.#announce('account.wrong-password', { account: key, from })
      return { kind: 'wrong' }
    }
    await Promise.all([this.#byAccount.delete(key), this.#byAddress.delete(from)])
    this.#announce('account.sign-in', { account: key, from })
    return { kind: 'welcome', account: { name: account.name, mustChangePassword: account.mustChangePassword } }
  }

  async changePassword(name: string, current: string, next: string): Promise<string | undefined> {
    const account = this.#store.get(table, name)?.value
    if (!account || !(await verifyPassword(current.slice(0, LONGEST), account.passwordHash))) {
      return 'The current password is not right.'
    }
    if (next.length < SHORTEST) return `The new password needs at least ${SHORTEST} characters.`
    if (next.length > LONGEST) return `The new password may have at most ${LONGEST} characters.`
    if (next === current) return 'The new password is the old one.'
    await this.#save({ ...account, passwordHash: await hashPassword(next), mustChangePassword: false })
    this.#announce('account.password-changed', { account: name })
    return undefined
  }

  /** Counts a try before the password is looked at; returns the seconds to wait, 0 when the try may go on. */
  async #take(account: string, from: string): Promise<number> {
    try {
      await Promise.all([this.#byAccount.consume(account), this.#byAddress.consume(from)])
      return 0
    } catch (refused) {
      if (refused instanceof RateLimiterRes) return Math.ceil(refused.msBeforeNext / 1_000)
      throw refused
    }
  }

  async #save(account: StoredAccount): Promise<void> {
    await this.#store.commit([put(table, account.name, account)], { durable: true })
  }
}
