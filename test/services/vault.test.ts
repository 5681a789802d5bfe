// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Vault, VaultError } from '#daemon/services/vault'

function unlocked(key: Uint8Array = randomBytes(32)): Vault {
  const vault = new Vault()
  vault.unlock(key)
  return vault
}

describe('the vault', () => {
  it('opens what it sealed, and shows nothing of it', () => {
    const vault = unlocked()
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 4 }), fc.string(), (secret, place) => {
        const sealed = vault.seal(secret, place)
        expect(sealed).not.toContain(secret)
        expect(vault.open(sealed, place)).toBe(secret)
      }),
    )
  })

  it('never seals the same way twice', () => {
    const vault = unlocked()
    expect(vault.seal('1234', 'user/anna')).not.toBe(vault.seal('1234', 'user/anna'))
  })

  it('opens nothing in another place, with another key, or damaged', () => {
    const key = randomBytes(32)
    const sealed = unlocked(key).seal('1234', 'user/anna')
    const last = sealed.at(-1) === 'A' ? 'B' : 'A'
    for (const attempt of [
      () => unlocked(key).open(sealed, 'user/bert'),
      () => unlocked().open(sealed, 'user/anna'),
      () => unlocked(key).open(`${sealed.slice(0, -5)}${last}${sealed.slice(-4)}`, 'user/anna'),
      () => unlocked(key).open(sealed.slice(0, 20), 'user/anna'),
      () => unlocked(key).open('{"1234"}', 'user/anna'),
    ]) {
      expect(attempt).toThrow(VaultError)
    }
  })

  it('refuses a key that is too short, and work before it is unlocked', () => {
    expect(() => unlocked(randomBytes(16))).toThrow(VaultError)
    expect(() => new Vault().seal('1234', 'user/anna')).toThrow(VaultError)
  })
})
