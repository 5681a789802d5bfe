// SPDX-License-Identifier: Apache-2.0
import type { CommandKind } from '#daemon/domain/command'
import type { Job, Progress, Target, TargetState } from '#daemon/domain/job'
import type { Phone } from '#daemon/domain/phone'
import type { Mac } from '#protocols/lib/mac'
import type { Saved } from './saved.ts'
import type { Actor } from './scopes.ts'

export interface JobDraft {
  readonly kind: CommandKind
  readonly text: string
  readonly macs: readonly Mac[]
  readonly batch: number
  readonly delaySeconds: number
  readonly retries: number
  /** Milliseconds since the epoch; 0 for at once. */
  readonly startAt: number
  /** From the start on, until phones that were not reached are given up. */
  readonly expiryHours: number
}

export interface JobRow {
  readonly job: Job
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
  begin(draft: JobDraft, by: Actor): Promise<Saved<Job>>
  /** No further phone is told, until it is continued. `conflict`: it is not running. */
  pause(id: string, by: Actor): Promise<Saved<Job>>
  continue(id: string, by: Actor): Promise<Saved<Job>>
  /** What phones were not told yet is taken back; what they were told cannot be. */
  cancel(id: string, by: Actor): Promise<Saved<Job>>
  /** Calls back with the id of each job that moved on; returns the way to stop. */
  follow(listener: (id: string) => void): () => void
}
