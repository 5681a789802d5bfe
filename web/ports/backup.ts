// SPDX-License-Identifier: Apache-2.0
import type { BackupRun } from '#daemon/domain/backup'

/** One file. What it says of itself is proven by `verify` only. */
export interface BackupRow {
  /** Of the file, without its folder. */
  readonly name: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly why: string
  readonly version: string
  readonly host: string
  /** Bytes. */
  readonly size: number
  readonly records: number
  readonly files: number
}

export interface BackupOverview {
  /** The newest first. */
  readonly rows: readonly BackupRow[]
  readonly folder: string
  readonly enabled: boolean
  readonly schedule: string
  readonly keepDays: number
  readonly hasPassphrase: boolean
  /** Milliseconds since the epoch; undefined when none is planned. */
  readonly next: number | undefined
  readonly isRunning: boolean
  readonly last: BackupRun | undefined
  readonly rehearsed: BackupRun | undefined
  /** When somebody last looked at the recovery key on a page; 0: never. */
  readonly keyShownAt: number
}

export type Progressed = (done: number, whole: number) => void

/** Copies of everything. What rejects with `expose` set tells why in a sentence for admins. */
export interface BackupPort {
  overview(): Promise<BackupOverview>
  /** One at a time: whoever asks while one is made gets that one. */
  make(why: 'on demand' | 'before upgrade', by: string, progress?: Progressed): Promise<BackupRow>
  /** Reads all of one and proves every byte; undefined when there is none of that name. */
  verify(name: string): Promise<BackupRun | undefined>
  /** Records by table that are not as they were in that backup: restoring it loses these changes. */
  since(name: string): Promise<Readonly<Record<string, number>> | undefined>
  /** Restores one aside and boots virtual phones from it; undefined when there is none of that name. */
  rehearse(name: string, by: string): Promise<BackupRun | undefined>
  /** Where one is; undefined when there is none of that name. */
  path(name: string): Promise<string | undefined>
  /** Opens every backup of this machine: for those who signed in again just now. */
  recoveryKey(by: string): Promise<string>
  follow(listener: () => void): () => void
}
