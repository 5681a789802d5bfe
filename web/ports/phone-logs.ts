// SPDX-License-Identifier: Apache-2.0
import type { Mac } from '#protocols/lib/mac'

/** A phone sends its log for a limited time. Times are milliseconds since the epoch. */
export interface LogCollection {
  readonly mac: Mac
  readonly from: number
  /** Before this time its configuration says where to send the log; afterwards it takes that back. */
  readonly until: number
  readonly by: string
}

export interface PhoneLog {
  /** The oldest first: time of receipt, severity, program, text. */
  readonly lines: readonly string[]
  /** Lines of this phone that found no room or came too fast, since the start of the daemon. */
  readonly leftOut: number
  /** Absent while the phone is not asked for its log. */
  readonly collection?: LogCollection
}

export type CollectOutcome =
  | { readonly kind: 'done'; readonly collection: LogCollection }
  | { readonly kind: 'unknown' }
  /** A sentence for the one who asked. */
  | { readonly kind: 'refused'; readonly reason: string }

/** What phones log, and asking them for it. `who` is an account's name. */
export interface PhoneLogsPort {
  /** The last `limit` lines. Undefined: there is no such phone. */
  read(mac: Mac, limit: number): Promise<PhoneLog | undefined>
  /** From its next fetch of its configuration on, the phone sends its log, in detail, for so many minutes (1 to 1,440). */
  collect(mac: Mac, minutes: number, who: string): Promise<CollectOutcome>
  /** Ends it now. False if there is none. */
  endCollection(mac: Mac, who: string): Promise<boolean>
}
