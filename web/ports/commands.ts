// SPDX-License-Identifier: Apache-2.0
import type { Command, CommandKind } from '#daemon/domain/command'
import type { Mac } from '#protocols/lib/mac'
import type { Saved } from './saved.ts'

export interface CommandDraft {
  readonly kind: CommandKind
  /** Of a message: at most 500 characters. */
  readonly text?: string
  /** Of a firmware update: the version that is the proof; without it a start is. */
  readonly expects?: string
  /** Of a firmware update: the phone restarts, and fetches its configuration on the way. */
  readonly restart?: boolean
}

/** What phones are told to do. */
export interface CommandsPort {
  /** The phone's commands, the newest first: all open ones, and the last that ended. */
  of(mac: Mac): readonly Command[]
  /** `conflict`: there is no such phone. */
  submit(mac: Mac, draft: CommandDraft, by: string): Promise<Saved<Command>>
  /** `conflict`: it does not wait any more, or never did. */
  cancel(mac: Mac, id: string, by: string): Promise<Saved<Command>>
}
