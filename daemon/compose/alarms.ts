// SPDX-License-Identifier: Apache-2.0
import type { Part } from '#daemon/lifecycle'
import type { Reading } from '#daemon/metrics'
import { AlarmDesk } from '#daemon/services/alarm-desk'
import { SubnetScopes } from '#daemon/services/alarm-scopes'
import { MaintenanceWindows } from '#daemon/services/maintenance'
import { PhoneAlarms } from '#daemon/services/phone-alarms'
import { subnetsOf } from '#daemon/settings'
import type { Foundation } from './foundation.ts'

/** How often alarms are looked after, in milliseconds. */
const TICK_MS = 60_000

/** Alarms: who raises them, and what keeps them in bounds. */
export function composeAlarms({ alarms, store, config, now, onFault, listen }: Foundation) {
  const scopes = new SubnetScopes(subnetsOf(config))
  const maintenance = new MaintenanceWindows({ store, scopes, now })
  alarms.hushBy(({ scope }) => (maintenance.covers(scope) ? 'maintenance' : undefined))
  const phoneAlarms = new PhoneAlarms({ store, alarms, scopes, now })
  listen(({ protocol, ending, evidence }) => {
    if (protocol !== 'keepalive' || ending !== 'reply' || !evidence.mac) return
    if (evidence.status === 'registered') phoneAlarms.registered(evidence.mac)
  })

  /** What was raised during maintenance and still lasts is told when it ends. */
  async function look(): Promise<void> {
    const waiting = alarms.active().filter(({ quiet, scope }) => quiet === 'maintenance' && !maintenance.covers(scope))
    await alarms.release(waiting.map(({ id }) => id))
    phoneAlarms.tick()
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
  const readings: Reading[] = [
    {
      name: 'offhook_phone_alarms_left_out',
      help: 'Alarms of phones that were counted and not kept since the start.',
      read: () => phoneAlarms.leftOut,
    },
  ]
  return { parts: [upkeep], readings, phoneAlarms, scopes, desk: new AlarmDesk({ alarms, store, scopes, maintenance }) }
}
