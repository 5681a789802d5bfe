// SPDX-License-Identifier: Apache-2.0
import type { OptionValue } from '#protocols/lib/dhcp-option'

/** One option for another server: as people write it, and as it is on the wire (hex). */
export interface ExportOption {
  readonly code: number
  readonly value: OptionValue
  readonly hex: string
  /** Sent to clients that do not ask for it, too. */
  readonly always?: boolean
}
