// SPDX-License-Identifier: Apache-2.0
import type { Store } from '#daemon/store/store'
import { commands } from '#daemon/store/tables'
import type { Mac } from '#protocols/lib/mac'
import type { PersonalUrls } from './personal-urls.ts'

/**
 * A phone that we told to forget its settings forgets its personal address, too: it is given a new one when it comes
 * back. Returns the way to stop.
 */
export function followResets(store: Store, urls: PersonalUrls, onFault: (error: unknown) => void): () => void {
  return store.watch(commands, 'now', ({ key, value }) => {
    const mac = key as Mac
    const { state, heldAt } = urls.of(mac)
    // What it holds since a later time it was given after the reset.
    const told = value?.commands.some(
      ({ kind, state, at }) =>
        kind === 'factory reset' && (state === 'accepted' || state === 'confirmed') && at >= heldAt,
    )
    if (told && state === 'held') void urls.renew(mac, 'factory reset').catch(onFault)
  })
}
