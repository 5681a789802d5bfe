// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { partOf } from '#daemon/lifecycle'
import type { Commands } from '#daemon/services/commands/commands'
import type { Choices } from '#daemon/services/firmware/choices'
import type { ImageLibrary } from '#daemon/services/firmware/library'
import type { FirmwareServing } from '#daemon/services/firmware/serving'
import type { Fleet } from '#daemon/services/fleet'
import type { Jobs } from '#daemon/services/jobs/jobs'
import type { Whereabouts } from '#daemon/services/jobs/whereabouts'
import { Rollouts } from '#daemon/services/rollouts/rollouts'
import type { Scopes } from '#daemon/services/scopes/scopes'
import { phones } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import type { Foundation } from './foundation.ts'

interface Firmware {
  readonly library: ImageLibrary
  readonly choices: Choices
  readonly serving: FirmwareServing
}

interface Around {
  readonly fleet: Fleet
  readonly scopes: Scopes
  readonly commands: Commands
  readonly jobs: Jobs
  readonly whereabouts: Whereabouts
  readonly firmware: Firmware
}

/** New firmware in stages, with a brake. */
export function composeRollouts({ store, now, announce, onFault, alarms, listen }: Foundation, around: Around) {
  const { fleet, scopes, commands, jobs, whereabouts, firmware } = around
  const { library, choices, serving } = firmware
  const rollouts = new Rollouts({
    ...{ store, now, announce, onFault, alarms, jobs, scopes, random: randomBytes, heard: fleet },
    commandsOf: (mac) => commands.of(mac),
    siteOf: (phone) => whereabouts.siteOf(phone),
    shelf: {
      images: () => library.images().flatMap(({ key, value }) => (library.isLost(key) ? [] : value)),
      get: (id) => (library.isLost(id) ? undefined : library.get(id)?.value),
      choices: () => choices.index(),
      choose: (choice, by) => choices.set(choice, undefined, by),
    },
  })
  serving.pinBy(rollouts)
  listen((exchange) => rollouts.heard(exchange))
  return { parts: [partOf('rollouts', rollouts)], rollouts }
}

/** The version of the image that is chosen for a phone; empty when that is not known. */
export function versionsOf(
  { store }: Pick<Foundation, 'store'>,
  { serving, library }: Pick<Firmware, 'serving' | 'library'>,
): (mac: Mac) => string {
  return (mac) => {
    const model = store.get(phones, mac)?.value.model ?? ''
    const chosen = model === '' ? undefined : serving.choose(mac, model)
    return (chosen && library.get(chosen.image)?.value.version) ?? ''
  }
}
