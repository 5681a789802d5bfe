// SPDX-License-Identifier: Apache-2.0
import type { Check } from '#daemon/domain/backup'

/** What a rehearsal found. */
export interface Rehearsal {
  readonly ok: boolean
  readonly checks: readonly Check[]
  readonly seconds: number
}
