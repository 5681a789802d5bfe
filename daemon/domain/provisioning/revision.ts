// SPDX-License-Identifier: Apache-2.0
import type { Mac } from '#protocols/lib/mac'
import type { DiffLine } from './line-diff.ts'

/** What a change is about. */
export interface Subject {
  readonly kind: SubjectKind
  /** Of the record that it is mostly about: the id of a template, a `LevelKey`, the id of a scope, a MAC. */
  readonly key: string
  /** What people call it. */
  readonly name: string
}

export const SUBJECT_KINDS = [
  'template',
  'mapping',
  'settings',
  'pinned',
  'scope',
  'directory',
  'user',
  'phone',
  'file',
  'import',
] as const
export type SubjectKind = (typeof SUBJECT_KINDS)[number]

/** As the store takes it. `expect` is the revision that the form was made upon; a preview says if it was overtaken. */
export interface DraftChange {
  readonly table: string
  readonly key: string
  /** Undefined removes the record. */
  readonly value: unknown
  readonly expect?: number | 'absent'
}

/** A change that nobody has made yet. */
export interface Draft {
  /** One sentence without a full stop: `Change the template “SIP phones”`. */
  readonly summary: string
  readonly subject: Subject
  readonly changes: readonly DraftChange[]
  /** What checks of the draft itself found. */
  readonly notes?: readonly Note[]
}

/** Something to look at before saving. `error`: a phone would refuse the file, so it is not saved. */
export interface Note {
  readonly tone: 'error' | 'warning' | 'info'
  readonly text: string
  /** Where: a part and its line, such as `shared part, line 12`; empty for the whole. */
  readonly where: string
}

/** Phones whose files change in the same way. */
export interface DiffGroup {
  /** As of the example phone, secrets masked. Empty: the same lines in another order. */
  readonly lines: readonly DiffLine[]
  readonly phones: number
  readonly example: ExamplePhone
  /** The lines hold a value of the phone or its user, so those of the other phones differ in it. */
  readonly personal: boolean
}

export interface ExamplePhone {
  readonly mac: Mac
  /** Its user or its label; else its MAC. */
  readonly name: string
}

/** Phones that get their file from another template, or get one no more or for the first time. */
export interface TemplateMove {
  /** Titles; empty where there is no file. */
  readonly from: string
  readonly to: string
  readonly phones: number
  readonly example: ExamplePhone
  /** Why there is no file; empty where there is one. */
  readonly reason: string
}

/** A record that somebody else wrote since the draft was begun: saving writes over it. */
export interface Overtaken {
  readonly table: string
  readonly key: string
  /** Of the revision that did it; undefined where no revision says. */
  readonly revision: number | undefined
  readonly by: string
  /** Milliseconds since the epoch; 0 when not known. */
  readonly at: number
}

/** A key that levels set differently after the change, and did not before. */
export interface NewDisagreement {
  readonly key: string
  /** The last one wins. */
  readonly said: readonly { readonly value: string; readonly from: string }[]
  readonly example: ExamplePhone
}

/** What a draft would do. */
export interface Preview {
  readonly summary: string
  readonly subject: Subject
  /** Names this outcome of this draft upon this state: `apply` wants it. */
  readonly hash: string
  /** Phones that are known. */
  readonly phones: number
  /** Of these, those whose files change: `groups`, `others` and the `moves` without a file on one side. */
  readonly changed: number
  /** The largest first; at most `MOST_GROUPS`. */
  readonly groups: readonly DiffGroup[]
  /** Phones in groups that are not shown. */
  readonly others: number
  readonly moves: readonly TemplateMove[]
  readonly overtaken: readonly Overtaken[]
  readonly disagreements: readonly NewDisagreement[]
  readonly notes: readonly Note[]
  /** Nothing of the draft differs from what is there. */
  readonly idle: boolean
  /** What it took. */
  readonly milliseconds: number
}

export const MOST_GROUPS = 50

/** A record before and after a revision; undefined where there is none. Secrets are as they are kept: sealed. */
export interface RecordChange {
  readonly table: string
  readonly key: string
  readonly before: unknown
  readonly after: unknown
}

/** A change that was made, without what it changed. */
export interface RevisionHead {
  readonly sequence: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly by: string
  /** What they said; empty for nothing. */
  readonly why: string
  readonly summary: string
  readonly subject: Subject
  /** How many phones' files changed, as the preview said; undefined where there was none. */
  readonly phones?: number
}

/** As the store keeps it: records are JSON, compressed by Brotli, as base64. */
export interface StoredRevision extends RevisionHead {
  readonly records: string
  /** `<table>/<key>` of each, to find who changed a record. At most 50. */
  readonly touched: readonly string[]
}

export interface Revision extends RevisionHead {
  readonly records: readonly RecordChange[]
}

export const LONGEST_WHY = 500

/** The key of its record: twelve digits. */
export function revisionKey(sequence: number): string {
  return String(sequence).padStart(12, '0')
}

/** Whether a subject is meant by a filter: `template`, or `template/<key>`. */
export function isAbout({ kind, key }: Subject, filter: string): boolean {
  return filter === kind || filter === `${kind}/${key}`
}
