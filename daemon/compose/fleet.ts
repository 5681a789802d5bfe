// SPDX-License-Identifier: Apache-2.0
import { partOf } from '#daemon/lifecycle'
import { Fleet } from '#daemon/services/fleet'
import { StoreFleetView } from '#daemon/services/fleet-view'
import { identify } from '#daemon/vendors/audiocodes/identify'
import type { Foundation } from './foundation.ts'

/** The phones: who is there, and how they are. Every request is evidence about one. */
export function composeFleet({ configuration, store, now, announce, listen }: Foundation) {
  const fleet = new Fleet({
    ...{ store, now, identify, announce },
    get settings() {
      return configuration.current.fleet
    },
  })
  configuration.follow('fleet', () => () => {}) // asked for anew each time
  listen((exchange) => fleet.sighted(exchange))
  const part = partOf('fleet', { start: () => fleet.load(), stop: () => fleet.flush() })
  return { parts: [part], fleet, view: new StoreFleetView(store, fleet, now) }
}
