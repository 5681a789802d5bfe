// SPDX-License-Identifier: Apache-2.0
import type { Alarm } from '#daemon/domain/alarm'
import type { Part } from '#daemon/lifecycle'
import type { Reading } from '#daemon/metrics'
import { AlarmDesk } from '#daemon/services/alarms/desk'
import { MaintenanceWindows } from '#daemon/services/alarms/maintenance'
import { PhoneAlarms } from '#daemon/services/alarms/phone-alarms'
import { NetworkScopes, PlaceScopes } from '#daemon/services/alarms/scopes'
import type { Wanted } from '#daemon/services/firmware/wanted'
import type { Fleet } from '#daemon/services/fleet'
import type { Scopes } from '#daemon/services/scopes/scopes'
import { BootWatch } from '#daemon/services/watch/boot-watch'
import { FleetWatch } from '#daemon/services/watch/fleet-watch'
import { SelfWatch } from '#daemon/services/watch/self-watch'
import { SignInWatch } from '#daemon/services/watch/sign-in-watch'
import { SilenceWatch } from '#daemon/services/watch/silence-watch'
import { certificatesOf, foldSettings, subnetsOf } from '#daemon/settings'
import { identify } from '#daemon/vendors/audiocodes/identify'
import type { Files } from '#protocols/provisioning/answer'
import type { Foundation } from './foundation.ts'

/** How often alarms are looked after, in milliseconds. */
const TICK_MS = 15_000
/** How often phones are looked at that may have fallen silent, in milliseconds. */
const LOOK_MS = 2_000

/** Alarms: who raises them, and what keeps them in bounds. */
export function composeAlarms(
  base: Foundation,
  fleet: Fleet,
  places: Scopes,
  { files, wanted }: { readonly files: Files; readonly wanted: Wanted },
) {
  const { alarms, store, config, configuration, now, onFault, listen } = base
  const scopes = new PlaceScopes(places, new NetworkScopes(configuration.derive(subnetsOf)))
  const maintenance = new MaintenanceWindows({ store, scopes, now })
  alarms.hushBy(({ scope }) => (maintenance.covers(scope) ? 'maintenance' : undefined))
  const phoneAlarms = new PhoneAlarms({ store, alarms, scopes, now })
  listen(({ protocol, ending, evidence }) => {
    if (protocol !== 'keepalive' || ending !== 'reply' || !evidence.mac) return
    if (evidence.status === 'registered') phoneAlarms.registered(evidence.mac)
  })

  const silence = new SilenceWatch({
    ...{ store, alarms, fleet, scopes, now, settings: foldSettings(config) },
    period: () => configuration.current.fleet.keepAliveMinutes * 60_000,
    isMaintained: (scope) => maintenance.covers(scope),
  })

  const scopeOf = scopes.of.bind(scopes)
  const boots = new BootWatch({
    ...{ store, alarms, now, identify, scopeOf },
    imageSize: async ({ evidence: { file = '', userAgent }, peer }) => {
      const { answer } = await files.open(file, { peer, transport: 'http', userAgent })
      return answer.kind === 'file' ? answer.resource.size : undefined
    },
    hasImage: (model) => wanted.everywhere(model),
  })
  listen((exchange) => boots.heard(exchange))
  const signIns = new SignInWatch(alarms, now)
  const self = new SelfWatch({
    ...{ alarms, now, folder: config.data.folder, certificates: certificatesOf(config) },
    storeTrouble: () => store.trouble(),
  })
  const state = new FleetWatch({
    ...{ store, alarms, now, scopeOf },
    label: (scope) => scopes.label(scope),
    imageOf: (phone) => wanted.by(phone),
  })

  /** What was raised during maintenance and still lasts is told when it ends. */
  async function look(): Promise<void> {
    const isHushed = ({ quiet, untold }: Alarm) => quiet === 'maintenance' || untold
    const waiting = alarms.active().filter((alarm) => isHushed(alarm) && !maintenance.covers(alarm.scope))
    await alarms.release(waiting.map(({ id }) => id))
    for (const watch of [phoneAlarms, boots, signIns]) watch.tick()
    await self.look()
    await state.look()
    await alarms.tick()
    await maintenance.tick()
  }

  let timer: NodeJS.Timeout | undefined
  let watching: NodeJS.Timeout | undefined
  const upkeep: Part = {
    name: 'alarms',
    async start() {
      await look()
      timer = setInterval(() => void look().catch(onFault), TICK_MS)
      watching = setInterval(() => {
        void silence.look().catch(onFault)
        void self.lookAtStore().catch(onFault)
      }, LOOK_MS)
    },
    async stop() {
      clearInterval(timer)
      clearInterval(watching)
      await silence.rest()
      await alarms.tick()
    },
  }
  const readings: Reading[] = [
    {
      name: 'offhook_alarms_unknown',
      help: 'Alarms kept of senders that are no known phone.',
      read: () => alarms.strangerCount,
    },
    {
      name: 'offhook_phone_alarms_left_out',
      help: 'Alarms of phones that were counted and not kept since the start.',
      read: () => phoneAlarms.leftOut,
    },
  ]
  const desk = new AlarmDesk({ alarms, store, scopes, maintenance })
  return { parts: [upkeep], readings, phoneAlarms, signIns, scopes, desk }
}
