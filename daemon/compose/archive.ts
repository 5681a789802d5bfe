// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { shippedTemplates } from '#config/templates'
import { Archive } from '#daemon/services/archive/archive'
import type { PeopleFiles } from '#daemon/services/people/people-files'
import type { ChangeLog } from '#daemon/services/provisioning/changes/history'
import type { Provisioning } from '#daemon/services/provisioning/provisioning'
import { Scopes } from '#daemon/services/scopes/scopes'
import { namedNetworks } from '#daemon/settings'
import { OverlayStore } from '#daemon/store/overlay-store'
import type { Foundation } from './foundation.ts'

/** The whole configuration as files: another manager's in, ours out and in again. */
export function composeArchive(
  { configuration, store, now, vault, announce }: Foundation,
  { scopes, peopleFiles: people }: { readonly scopes: Scopes; readonly peopleFiles: PeopleFiles },
  provisioning: Provisioning,
  log: ChangeLog,
) {
  return new Archive({
    ...{ store, now, vault, announce, scopes, people, log, shipped: shippedTemplates() },
    rendererOf: (tables) => provisioning.imagined(tables),
    picture: () => new OverlayStore(store),
    async scopesOf(tables) {
      const networks = namedNetworks(configuration.current)
      const picture = new Scopes({ store: tables, now, random: randomBytes, announce: () => {}, networks })
      await picture.start()
      return picture
    },
  })
}
