// SPDX-License-Identifier: Apache-2.0
import type { PersonalUrl } from '#daemon/domain/phone-secrets'
import type { Mac } from '#protocols/lib/mac'

/** The addresses that phones have for themselves alone. The token is never told. */
export interface PersonalUrlsPort {
  of(mac: Mac): PersonalUrl
  /** Its address is worth nothing any more, and it gets no passwords until it is renewed. */
  revoke(mac: Mac, by: string): Promise<void>
  /** It gets a new one when it next asks from where it is at home. */
  renew(mac: Mac, by: string): Promise<void>
}
