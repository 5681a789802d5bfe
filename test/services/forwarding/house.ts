// SPDX-License-Identifier: Apache-2.0
import { onTestFinished } from 'vitest'
import type { NewAlarm } from '#daemon/domain/alarm'
import type { DestinationSettings } from '#daemon/domain/destination'
import { Alarms } from '#daemon/services/alarms/alarms'
import { Forwarding, type ForwardingOptions, type ReadyDestination } from '#daemon/services/forwarding/forwarding'
import type { Sender } from '#daemon/services/forwarding/sender'
import { MailSender } from '#daemon/services/forwarding/senders/mail'
import { SyslogSender } from '#daemon/services/forwarding/senders/syslog'
import { WebhookSender } from '#daemon/services/forwarding/senders/webhook'
import { Vault } from '#daemon/services/vault'
import type { Store } from '#daemon/store/store'

export const ALL = {
  leastSeverity: 'indeterminate',
  scopes: [],
  names: [],
  about: 'all',
  events: false,
  notes: false,
} as const
export const KEY = 'a key of sixteen and more'

export function hookSettings(url: string, more: object = {}): ReadyDestination {
  const settings = { kind: 'webhook', name: 'hook', url, filter: ALL, resendAtStart: false, timeoutSeconds: 1, ...more }
  return { settings: settings as DestinationSettings, secrets: { signingKey: KEY } }
}

function senderFor({ settings, secrets }: ReadyDestination): Sender {
  const now = Date.now
  switch (settings.kind) {
    case 'webhook':
      return new WebhookSender({ settings, secrets, now })
    case 'mail':
      return new MailSender({ settings, secrets, now, place: 'offhook.example' })
    case 'syslog':
      return new SyslogSender({
        settings,
        identity: { host: 'offhook.example', facility: settings.facility, enterprise: 8072 },
      })
    case 'snmp':
      throw new Error('SNMP is tried with the whole daemon')
  }
}

/** Alarms and their forwarding over a store, as the daemon wires them. */
export function house(store: Store, configured: readonly ReadyDestination[], more: Partial<ForwardingOptions> = {}) {
  const alarms = new Alarms(store, Date.now, () => {})
  const vault = new Vault()
  vault.unlock(Buffer.alloc(32, 7))
  let ids = 0
  const forwarding = new Forwarding({
    ...{ store, vault, configured, senderFor, desk: alarms, now: Date.now, random: Math.random, announce: () => {} },
    ...{
      pathOf: (scope) => [scope],
      facilities: [],
      newId: () => `id${++ids}`,
      mib: () => ({ fileName: '', text: '' }),
    },
    pauses: { firstMillis: 20, mostMillis: 50 },
    check: () => ({ faults: [] }),
    ...more,
  })
  onTestFinished(() => forwarding.stop())
  return { alarms, forwarding }
}

export function alarm(name: string, more: Partial<NewAlarm> = {}): NewAlarm {
  return { name, source: 'test', severity: 'major', description: `${name} happened`, remedy: 'Mend it.', ...more }
}
