// SPDX-License-Identifier: Apache-2.0
import type { Alarm } from '#daemon/domain/alarm'
import { headingOf, oneLine } from '#daemon/services/forwarding/alarm-text'
import type { Outgoing } from '#daemon/services/forwarding/sender'

export interface SyslogIdentity {
  /** HOSTNAME; whatever is not printable ASCII is left out. */
  readonly host: string
  readonly facility: number
  /** The private enterprise number in our own SD-ID [RFC5424 §6.3.2]. */
  readonly enterprise: number
}

/** [RFC5674 §2.2]: the perceived severity of X.733 as a severity of syslog. */
const SEVERITIES: Readonly<Record<Alarm['severity'] | 'cleared', number>> = {
  critical: 1,
  major: 2,
  minor: 3,
  warning: 4,
  indeterminate: 5,
  cleared: 5,
}
const NIL = '-'
/** UTF-8's mark before MSG [RFC5424 §6.4]. */
const BOM = '\ufeff'

/** One message of RFC 5424, with the alarm's structured data of RFC 5674. */
export function syslogLine(message: Outgoing, identity: SyslogIdentity): Buffer {
  const { alarm, kind, sequence, by } = message
  const severity = kind === 'cleared' ? 'cleared' : alarm.severity
  const [info1 = '', info2 = '', info3 = ''] = alarm.additionalInfo
  const data = [
    element('alarm', {
      resource: alarm.source,
      probableCause: String(alarm.probableCause),
      perceivedSeverity: severity,
      eventType: alarm.eventType,
    }),
    element(`offhook@${identity.enterprise}`, {
      kind,
      sequence: String(sequence),
      id: alarm.id,
      name: alarm.name,
      remoteHost: alarm.remoteHost,
      ...{ info1, info2, info3 },
      mac: alarm.mac ?? '',
      scope: alarm.scope,
      by,
    }),
  ]
  const text = `${alarm.name} ${headingOf(message)}: ${alarm.source}: ${alarm.description}`
  return line(identity, SEVERITIES[severity], message.at, kind, data, oneLine(text, 1_024))
}

export function heartbeatLine(activeAlarms: number, at: number, identity: SyslogIdentity): Buffer {
  const data = [element(`offhook@${identity.enterprise}`, { activeAlarms: String(activeAlarms) })]
  return line(identity, 6, at, 'heartbeat', data, `Offhook is alive; ${activeAlarms} alarms are active.`)
}

function line(
  { host, facility }: SyslogIdentity,
  severity: number,
  at: number,
  messageId: string,
  data: readonly string[],
  text: string,
): Buffer {
  const time = Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : NIL
  const name = host.replaceAll(/[^\x21-\x7e]/g, '').slice(0, 255) || NIL
  const header = `<${facility * 8 + severity}>1 ${time} ${name} offhook ${NIL} ${messageId}`
  return Buffer.from(`${header} ${data.join('')} ${BOM}${text}`)
}

/** Empty values are left out. `"`, `\` and `]` are escaped, and nothing else may be [RFC5424 §6.3.3]. */
function element(id: string, values: Readonly<Record<string, string>>): string {
  const parameters = Object.entries(values)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => ` ${name}="${oneLine(value, 256).replaceAll(/["\\\]]/g, '\\$&')}"`)
  return `[${id}${parameters.join('')}]`
}
