// SPDX-License-Identifier: Apache-2.0
import { crc32 } from 'node:zlib'
import type { Alarm } from './alarm.ts'

const LARGEST = 0x7fffffff

/** A number for an alarm that it keeps while it is active and over restarts: 1 to 2^31 - 1. Two may share one. */
export function alarmIndex({ id, raisedAt }: Pick<Alarm, 'id' | 'raisedAt'>): number {
  return (crc32(`${raisedAt} ${id}`) % LARGEST) + 1
}

/** The same for all active alarms, each with a number of its own: of those that share one, all but the first move on. */
export function alarmIndexes(alarms: readonly Pick<Alarm, 'id' | 'raisedAt'>[]): ReadonlyMap<string, number> {
  const taken = new Set<number>()
  const inOrder = alarms.toSorted((a, b) => a.raisedAt - b.raisedAt || (a.id < b.id ? -1 : 1))
  return new Map(
    inOrder.map((alarm) => {
      let index = alarmIndex(alarm)
      while (taken.has(index)) index = (index % LARGEST) + 1
      taken.add(index)
      return [alarm.id, index]
    }),
  )
}
