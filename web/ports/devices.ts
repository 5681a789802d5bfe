// SPDX-License-Identifier: Apache-2.0
import type { Phone } from '#daemon/domain/phone'
import type { DeviceDraft } from '#daemon/domain/user'
import type { Mac } from '#protocols/lib/mac'
import type { Saved } from './saved.ts'
import type { Actor } from './scopes.ts'

/** What people say of phones, whoever's they are. */
export interface DevicesPort {
  /** What the draft says is set; what it leaves empty stays. `conflict`: there is no such phone. */
  change(draft: DeviceDraft, by: Actor): Promise<Saved<Phone>>
  /** Forgets a phone and what waited for it; it is new when it comes again. `conflict`: there is no such phone. */
  remove(mac: Mac, by: Actor): Promise<Saved<Phone>>
}
