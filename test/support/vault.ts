// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { Vault } from '#daemon/services/vault'

/** A real vault, unlocked with a key that nothing else has. */
export function unlockedVault(): Vault {
  const vault = new Vault()
  vault.unlock(randomBytes(32))
  return vault
}
