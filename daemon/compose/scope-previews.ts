// SPDX-License-Identifier: Apache-2.0
import { RegionNames } from '#daemon/services/directory/region-names'
import { ScopePreviews } from '#daemon/services/scopes/previews'
import { Scopes } from '#daemon/services/scopes/scopes'
import type { NamedNetwork } from '#daemon/services/scopes/subnet-scopes'
import { OverlayStore } from '#daemon/store/overlay-store'
import type { Store } from '#daemon/store/store'
import type { ChangesPort } from '#web/ports/changes'

type Reseal = (sealed: string, from: string, to: string) => string | undefined

/** What an edit of the tree of regions would do, with all that follows it. */
export function composeScopePreviews(
  store: Store,
  networks: () => readonly NamedNetwork[],
  changes: Pick<ChangesPort, 'preview'>,
  reseal: Reseal,
) {
  const announce = () => {}
  return new ScopePreviews({
    changes,
    picture: () => new OverlayStore(store),
    async scopesOf(tables) {
      const scopes = new Scopes({ store: tables, now: () => 0, random: counting(), announce, networks: networks() })
      const names = new RegionNames({ store: tables, announce, reseal })
      await scopes.start()
      names.start()
      return {
        add: scopes.add.bind(scopes),
        change: scopes.change.bind(scopes),
        remove: scopes.remove.bind(scopes),
        async stop() {
          scopes.stop()
          await names.stop()
        },
      }
    },
  })
}

/** The same made-up ids each time. */
function counting(): (bytes: number) => Uint8Array {
  let next = 0
  return (bytes) => Uint8Array.from({ length: bytes }, () => next++)
}
