// SPDX-License-Identifier: Apache-2.0
import type { Alarm, NewAlarm } from '#daemon/domain/alarm'
import type { Command } from '#daemon/domain/command'
import type { ChoiceIndex, Firmware, FirmwareChoice } from '#daemon/domain/firmware'
import type { Target } from '#daemon/domain/job'
import type { Phone } from '#daemon/domain/phone'
import type { Announce } from '#daemon/messages'
import type { Store } from '#daemon/store/store'
import type { Mac } from '#protocols/lib/mac'
import type { JobDraft, JobRow, PublicJob } from '#web/ports/jobs'
import type { Saved } from '#web/ports/saved'
import type { Actor, ScopesPort } from '#web/ports/scopes'

/** The jobs that tell the phones of a stage. */
export interface StageJobs {
  beginAs(id: string, draft: JobDraft, by: Actor): Promise<Saved<PublicJob>>
  get(id: string): JobRow | undefined
  targetOf(id: string, mac: Mac): Target | undefined
  pause(id: string, by: Actor): Promise<Saved<PublicJob>>
  continue(id: string, by: Actor): Promise<Saved<PublicJob>>
  cancel(id: string, by: Actor): Promise<Saved<PublicJob>>
}

/** Images, and which is chosen where. */
export interface ImageShelf {
  images(): readonly Firmware[]
  get(id: string): Firmware | undefined
  choices(): ChoiceIndex
  choose(choice: Pick<FirmwareChoice, 'model' | 'where' | 'image'>, by: Actor): Promise<Saved<unknown>>
}

/** What rollouts ask of everything around them. */
export interface Around {
  readonly store: Store
  /** Milliseconds since the epoch. */
  readonly now: () => number
  readonly random: (bytes: number) => Uint8Array
  readonly announce: Announce
  /** Hears of what went wrong where nobody waits. */
  readonly onFault: (error: unknown) => void
  readonly jobs: StageJobs
  readonly commandsOf: (mac: Mac) => readonly Command[]
  readonly shelf: ImageShelf
  readonly alarms: {
    of(mac: Mac): readonly Alarm[]
    get(id: string): Alarm | undefined
    raise(alarm: NewAlarm): Promise<boolean>
    clear(name: string, source: string): Promise<boolean>
  }
  /** When a phone was last heard of, and how long it may be silent; in milliseconds. */
  readonly heard: { heardAt(phone: Phone): number; readonly silenceLimit: number }
  readonly scopes: Pick<ScopesPort, 'tree' | 'placementOf'>
  /** Id of the site of a phone. */
  readonly siteOf: (phone: Phone) => string
}
