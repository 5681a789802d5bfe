// SPDX-License-Identifier: Apache-2.0
import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

/** scrypt's cost: about 32 MB and 60 ms for one try [RFC 7914 §2]. */
const COST = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 2 ** 20 }
const KEY_BYTES = 32
/** Right passwords remembered. */
const REMEMBERED = 1_000

const derive = promisify<Uint8Array, Buffer, number, typeof COST, Buffer>(scrypt)

/** Kept as `scrypt$<N>$<r>$<p>$<salt>$<key>`, the last two in base64. */
export async function hashPassword(password: Uint8Array): Promise<string> {
  const salt = randomBytes(16)
  const key = await derive(password, salt, KEY_BYTES, COST)
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64'), key.toString('base64')].join('$')
}

export async function verifyPassword(password: Uint8Array, stored: string): Promise<boolean> {
  const [, N, r, p, salt = '', expected = ''] = stored.split('$')
  const wanted = Buffer.from(expected, 'base64')
  const cost = { ...COST, N: Number(N), r: Number(r), p: Number(p) }
  const key = await derive(password, Buffer.from(salt, 'base64'), KEY_BYTES, cost)
  return wanted.length === key.length && timingSafeEqual(wanted, key)
}

/**
 * Knows again a password that was right a moment ago: a phone binds for every search, and ten thousand of them share
 * an account. Holds only keyed hashes whose key dies with the process.
 */
export class KnownPasswords {
  readonly #key = randomBytes(32)
  readonly #right = new Set<string>()

  /** `stored` is part of what is known: a changed password makes the old one unknown. */
  has(stored: string, password: Uint8Array): boolean {
    return this.#right.has(this.digest(stored, password))
  }

  add(stored: string, password: Uint8Array): void {
    for (const oldest of this.#right) {
      if (this.#right.size < REMEMBERED) break
      this.#right.delete(oldest)
    }
    this.#right.add(this.digest(stored, password))
  }

  /** Equal for the same question; tells nothing of the password. */
  digest(stored: string, password: Uint8Array): string {
    return createHmac('sha256', this.#key).update(stored).update('\0').update(password).digest('base64')
  }
}
