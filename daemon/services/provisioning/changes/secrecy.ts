// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto'
import { type LevelKey, type LevelSettings, secretPlace } from '#daemon/domain/provisioning/level-settings'
import { type Disclosure, MASK } from '#daemon/services/provisioning/disclosure'
import { isPassword } from '#daemon/services/provisioning/passwords'
import { levels } from '#daemon/store/tables'

// A secret becomes the mask and a tag between two characters that no text has a use for. The tag is a keyed digest, so
// that another secret is another text; it never leaves the process: `untagged` takes it out of all that is shown.
const OPEN = '\u{F0F0A}'
const CLOSE = '\u{F0F0B}'
const TAG = new RegExp(`${OPEN}[\\w-]{16}${CLOSE}`, 'gu')
const SEALED = /^v1:[A-Za-z0-9_-]{38,}$/

export type OpenSecret = (sealed: string, place: string) => string | undefined

/** Shows that secrets differ, and not what they are. `key` is known to nobody else; asked for when it is needed. */
export class Secrecy {
  readonly #key: () => string
  readonly #open: OpenSecret
  readonly disclosure: Disclosure
  #last = { secret: '', tagged: MASK }

  constructor(key: () => string, open: OpenSecret) {
    this.#key = key
    this.#open = open
    this.disclosure = {
      ...{ name: 'tagged', user: true, passwords: true },
      secret: (sealed, place) => {
        const secret = open(sealed, place)
        return secret === undefined ? undefined : this.#tagged(secret)
      },
      shown: (secret) => this.#tagged(secret),
    }
  }

  /** A record as text that is the same for equal records, sealed anew or not. Secrets of levels are tagged. */
  canonical(table: string, key: string, value: unknown): string {
    const settings = table === levels.name ? (value as LevelSettings | undefined) : undefined
    if (!settings?.sealed) return sorted(value)
    const tags = Object.entries(settings.sealed).map(([name, sealed]) => {
      const secret = this.#open(sealed, secretPlace(key as LevelKey, name))
      return [name, secret === undefined ? sealed : this.#tagged(secret)]
    })
    return sorted({ ...settings, sealed: Object.fromEntries(tags) })
  }

  /** A name for a text, which tells nothing of it to who does not know the key. */
  digest(text: string): string {
    return createHmac('sha256', this.#key()).update(text).digest('base64url')
  }

  /** Phone after phone often has the same one. */
  #tagged(secret: string): string {
    if (secret === '') return MASK
    if (this.#last.secret !== secret) {
      this.#last = { secret, tagged: `${MASK}${OPEN}${this.digest(secret).slice(0, 16)}${CLOSE}` }
    }
    return this.#last.tagged
  }
}

/** For people. */
export function untagged(text: string): string {
  return text.includes(OPEN) ? text.replace(TAG, '') : text
}

/** A line whose value is a password, wherever that was written, as it may be shown. */
export function maskedLine(text: string): string {
  return isPassword(text) ? text.replace(/=.*$/s, `=${MASK}`) : text
}

/** Whether a text is a secret as the vault keeps it. */
export function isSealed(text: string): boolean {
  return SEALED.test(text)
}

/** JSON with the names of each object in order. */
function sorted(value: unknown): string {
  return (
    JSON.stringify(value, (_, inner: unknown) => {
      if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
      return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
    }) ?? ''
  )
}
