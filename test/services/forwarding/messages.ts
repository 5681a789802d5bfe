// SPDX-License-Identifier: Apache-2.0
import type { Alarm } from '#daemon/domain/alarm'
import type { Outgoing } from '#daemon/services/forwarding/sender'
import { PLAIN_ALARM } from '#test/support/alarm'

const AT = Date.parse('2026-03-01T14:00:00.250Z')

export function outgoing(more: Partial<Alarm> = {}, message: Partial<Outgoing> = {}): Outgoing {
  const alarm: Alarm = {
    ...{ ...PLAIN_ALARM, id: 'REGISTRATION FAILURE@IPPhone/00908f123456', name: 'REGISTRATION FAILURE' },
    ...{ source: 'IPPhone/00908f123456', severity: 'critical', description: 'No registrar answers', remedy: 'Look.' },
    ...{
      eventType: 'communications',
      probableCause: 5,
      additionalInfo: ['TlsConnectionFailure'],
      remoteHost: '10.1.1.9',
    },
    ...{ raisedAt: AT, lastAt: AT, count: 1, ...more },
  }
  return { kind: 'raised', sequence: 42, at: AT, by: 'offhook', alarm, ...message }
}

/** What phones may write: line ends of every kind, header and markup, invisible signs, a character beyond 16 bits. */
export const NASTY = 'a\r\nBcc: x@example.com\n\n.\r\n<script>"]\\ \u2028\u202e\u0000\ud83d\udcde end'
