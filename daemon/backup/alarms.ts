// SPDX-License-Identifier: Apache-2.0
import { type NewAlarm, PROBABLE_CAUSE } from '#daemon/domain/alarm'
import type { Alarms } from '#daemon/services/alarms/alarms'

const SOURCE = 'backup'
const FAILED = 'BACKUP FAILED'
const MISSED = 'BACKUP MISSED'
const REHEARSAL = 'REHEARSAL FAILED'

/** What is told when there is no good backup. */
export class BackupAlarms {
  readonly #alarms: Pick<Alarms, 'raise' | 'clear' | 'isThere'>

  constructor(alarms: Pick<Alarms, 'raise' | 'clear' | 'isThere'>) {
    this.#alarms = alarms
  }

  async made(): Promise<void> {
    await this.#clear(FAILED)
    await this.#clear(MISSED)
  }

  failed(reason: string): Promise<boolean> {
    return this.#raise(FAILED, 'major', `The backup could not be made: ${reason}.`, {
      remedy:
        'Look at the folder of backups: is there room, and may Offhook write there? Then make one on the Backup page.',
    })
  }

  notMissed(): Promise<void> {
    return this.#clear(MISSED)
  }

  missed(newestAt: number | undefined): Promise<boolean> {
    const newest =
      newestAt === undefined ? 'There is none at all' : `The newest is of ${new Date(newestAt).toISOString()}`
    return this.#raise(MISSED, 'major', `A planned backup was not made. ${newest}.`, {
      remedy: 'Make one on the Backup page or with "offhook backup"; it tells why it cannot be made.',
    })
  }

  rehearsed(): Promise<void> {
    return this.#clear(REHEARSAL)
  }

  rehearsalFailed(file: string, sentence: string): Promise<boolean> {
    return this.#raise(REHEARSAL, 'major', `The backup ${file} did not pass its rehearsal. ${sentence.slice(0, 500)}`, {
      remedy: 'Make a new backup and rehearse that. If it fails, too, look at what the checks say.',
    })
  }

  async #clear(name: string): Promise<void> {
    if (this.#alarms.isThere(`${name}@${SOURCE}`)) await this.#alarms.clear(name, SOURCE)
  }

  #raise(
    name: string,
    severity: NewAlarm['severity'],
    description: string,
    more: Pick<NewAlarm, 'remedy'>,
  ): Promise<boolean> {
    const cause = { eventType: 'processingError', probableCause: PROBABLE_CAUSE.storageCapacityProblem } as const
    return this.#alarms.raise({ name, source: SOURCE, severity, description, ...cause, ...more })
  }
}
