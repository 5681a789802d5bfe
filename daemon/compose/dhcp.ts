// SPDX-License-Identifier: Apache-2.0
import { partOf } from '#daemon/lifecycle'
import { dhcpReadings } from '#daemon/readings'
import { Addressing } from '#daemon/services/addressing/addressing'
import { DhcpCounts } from '#daemon/services/dhcp-counts'
import { StoreDhcpDesk } from '#daemon/services/dhcp-desk/dhcp-desk'
import { Explain } from '#daemon/services/explain'
import { DhcpWatch } from '#daemon/services/watch/dhcp-watch'
import { planOf } from '#daemon/settings'
import { Switched } from '#daemon/switched'
import { identify } from '#daemon/vendors/audiocodes/identify'
import { encodeOption } from '#protocols/dhcp/options'
import { readAgain } from '#protocols/dhcp/query'
import { DhcpServer, type LinkSocket } from '#protocols/dhcp/server'
import type { Foundation } from './foundation.ts'

/** Addresses and boot options, and the record of why each client got what it got. */
export function composeDhcp(base: Foundation, links: readonly LinkSocket[]) {
  const { config, configuration, store, alarms, now, observe, announce } = base
  const { mode, listen } = config.dhcp
  const watch = new DhcpWatch(alarms, now)
  const explain = new Explain(now, readAgain)
  const counts = new DhcpCounts()
  const addressing = new Addressing({ store, now, identify, watch, counts, explain, mode, plan: planOf(config, now()) })
  const server = new DhcpServer({ listen, links, port: addressing, observe })
  const switched = new Switched(server, {
    ...{ alarms, announce },
    isOn: mode !== 'off',
    keepsSockets: links.length > 0,
  })
  configuration.follow('dhcp', (next) => {
    const plan = planOf(next, now())
    return () => {
      addressing.apply(plan, next.dhcp.mode)
      return switched.turn(next.dhcp.mode !== 'off')
    }
  })
  const desk = new StoreDhcpDesk({ store, addressing, counts, now, announce, encode: encodeOption })
  return {
    desk,
    parts: [partOf('addressing', addressing)],
    switched,
    readings: dhcpReadings(addressing, counts),
    /** Addresses leased now. */
    leased: () => [...addressing.useByPool().values()].flat().reduce((sum, { leased }) => sum + leased, 0),
    explain,
  }
}
