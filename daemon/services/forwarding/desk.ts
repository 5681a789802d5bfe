// SPDX-License-Identifier: Apache-2.0
import type { Alarm } from '#daemon/domain/alarm'
import type { NewAlarm } from '#daemon/services/alarms/alarms'

/** What forwarding needs of the list of alarms. */
export interface AlarmDesk {
  raise(alarm: NewAlarm): unknown
  clear(name: string, source: string): unknown
  /** The gravest first. */
  active(): readonly Alarm[]
}
