// SPDX-License-Identifier: Apache-2.0
import { createHmac, randomBytes } from 'node:crypto'

/** Right passwords remembered. */
const REMEMBERED = 1_000

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
