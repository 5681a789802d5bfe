// SPDX-License-Identifier: Apache-2.0
import { partOf } from '#daemon/lifecycle'
import { ChangeDesk } from '#daemon/services/provisioning/changes/desk'
import { History } from '#daemon/services/provisioning/changes/history'
import { Secrecy } from '#daemon/services/provisioning/changes/secrecy'
import type { Programs } from '#daemon/services/provisioning/programs'
import type { Provisioning } from '#daemon/services/provisioning/provisioning'
import type { Foundation } from './foundation.ts'

/** What was changed of all that phones' files are made of; others record their changes in it. */
export function composeHistory({ config, store, now }: Foundation) {
  const history = new History({ store, now, settings: config.provisioning.history })
  return { parts: [partOf('history of changes', history)], history }
}

/** Preview → save → history. */
export function composeChanges(
  { store, announce, vault }: Foundation,
  { provisioning, programs }: { readonly provisioning: Provisioning; readonly programs: Programs },
  history: History,
) {
  const secrecy = new Secrecy(
    () => vault.derive('changes/preview'),
    (sealed, place) => provisioning.openSecret(sealed, place),
  )
  const rendererOver = provisioning.imagined.bind(provisioning)
  return { desk: new ChangeDesk({ store, programs, secrecy, rendererOver, history, announce }) }
}
