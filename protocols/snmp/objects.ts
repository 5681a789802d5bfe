// SPDX-License-Identifier: Apache-2.0
// OFFHOOK-MIB as data: what its text (mib.ts), its notifications (profiles.ts) and its agent (view.ts) share.
import type { AgentPicture, Oid, ToldAlarm, Varbind } from './port.ts'
import { dateAndTime, gauge, integer, text } from './values.ts'

/** net-snmp's playground for those who have no enterprise number. */
export const DEFAULT_ARC: Oid = '1.3.6.1.4.1.8072.9999.9999'

/** A value that does not know its name yet. */
export type Value = Varbind extends infer One ? (One extends Varbind ? Omit<One, 'oid'> : never) : never

/** The severities' numbers are AudioCodes' (AC-FAULT-TC): the graver, the larger. */
export const SEVERITIES = { cleared: 0, indeterminate: 1, warning: 2, minor: 3, major: 4, critical: 5 } as const

/** X.733 event types with AudioCodes' numbers; those of RFC 3877 are larger by one. */
export const EVENT_TYPES = {
  other: 0,
  communications: 1,
  qualityOfService: 2,
  processingError: 3,
  equipment: 4,
  environmental: 5,
} as const

export type Syntax = 'OffhookText' | 'OffhookSeverity' | 'OffhookEventType' | 'Integer32' | 'Gauge32' | 'DateAndTime'

interface Described {
  readonly name: string
  readonly number: number
  readonly syntax: Syntax
  /** One sentence or more, without quotation marks. */
  readonly description: string
}

export interface Column extends Described {
  value(alarm: ToldAlarm, severity: keyof typeof SEVERITIES): Value
}

export interface Scalar extends Described {
  value(picture: AgentPicture): Value
}

/** Arcs below the module's own. */
export const BRANCH = { notifications: '0', fleet: '1.1', alarms: '1.2', conformance: '2' } as const
/** The active alarm table and its rows, below the module's arc. */
export const TABLE = { number: 2, entry: '1.2.2.1' } as const

export const NOTIFICATIONS = [
  { name: 'offhookAlarmRaised', number: 1, kind: 'raised', description: 'An alarm began.' },
  {
    ...{ name: 'offhookAlarmChanged', number: 2, kind: 'changed' },
    description: 'An active alarm is different now, for instance graver.',
  },
  {
    ...{ name: 'offhookAlarmCleared', number: 3, kind: 'cleared' },
    description: 'An alarm is over. Its severity is cleared; all else is as it was last.',
  },
  {
    ...{ name: 'offhookHeartbeat', number: 4, kind: 'heartbeat' },
    description: 'Sent at regular intervals, so that silence means that something is wrong.',
  },
] as const

const string = (value: string): Value => ({ type: 'octets', value: text(value) })
const time = (millis: number): Value => ({ type: 'octets', value: dateAndTime(millis) })
const count = (value: number): Value => ({ type: 'gauge32', value: gauge(value) })
const number = (value: number): Value => ({ type: 'integer', value: integer(value) })

/** The columns behind the index, which is the first and not accessible. */
export const COLUMNS: readonly Column[] = [
  column(2, 'offhookAlarmName', 'OffhookText', 'What kind of alarm it is.', ({ name }) => string(name)),
  column(
    ...([3, 'offhookAlarmSource', 'OffhookText'] as const),
    'What is affected, for instance IPPhone/00908f123456 or server/tftp.',
    ({ source }) => string(source),
  ),
  column(4, 'offhookAlarmSeverity', 'OffhookSeverity', 'How grave it is.', (_, severity) =>
    number(SEVERITIES[severity]),
  ),
  column(5, 'offhookAlarmDescription', 'OffhookText', 'What happened.', ({ description }) => string(description)),
  column(6, 'offhookAlarmRemedy', 'OffhookText', 'What an administrator should do.', ({ remedy }) => string(remedy)),
  column(7, 'offhookAlarmEventType', 'OffhookEventType', 'The event type of ITU-T X.733.', ({ eventType }) =>
    number(EVENT_TYPES[eventType]),
  ),
  column(
    ...([8, 'offhookAlarmProbableCause', 'Integer32'] as const),
    'The probable cause of ITU-T X.733 with its number in M.3100, as in IANA-ITU-ALARM-TC-MIB; 0 for any other cause.',
    ({ probableCause }) => number(probableCause),
  ),
  ...[1, 2, 3].map((nth) =>
    column(8 + nth, `offhookAlarmAdditionalInfo${nth}`, 'OffhookText', `More about it, part ${nth} of 3.`, (alarm) =>
      string(alarm.additionalInfo[nth - 1] ?? ''),
    ),
  ),
  column(
    ...([12, 'offhookAlarmRemoteHost', 'OffhookText'] as const),
    'The address of the one who told us; empty for the appliance itself.',
    ({ remoteHost }) => string(remoteHost),
  ),
  column(13, 'offhookAlarmRaisedAt', 'DateAndTime', 'When it began.', ({ raisedAt }) => time(raisedAt)),
  column(
    ...([14, 'offhookAlarmLastAt', 'DateAndTime'] as const),
    'When it was last raised again, changed, acknowledged or commented.',
    ({ lastAt }) => time(lastAt),
  ),
  column(15, 'offhookAlarmCount', 'Gauge32', 'How often it was raised.', (alarm) => count(alarm.count)),
  column(
    ...([16, 'offhookAlarmPhones', 'Gauge32'] as const),
    'How many phones it stands for, if it is one alarm for many; else 0.',
    ({ blast }) => count(blast ?? 0),
  ),
  column(
    ...([17, 'offhookAlarmAcknowledgedBy', 'OffhookText'] as const),
    'Who acknowledged it; empty for nobody.',
    ({ acknowledged }) => string(acknowledged?.by ?? ''),
  ),
  column(
    ...([18, 'offhookAlarmId', 'OffhookText'] as const),
    'The identity of the alarm in the appliance: one for each cause and place.',
    ({ id }) => string(id),
  ),
]

export const FLEET: readonly Scalar[] = [
  fleet(1, 'offhookPhonesKnown', 'Phones that the appliance knows.', 'known'),
  fleet(2, 'offhookPhonesRegistered', 'Phones that are registered with their SIP server.', 'registered'),
  fleet(3, 'offhookPhonesStarting', 'Phones that have started and are not registered yet.', 'starting'),
  fleet(4, 'offhookPhonesNotRegistered', 'Phones that report that they are not registered.', 'notRegistered'),
  fleet(5, 'offhookPhonesDisconnected', 'Phones that have been silent for too long.', 'disconnected'),
  fleet(6, 'offhookPhonesSeen', 'Phones that were seen and never reported how they are.', 'seen'),
  fleet(7, 'offhookPhonesPending', 'Phones that wait for approval.', 'pendingApproval'),
  fleet(8, 'offhookLeasesActive', 'IP addresses that are leased by DHCP.', 'leasesActive'),
]

export const ACTIVE_COUNT: Scalar = {
  ...{ name: 'offhookAlarmActiveCount', number: 1, syntax: 'Gauge32' },
  description: 'Alarms that are active.',
  value: ({ alarms }) => count(alarms.length),
}

function column(
  at: number,
  name: string,
  syntax: Syntax,
  description: string,
  value: (alarm: ToldAlarm, severity: keyof typeof SEVERITIES) => Value,
): Column {
  return { number: at, name, syntax, description, value }
}

function fleet(at: number, name: string, description: string, key: keyof AgentPicture['fleet']): Scalar {
  return { number: at, name, syntax: 'Gauge32', description, value: (picture) => count(picture.fleet[key]) }
}

/** The columns of one alarm, each with its row's index. */
export function columnVarbinds(arc: Oid, alarm: ToldAlarm, severity: keyof typeof SEVERITIES): Varbind[] {
  return COLUMNS.map((one) => named(`${arc}.${TABLE.entry}.${one.number}.${alarm.index}`, one.value(alarm, severity)))
}

export function named(oid: Oid, value: Value): Varbind {
  return { oid, ...value } as Varbind
}
