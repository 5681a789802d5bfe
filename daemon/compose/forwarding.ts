// SPDX-License-Identifier: Apache-2.0
import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { FACILITIES } from '#config/forwarding'
import { checkDestination, configuredDestinations } from '#daemon/destinations'
import { partOf } from '#daemon/lifecycle'
import type { Reading } from '#daemon/metrics'
import type { AlarmScopes } from '#daemon/services/alarms/scopes'
import { Forwarding, type ReadyDestination } from '#daemon/services/forwarding/forwarding'
import type { Sender } from '#daemon/services/forwarding/sender'
import { MailSender } from '#daemon/services/forwarding/senders/mail'
import { SnmpDestination } from '#daemon/services/forwarding/senders/snmp'
import { SyslogSender } from '#daemon/services/forwarding/senders/syslog'
import { WebhookSender } from '#daemon/services/forwarding/senders/webhook'
import type { LocalEngine } from '#protocols/snmp/engine'
import { MIB_NAME, mibText } from '#protocols/snmp/mib'
import { profiles } from '#protocols/snmp/profiles'
import { SnmpSender } from '#protocols/snmp/sender'
import type { Foundation } from './foundation.ts'

/** Where alarms go: by SNMP, mail, syslog and webhook. */
export function composeForwarding(
  { config, configuration, store, alarms, vault, announce, now }: Foundation,
  scopes: AlarmScopes,
  credentials: string | undefined,
  engine: () => LocalEngine,
) {
  const { arc, ovoc } = config.snmp
  const wordings = profiles({ own: arc, ovocTraps: ovoc.traps, ovocObjects: ovoc.objects })
  const place = hostname()
  /** Enterprise number of the arc: 1.3.6.1.4.1.<number>… */
  const enterprise = Number(arc.split('.')[6])

  function notifier(): SnmpSender {
    return new SnmpSender({ engine: engine(), now: () => performance.now(), random: randomBytes })
  }

  function senderFor({ settings, secrets }: ReadyDestination): Sender {
    switch (settings.kind) {
      case 'snmp':
        return new SnmpDestination({
          ...{ settings, secrets, now, notifier: notifier(), wording: wordings[settings.profile] },
          uptime: () => engine().uptime,
        })
      case 'mail':
        return new MailSender({ settings, secrets, place, now })
      case 'syslog':
        return new SyslogSender({ settings, identity: { host: place, facility: settings.facility, enterprise } })
      case 'webhook':
        return new WebhookSender({ settings, secrets, now })
    }
  }

  const forwarding = new Forwarding({
    ...{ store, vault, now, announce, senderFor, desk: alarms, random: Math.random, check: checkDestination },
    configured: configuredDestinations(config, credentials),
    newId: () => randomBytes(9).toString('base64url'),
    pathOf: (scope) => scopes.path(scope),
    facilities: FACILITIES,
    mib: () => ({ fileName: `${MIB_NAME}.txt`, text: mibText(arc) }),
  })
  configuration.follow('alarms.destinations', (next) => {
    const destinations = configuredDestinations(next, credentials)
    return () => forwarding.reconfigure(destinations)
  })
  // Secrets in files of their own change without a setting that does.
  configuration.onReload('alarms.destinations', () =>
    forwarding.reconfigure(configuredDestinations(configuration.current, credentials)),
  )

  return { parts: [partOf('forwarding', forwarding)], port: forwarding, readings: forwardingReadings(forwarding) }
}

function forwardingReadings(forwarding: Forwarding): Reading[] {
  const sum = (count: 'waiting' | 'delivered' | 'failed' | 'dropped') => () =>
    Object.fromEntries(forwarding.destinations().map((one) => [one.name, one[count]]))
  const counter = (name: 'delivered' | 'failed' | 'dropped', help: string): Reading => ({
    ...{ name: `offhook_forwarding_${name}_total`, help, label: 'destination', isCounter: true, read: sum(name) },
  })
  return [
    {
      name: 'offhook_forwarding_waiting',
      help: 'Alarm events that wait for a destination.',
      label: 'destination',
      read: sum('waiting'),
    },
    counter('delivered', 'Messages that a destination took since the start.'),
    counter('failed', 'Tries that failed since the start.'),
    counter('dropped', 'Alarm events given up since the start.'),
  ]
}
