// SPDX-License-Identifier: Apache-2.0
import type { Alarm } from '#daemon/domain/alarm'
import { alarmIndexes } from '#daemon/domain/alarm-index'
import type { AgentPicture, AgentPort, ToldAlarm } from '#protocols/snmp/port'
import type { FleetSummary } from '#web/port'

export interface AgentPictureOptions {
  readonly alarms: { active(): readonly Alarm[] }
  readonly fleet: () => FleetSummary
  /** Addresses leased now. */
  readonly leased: () => number
  /** sysName, sysContact and sysLocation. */
  readonly about: Pick<AgentPicture, 'name' | 'contact' | 'location'>
  /** Milliseconds, never going backwards. */
  readonly now: () => number
}

/** Counting a large fleet for each packet of a walk would cost too much: a picture is good for so long, in milliseconds. */
const GOOD_FOR = 1_000

/** What managers see by SNMP: the alarms that the outside was or would be told of, and how the fleet is. */
export class AgentPictures implements AgentPort {
  readonly #options: AgentPictureOptions
  /** As they were shown last: an alarm that did not change costs no memory again in the next picture. */
  readonly #shown = new WeakMap<Alarm, ToldAlarm>()
  #last: { readonly picture: AgentPicture; readonly until: number } | undefined

  constructor(options: AgentPictureOptions) {
    this.#options = options
  }

  async picture(): Promise<AgentPicture> {
    const now = this.#options.now()
    if (!this.#last || now >= this.#last.until) this.#last = { picture: this.#take(), until: now + GOOD_FOR }
    return this.#last.picture
  }

  #take(): AgentPicture {
    const { about, alarms, fleet, leased } = this.#options
    // What is quiet was told to nobody, so nobody should find it when he compares.
    const told = alarms.active().filter(({ quiet }) => quiet === undefined)
    const indexes = alarmIndexes(told)
    const { total, ...counts } = fleet()
    return {
      ...about,
      fleet: { ...counts, known: total, leasesActive: leased() },
      alarms: told.map((alarm) => this.#show(alarm, indexes.get(alarm.id) ?? 0)),
    }
  }

  #show(alarm: Alarm, index: number): ToldAlarm {
    const before = this.#shown.get(alarm)
    if (before?.index === index) return before
    const shown = { ...alarm, index }
    this.#shown.set(alarm, shown)
    return shown
  }
}
