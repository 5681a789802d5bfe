// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { accountPlace } from '#daemon/domain/phone-secrets'
import { AtHome } from '#daemon/services/at-home'
import { PhoneAccess } from '#daemon/services/phone-secrets/access'
import { followResets } from '#daemon/services/phone-secrets/after-reset'
import { Guesses } from '#daemon/services/phone-secrets/guesses'
import { PersonalUrls } from '#daemon/services/phone-secrets/personal-urls'
import { WELL_KNOWN_PASSWORD } from '#daemon/vendors/audiocodes/urls'
import type { Mac } from '#protocols/lib/mac'
import type { Foundation } from './foundation.ts'

/** How often alarms that are over are looked for, in milliseconds. */
const TICK_MS = 15_000

/** Who may have the secrets of a phone's file. */
export function composePhoneSecrets({ configuration, store, vault, alarms, announce, now, onFault }: Foundation) {
  configuration.follow('provisioning', () => () => {}) // asked for anew each time
  const settings = () => configuration.current.provisioning
  const urls = new PersonalUrls({ store, vault, now, random: randomBytes })
  const guesses = new Guesses({
    ...{ alarms, now, most: () => settings().guesses },
    pause: (ms) => pause(ms, undefined, { ref: false }),
  })
  const home = new AtHome(store, now)
  const access = new PhoneAccess({
    ...{ urls, guesses, alarms, announce, rules: settings },
    home,
  })
  let timer: NodeJS.Timeout | undefined
  let unfollow = () => {}
  const upkeep = {
    name: 'guesses',
    async start() {
      unfollow = followResets(store, urls, onFault)
      timer = setInterval(() => guesses.tick(), TICK_MS)
    },
    async stop() {
      clearInterval(timer)
      unfollow()
    },
  }
  const accountPassword = (mac: Mac): string | undefined => {
    const { phonePassword } = settings()
    if (phonePassword === 'well-known') return WELL_KNOWN_PASSWORD
    return phonePassword === 'generated' ? vault.derive(accountPlace(mac)) : undefined
  }
  return {
    parts: [upkeep],
    urls,
    access,
    home,
    guesses,
    /** What phones' accounts have; `openPassword` may stand where everybody can read it. */
    account: {
      accountPassword,
      get openPassword() {
        return settings().phonePassword === 'well-known' ? WELL_KNOWN_PASSWORD : undefined
      },
    },
  }
}
