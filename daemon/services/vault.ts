// SPDX-License-Identifier: Apache-2.0
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'

/** A secret that cannot be opened: another key, another place, or damage. */
export class VaultError extends Error {
  override readonly name = 'VaultError'
  readonly code = 'VAULT'
}

const VERSION = 'v1'
const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Encrypts the secrets that we must be able to read again (a phone's SIP password, a community): AES-256-GCM, kept as
 * `v1:<base64url of nonce, tag and text>`. Passwords that are only compared are hashed, never kept here.
 */
export class Vault {
  #key: Uint8Array | undefined

  /** Comes before the first use; `key` is 32 bytes. */
  unlock(key: Uint8Array): void {
    if (key.length !== KEY_BYTES) throw new VaultError(`the key has ${key.length} bytes, not ${KEY_BYTES}`)
    this.#key = key
  }

  /** `place` is part of the seal: what was sealed for one record opens in no other, e.g. `user/anna/sip`. */
  seal(secret: string, place: string): string {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(CIPHER, this.#unlocked(), nonce).setAAD(Buffer.from(place))
    const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
    return `${VERSION}:${Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url')}`
  }

  /** Throws a VaultError when it cannot be opened. */
  open(sealed: string, place: string): string {
    const [version, body = ''] = sealed.split(':')
    const bytes = Buffer.from(body, 'base64url')
    if (version !== VERSION || bytes.length < NONCE_BYTES + TAG_BYTES) throw new VaultError('this is no sealed secret')
    const decipher = createDecipheriv(CIPHER, this.#unlocked(), bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
    try {
      const text = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES))
      return Buffer.concat([text, decipher.final()]).toString('utf8')
    } catch (error) {
      throw new VaultError(`the secret of ${place} was sealed with another key, or is damaged`, { cause: error })
    }
  }

  /** A secret of 96 bits that is always the same for a place, and tells nothing of the key or of other places. */
  derive(place: string): string {
    return createHmac('sha256', this.#unlocked()).update(`derive/${place}`).digest('base64url').slice(0, 16)
  }

  #unlocked(): Uint8Array {
    if (!this.#key) throw new VaultError('the vault is not unlocked yet')
    return this.#key
  }
}

/** What was sealed for this very place before stays, so that a form which is sent twice means the same. */
export function sealOnce(vault: Vault, value: string, place: string): string {
  if (!value.startsWith(`${VERSION}:`)) return vault.seal(value, place)
  return opens(vault, value, place) ? value : vault.seal(value, place)
}

function opens(vault: Vault, sealed: string, place: string): boolean {
  try {
    vault.open(sealed, place)
    return true
  } catch (error) {
    if (error instanceof VaultError) return false
    throw error
  }
}
