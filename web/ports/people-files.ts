// SPDX-License-Identifier: Apache-2.0
import type { RejectedRow } from '#daemon/domain/people-csv'
import type { Actor } from './scopes.ts'

export interface PeopleImportOptions {
  /** Say what would happen, and change nothing. */
  readonly dryRun: boolean
  /** Make regions that are not there; otherwise their rows are rejected. */
  readonly createRegions: boolean
}

/** How many were, or would be, what. */
export interface Tally {
  readonly added: number
  readonly changed: number
  readonly unchanged: number
}

export interface PeopleReport {
  readonly dryRun: boolean
  /** False when it was stopped before the end: doing it again goes on where it stopped. */
  readonly complete: boolean
  readonly rows: number
  readonly users: Tally
  readonly devices: Tally & { readonly moved: number }
  /** Paths of regions that were, or would be, made. */
  readonly regions: readonly string[]
  /** By line. */
  readonly rejected: readonly RejectedRow[]
  /** Headings that mean nothing to us. */
  readonly unknownColumns: readonly string[]
}

/** Bytes of a file that is imported. */
export const LARGEST_PEOPLE_FILE = 16 * 2 ** 20

export interface PeopleChoice {
  readonly text: string
  /** Id of a scope; empty for all. */
  readonly region: string
}

/** Users and their phones as files. */
export interface PeopleFilesPort {
  /** `progress` is told of rows done and of all; `signal` stops it between two rows. */
  import(
    file: Uint8Array,
    options: PeopleImportOptions,
    by: Actor,
    progress?: (done: number, whole: number) => void,
    signal?: AbortSignal,
  ): Promise<PeopleReport>
  /** The users whom a search finds (see UserQuery), row by row. Passwords are never among it. */
  export(query: PeopleChoice): Iterable<string>
  /** The same with the SIP passwords in clear: for somebody who has just proved to be `by`. */
  exportWithPasswords(query: PeopleChoice, by: Actor): Iterable<string>
}
