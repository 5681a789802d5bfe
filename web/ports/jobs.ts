// SPDX-License-Identifier: Apache-2.0
import type { Afterwards, DailyWindow, Job, JobKind, Progress, Target, TargetState } from '#daemon/domain/job'
import type { Phone } from '#daemon/domain/phone'
import type { Mac } from '#protocols/lib/mac'
import type { FieldError, Saved } from './saved.ts'
import type { Actor } from './scopes.ts'

export interface JobDraft {
  readonly kind: JobKind
  readonly text: string
  /** What a change sets; see `Job.value`. Of `reset passwords`: `random`, or `given` with `password`. */
  readonly value?: string
  readonly password?: string
  readonly afterwards?: Afterwards
  readonly expects?: string
  readonly restart?: boolean
  readonly perSite?: number
  readonly window?: DailyWindow
  readonly macs: readonly Mac[]
  readonly batch: number
  readonly delaySeconds: number
  readonly retries: number
  /** Milliseconds since the epoch; 0 for at once. */
  readonly startAt: number
  /** From the start on, until phones that were not reached are given up. */
  readonly expiryHours: number
}

/** A job as others may see it. */
export type PublicJob = Omit<Job, 'secret'>

export interface JobRow {
  readonly job: PublicJob
  readonly progress: Progress
}

export interface TargetPage {
  readonly rows: readonly { readonly target: Target; readonly phone: Phone | undefined }[]
  readonly page: number
  readonly pageCount: number
  readonly total: number
}

/** Actions on many phones. */
export interface JobsPort {
  /** The newest first. */
  list(): readonly JobRow[]
  get(id: string): JobRow | undefined
  targets(
    id: string,
    query: { readonly state?: TargetState; readonly page: number; readonly pageSize: number },
  ): TargetPage
  /** Every phone of a job. */
  all(id: string): readonly Target[]
  /** What is wrong with a draft, before it is begun. */
  problemOf(draft: JobDraft): FieldError | undefined
  begin(draft: JobDraft, by: Actor): Promise<Saved<PublicJob>>
  /** No further phone is told, until it is continued. `conflict`: it is not running. */
  pause(id: string, by: Actor): Promise<Saved<PublicJob>>
  continue(id: string, by: Actor): Promise<Saved<PublicJob>>
  /** What phones were not told yet is taken back; what they were told cannot be. */
  cancel(id: string, by: Actor): Promise<Saved<PublicJob>>
  /** Calls back with the id of each job that moved on; returns the way to stop. */
  follow(listener: (id: string) => void): () => void
}
