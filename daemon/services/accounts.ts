// SPDX-License-Identifier: Apache-2.0
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import type { StoredAccount } from '#daemon/domain/account'
import type { Announce } from '#daemon/messages'
import { put, type Store } from '#daemon/store/store'
import { accounts as table } from '#daemon/store/tables'
import type { AccountsPort, SignIn } from '#web/port'

/** scrypt's cost: about 32 MB and 60 ms for one try [RFC 7914 §2]. */
const COST = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 2 ** 20 }
const KEY_BYTES = 32
const SHORTEST = 12
const LONGEST = 256

/** Wrong tries allowed in a minute, for one account and for one address. */
const TRIES_BY_ACCOUNT = 5
const TRIES_BY_ADDRESS = 20

/** Stands in for the hash of an account that does not exist. */
const NOBODY = ['scrypt', COST.N, COST.r, COST.p, 'AAAA', 'AAAA'].join('$')

const derive = promisify<string, Buffer, number, typeof COST, Buffer>(scrypt)

/** Local accounts of admins. Passwords are kept as `scrypt$<N>$<r>$<p>$<salt>$<key>`, the last two in base64. */
export class Accounts implements AccountsPort {
  readonly #store: Store
  readonly #now: () => number
  readonly #announce: Announce
  readonly #byAccount = new RateLimiterMemory({ points: TRIES_BY_ACCOUNT, duration: 60, blockDuration: 60 })
  readonly #byAddress = new RateLimiterMemory({ points: TRIES_BY_ADDRESS, duration: 60, blockDuration: 60 })

  constructor(store: Store, now: () => number, announce: Announce) {
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
      passwordHash: await hash(password),
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
      return { kind: 'wait', seconds }
    }
    const account = this.#store.get(table, key)?.value
    // An unknown name costs as much time as a wrong password, so that names cannot be told apart.
    const right = await verify(password.slice(0, LONGEST), account?.passwordHash ?? NOBODY)
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
    if (!account || !(await verify(current.slice(0, LONGEST), account.passwordHash))) {
      return 'The current password is not right.'
    }
    if (next.length < SHORTEST) return `The new password needs at least ${SHORTEST} characters.`
    if (next.length > LONGEST) return `The new password may have at most ${LONGEST} characters.`
    if (next === current) return 'The new password is the old one.'
    await this.#save({ ...account, passwordHash: await hash(next), mustChangePassword: false })
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

async function hash(password: string): Promise<string> {
  const salt = randomBytes(16)
  const key = await derive(password, salt, KEY_BYTES, COST)
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64'), key.toString('base64')].join('$')
}

async function verify(password: string, stored: string): Promise<boolean> {
  const [, N, r, p, salt = '', expected = ''] = stored.split('$')
  const wanted = Buffer.from(expected, 'base64')
  const cost = { ...COST, N: Number(N), r: Number(r), p: Number(p) }
  const key = await derive(password, Buffer.from(salt, 'base64'), KEY_BYTES, cost)
  return wanted.length === key.length && timingSafeEqual(wanted, key)
}
