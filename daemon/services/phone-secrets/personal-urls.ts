// SPDX-License-Identifier: Apache-2.0
import { timingSafeEqual } from 'node:crypto'
import { type PersonalUrl, type PhoneSecrets, tokenPlace } from '#daemon/domain/phone-secrets'
import type { PersonalUrlState } from '#daemon/domain/trust'
import { type Vault, VaultError } from '#daemon/services/vault'
import { put, type Store } from '#daemon/store/store'
import { phoneSecrets } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'

export interface PersonalUrlsOptions {
  readonly store: Store
  readonly vault: Vault
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly random: (bytes: number) => Uint8Array
}

/** 144 bits: 24 characters, so that the whole address stays below the 128 that phones take. */
const TOKEN_BYTES = 18
/** A phone that is asked for again and again is not written each time. */
const NOTED_AGAIN_MS = 60_000

/** The addresses that phones have for themselves alone, and what became of each. */
export class PersonalUrls {
  readonly #options: PersonalUrlsOptions

  constructor(options: PersonalUrlsOptions) {
    this.#options = options
  }

  stateOf(mac: Mac): PersonalUrlState {
    return this.#record(mac)?.state ?? 'none'
  }

  of(mac: Mac): PersonalUrl {
    const record = this.#record(mac)
    if (!record) return { mac, state: 'none', offeredAt: 0, heldAt: 0, changedBy: '' }
    const { sealedToken: _, ...rest } = record
    return rest
  }

  /** Whether a token is this phone's; neither its length nor the time it takes tells anything of the right one. */
  fits(mac: Mac, token: string): boolean {
    const record = this.#record(mac)
    const right = record && record.state !== 'revoked' ? this.#opened(record) : undefined
    if (right === undefined) return false
    const [a, b] = [Buffer.from(right), Buffer.from(token)]
    return a.length === b.length && timingSafeEqual(a, b)
  }

  /**
   * The token to write into the phone's file: the same until it has used it, so that a broken transfer costs nothing. It
   * is on disk before it is given away.
   */
  async offer(mac: Mac): Promise<string> {
    const { store, vault, now, random } = this.#options
    const stored = store.get(phoneSecrets, mac)
    const known = stored && stored.value.state !== 'revoked' ? this.#opened(stored.value) : undefined
    if (known !== undefined) return known
    const token = Buffer.from(random(TOKEN_BYTES)).toString('base64url')
    const record: PhoneSecrets = {
      ...{ changedBy: '', ...stored?.value },
      ...{ mac, state: 'offered', sealedToken: vault.seal(token, tokenPlace(mac)), offeredAt: now(), heldAt: 0 },
    }
    await store.commit([put(phoneSecrets, mac, record, stored?.revision ?? 'absent')], { durable: true })
    return token
  }

  /** The phone asked by its own address: from now on it is good for nothing else. */
  async used(mac: Mac): Promise<void> {
    const { store, now } = this.#options
    const stored = store.get(phoneSecrets, mac)
    if (stored?.value.state !== 'offered') return
    const record: PhoneSecrets = { ...stored.value, state: 'held', heldAt: now() }
    await store.commit([put(phoneSecrets, mac, record, stored.revision)], { durable: true })
  }

  /** Remembers the last time that somebody was refused, at most once a minute. False when that was just said. */
  async withheld(mac: Mac, from: string, why: string): Promise<boolean> {
    const { store, now } = this.#options
    const stored = store.get(phoneSecrets, mac)
    if (!stored) return true
    const last = stored.value.withheld
    if (last && last.why === why && now() - last.at < NOTED_AGAIN_MS) return false
    const record: PhoneSecrets = { ...stored.value, withheld: { at: now(), from, why } }
    await store.commit([put(phoneSecrets, mac, record)], { durable: false })
    return true
  }

  /** The phone's address is worth nothing any more, and it gets no secrets until it is renewed. */
  revoke(mac: Mac, by: string): Promise<void> {
    return this.#change(mac, by, 'revoked')
  }

  /** The phone gets a new one when it next asks from where it is at home; the old one is worth nothing. */
  renew(mac: Mac, by: string): Promise<void> {
    return this.#change(mac, by, 'offered')
  }

  async #change(mac: Mac, by: string, state: 'revoked' | 'offered'): Promise<void> {
    const record: PhoneSecrets = { mac, state, sealedToken: '', offeredAt: 0, heldAt: 0, changedBy: by }
    await this.#options.store.commit([put(phoneSecrets, mac, record)], { durable: true })
  }

  #record(mac: Mac): PhoneSecrets | undefined {
    return this.#options.store.get(phoneSecrets, mac)?.value
  }

  /** One that was sealed with another key is as good as none: the phone is offered a new one. */
  #opened({ mac, sealedToken }: PhoneSecrets): string | undefined {
    if (sealedToken === '') return undefined
    try {
      return this.#options.vault.open(sealedToken, tokenPlace(mac))
    } catch (error) {
      if (error instanceof VaultError) return undefined
      throw error
    }
  }
}
