// SPDX-License-Identifier: Apache-2.0

export type StoreErrorCode =
  /** Another process has the folder open. */
  | 'STORE_LOCKED'
  /** The folder cannot be created, read or written. */
  | 'STORE_FOLDER'
  /** The files were written by a newer version. */
  | 'STORE_NEWER'
  /** A migration failed; the files are as before it. */
  | 'STORE_MIGRATION'
  /** The store is not open (yet, or any more). */
  | 'STORE_CLOSED'
  /** The disk refused a write; memory is as before it. */
  | 'STORE_WRITE'

/** The store cannot do what was asked, though its data is in order; the message is the whole sentence for the operator. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
  readonly code: StoreErrorCode

  constructor(code: StoreErrorCode, sentence: string, cause?: unknown) {
    super(sentence, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

/** LevelDB cannot read its files, or must not be let near them. Never leaves the store: it becomes a StoreDamaged. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable'
  readonly findings: readonly string[]

  constructor(findings: readonly string[]) {
    super(findings.join('; '))
    this.findings = findings
  }
}

/** Whether a call of the operating system failed, as opposed to our own code. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error
}

/** What the operating system said, without LevelDB's wrapping: `no space left on device`. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.cause instanceof Error) return reasonOf(error.cause)
  const ioError = /^IO error: (?:.*: )?([^:]+)$/.exec(error.message)?.[1]
  const systemCall = /^E[A-Z]+: ([^,]+),/.exec(error.message)?.[1]
  return (ioError ?? systemCall)?.toLowerCase() ?? error.message
}
