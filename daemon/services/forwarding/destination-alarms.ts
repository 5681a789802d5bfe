// SPDX-License-Identifier: Apache-2.0
import type { DestinationSettings } from '#daemon/domain/destination'
import type { AlarmDesk } from './desk.ts'

const UNREACHABLE = 'DESTINATION UNREACHABLE'
const LOST = 'ALARMS NOT FORWARDED'
const REFUSED = 'ALARM REFUSED BY DESTINATION'
const NAMES = [UNREACHABLE, LOST, REFUSED]
const PREFIX = 'destination/'
const FACTS = { eventType: 'communications', probableCause: 5 } as const

/** The alarms about one destination. It is never told of them itself; the others are. */
export function destinationAlarms(desk: AlarmDesk, { name, kind }: Pick<DestinationSettings, 'name' | 'kind'>) {
  const source = PREFIX + name
  return {
    source,
    unreachable(error: string): void {
      desk.raise({
        ...{ ...FACTS, name: UNREACHABLE, source, severity: 'major' },
        description: `Alarms do not reach the ${kind} destination "${name}": ${error}`,
        remedy: 'Nothing is lost: they wait and are sent when it answers. Check the destination and the way to it.',
      })
    },
    reachable(): void {
      desk.clear(UNREACHABLE, source)
    },
    lost(count: number): void {
      desk.raise({
        ...{ ...FACTS, name: LOST, source, severity: 'major' },
        description: `The history dropped ${count} events before "${name}" could be told of them.`,
        remedy: 'All active alarms are told again by themselves. Let alarms.historyEvents or historyDays be larger.',
      })
    },
    /** What was lost is made good: it knows again what is active. */
    whole(): void {
      desk.clear(LOST, source)
    },
    refused(count: number, error: string): void {
      desk.raise({
        ...{ ...FACTS, name: REFUSED, source, severity: 'minor' },
        description: `"${name}" refused ${count} messages for good: ${error}`,
        remedy: 'See what its own log says of them. This alarm is for you to clear.',
      })
    },
    gone(): void {
      for (const name of NAMES) desk.clear(name, source)
    },
  }
}

/** Ends the alarms about destinations that there no longer are. */
export function clearAlarmsOfOthers(desk: AlarmDesk, names: readonly string[]): void {
  const sources = new Set(names.map((name) => PREFIX + name))
  for (const { name, source } of desk.active()) {
    if (source.startsWith(PREFIX) && NAMES.includes(name) && !sources.has(source)) desk.clear(name, source)
  }
}
