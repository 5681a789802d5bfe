// SPDX-License-Identifier: Apache-2.0
import type { PeopleReport, Tally } from './people-files.ts'
import type { Actor } from './scopes.ts'

/** A setting that is not the same in the other system's file and in ours. */
export interface ParityDifference {
  /** Expected ones need nobody's attention. */
  readonly kind: 'expected' | 'different' | 'only theirs' | 'only ours'
  readonly key: string
  /** Secrets masked. */
  readonly theirs: string
  readonly ours: string
  readonly why: string
  readonly phones: number
  /** The MAC of a phone that has it. */
  readonly example: string
}

export interface ParityReport {
  /** Files of the other system's that were compared. */
  readonly compared: number
  /** Phones whose files say the same, but for what is expected. */
  readonly same: number
  readonly differing: number
  /** Phones that would get no file here, and why. */
  readonly without: readonly { readonly mac: string; readonly reason: string }[]
  readonly differences: readonly ParityDifference[]
  /** How many more different differences there are. */
  readonly untold: number
}

/** Something to tell of a file of the archive. */
export interface ArchiveRemark {
  readonly kind: 'rejected' | 'note'
  readonly file: string
  /** From 1. */
  readonly line?: number
  readonly message: string
}

export interface ArchiveReport {
  readonly dryRun: boolean
  readonly scopes: Tally
  readonly templates: Tally
  readonly mapping: Tally
  /** Placeholder values and lines, level by level. */
  readonly settings: Tally
  /** Which image a model gets where. */
  readonly firmware: Tally
  /** Undefined when the archive holds no users. */
  readonly people: PeopleReport | undefined
  readonly remarks: readonly ArchiveRemark[]
  /** Undefined when the archive holds no phone's file. */
  readonly parity: ParityReport | undefined
}

/** Bytes of an archive that is taken. */
export const LARGEST_ARCHIVE = 64 * 2 ** 20

export interface ArchiveRefused {
  readonly kind: 'refused'
  readonly reason: string
}

/** The whole configuration as files: ours out and in again, and another manager's in. */
export interface ArchivePort {
  /** A ZIP; reads an export of the incumbent's, of ours, or phones' files to compare with. `dryRun` changes nothing. */
  import(bytes: Uint8Array, dryRun: boolean, by: Actor): Promise<ArchiveReport | ArchiveRefused>
  /** Templates, mapping, places, settings, users and phones, without any secret. */
  export(): Promise<Uint8Array>
}
