// SPDX-License-Identifier: Apache-2.0
import type { DiffLine } from '#daemon/domain/provisioning/line-diff'
import type { Draft, Preview, RevisionHead } from '#daemon/domain/provisioning/revision'
import type { PlaceholderUse } from '#daemon/domain/provisioning/usage'
import type { FieldError } from './saved.ts'

export type Applied =
  | { readonly kind: 'done'; readonly revision: RevisionHead }
  /** Something it was made upon is not as it was: nothing was saved, and this is what it would do now. */
  | { readonly kind: 'moved'; readonly preview: Preview }
  /** Nothing was saved. */
  | { readonly kind: 'refused'; readonly errors: readonly FieldError[] }

export interface RevisionQuery {
  /** `template`, or `template/<key>`; empty for all. */
  readonly subject: string
  readonly by: string
  /** Found in summary, reason, subject and name, without regard to case. */
  readonly text: string
  /** From 1. */
  readonly page: number
  readonly pageSize: number
}

export interface RevisionPage {
  /** The newest first. */
  readonly rows: readonly RevisionHead[]
  readonly total: number
  readonly page: number
  readonly pageCount: number
}

/** What a revision did to one record; secrets are masked. */
export interface RecordDiff {
  readonly table: string
  readonly key: string
  readonly deed: 'made' | 'changed' | 'removed'
  readonly lines: readonly DiffLine[]
}

export interface RevisionView extends RevisionHead {
  /** Empty when they were too large to keep. */
  readonly records: readonly RecordDiff[]
}

export type Restored =
  | { readonly kind: 'draft'; readonly draft: Draft }
  | { readonly kind: 'unknown' }
  /** In a sentence. */
  | { readonly kind: 'impossible'; readonly reason: string }

/** Preview → save → history: the one way in which what phones' files are made of changes. */
export interface ChangesPort {
  preview(draft: Draft): Promise<Preview>
  /** `hash` is that of the preview which was agreed to. */
  apply(draft: Draft, hash: string, by: string, why: string): Promise<Applied>
  revisions(query: RevisionQuery): RevisionPage
  revision(sequence: number): RevisionView | undefined
  /** Names of all who made revisions that are kept, sorted. */
  people(): readonly string[]
  /** Every placeholder with who asks for it and who sets it, by name. */
  placeholders(): readonly PlaceholderUse[]
  /** The way back to before a revision. */
  restore(sequence: number): Restored
}
