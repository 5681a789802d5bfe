// SPDX-License-Identifier: Apache-2.0
import {
  ACTIVE_COUNT,
  BRANCH,
  COLUMNS,
  DEFAULT_ARC,
  EVENT_TYPES,
  FLEET,
  NOTIFICATIONS,
  type Scalar,
  SEVERITIES,
  TABLE,
} from './objects.ts'
import type { Oid } from './port.ts'
import { MAX_TEXT } from './values.ts'

export const MIB_NAME = 'OFFHOOK-MIB'

const ENTERPRISES = '1.3.6.1.4.1.'
const UPDATED = '202611200000Z'
const ALARM_NOTIFICATIONS = NOTIFICATIONS.filter(({ kind }) => kind !== 'heartbeat')

/** OFFHOOK-MIB in SMIv2 [RFC2578, RFC2579, RFC2580] below an arc of `enterprises`; throws RangeError for another one. */
export function mibText(arc: Oid = DEFAULT_ARC): string {
  if (!arc.startsWith(ENTERPRISES)) throw new RangeError(`${arc} is not below enterprises`)
  const enterprise = arc.slice(ENTERPRISES.length).split('.').join(' ')
  return `${[
    heading(enterprise),
    branches(),
    conventions(),
    '-- How the fleet is',
    ...FLEET.map((one) => scalar(one, 'offhookFleet')),
    '-- Active alarms',
    scalar(ACTIVE_COUNT, 'offhookAlarms'),
    table(),
    '-- Notifications',
    ...ALARM_NOTIFICATIONS.map((one) => notification(one, objectNames())),
    ...NOTIFICATIONS.filter(({ kind }) => kind === 'heartbeat').map((one) => notification(one, [ACTIVE_COUNT.name])),
    conformance(),
    'END',
  ].join('\n\n')}\n`
}

function heading(enterprise: string): string {
  return `${MIB_NAME} DEFINITIONS ::= BEGIN

IMPORTS
    MODULE-IDENTITY, OBJECT-TYPE, NOTIFICATION-TYPE,
    Gauge32, Integer32, Unsigned32, enterprises
        FROM SNMPv2-SMI
    TEXTUAL-CONVENTION, DateAndTime
        FROM SNMPv2-TC
    MODULE-COMPLIANCE, OBJECT-GROUP, NOTIFICATION-GROUP
        FROM SNMPv2-CONF;

offhookMIB MODULE-IDENTITY
    LAST-UPDATED "${UPDATED}"
    ORGANIZATION "Offhook"
    CONTACT-INFO
        "Whoever runs this installation: see sysContact."
    DESCRIPTION
${quoted('Alarms and counters of Offhook, an appliance that boots, configures, watches and steers desk phones.')}
    REVISION "${UPDATED}"
    DESCRIPTION
        "The first version."
    ::= { enterprises ${enterprise} }`
}

function branches(): string {
  const below = (name: string, parent: string, number: string) =>
    `${name.padEnd(22)} OBJECT IDENTIFIER ::= { ${parent} ${number} }`
  return [
    below('offhookNotifications', 'offhookMIB', BRANCH.notifications),
    below('offhookObjects', 'offhookMIB', '1'),
    below('offhookFleet', 'offhookObjects', '1'),
    below('offhookAlarms', 'offhookObjects', '2'),
    below('offhookConformance', 'offhookMIB', BRANCH.conformance),
    below('offhookCompliances', 'offhookConformance', '1'),
    below('offhookGroups', 'offhookConformance', '2'),
  ].join('\n')
}

function conventions(): string {
  return `OffhookText ::= TEXTUAL-CONVENTION
    DISPLAY-HINT "${MAX_TEXT}t"
    STATUS current
    DESCRIPTION
${quoted('Text in UTF-8 without control characters. Longer text is cut and ends in an ellipsis.')}
    SYNTAX OCTET STRING (SIZE (0..${MAX_TEXT}))

OffhookSeverity ::= TEXTUAL-CONVENTION
    STATUS current
    DESCRIPTION
        "The perceived severity of ITU-T X.733; the graver, the larger."
    SYNTAX INTEGER { ${enumeration(SEVERITIES)} }

OffhookEventType ::= TEXTUAL-CONVENTION
    STATUS current
    DESCRIPTION
        "The event type of ITU-T X.733."
    SYNTAX INTEGER { ${enumeration(EVENT_TYPES)} }`
}

function enumeration(names: Readonly<Record<string, number>>): string {
  const pairs = Object.entries(names).map(([name, number]) => `${name}(${number})`)
  return `\n        ${pairs.join(',\n        ')}\n    `
}

function scalar({ name, number, syntax, description }: Scalar, parent: string): string {
  return objectType(name, syntax, 'read-only', description, `{ ${parent} ${number} }`)
}

function objectType(
  name: string,
  syntax: string,
  access: string,
  description: string,
  place: string,
  more = '',
): string {
  return `${name} OBJECT-TYPE
    SYNTAX ${syntax}
    MAX-ACCESS ${access}
    STATUS current
    DESCRIPTION
${quoted(description)}${more}
    ::= ${place}`
}

function table(): string {
  const list = 'A row for each active alarm. When it is cleared its row is gone.'
  const index = 'A number that the alarm keeps as long as it is active; its notifications name it as well.'
  const members = [{ name: 'offhookAlarmIndex', syntax: 'Unsigned32' }, ...COLUMNS]
  const rows = members.map(({ name, syntax }) => `        ${name} ${syntax}`).join(',\n')
  return [
    objectType(
      ...(['offhookAlarmTable', 'SEQUENCE OF OffhookAlarmEntry', 'not-accessible', list] as const),
      `{ offhookAlarms ${TABLE.number} }`,
    ),
    objectType(
      ...(['offhookAlarmEntry', 'OffhookAlarmEntry', 'not-accessible', 'An active alarm.'] as const),
      ...(['{ offhookAlarmTable 1 }', '\n    INDEX { offhookAlarmIndex }'] as const),
    ),
    `OffhookAlarmEntry ::=
    SEQUENCE {
${rows}
    }`,
    objectType(
      ...(['offhookAlarmIndex', 'Unsigned32 (1..2147483647)', 'not-accessible', index] as const),
      '{ offhookAlarmEntry 1 }',
    ),
    ...COLUMNS.map(({ name, syntax, description, number }) =>
      objectType(name, syntax, 'read-only', description, `{ offhookAlarmEntry ${number} }`),
    ),
  ].join('\n\n')
}

function notification(
  { name, number, description }: { readonly name: string; readonly number: number; readonly description: string },
  objects: readonly string[],
): string {
  return `${name} NOTIFICATION-TYPE
    OBJECTS {
${lines(objects)}
    }
    STATUS current
    DESCRIPTION
${quoted(description)}
    ::= { offhookNotifications ${number} }`
}

function conformance(): string {
  return `-- Conformance

offhookCompliance MODULE-COMPLIANCE
    STATUS current
    DESCRIPTION
        "What every version of the appliance shows."
    MODULE
        MANDATORY-GROUPS {
            offhookFleetGroup,
            offhookAlarmGroup,
            offhookNotificationGroup
        }
    ::= { offhookCompliances 1 }

${group('offhookFleetGroup', 1, 'How the fleet is.', FLEET.map(nameOf))}

${group('offhookAlarmGroup', 2, 'The active alarms.', [ACTIVE_COUNT.name, ...objectNames()])}

offhookNotificationGroup NOTIFICATION-GROUP
    NOTIFICATIONS {
${lines(NOTIFICATIONS.map(nameOf))}
    }
    STATUS current
    DESCRIPTION
        "What is told unasked."
    ::= { offhookGroups 3 }`
}

function group(name: string, number: number, description: string, objects: readonly string[]): string {
  return `${name} OBJECT-GROUP
    OBJECTS {
${lines(objects)}
    }
    STATUS current
    DESCRIPTION
        "${description}"
    ::= { offhookGroups ${number} }`
}

function objectNames(): string[] {
  return COLUMNS.map(nameOf)
}

function nameOf({ name }: { readonly name: string }): string {
  return name
}

function lines(names: readonly string[]): string {
  return names.map((name) => `        ${name}`).join(',\n')
}

/** A string in SMI, in lines of at most 72 characters. */
function quoted(sentence: string): string {
  const rows: string[] = []
  for (const word of sentence.split(' ')) {
    const last = rows.at(-1)
    if (last !== undefined && last.length + word.length < 60) rows[rows.length - 1] = `${last} ${word}`
    else rows.push(word)
  }
  return `        "${rows.join('\n         ')}"`
}
