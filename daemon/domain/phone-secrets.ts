// SPDX-License-Identifier: Apache-2.0
import type { Mac } from '#protocols/lib/mac'
import type { PersonalUrlState } from './trust.ts'

/** What is secret between a phone and us. Times are milliseconds since the epoch; 0 for never. */
export interface PhoneSecrets {
  readonly mac: Mac
  readonly state: Exclude<PersonalUrlState, 'none'>
  /** The token of its personal address, sealed for `tokenPlace(mac)`; empty after it was revoked. */
  readonly sealedToken: string
  readonly offeredAt: number
  /** When the phone first asked by it. */
  readonly heldAt: number
  /** Who revoked it or had it renewed; empty for nobody. */
  readonly changedBy: string
  /** The last time that secrets were kept from somebody who asked for its file. */
  readonly withheld?: { readonly at: number; readonly from: string; readonly why: string }
}

/** What people see of it. */
export type PersonalUrl = Omit<PhoneSecrets, 'state' | 'sealedToken'> & { readonly state: PersonalUrlState }

export function tokenPlace(mac: Mac): string {
  return `phone/${mac}/token`
}

/** The place of the password that a phone's account has by default. */
export function accountPlace(mac: Mac): string {
  return `phone/${mac}/account`
}

/** Settings of phones whose values are passwords, whoever wrote them and wherever. */
const SECRET_SETTING = /(?:password|passphrase|lock_pin|secret|psk|community)$/i

export function isSecretSetting(key: string): boolean {
  return SECRET_SETTING.test(key)
}
