// SPDX-License-Identifier: Apache-2.0
import type { Part } from '#daemon/lifecycle'
import { AlarmDesk } from '#daemon/services/alarm-desk'
import { SubnetScopes } from '#daemon/services/alarm-scopes'
import { MaintenanceWindows } from '#daemon/services/maintenance'
import { subnetsOf } from '#daemon/settings'
import type { Foundation } from './foundation.ts'

/** How often alarms are looked after, in milliseconds. */
const TICK_MS = 60_000

/** Alarms: who raises them, and what keeps them in bounds. */
export function composeAlarms({ alarms, store, config, now, onFault }: Foundation) {
  const scopes = new SubnetScopes(subnetsOf(config))
  const maintenance = new MaintenanceWindows({ store, scopes, now })
  alarms.hushBy(({ scope }) => (maintenance.covers(scope) ? 'maintenance' : undefined))
  /** What was raised during maintenance and still lasts is told when it ends. */
  async function look(): Promise<void> {
    const waiting = alarms.active().filter(({ quiet, scope }) => quiet === 'maintenance' && !maintenance.covers(scope))
    await alarms.release(waiting.map(({ id }) => id))
    await alarms.tick()
    await maintenance.tick()
  }

  let timer: NodeJS.Timeout | undefined
  const upkeep: Part = {
    name: 'alarms',
    async start() {
      await look()
      timer = setInterval(() => void look().catch(onFault), TICK_MS)
    },
    async stop() {
      clearInterval(timer)
      await alarms.tick()
    },
  }
  return { parts: [upkeep], scopes, desk: new AlarmDesk({ alarms, store, scopes, maintenance }) }
}
