// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import type { TrustRules } from '#daemon/domain/trust'
import { Alarms } from '#daemon/services/alarms/alarms'
import { AtHome } from '#daemon/services/at-home'
import { PhoneAccess } from '#daemon/services/phone-secrets/access'
import { Guesses } from '#daemon/services/phone-secrets/guesses'
import { PersonalUrls } from '#daemon/services/phone-secrets/personal-urls'
import type { Vault } from '#daemon/services/vault'
import type { Store } from '#daemon/store/store'

/** What comes with the product, but for what a test says. */
export const RULES: TrustRules = {
  personalUrls: true,
  ownAddress: 'lease',
  secretsOverTftp: false,
  secretsByMac: false,
}

/** The real judge of who may have a phone's secrets. */
export function phoneAccess(store: Store, vault: Vault, now: () => number, rules: Partial<TrustRules> = {}) {
  const alarms = new Alarms(store, now, () => {})
  const urls = new PersonalUrls({ store, vault, now, random: randomBytes })
  const paused: number[] = []
  const guesses = new Guesses({ alarms, now, most: () => 30, pause: async (ms) => void paused.push(ms) })
  const home = new AtHome(store, now)
  const said: { readonly id: string; readonly fields: unknown }[] = []
  const announce = (id: string, fields?: unknown) => void said.push({ id, fields })
  const access = new PhoneAccess({ urls, home, guesses, alarms, announce, rules: () => ({ ...RULES, ...rules }) })
  return { access, urls, alarms, guesses, paused, said }
}
