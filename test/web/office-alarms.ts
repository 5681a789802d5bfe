// SPDX-License-Identifier: Apache-2.0
import type { Alarm } from '#daemon/domain/alarm'
import { formatMac } from '#protocols/lib/mac'
import { PLAIN_ALARM } from '#test/support/alarm'
import { destination } from './memory-forwarding.ts'
import { type MemoryPort, MONDAY, mac } from './memory-port.ts'

const MINUTE = 60_000
export const SITE_ALARM = 'PHONES DISCONNECTED@site/Berlin/3rd floor'
export const UNREGISTERED_ALARM = 'REGISTRATION FAILURE@IPPhone/00908f3c0189'

function alarm(id: string, fields: Partial<Alarm>): Alarm {
  const [name = '', source = ''] = id.split('@')
  return {
    ...{ id, name, source, severity: 'major', description: '', remedy: '', ...PLAIN_ALARM },
    ...{ raisedAt: MONDAY - 9 * MINUTE, lastAt: MONDAY - 9 * MINUTE, count: 1 },
    ...fields,
  }
}

/** A morning on which a switch has failed: one site alarm with `parts` phones, and five others beside it. */
export function furnishAlarms(port: MemoryPort, parts = 37): void {
  port.alarmRows = []
  port.clock = MONDAY
  const { alarmDesk: desk, forwarding } = port
  desk.scopeRows = [
    { id: 'berlin', label: 'Berlin' },
    { id: 'berlin/3', label: 'Berlin / 3rd floor' },
    { id: 'oslo', label: 'Oslo' },
  ]
  const remedy = 'Check the switch that these phones share, its power and its uplink.'
  const silent = { eventType: 'communications', probableCause: 6, scope: 'berlin/3' } as const
  for (let n = 0; n < parts; n++) {
    const address = mac(`00908f${(0x3c0000 + n * 131).toString(16)}`)
    desk.raise(
      alarm(`PHONE DISCONNECTED@IPPhone/${address}`, {
        ...{ ...silent, mac: address, parent: SITE_ALARM, quiet: 'folded' as const },
        description: `The phone ${formatMac(address)} has not reported for 3 hours`,
        remoteHost: `10.1.1.${20 + n}`,
      }),
    )
  }
  const description = `${parts} of 41 phones in Berlin, 3rd floor went silent within 40 seconds`
  desk.raise(alarm(SITE_ALARM, { ...silent, severity: 'critical', description, remedy, blast: parts }))
  desk.raise(
    alarm(UNREGISTERED_ALARM, {
      ...{ severity: 'critical', mac: mac('00908f3c0189'), remoteHost: '10.1.1.23', count: 14, probableCause: 5 },
      ...{ eventType: 'communications', description: 'The SIP server refuses the phone’s registration' },
      ...{ remedy: 'Check the user’s SIP password.', additionalInfo: ['403 Forbidden', 'sip.example.com'] },
      ...{ raisedAt: MONDAY - 42 * MINUTE, lastAt: MONDAY - 2 * MINUTE },
      acknowledged: { by: 'admin', at: MONDAY - 20 * MINUTE, note: 'Password reset is with the PBX team' },
      comments: [{ by: 'olga', at: MONDAY - 18 * MINUTE, text: 'The user changed desks on Friday.' }],
    }),
  )
  desk.raise(
    alarm('POOL NEARLY EMPTY@subnet/voice-2', {
      ...{ severity: 'minor', description: 'Only 9 of 250 addresses are free in 10.1.2.0/24', count: 3 },
      ...{ remedy: 'Add a range to the subnet or shorten its leases.', raisedAt: MONDAY - 7 * 60 * MINUTE },
    }),
  )
  desk.raise(
    alarm('CERTIFICATE EXPIRES@server/web', {
      ...{ severity: 'warning', description: 'The web certificate expires in 12 days', scope: '' },
      ...{ remedy: 'Renew it and reload.', raisedAt: MONDAY - 30 * 60 * MINUTE },
    }),
  )
  desk.raise(
    alarm('GENERAL LOCAL EVENT@IPPhone/00908f3c0a3c', {
      ...{ severity: 'indeterminate', mac: mac('00908f3c0a3c'), remoteHost: '10.1.1.40' },
      description: 'USB headset was unplugged',
    }),
  )
  desk.raise(
    Object.assign(
      alarm('REGISTRATION FAILURE@IPPhone/0090ffee0001', {
        ...{ mac: mac('0090ffee0001'), remoteHost: '10.9.9.9', description: 'Registration failed' },
      }),
      { unknown: true },
    ),
  )
  desk.windows = [
    window('w1', 'New switch on the 3rd floor', 'berlin/3', -1, 1),
    window('w2', 'Power off in Oslo', 'oslo', 20, 24),
    window('w3', 'SIP server update', '', -50, -48),
  ]
  forwarding.rows = [
    destination('d1', 'Operations centre', {
      ...{ target: 'udp 10.1.0.9:162, SNMPv3 informs', lastDeliveredAt: MONDAY - MINUTE, delivered: 214 },
      ...{ values: { host: '10.1.0.9', port: '162', version: '3', user: 'noc', inform: 'true' } },
      secretsSet: ['authKey'],
    }),
    destination('d2', 'Duty chat', {
      ...{ kind: 'webhook', target: 'https://chat.example.com/hook', state: 'failing', waiting: 12, lag: 9 * MINUTE },
      ...{ lastError: 'The server answered 502 Bad Gateway.', lastErrorAt: MONDAY - 20_000, failed: 9, delivered: 31 },
      ...{ values: { url: 'https://chat.example.com/hook' }, secretsSet: ['key'] },
    }),
    destination('d3', 'Old manager', { origin: 'config', state: 'paused', waiting: 3, lag: MINUTE }),
  ]
}

function window(id: string, title: string, scope: string, from: number, to: number) {
  const hour = 60 * MINUTE
  const at = { from: MONDAY + from * hour, to: MONDAY + to * hour }
  return { id, title, scope, ...at, by: 'admin', createdAt: MONDAY - 80 * hour }
}
