// SPDX-License-Identifier: Apache-2.0
import {
  ACTIVE_COUNT,
  BRANCH,
  columnVarbinds,
  DEFAULT_ARC,
  EVENT_TYPES,
  NOTIFICATIONS,
  SEVERITIES,
  type Value,
} from './objects.ts'
import type { Notification, Oid, SnmpProfile, Tidings, ToldAlarm, Varbind, Wording } from './port.ts'
import { dateAndTime, integer, text } from './values.ts'

export interface ProfileArcs {
  /** OFFHOOK-MIB's. */
  readonly own?: Oid
  /** Above the manager's alarm traps: `<traps>.0.<number>`. */
  readonly ovocTraps?: Oid
  /** Above the varbinds of these traps, 1 to 11. Not public; taken to be as those of the vendor's gateways. */
  readonly ovocObjects?: Oid
}

type AlarmTidings = Exclude<Tidings, { readonly kind: 'heartbeat' }>

export const OVOC_TRAPS: Oid = '1.3.6.1.4.1.5003.9.20.3.2'
export const OVOC_OBJECTS: Oid = '1.3.6.1.4.1.5003.9.20.3.1'

/** One wording for each profile. A heartbeat is OFFHOOK-MIB's in all of them. */
export function profiles(arcs: ProfileArcs = {}): Readonly<Record<SnmpProfile, Wording>> {
  const { own = DEFAULT_ARC, ovocTraps = OVOC_TRAPS, ovocObjects = OVOC_OBJECTS } = arcs
  const worded =
    (tell: (tidings: AlarmTidings) => Omit<Notification, 'uptime'>): Wording =>
    (tidings, uptime) => ({
      ...(tidings.kind === 'heartbeat' ? heartbeat(own, tidings.activeAlarms) : tell(tidings)),
      uptime,
    })
  return {
    offhook: worded((tidings) => offhook(own, tidings)),
    ovoc: worded((tidings) => ovoc(own, ovocTraps, ovocObjects, tidings)),
    rfc3877: worded((tidings) => rfc3877(own, tidings)),
  }
}

function nameOf(own: Oid, kind: Tidings['kind']): Oid {
  const number = NOTIFICATIONS.find((one) => one.kind === kind)?.number ?? 0
  return `${own}.${BRANCH.notifications}.${number}`
}

function heartbeat(own: Oid, activeAlarms: number): Omit<Notification, 'uptime'> {
  const oid = `${own}.${BRANCH.alarms}.${ACTIVE_COUNT.number}.0`
  return { oid: nameOf(own, 'heartbeat'), varbinds: [{ oid, type: 'gauge32', value: activeAlarms }] }
}

function severityOf({ kind, alarm }: AlarmTidings): keyof typeof SEVERITIES {
  return kind === 'cleared' ? 'cleared' : alarm.severity
}

function offhook(own: Oid, tidings: AlarmTidings): Omit<Notification, 'uptime'> {
  return { oid: nameOf(own, tidings.kind), varbinds: columnVarbinds(own, tidings.alarm, severityOf(tidings)) }
}

const COMMUNICATIONS_PROTOCOL_ERROR = 5

/** The phone alarms whose trap numbers are public, with what they mean if a phone does not say it. */
const OVOC_ALARMS = {
  'REGISTRATION FAILURE': { number: 39, eventType: 'communications', probableCause: COMMUNICATIONS_PROTOCOL_ERROR },
  'SURVIVABLE MODE START': { number: 40, eventType: 'other', probableCause: 0 },
  'LYNC LOGIN FAILURE': { number: 41, eventType: 'communications', probableCause: COMMUNICATIONS_PROTOCOL_ERROR },
} as const

function ovocAlarm({ name }: ToldAlarm) {
  const words = name.toUpperCase().split(/[^A-Z]+/)
  const plain = words.filter((word, i) => word !== '' && !(i === 0 && word === 'IPPHONE')).join(' ')
  return Object.entries(OVOC_ALARMS).find(([known]) => known === plain)?.[1]
}

/** As AudioCodes' manager tells alarms: one trap for each alarm, whose severity says whether it is over. */
function ovoc(own: Oid, traps: Oid, objects: Oid, tidings: AlarmTidings): Omit<Notification, 'uptime'> {
  const { alarm, at } = tidings
  const known = ovocAlarm(alarm)
  const [first = '', second = '', third = ''] = alarm.additionalInfo
  const eventType = alarm.eventType === 'other' ? (known?.eventType ?? 'other') : alarm.eventType
  const values: readonly Value[] = [
    string(alarm.name),
    string(alarm.description),
    string(alarm.source),
    number(SEVERITIES[severityOf(tidings)]),
    number(alarm.index),
    number(EVENT_TYPES[eventType]),
    number(alarm.probableCause || (known?.probableCause ?? 0)),
    ...[string(first), string(second), string(third)],
    { type: 'octets', value: dateAndTime(tidings.kind === 'raised' ? alarm.raisedAt : at) },
  ]
  return {
    oid: known ? `${traps}.0.${known.number}` : nameOf(own, tidings.kind),
    varbinds: values.map((value, i) => ({ oid: `${objects}.${i + 1}.0`, ...value }) as Varbind),
  }
}

const ALARM_MIB: Oid = '1.3.6.1.2.1.118'
const ITU_ALARM_TABLE: Oid = '1.3.6.1.2.1.121.1.1.1.1'
/** alarmModelState: 1 is clear, and the graver, the larger [RFC3877 §5 alarmModelState]. */
const MODEL_STATES = { cleared: 1, indeterminate: 2, warning: 3, minor: 4, major: 5, critical: 6 } as const
/** ItuPerceivedSeverity [RFC3877 §6.1]. */
const ITU_SEVERITIES = { cleared: 1, indeterminate: 2, critical: 3, major: 4, minor: 5, warning: 6 } as const

/**
 * alarmActiveState and alarmClearState [RFC3877 §5]. The models are the X.733 event types (alarmModelIndex is their ITU
 * number), the alarm list is the unnamed one, and the resource is the alarm's row in OFFHOOK-MIB, which our agent shows.
 * Behind the two varbinds that the RFC wants stand the alarm's description, its ITU type and cause, and OFFHOOK-MIB's.
 */
function rfc3877(own: Oid, tidings: AlarmTidings): Omit<Notification, 'uptime'> {
  const { alarm } = tidings
  const severity = severityOf(tidings)
  const model = EVENT_TYPES[alarm.eventType] + 1
  // Both indexes are of variable length, so their lengths come first [RFC2578 §7.7].
  const row = ['0', '11', ...dateAndTime(alarm.raisedAt), alarm.index].join('.')
  const active = `${ALARM_MIB}.1.2.2.1`
  const itu = `${model}.${ITU_SEVERITIES[severity]}`
  const columns = columnVarbinds(own, alarm, severity)
  return {
    oid: `${ALARM_MIB}.0.${severity === 'cleared' ? 3 : 2}`,
    varbinds: [
      { oid: `${active}.13.${row}`, type: 'oid', value: `${ALARM_MIB}.1.1.2.1.3.0.${model}.${MODEL_STATES[severity]}` },
      { oid: `${active}.10.${row}`, type: 'oid', value: `${own}.1.2.2.1.3.${alarm.index}` },
      { oid: `${active}.11.${row}`, ...string(alarm.description) } as Varbind,
      { oid: `${ITU_ALARM_TABLE}.2.0.${itu}`, type: 'integer', value: model },
      { oid: `${ITU_ALARM_TABLE}.3.0.${itu}`, type: 'integer', value: integer(alarm.probableCause) },
      ...columns,
    ],
  }
}

function string(value: string): Value {
  return { type: 'octets', value: text(value) }
}

function number(value: number): Value {
  return { type: 'integer', value: integer(value) }
}
