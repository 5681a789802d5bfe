// SPDX-License-Identifier: Apache-2.0
import { partOf } from '#daemon/lifecycle'
import { dhcpReadings } from '#daemon/readings'
import { Addressing } from '#daemon/services/addressing/addressing'
import { DhcpWatch } from '#daemon/services/dhcp-watch'
import { Explain } from '#daemon/services/explain'
import { planOf } from '#daemon/settings'
import { identify } from '#daemon/vendors/audiocodes/identify'
import { readAgain } from '#protocols/dhcp/query'
import { DhcpServer, type LinkSocket } from '#protocols/dhcp/server'
import type { Foundation } from './foundation.ts'

/** Addresses and boot options, and the record of why each client got what it got. */
export function composeDhcp({ config, store, alarms, now, observe }: Foundation, links: readonly LinkSocket[]) {
  const { mode, listen } = config.dhcp
  const watch = new DhcpWatch(alarms, now)
  const explain = new Explain(now, readAgain)
  const addressing = new Addressing({
    ...{ store, now, identify, watch, explain },
    plan: planOf(config, now()),
    ...(mode === 'options-only' && { mode }),
  })
  const server = new DhcpServer({ listen, links, port: addressing, observe })
  return {
    parts: [partOf('addressing', addressing)],
    servers: mode === 'off' ? [] : [server],
    readings: dhcpReadings(addressing, explain),
    explain,
  }
}
