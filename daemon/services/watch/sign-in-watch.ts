// SPDX-License-Identifier: Apache-2.0
import { PROBABLE_CAUSE } from '#daemon/domain/alarm'
import type { Alarms } from '#daemon/services/alarms/alarms'
import { cleanText } from '#protocols/lib/text'
import { Raiser } from './raiser.ts'

const ATTACK = 'LOGIN ATTACK'
const OVER_MS = 15 * 60_000
const MOST_ADDRESSES = 50

/** Tells who tries passwords at the admin pages. */
export class SignInWatch {
  readonly #raiser: Raiser

  constructor(alarms: Alarms, now: () => number) {
    this.#raiser = new Raiser(alarms, now, { [ATTACK]: OVER_MS }, MOST_ADDRESSES)
  }

  /** A sign-in was put off, since too many before it were wrong. */
  throttled(account: string, from: string): void {
    this.#raiser.raise({
      ...{ name: ATTACK, source: `web/${from}`, remoteHost: from, severity: 'major' },
      ...{ eventType: 'other', probableCause: PROBABLE_CAUSE.authenticationFailure },
      description: `Too many wrong passwords for the admin pages came from ${from}, the last for the account ${JSON.stringify(cleanText(account, 64))}.`,
      remedy:
        'Look at that machine. Let the admin pages listen only where admins are (web.listen), and have them sign in once more when it is over.',
    })
  }

  tick(): void {
    this.#raiser.tick()
  }
}
